// Square assignment of moving points to fixed points, warm started from one solve to the next.
#pragma once

#include <memory>

#include "laot/assignment.hpp"
#include "laot/assignment/candidate_rows.hpp"
#include "laot/vector_path.hpp"

namespace laot::detail {

constexpr double kGapLimit = 1e-9;

struct SolverOptions {
  VectorPath path = VectorPath::best;
  /// Memory that kept costs may take, in 16 bits each; negative: an eighth of the machine's, at most
  /// 2 GiB. Where they do not fit or would take longer to read (costs_are_kept), costs are computed
  /// again whenever they are needed.
  double store_bytes = -1.0;
  /// A solve whose certificate is worse is done again in double precision throughout.
  double gap_limit = kGapLimit;
  /// Of a given cost: how many columns searches may look at beyond the lists, as a share of all
  /// pairs, before the solve is given up with an infinite gap. Costs that are tied, or differ by
  /// their rounding alone, fill the lists and more.
  double most_widened = kInfinity;
};

double store_budget(const SolverOptions& options);

/// Bytes that an exact solve of n points with m points in d dimensions takes, the points included.
double memory_of_solve(std::size_t n, std::size_t m, std::size_t d, const SolverOptions& options);
/// Refuses a solve for which there is not that much memory, or that has more points than numbers.
void require_room_for_solve(std::size_t n, std::size_t m, std::size_t d,
                            const SolverOptions& options);

/// Where a first solve begins: potentials of the targets for the squared distance, and for each
/// source its target. The closer both are to an optimum, the sooner it is found. A target that is
/// named again, or is none, leaves the source without one.
struct AssignmentStart {
  std::vector<double> target_potentials;
  std::vector<std::uint32_t> target_of_source;
};

/// The exact minimum-cost matching of n sources and n targets for the squared Euclidean distance.
/// Potentials, pairs and candidate lists are kept for the next solve. Each solve has the same cost
/// as a cold one, and the same pairs wherever the optimum is unique.
class PointAssignment {
 public:
  /// targets: d x n; with borrowed() they are read where they are.
  PointAssignment(arma::mat targets, const SolverOptions& options);
  ~PointAssignment();
  PointAssignment(PointAssignment&&) noexcept;
  PointAssignment& operator=(PointAssignment&&) noexcept;

  /// sources: d x n. Potentials are those of the squared distance.
  const Assignment& solve(const arma::mat& sources, Context& context);
  /// The same, sharing the sources with the caller instead of keeping a copy.
  const Assignment& solve(std::shared_ptr<const arma::mat> sources, Context& context);
  /// The same, reading the sources where they are; solve() keeps a copy of them. A next solve is a
  /// cold one.
  const Assignment& solve_once(const arma::mat& sources, Context& context);
  /// The same, from a start that is known.
  const Assignment& solve_once(const arma::mat& sources, const AssignmentStart& start,
                               Context& context);
  /// Of the last solve.
  const Assignment& last() const;
  const CandidateRows& candidates() const;
  const arma::mat& targets() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Exact assignment for a given square or wide cost; see solve_assignment.
Assignment solve_given_cost(const arma::mat& cost, const SolverOptions& options, Context& context);

/// Shortest augmenting paths on the whole cost in double precision (shortest_paths.cpp): for small
/// problems, and as the independent solver that tests compare with.
Assignment solve_dense(const arma::mat& cost, Context& context);

}  // namespace laot::detail
