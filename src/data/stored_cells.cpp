#include "laot/stored_cells.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace laot {

namespace {

std::size_t count_values(const Cells& cells) {
  std::vector<double> scratch(cells.features());
  std::size_t count = 0;
  for (std::size_t i = 0; i < cells.cells(); ++i) {
    const double* cell = cells.cell(i, scratch.data());
    for (std::size_t k = 0; k < cells.features(); ++k) count += cell[k] != 0.0 ? 1 : 0;
  }
  return count;
}

}  // namespace

StoredCells::StoredCells(arma::mat dense) {
  auto memory = std::make_shared<Memory>();
  memory->features = dense.n_rows;
  memory->dense = std::move(dense);
  memory_ = std::move(memory);
}

StoredCells::StoredCells(std::size_t features, std::vector<std::int32_t> column_starts,
                         std::vector<std::int32_t> rows, std::vector<double> values,
                         const std::string& name) {
  require(!column_starts.empty() && rows.size() == values.size() &&
              static_cast<std::size_t>(column_starts.back()) == values.size(),
          Status::bad_format, name, ": ", column_starts.size(), " column starts, ", rows.size(),
          " rows and ", values.size(), " values do not fit together");
  // Before any row is read: the starts must stay within the values.
  require(std::is_sorted(column_starts.begin(), column_starts.end()), Status::bad_format, name,
          ": the column starts decrease");
  auto memory = std::make_shared<Memory>();
  memory->features = features;
  memory->is_sparse = true;
  memory->column_starts = std::move(column_starts);
  memory->rows = std::move(rows);
  memory->values = std::move(values);
  Cells::sparse(features, memory->column_starts.size() - 1, memory->column_starts.data(),
                memory->rows.data(), memory->values.data(), name);  // checks
  memory_ = std::move(memory);
}

StoredCells StoredCells::of(const Cells& cells) {
  const std::size_t d = cells.features(), n = cells.cells(), count = count_values(cells);
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  if (12 * count + 4 * n >= 8 * d * n || count > kMost || d > kMost)
    return StoredCells(cells.gather_all());
  std::vector<std::int32_t> starts(1, 0), rows;
  std::vector<double> values, scratch(d);
  starts.reserve(n + 1);
  rows.reserve(count);
  values.reserve(count);
  for (std::size_t i = 0; i < n; ++i) {
    const double* cell = cells.cell(i, scratch.data());
    for (std::size_t k = 0; k < d; ++k) {
      if (cell[k] == 0.0) continue;
      rows.push_back(static_cast<std::int32_t>(k));
      values.push_back(cell[k]);
    }
    starts.push_back(static_cast<std::int32_t>(values.size()));
  }
  return StoredCells(d, std::move(starts), std::move(rows), std::move(values), "cells");
}

std::size_t StoredCells::cells() const {
  return is_sparse() ? memory_->column_starts.size() - 1 : memory_->dense.n_cols;
}

Cells StoredCells::view() const {
  if (!is_sparse()) return Cells::dense(memory_->dense);
  return Cells::sparse(features(), cells(), memory_->column_starts.data(), memory_->rows.data(),
                       memory_->values.data(), "stored cells");
}

}  // namespace laot
