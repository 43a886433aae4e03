// Nearly optimal transport between clouds too large to solve exactly.
#pragma once

#include <memory>
#include <vector>

#include "laot/assignment/point_assignment.hpp"
#include "laot/transport.hpp"

namespace laot::detail {

struct HierarchyOptions {
  std::size_t leaf = CouplingOptions{}.leaf;  // points of a part
  int sweeps = CouplingOptions{}.sweeps;      // rounds with other parts, after the first
  std::size_t sampled_rows = 8000;            // of the dual bound
};

/// Random parts are coupled exactly first: a plan, and potentials that are those of the whole but
/// for chance. Then the pairs are cut into parts along changing directions, similar pairs together,
/// and each point finds the cheapest partners of its part beside the potentials, or, where these
/// are far off, those beside which the part's exact coupling sends units. What all rounds have
/// found are the arcs of one sparse problem for all points, along which plan and potentials are
/// improved (ArcTransport). A next solve starts from the plan and the arcs of the one before it.
/// Clouds that fit into one part are coupled exactly.
///
/// The certificate's dual value is an estimate: the potentials, made smoother where that pays, give
/// a lower bound of the cost whose mean over the sources is taken from a sample of them and lowered
/// by three standard errors (see SampledDual). Its gap is therefore an upper bound up to sampling,
/// and a pessimistic one: arcs that no round has found are missing in the potentials.
class HierarchicalTransport {
 public:
  HierarchicalTransport(arma::mat targets, std::vector<std::int64_t> supply,
                        std::vector<std::int64_t> demand, const HierarchyOptions& options);
  ~HierarchicalTransport();
  HierarchicalTransport(HierarchicalTransport&&) noexcept;
  HierarchicalTransport& operator=(HierarchicalTransport&&) noexcept;

  Flow solve(const arma::mat& sources, Context& context);
  /// Those of the certificate, of the last solve: it makes the targets' feasible for its sample,
  /// and the sources' are a guess of what comes out.
  const std::vector<double>& source_potentials() const;
  const std::vector<double>& target_potentials() const;

  /// Throws Error(out_of_memory) where a solve on so many threads would not fit.
  static void require_room(std::size_t sources, std::size_t targets, std::size_t dimension,
                           const HierarchyOptions& options, int threads);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace laot::detail
