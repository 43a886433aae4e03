#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

#include "laot/data.hpp"
#include "laot/data/columns.hpp"

namespace laot {

namespace {

// Cells between two polls: some milliseconds' work, also where a cell has a million features.
std::size_t cells_between_polls(std::size_t features) {
  return std::clamp<std::size_t>(1000000 / std::max<std::size_t>(1, features), 1, 256);
}

// Whatever is computed of cells is an array of their size somewhere on the way.
void require_addressable(std::size_t features, std::size_t cells, const std::string& what) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 2 / sizeof(double);
  require(cells == 0 || features <= kMost / cells, Status::invalid_argument, what, " of ", features,
          " x ", cells, " numbers has more than any memory");
}

}  // namespace

Cells Cells::dense(const double* values, std::size_t features, std::size_t cells,
                   std::size_t leading_dimension) {
  require_addressable(std::max(features, leading_dimension), cells, "a dense matrix");
  require(values != nullptr || features * cells == 0, Status::invalid_argument,
          "the values of a dense matrix are NULL");
  require(leading_dimension >= features, Status::dimension_mismatch,
          "the leading dimension must be at least the ", features, " features, found ",
          leading_dimension);
  Cells out;
  static const double nothing = 0.0;
  out.dense_ = values ? values : &nothing;
  out.leading_dimension_ = leading_dimension;
  out.stored_features_ = out.features_ = features;
  out.stored_cells_ = out.cells_ = cells;
  return out;
}

Cells Cells::dense(const arma::mat& values) {
  return dense(values.memptr(), values.n_rows, values.n_cols, values.n_rows);
}

template <class Index>
void Cells::check_structure(std::size_t features, std::size_t cells, const Index* starts,
                            const Index* rows, const std::string& name) {
  require_addressable(features, cells, name);
  require(starts != nullptr && starts[0] == 0, Status::invalid_argument, name,
          ": the column starts of a sparse matrix must begin with 0");
  std::vector<std::size_t> last_seen(features, 0);
  for (std::size_t cell = 0; cell < cells; ++cell) {
    require(starts[cell + 1] >= starts[cell], Status::invalid_argument, name,
            ": the column starts of a sparse matrix must not decrease, found ", starts[cell],
            " then ", starts[cell + 1], " at column ", cell + 1);
    require(static_cast<std::uint64_t>(starts[cell + 1] - starts[cell]) <= features,
            Status::invalid_argument, name, ": column ", cell + 1, " of a sparse matrix has ",
            starts[cell + 1] - starts[cell], " entries of ", features, " features");
  }
  require(starts[cells] == 0 || rows != nullptr, Status::invalid_argument, name,
          ": the row indices of a sparse matrix are NULL");
  // Only now is it known how many there are.
  for (std::size_t cell = 0; cell < cells; ++cell) {
    for (Index k = starts[cell]; k < starts[cell + 1]; ++k) {
      require(rows[k] >= 0 && static_cast<std::size_t>(rows[k]) < features,
              Status::invalid_argument, name, ": row index ", rows[k], " in column ", cell + 1,
              " is outside 0..", features - 1, " (indices count from 0)");
      std::size_t& seen = last_seen[static_cast<std::size_t>(rows[k])];
      require(seen != cell + 1, Status::invalid_argument, name, ": row index ", rows[k],
              " stands twice in column ", cell + 1);
      seen = cell + 1;
    }
  }
}

template <class Index>
Cells Cells::checked_sparse(std::size_t features, std::size_t cells, const Index* column_starts,
                            const Index* rows, const double* values, const std::string& name) {
  check_structure(features, cells, column_starts, rows, name);
  require(values != nullptr || column_starts[cells] == 0, Status::invalid_argument, name,
          ": the values of a sparse matrix are NULL");
  Cells out;
  out.stored_features_ = out.features_ = features;
  out.stored_cells_ = out.cells_ = cells;
  out.values_ = values;
  return out;
}

Cells Cells::sparse(std::size_t features, std::size_t cells, const std::int32_t* column_starts,
                    const std::int32_t* rows, const double* values, const std::string& name) {
  Cells out = checked_sparse(features, cells, column_starts, rows, values, name);
  out.starts32_ = column_starts;
  out.rows32_ = rows;
  return out;
}

Cells Cells::sparse(std::size_t features, std::size_t cells, const std::int64_t* column_starts,
                    const std::int64_t* rows, const double* values, const std::string& name) {
  Cells out = checked_sparse(features, cells, column_starts, rows, values, name);
  out.starts64_ = column_starts;
  out.rows64_ = rows;
  return out;
}

