// Potentials of the same cells in several partitions, made comparable and averaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "laot/parallel.hpp"

namespace laot::detail {

/// Potentials of all cells from the exact solves of one partition.
struct Round {
  std::vector<double> u, v;  // of sources and of targets
  std::vector<std::uint32_t> part_of_source, part_of_target;
  std::size_t parts = 0;
  std::vector<double> constant;  // of each part: added to v and taken from u; filled by add()
};

/// Each round sees a cell beside the others of its part only. The dual value is concave, so what
/// the average of the rounds loses to the chance of one partition is less than what each of them
/// does. But a part knows its potentials up to a constant, and an average of potentials whose
/// constants differ is noise: where a cloud falls into clusters, most of it. The constants are
/// those for which the rounds agree best, in least squares over all cells of both sides.
class RoundPotentials {
 public:
  /// Takes one more round, and leaves out the oldest beyond `most`.
  void add(Round round, std::size_t most, Context& context);
  void clear();
  bool empty() const { return rounds_.empty(); }
  /// Averages over the rounds.
  const std::vector<double>& u() const { return u_; }
  const std::vector<double>& v() const { return v_; }

 private:
  void sum();
  double adjust(Round& round);

  std::deque<Round> rounds_;
  std::vector<double> u_, v_;  // sums while constants are sought, then averages
};

}  // namespace laot::detail
