// A lower bound of the cost of a transport too large for its dual problem, from a sample.
#pragma once

#include <cstdint>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/assignment/candidate_rows.hpp"
#include "laot/parallel.hpp"

namespace laot::detail {

/// For any potentials v of the targets, the mean of v and of
///     u_i = min_j |x_i - y_j|^2 - v_j
/// over the sources is below the cost of every coupling (Kantorovich). The mean of u is estimated
/// from sources drawn in proportion to their supply. Where a guess of u is known for all sources,
/// its mean is exact, and what the sample has to estimate is the mean difference from it, which
/// varies much less than u (a control variate).
class SampledDual {
 public:
  /// The matrices and the weights have to outlive the object.
  SampledDual(const arma::mat& sources, const arma::mat& targets,
              const std::vector<std::int64_t>& supply, const std::vector<std::int64_t>& demand);

  struct Value {
    double mean;   // of the dual value
    double error;  // its standard error
  };
  /// Draws `rows` sources with this seed: they are those of value().
  void draw(std::size_t rows, std::uint64_t seed);
  Value value(const std::vector<double>& v, const std::vector<double>& guess, Context& context);
  /// Mean square of the drawn sources plus that of the targets, both seen from the targets' mean.
  double spread() const;

 private:
  double mean_of(const std::vector<double>& values, const std::vector<std::int64_t>& units) const;

  const arma::mat& sources_;
  const std::vector<std::int64_t>&supply_, &demand_;
  std::vector<std::int64_t> up_to_;  // running sums of the supply
  arma::vec shift_;
  CandidateRows rows_;
  std::vector<std::uint32_t> drawn_;
  arma::mat sample_;
};

}  // namespace laot::detail