namespace {

// A selection from an earlier one (empty: all of `count`), as indices into the data themselves.
std::vector<std::size_t> selected(const std::vector<std::size_t>& index,
                                  const std::vector<std::size_t>& before, std::size_t count,
                                  const std::string& name, const char* one, const char* many) {
  std::vector<std::size_t> out;
  out.reserve(index.size());
  for (const std::size_t i : index) {
    require(i < count, Status::invalid_argument, name, ": ", one, " index ", i, " is outside 0..",
            count - 1, " (indices count from 0)");
    out.push_back(before.empty() ? i : before[i]);
  }
  require(!out.empty(), Status::invalid_argument, name, ": the selection of ", many, " is empty");
  return out;
}

}  // namespace

void Cells::select_cells(const std::vector<std::size_t>& index, const std::string& name) {
  cell_index_ = selected(index, cell_index_, cells_, name, "cell", "cells");
  cells_ = cell_index_.size();
  cell_names_ = nullptr;
}

void Cells::select_features(const std::vector<std::size_t>& index, const std::string& name) {
  // All that may fail comes before the first change.
  std::vector<std::size_t> chosen =
      selected(index, feature_index_, features_, name, "feature", "features");
  std::vector<std::uint32_t> first, positions;
  if (is_sparse()) {
    first.assign(stored_features_ + 1, 0);
    positions.resize(chosen.size());
    for (const std::size_t row : chosen) ++first[row + 1];
    std::partial_sum(first.begin(), first.end(), first.begin());
    std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
    for (std::size_t k = 0; k < chosen.size(); ++k)
      positions[next[chosen[k]]++] = static_cast<std::uint32_t>(k);
  }
  feature_index_ = std::move(chosen);
  first_position_ = std::move(first);
  positions_ = std::move(positions);
  features_ = feature_index_.size();
  feature_names_ = nullptr;
}

template <class Index>
void Cells::gather_sparse(const Index* starts, const Index* rows, std::size_t cell,
                          double* out) const {
  std::fill(out, out + features_, 0.0);
  for (Index k = starts[cell]; k < starts[cell + 1]; ++k) {
    const std::size_t row = static_cast<std::size_t>(rows[k]);
    if (feature_index_.empty())
      out[row] = values_[k];
    else
      for (std::uint32_t p = first_position_[row]; p < first_position_[row + 1]; ++p)
        out[positions_[p]] = values_[k];
  }
}

void Cells::gather(std::size_t first, std::size_t count, double* out) const {
  for (std::size_t c = 0; c < count; ++c, out += features_) {
    const std::size_t cell = cell_index_.empty() ? first + c : cell_index_[first + c];
    if (starts32_) {
      gather_sparse(starts32_, rows32_, cell, out);
    } else if (starts64_) {
      gather_sparse(starts64_, rows64_, cell, out);
    } else {
      const double* column = dense_ + cell * leading_dimension_;
      if (feature_index_.empty())
        std::copy(column, column + features_, out);
      else
        for (std::size_t k = 0; k < features_; ++k) out[k] = column[feature_index_[k]];
    }
  }
}

arma::mat Cells::gather_all() const {
  arma::mat out(features_, cells_, arma::fill::none);
  gather(0, cells_, out.memptr());
  return out;
}

const double* Cells::cell(std::size_t which, double* scratch) const {
  if (!is_sparse() && feature_index_.empty())
    return dense_ + (cell_index_.empty() ? which : cell_index_[which]) * leading_dimension_;
  gather(which, 1, scratch);
  return scratch;
}

arma::mat Cells::as_matrix() const {
  if (is_sparse() || !feature_index_.empty() || !cell_index_.empty() ||
      leading_dimension_ != features_)
    return gather_all();
  return borrowed(dense_, features_, cells_);
}

std::size_t cells_at_a_time(std::size_t features) {
  return std::max<std::size_t>(
      16, std::min<std::size_t>(256, 100000 / std::max<std::size_t>(1, features)));
}

std::string Cells::place_text(std::size_t feature, std::size_t cell) const {
  const auto named = [](const Names& names, std::size_t at) {
    const bool known = names && at < names->size() && !(*names)[at].empty();
    return known ? " (" + (*names)[at] + ")" : std::string();
  };
  return text("feature ", feature + 1, named(feature_names_, feature), ", cell ", cell + 1,
              named(cell_names_, cell), " (counted from 1)");
}

void require_finite(const double* values, const Cells& cells, std::size_t cell,
                    const std::string& name) {
  for (std::size_t k = 0; k < cells.features(); ++k)
    if (!std::isfinite(values[k]))
      throw Error(Status::not_finite,
                  text(name, " has ", std::isnan(values[k]) ? "NaN" : "Inf", " at ",
                       cells.place_text(k, cell), "; remove or impute such values first"),
                  {name, k, cell, values[k]});
}

