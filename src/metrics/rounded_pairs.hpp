// Squared distances of all pairs of pooled cells from products of single precision, each with a
// proven bound on its distance from what PairWalk gives: enough to decide most comparisons.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "pair_tiles.hpp"

namespace laot {

/// Pairs i < j of the pooled cells, those of x first: rows i from first_row, columns j from
/// first_column; of column c the first height(c) rows.
struct RoundedTile {
  std::size_t first_row, first_column, rows, columns;
  const double* products;  // of the centred cells, rows x columns
  int worker;

  std::size_t height(std::size_t c) const {
    const std::size_t above = first_column + c - first_row;
    return above < rows ? above : rows;
  }
};

class RoundedPairs {
 public:
  /// The walk must outlive it. `usable()` is false where single precision has no room for the
  /// values: squares overflow, or all cells are equal.
  explicit RoundedPairs(const PairWalk& walk);
  bool usable() const { return usable_; }

  void run(Context& context, const std::function<void(const RoundedTile&)>& visit) const;

  /// |a|^2 + |b|^2 - 2 a'b, within error(norms) of PairWalk::squared.
  double norm(std::size_t i) const { return norms_[i]; }
  const double* norms() const { return norms_.data(); }
  double error(double norms) const { return relative_ * norms + absolute_; }

 private:
  struct Workspace;
  void run_strip(std::size_t strip, int worker, Workspace& work, Context& context,
                 const std::function<void(const RoundedTile&)>& visit) const;
  void gather(std::size_t first, std::size_t count, std::vector<double>& cell, float* out) const;
  /// Cells from `first`, centred and rounded: of those that are kept, or gathered into `room`.
  const float* rounded(std::size_t first, std::size_t count, std::vector<double>& cell,
                       arma::fmat& room) const;

  const PairWalk& walk_;
  std::vector<double> norms_;
  arma::fmat kept_;  // all cells, where they are few
  double scale_ = 1.0, relative_ = 0.0, absolute_ = 0.0;
  std::size_t rows_ = 0;
  bool usable_ = false;
};

}  // namespace laot
