// The two solvers behind ExactTransport.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "laot/assignment/point_assignment.hpp"
#include "laot/transport.hpp"

namespace laot::detail {

/// Successive shortest paths on the whole cost in double precision, from given column potentials
/// (updated): for costs that are given, for a second solve where a certificate is not good enough,
/// and for tests, as a solver that shares no code with the other. cost(j, i): target j, source i.
Flow solve_transport_dense(const arma::mat& cost, const std::vector<std::int64_t>& supply,
                           const std::vector<std::int64_t>& demand, std::vector<double>& v,
                           Context& context);

/// Network simplex on candidate arcs, priced against the certified bounds of all others. The tree
/// is kept for the next solve: when the sources move it stays feasible, and only its potentials
/// have to be found again; where they have moved little, so do the candidates.
class SimplexTransport {
 public:
  /// Only some columns of the targets take part, where these are named.
  SimplexTransport(arma::mat targets, std::vector<std::uint32_t> columns,
                   std::vector<std::int64_t> supply, std::vector<std::int64_t> demand,
                   const SolverOptions& options);
  ~SimplexTransport();
  SimplexTransport(SimplexTransport&&) noexcept;
  SimplexTransport& operator=(SimplexTransport&&) noexcept;

  /// Keeps a copy of the sources for the next solve.
  Flow solve(const arma::mat& sources, Context& context);
  /// Shares them with the caller instead.
  Flow solve(std::shared_ptr<const arma::mat> sources, Context& context);
  /// Of some columns, where these are named; keeps nothing.
  Flow solve_once(const arma::mat& sources, const std::vector<std::uint32_t>& columns,
                  Context& context);
  /// Of the last solve; their rows are the larger side.
  const CandidateRows& candidates() const;
  bool sources_are_columns() const;
  const std::vector<double>& source_potentials() const;
  const std::vector<double>& target_potentials() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace laot::detail
