// Nearly optimal transport between clouds too large to solve exactly.
#pragma once

#include <memory>
#include <vector>

#include "laot/transport.hpp"

namespace laot::detail {

struct HierarchyOptions {
  std::size_t leaf = 12000;         // points of a part that is solved exactly
  int sweeps = 6;                   // re-solves of other partitions of the pairs, after the first
  std::size_t sampled_rows = 1000;  // of the dual bound
};

/// Both clouds are cut in two, again and again, along matching directions and at equal mass, until
/// the parts are small enough to solve exactly; then the pairs are cut anew, similar pairs
/// together, and each part is solved again, which can only lower the cost. A next solve starts from
/// the pairs of the one before it.
///
/// The certificate's dual value is an estimate: the potentials, averaged over all rounds, are made
/// feasible for a random sample of the sources, and the mean over the sample is lowered by three of
/// its standard errors. Its gap is therefore an upper bound up to sampling (and a pessimistic one,
/// because the potentials of different parts are not tuned to each other).
class HierarchicalTransport {
 public:
  HierarchicalTransport(arma::mat targets, std::vector<std::int64_t> supply,
                        std::vector<std::int64_t> demand, const HierarchyOptions& options);
  ~HierarchicalTransport();
  HierarchicalTransport(HierarchicalTransport&&) noexcept;
  HierarchicalTransport& operator=(HierarchicalTransport&&) noexcept;

  Flow solve(const arma::mat& sources, Context& context);

  /// Throws Error(out_of_memory) where a solve on so many threads would not fit.
  static void require_room(std::size_t sources, std::size_t targets, std::size_t dimension,
                           const HierarchyOptions& options, int threads);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace laot::detail
