// Rows of a large cost matrix that is never needed whole: for each row the columns of least reduced
// cost, and a proof that no other column is cheaper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/assignment/scaled_cloud.hpp"
#include "laot/parallel.hpp"
#include "laot/parallel/helpers.hpp"
#include "laot/vector_path.hpp"

namespace laot::detail {

constexpr const char* kStage = "assignment";  // what progress is reported of

/// No row, column or copy of one.
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// Lists are kept while their bounds fall on average by less than this part of their width; beyond,
/// so many rows have to be scanned that making and storing all costs again is faster.
constexpr double kReusableDrop = 1.0;

/// The least two reduced costs c_ij - v_j among the candidates of a row.
struct BestTwo {
  double least;
  double second;
  std::uint32_t column;  // of the least; ties go to the earlier candidate
};

/// A column and its cost, without the potential.
struct Candidate {
  std::uint32_t column;
  double cost;
};

/// Bytes of a cost that is kept for later scans.
constexpr double kKeptBytes = 2.0;

/// Whether the costs of n rows and m columns in d dimensions are kept for later scans, in 16 bits
/// each: where they fit in `store_bytes`, and making room for them and reading them is faster than
/// computing them again.
bool costs_are_kept(std::size_t n, std::size_t m, std::size_t d, double store_bytes);

/// Keeps, for each row i, kListLength candidates and a bound b_i: every column that is not among
/// the candidates has c_ij - v_j >= b_i, for the potentials v as they were when the list was made.
/// As long as potentials only fall, the bound stays true; so whenever the least candidate is <=
/// b_i it is the minimum of the whole row, and otherwise one scan of the row makes a new list.
///
/// A scan computes reduced costs with vector instructions, in whole numbers of 16 bits or in single
/// precision, takes every column that may belong to the list given the largest error, and
/// recomputes those in double precision. The list is therefore exactly the least kListLength pairs
/// (reduced cost, column) in double precision, and b_i the next one, or the last one where a scan
/// finds the columns that the list had: the same bits on each vector path and for each number of
/// threads.
///
/// Costs are -2 <x_i, y_j> of points (the only part of |x_i - y_j|^2 that depends on both), or
/// given. Points are to be centred and scaled to norms of order 1, which the frames of their clouds
/// do; the coordinates themselves stay where the caller has them, and only a packed copy of the
/// targets is made, in 16 or 32 bits a coordinate.
class CandidateRows {
 public:
  /// Costs of points; sources follow. The memory behind the clouds has to outlive their use.
  CandidateRows(FramedCloud targets, VectorPath path);
  /// A given cost, cost(j, i) of row i and column j, |cost| of order 1. It has to outlive the
  /// object.
  CandidateRows(const arma::mat& cost, double largest, VectorPath path, Context& context);
  ~CandidateRows();
  CandidateRows(CandidateRows&&) noexcept;
  CandidateRows& operator=(CandidateRows&&) noexcept;

  std::size_t rows() const;
  std::size_t columns() const;

  /// New targets, or sources. Lists have to be built again.
  void set_targets(FramedCloud targets);
  void set_sources(FramedCloud sources);
  /// Sources that moved: lists are kept, with each bound lowered by 2 |dx_i| max|y|, which is how
  /// much a cost of the row can have fallen. The sources before are read for the last time.
  void move_sources(FramedCloud sources, Context& context);
  /// The mean by which move_sources would lower the bounds.
  double mean_drop(const FramedCloud& sources) const;
  const FramedCloud& sources() const;
  const FramedCloud& targets() const;

  double cost(std::size_t row, std::size_t column) const;
  const std::vector<double>& potentials() const;
  double potential(std::size_t column) const;
  /// May only lower a potential while lists are in use.
  void set_potential(std::size_t column, double value);
  /// Sets all, in any direction; lists have to be built again.
  void set_potentials(const std::vector<double>& values);
  /// Sets all, in any direction, and keeps the lists: bounds fall by the largest rise.
  void move_potentials(const std::vector<double>& values);

  /// Makes all lists, keeping the costs where costs_are_kept().
  void build(double store_bytes, Context& context);

  /// Threads that share the scans of few rows until they are taken away (nullptr).
  void set_helpers(Helpers* helpers);
  /// Whether scans are long enough for helpers to pay.
  bool helpers_pay() const;

  BestTwo best_two(std::size_t row) const;
  /// The same for other potentials than those of the bounds.
  BestTwo best_two(std::size_t row, const double* potentials) const;
  double bound(std::size_t row) const;
  const std::uint32_t* list_columns(std::size_t row) const;
  const double* list_costs(std::size_t row) const;
  std::size_t list_length() const;
  /// Of the candidates of a row, up to `most` columns of least reduced cost, in this order.
  void best_columns(std::size_t row, std::size_t most, std::vector<std::uint32_t>& out) const;

  /// The least reduced cost of each row of points, exactly, without lists.
  std::vector<double> least_of_rows(Context& context);

  /// New lists for these rows at the present potentials.
  void refresh(const std::uint32_t* rows, std::size_t count, Context& context);
  void refresh(std::uint32_t row, Context& context) { refresh(&row, 1, context); }
  /// The same for one row while another thread does `meanwhile`, which may read lists and
  /// potentials. False, with nothing done, where there is no helper or it would not pay.
  bool refresh_beside(std::uint32_t row, const std::function<void()>& meanwhile, Context& context);
  /// The least two reduced costs of the row; `second` may be a lower bound of it instead.
  BestTwo certified_best_two(std::uint32_t row, Context& context);
  /// All columns with c_ij - v_j < limit, in order.
  void columns_below(std::uint32_t row, double limit, std::vector<Candidate>& out);

  /// How many rows are worth scanning together.
  std::size_t batch() const;
  /// The largest |c_ij| + |v_j| that can occur: the unit of rounding errors.
  double magnitude() const;
  std::size_t scans() const;  // rows scanned after the first build, for reports

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace laot::detail
