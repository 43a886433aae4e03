// Sums in an order that is written down: several running sums side by side, which do not wait for
// each other and whose bits do not depend on how a compiler vectorises.
#pragma once

#include <cstddef>

namespace laot {

/// term(0) + .. + term(n - 1) in 4 or 8 running sums, of which each takes every 4th or 8th term;
/// the last few, fewer than that, go to the first. Neighbours are added in the end.
template <std::size_t Lanes, class Term>
double sum_in_lanes(std::size_t n, const Term& term) {
  static_assert(Lanes == 4 || Lanes == 8, "sums are added in pairs");
  double sum[Lanes] = {};
  std::size_t k = 0;
  for (; k + Lanes <= n; k += Lanes)
    for (std::size_t q = 0; q < Lanes; ++q) sum[q] += term(k + q);
  for (; k < n; ++k) sum[0] += term(k);
  const double first = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  if constexpr (Lanes == 4)
    return first;
  else
    return first + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

/// The sum of 4 or 8 running sums as vector registers are folded: the upper half on the lower.
inline double folded(const double (&sum)[4]) {
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}
inline double folded(const double (&sum)[8]) {
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/// The same from four running sums that take the terms in turn, also the last few, and are folded:
/// what the lanes of vector registers give. term is called in the order of k.
template <class Term>
double sum_in_turn(std::size_t n, const Term& term) {
  double sum[4] = {};
  for (std::size_t k = 0; k < n; ++k) sum[k % 4] += term(k);
  return folded(sum);
}

}  // namespace laot
