// Looking at the caller's cells in place: dense or compressed sparse columns, with a selection of
// features and cells. Cells are columns everywhere.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// A read-only view of features x cells. It borrows the caller's memory, which must outlive it, and
/// copies nothing but its selections.
class Cells {
 public:
  /// Column-major doubles; `leading_dimension` >= features is the distance between two columns.
  static Cells dense(const double* values, std::size_t features, std::size_t cells,
                     std::size_t leading_dimension);
  static Cells dense(const arma::mat& values);
  /// Compressed sparse columns with 0-based rows: a dgCMatrix as it lies in memory. The structure
  /// is checked here (`name` is used in the messages); rows may come in any order, each once.
  static Cells sparse(std::size_t features, std::size_t cells, const std::int32_t* column_starts,
                      const std::int32_t* rows, const double* values, const std::string& name);
  static Cells sparse(std::size_t features, std::size_t cells, const std::int64_t* column_starts,
                      const std::int64_t* rows, const double* values, const std::string& name);

  /// Keeps the given columns or rows of what is selected now, in the given order (repeats allowed).
  void select_cells(const std::vector<std::size_t>& index, const std::string& name);
  void select_features(const std::vector<std::size_t>& index, const std::string& name);

  /// Names for the sentences of errors, one for each selected feature and cell; none where null. A
  /// selection drops them.
  using Names = std::shared_ptr<const std::vector<std::string>>;
  void set_feature_names(Names names) { feature_names_ = std::move(names); }
  void set_cell_names(Names names) { cell_names_ = std::move(names); }
  /// "feature 3 (GAPDH), cell 7 (counted from 1)", for indices from 0.
  std::string place_text(std::size_t feature, std::size_t cell) const;

  std::size_t features() const { return features_; }
  std::size_t cells() const { return cells_; }
  bool is_sparse() const { return dense_ == nullptr; }

  /// out[features x count] = the selected cells first .. first+count-1, dense.
  void gather(std::size_t first, std::size_t count, double* out) const;
  arma::mat gather_all() const;
  /// One cell as features contiguous doubles: in place where they lie so, else gathered into
  /// `scratch` [features].
  const double* cell(std::size_t which, double* scratch) const;
  /// All cells as a matrix: the caller's memory itself where it holds just these (dense, nothing
  /// selected, no gap between columns), which must then not be written to; else a copy.
  arma::mat as_matrix() const;

 private:
  template <class Index>
  void gather_sparse(const Index* starts, const Index* rows, std::size_t cell, double* out) const;
  template <class Index>
  static Cells checked_sparse(std::size_t features, std::size_t cells, const Index* column_starts,
                              const Index* rows, const double* values, const std::string& name);
  template <class Index>
  static void check_structure(std::size_t features, std::size_t cells, const Index* starts,
                              const Index* rows, const std::string& name);

  std::size_t stored_features_ = 0, stored_cells_ = 0;
  std::size_t features_ = 0, cells_ = 0;
  const double* dense_ = nullptr;
  std::size_t leading_dimension_ = 0;
  const double* values_ = nullptr;
  const std::int32_t* starts32_ = nullptr;
  const std::int32_t* rows32_ = nullptr;
  const std::int64_t* starts64_ = nullptr;
  const std::int64_t* rows64_ = nullptr;
  std::vector<std::size_t> cell_index_, feature_index_;  // empty: all
  Names feature_names_, cell_names_;
  // Sparse with selected features: where each stored row goes, positions_[first_position_[row]] to
  // positions_[first_position_[row + 1] - 1].
  std::vector<std::uint32_t> first_position_, positions_;
};

/// How many cells are made dense at a time where all are gone through: under a megabyte of them,
/// from 16 to 256.
std::size_t cells_at_a_time(std::size_t features);

/// Refuses empty data and NaN or Inf, naming the first place. `name` is the argument's name.
void require_valid(const Cells& cells, const std::string& name, Context& context);

/// Refuses NaN and Inf among `features` values of one of `cells`, naming the place.
void require_finite(const double* values, const Cells& cells, std::size_t cell,
                    const std::string& name);
/// Refuses NaN and Inf in a matrix, features x cells, naming the first place.
void require_finite(const arma::mat& cells, const std::string& name);

/// Weighted mean and variance (weights sum to 1) of each feature, two passes over the cells. Of one
/// that is the same in all cells they are exactly its value and 0.
struct Moments {
  arma::vec mean, variance;
};
Moments weighted_moments(const Cells& cells, const arma::vec& weights, Context& context);

/// The `count` features of largest variance (divisor: number of cells) over the pooled cells, in
/// decreasing order, ties by position.
std::vector<std::size_t> variable_features(const Cells& control, const Cells& treated,
                                           std::size_t count, Context& context);

}  // namespace laot
