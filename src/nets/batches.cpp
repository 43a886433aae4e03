// Minibatches, the holdout, and the schedule.
#include <algorithm>
#include <cmath>

#include "laot/data/columns.hpp"
#include "laot/nets/training.hpp"

namespace laot::nets {

namespace {

void check_population(const arma::mat& cells, const char* name) {
  require(cells.n_cols >= 4, Status::invalid_argument, name, " has ", cells.n_cols,
          " cells; training with held-out cells needs at least 4");
  require(cells.n_rows > 0, Status::invalid_argument, name, " has no features");
  for (const double value : cells)
    require(std::abs(value) < 1e18, Status::not_finite, name,
            " holds a value that is not finite or too large for single precision");
}

}  // namespace

void check_training_cells(const arma::mat& source, const arma::mat& target) {
  check_population(source, "control");
  check_population(target, "treated");
  require(source.n_rows == target.n_rows, Status::dimension_mismatch, "control has ", source.n_rows,
          " features and treated ", target.n_rows);
}

arma::fmat single_precision(const arma::mat& cells, const std::vector<std::uint64_t>& index) {
  arma::fmat out(cells.n_rows, index.size());
  for (std::size_t j = 0; j < index.size(); ++j)
    for (arma::uword k = 0; k < cells.n_rows; ++k)
      out(k, j) = static_cast<float>(cells(k, index[j]));
  return out;
}

BatchSampler::BatchSampler(std::size_t count, std::size_t batch)
    : batch_(std::min(count, batch)), position_(count), order_(count), current_(batch_) {}

const std::vector<std::uint64_t>& BatchSampler::next(Rng& rng) {
  for (std::uint64_t& index : current_) {
    if (position_ == order_.size()) {
      const std::vector<std::size_t> fresh = rng.permutation(order_.size());
      std::copy(fresh.begin(), fresh.end(), order_.begin());
      position_ = 0;
    }
    index = order_[position_++];
  }
  return current_;
}

void BatchSampler::put(Snapshot& to, const std::string& name) const {
  snapshot::put(to, name + ".order", order_);
  to[name + ".position"] = {static_cast<double>(position_)};
}

void BatchSampler::get(const Snapshot& from, const std::string& name) {
  snapshot::get(from, name + ".order", order_);
  const double position = snapshot::number(from, name + ".position");
  const double count = static_cast<double>(order_.size());
  require(position >= 0 && position <= count && position == std::floor(position),
          Status::bad_format, "the training state holds a batch position of ", position, " in ",
          count, " cells");
  for (const std::uint64_t index : order_)
    require(index < order_.size(), Status::bad_format,
            "the training state names a cell that does not exist");
  position_ = static_cast<std::size_t>(position);
}

void gather(const arma::fmat& cells, const std::vector<std::uint64_t>& index,
            std::vector<float>& out) {
  out.resize(cells.n_rows * index.size());
  copy_columns(
      cells, index.size(), [&](std::size_t j) { return index[j]; }, out.data());
}

double cosine_factor(double last, std::uint64_t step, std::uint64_t steps) {
  if (last == 1.0 || steps < 2) return 1.0;
  const double t = std::min(1.0, static_cast<double>(step) / static_cast<double>(steps - 1));
  return last + (1.0 - last) * 0.5 * (1.0 + std::cos(3.14159265358979323846 * t));
}

// A validation score costs the square of its cells, and more of them would not sharpen it.
constexpr std::size_t kMostHeldOut = 500;

Holdout hold_out(std::size_t count, double share, Rng& rng) {
  const auto wanted = static_cast<std::size_t>(std::llround(share * static_cast<double>(count)));
  const std::size_t held = std::min({std::max<std::size_t>(wanted, 2), count / 2, kMostHeldOut});
  const std::vector<std::size_t> order = rng.permutation(count);
  const auto cut = order.begin() + static_cast<std::ptrdiff_t>(held);
  Holdout out;
  out.validation.assign(order.begin(), cut);
  out.train.assign(cut, order.end());
  // The order of the cells is given by the data, not by the draw.
  std::sort(out.validation.begin(), out.validation.end());
  std::sort(out.train.begin(), out.train.end());
  return out;
}

}  // namespace laot::nets