void require_finite(const arma::mat& cells, const std::string& name) {
  if (cells.is_finite()) return;
  const Cells view = Cells::dense(cells);
  for (std::size_t i = 0; i < cells.n_cols; ++i) require_finite(cells.colptr(i), view, i, name);
}

void require_valid(const Cells& cells, const std::string& name, Context& context) {
  require(cells.features() > 0 && cells.cells() > 0, Status::invalid_argument, name,
          " is empty: it has ", cells.features(), " features and ", cells.cells(), " cells");
  std::vector<double> column(cells.features());
  const std::size_t between_polls = cells_between_polls(cells.features());
  for (std::size_t i = 0; i < cells.cells(); ++i) {
    if (i % between_polls == 0) context.poll();
    require_finite(cells.cell(i, column.data()), cells, i, name);
  }
}

namespace {

// A weighted sum of one value is that value but for rounding. Features whose variance could be that
// rounding are looked at once more, so that others cost nothing.
void settle_constant(const Cells& cells, Moments& moments, Context& context) {
  const double rounding = 2.0 * std::numeric_limits<double>::epsilon();
  const double size = rounding * static_cast<double>(cells.cells());
  std::vector<std::size_t> left;
  for (std::size_t k = 0; k < cells.features(); ++k) {
    const double sd = std::sqrt(moments.variance[k]), mean = std::abs(moments.mean[k]);
    if (mean > 0.0 && (sd <= size * mean || std::isinf(sd))) left.push_back(k);
  }
  if (left.empty()) return;
  std::vector<double> first(cells.features()), column(cells.features());
  cells.gather(0, 1, first.data());
  const std::size_t between_polls = cells_between_polls(cells.features());
  for (std::size_t i = 1; i < cells.cells() && !left.empty(); ++i) {
    if (i % between_polls == 0) context.poll();
    const double* values = cells.cell(i, column.data());
    const auto differs = [&](std::size_t k) { return values[k] != first[k]; };
    left.erase(std::remove_if(left.begin(), left.end(), differs), left.end());
  }
  for (const std::size_t k : left) {
    moments.mean[k] = first[k];
    moments.variance[k] = 0.0;
  }
}

}  // namespace

Moments weighted_moments(const Cells& cells, const arma::vec& weights, Context& context) {
  const std::size_t d = cells.features();
  Moments out{arma::vec(d, arma::fill::zeros), arma::vec(d, arma::fill::zeros)};
  std::vector<double> column(d);
  const std::size_t between_polls = cells_between_polls(d);
  for (std::size_t i = 0; i < cells.cells(); ++i) {
    if (i % between_polls == 0) context.poll();
    const double* values = cells.cell(i, column.data());
    for (std::size_t k = 0; k < d; ++k) out.mean[k] += weights[i] * values[k];
  }
  for (std::size_t i = 0; i < cells.cells(); ++i) {
    if (i % between_polls == 0) context.poll();
    const double* values = cells.cell(i, column.data());
    for (std::size_t k = 0; k < d; ++k) {
      const double deviation = values[k] - out.mean[k];
      out.variance[k] += weights[i] * deviation * deviation;
    }
  }
  settle_constant(cells, out, context);
  return out;
}

std::vector<std::size_t> variable_features(const Cells& control, const Cells& treated,
                                           std::size_t count, Context& context) {
  require(control.features() == treated.features(), Status::dimension_mismatch, "control has ",
          control.features(), " features and treated ", treated.features());
  const auto uniform = [](const Cells& cells) {
    return arma::vec(cells.cells(), arma::fill::value(1.0 / static_cast<double>(cells.cells())));
  };
  const Moments x = weighted_moments(control, uniform(control), context);
  const Moments y = weighted_moments(treated, uniform(treated), context);
  // Variance of the pooled cells from the two populations' own moments.
  const double n = static_cast<double>(control.cells()), m = static_cast<double>(treated.cells());
  const double a = n / (n + m), b = m / (n + m);
  const std::size_t d = control.features();
  std::vector<double> variance(d);
  for (std::size_t k = 0; k < d; ++k) {
    const double gap = x.mean[k] - y.mean[k];
    variance[k] = a * x.variance[k] + b * y.variance[k] + a * b * gap * gap;
  }
  // NaN has no place in an order. It comes from NaN or Inf among the cells alone.
  if (std::any_of(variance.begin(), variance.end(), [](double v) { return std::isnan(v); })) {
    require_valid(control, "control", context);
    require_valid(treated, "treated", context);
  }
  std::vector<std::size_t> order(d);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return variance[i] > variance[j]; });
  order.resize(std::min(count, d));
  return order;
}

}  // namespace laot
