// Some columns of a matrix, copied; and columns read where they lie.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "laot/armadillo.hpp"

namespace laot {

/// Writes the columns which(0), which(1), ... which(count - 1) of x one after the other to `out`
/// [rows of x times count].
template <class Value, class Which>
void copy_columns(const arma::Mat<Value>& x, std::size_t count, const Which& which, Value* out) {
  const std::size_t d = x.n_rows;
  for (std::size_t c = 0; c < count; ++c) std::copy_n(x.colptr(which(c)), d, out + c * d);
}

/// These columns as a matrix, rows of x times count.
template <class Value, class Which>
arma::Mat<Value> columns_of(const arma::Mat<Value>& x, std::size_t count, const Which& which) {
  arma::Mat<Value> out(x.n_rows, count);
  copy_columns(x, count, which, out.memptr());
  return out;
}

/// The columns that are listed, in the order of the list, any number of times each.
template <class Value, class Index>
arma::Mat<Value> columns_of(const arma::Mat<Value>& x, const std::vector<Index>& index) {
  return columns_of(x, index.size(), [&](std::size_t c) { return index[c]; });
}

/// Column c of `count` >= 2 that are taken evenly among n >= count, from the first to the last.
inline std::size_t evenly_placed(std::size_t c, std::size_t count, std::size_t n) {
  const double step = static_cast<double>(n - 1) / static_cast<double>(count - 1);
  return static_cast<std::size_t>(std::floor(static_cast<double>(c) * step + 0.5));
}

/// A matrix over memory of someone else, column-major, for a holder that only reads it while that
/// memory lives: Armadillo has no matrix over constant memory.
inline arma::mat borrowed(const double* values, std::size_t rows, std::size_t columns) {
  return arma::mat(const_cast<double*>(values), rows, columns, false, true);
}
inline arma::mat borrowed(const arma::mat& x) {
  return borrowed(x.memptr(), x.n_rows, x.n_cols);
}

}  // namespace laot
