// Nearly optimal transport between clouds too large to solve exactly.
#pragma once

#include <memory>
#include <vector>

#include "laot/assignment/point_assignment.hpp"
#include "laot/transport.hpp"

namespace laot::detail {

struct HierarchyOptions {
  std::size_t leaf = 24000;         // points of a part that is solved exactly
  int sweeps = 7;                   // re-solves of other partitions of the pairs, after the first
  std::size_t sampled_rows = 8000;  // of the dual bound
};

/// Both clouds are cut in two, again and again, along matching directions and at equal mass, until
/// the parts are small enough to solve exactly; then the pairs are cut anew, similar pairs
/// together, and each part is solved again, which can only lower the cost. A next solve starts from
/// the pairs of the one before it.
///
/// The certificate's dual value is an estimate: the potentials of all rounds, averaged and made
/// smoother where that pays, give a lower bound of the cost whose mean over the sources is taken
/// from a sample of them and lowered by three standard errors (see RoundPotentials, SampledDual).
/// Its gap is therefore an upper bound up to sampling, and a pessimistic one: no part knows how
/// many cells of the others compete for its own.
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
