// Clouds of points for tests, from the library's own generator.
#pragma once

#include "laot/armadillo.hpp"
#include "laot/base.hpp"

namespace clouds {

inline arma::mat gaussian(std::size_t d, std::size_t n, std::uint64_t seed) {
  laot::Rng rng(seed);
  arma::mat out(d, n);
  for (double& value : out) value = rng.normal();
  return out;
}

/// Mostly zeros, as counts of rarely expressed genes are.
inline arma::mat counts(std::size_t d, std::size_t n, double rate, std::uint64_t seed) {
  laot::Rng rng(seed);
  arma::mat out(d, n, arma::fill::zeros);
  for (double& value : out)
    while (rng.uniform() < rate) value += 1.0;
  return out;
}

/// Two runs of the same columns.
inline arma::mat twice(const arma::mat& x) {
  return arma::join_rows(x, x);
}

}  // namespace clouds
