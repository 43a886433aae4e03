#include "rounded_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

namespace laot {

namespace {

constexpr std::size_t kColumns = 256;
// Terms that are summed in single precision before they are added in double.
constexpr std::size_t kDepth = 1024;
constexpr std::size_t kMostValues = std::size_t{1} << 20;  // of a strip of cells, 4 MB
constexpr std::size_t kMostKept = std::size_t{1} << 22;    // of all cells, 16 MB

}  // namespace

struct RoundedPairs::Workspace {
  arma::fmat left, right, part;
  arma::mat products;
  std::vector<double> cell;
};

// The bound. With unit roundoff u = 2^-24 a product of cells rounded to single precision, summed in
// any order over at most kDepth of them, is off by at most (kDepth + 3) u sum |a_k b_k| (Higham,
// Accuracy and Stability, section 3.1; a fused multiply-add only takes roundings away); sums of
// these in double add less than one u. 2 sum |a_k b_k| <= |a|^2 + |b|^2. What underflows is below
// `absolute_`. PairWalk's own value is off by (3 d + 20) 2^-53 of the norms at most.
RoundedPairs::RoundedPairs(const PairWalk& walk) : walk_(walk), norms_(walk.cells()) {
  const std::size_t d = walk.features();
  std::vector<double> cell(d);
  double largest = 0.0;
  for (std::size_t i = 0; i < norms_.size(); ++i) {
    norms_[i] = walk.centred(i, cell.data());
    largest = std::max(largest, norms_[i]);
  }
  usable_ = std::isfinite(largest) && largest > 1e-200 && largest < 1e200;
  if (!usable_) return;
  scale_ = std::exp2(std::ceil(0.5 * std::log2(largest)));
  const double terms = static_cast<double>(std::min(d, kDepth)) + 6.0;
  relative_ =
      1.01 * (terms * std::exp2(-24.0) + (3.0 * static_cast<double>(d) + 20.0) * std::exp2(-53.0));
  absolute_ = static_cast<double>(d) * std::exp2(-140.0) * scale_ * scale_;
  rows_ = std::clamp<std::size_t>(kMostValues / d, 64, 1024);
  if (d * norms_.size() > kMostKept) return;
  rows_ = std::min<std::size_t>(rows_, 512);  // the tiles beside them are smaller
  kept_.set_size(d, norms_.size());
  gather(0, norms_.size(), cell, kept_.memptr());
}

void RoundedPairs::gather(std::size_t first, std::size_t count, std::vector<double>& cell,
                          float* out) const {
  const std::size_t d = walk_.features();
  const double factor = 1.0 / scale_;
  for (std::size_t i = 0; i < count; ++i, out += d) {
    walk_.centred(first + i, cell.data());
    for (std::size_t k = 0; k < d; ++k) out[k] = static_cast<float>(cell[k] * factor);
  }
}

const float* RoundedPairs::rounded(std::size_t first, std::size_t count, std::vector<double>& cell,
                                   arma::fmat& room) const {
  if (!kept_.is_empty()) return kept_.colptr(first);
  room.set_size(walk_.features(), count);
  gather(first, count, cell, room.memptr());
  return room.memptr();
}

void RoundedPairs::run_strip(std::size_t strip, int worker, Workspace& work, Context& context,
                             const std::function<void(const RoundedTile&)>& visit) const {
  const std::size_t all = norms_.size(), d = walk_.features(), first_row = strip * rows_;
  const std::size_t strip_rows = std::min(rows_, all - first_row);
  const float* left = rounded(first_row, strip_rows, work.cell, work.left);
  for (std::size_t column = first_row; column < all; column += kColumns) {
    if (worker == 0)
      context.poll();
    else
      context.throw_if_stopping();
    RoundedTile tile{first_row, column, strip_rows, std::min(kColumns, all - column),
                     nullptr,   worker};
    tile.rows = tile.height(tile.columns - 1);  // near the diagonal the lower rows have no pairs
    if (tile.rows == 0) continue;
    const float* right = rounded(column, tile.columns, work.cell, work.right);
    work.products.set_size(tile.rows, tile.columns);
    work.part.set_size(tile.rows, tile.columns);
    const double back = scale_ * scale_;
    const auto size = [](std::size_t value) { return static_cast<arma::blas_int>(value); };
    const arma::blas_int rows = size(tile.rows), columns = size(tile.columns), stride = size(d);
    for (std::size_t k = 0; k < d; k += kDepth) {
      const arma::blas_int depth = size(std::min(kDepth, d - k));
      const float one = 1.0F, zero = 0.0F;
      arma::blas::gemm("T", "N", &rows, &columns, &depth, &one, left + k, &stride, right + k,
                       &stride, &zero, work.part.memptr(), &rows);
      const float* part = work.part.memptr();
      double* sum = work.products.memptr();
      const std::size_t count = work.part.n_elem;
      if (k == 0)
        for (std::size_t e = 0; e < count; ++e) sum[e] = back * static_cast<double>(part[e]);
      else
        for (std::size_t e = 0; e < count; ++e) sum[e] += back * static_cast<double>(part[e]);
    }
    tile.products = work.products.memptr();
    visit(tile);
  }
}

void RoundedPairs::run(Context& context,
                       const std::function<void(const RoundedTile&)>& visit) const {
  const SingleThreadedBlas blas;
  std::vector<std::unique_ptr<Workspace>> workspaces(
      static_cast<std::size_t>(std::max(context.num_threads, 1)));
  for (auto& workspace : workspaces) {
    workspace = std::make_unique<Workspace>();
    workspace->cell.resize(walk_.features());
  }
  parallel_for(context, (norms_.size() + rows_ - 1) / rows_, 1,
               [&](std::size_t first, std::size_t last, int worker) {
                 for (std::size_t strip = first; strip < last; ++strip)
                   run_strip(strip, worker, *workspaces[static_cast<std::size_t>(worker)], context,
                             visit);
               });
}

}  // namespace laot
