#include "mean_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace laot {

namespace {

constexpr int kShift = 52 - lanes::Cubics::kStepBits;
constexpr std::size_t kNodes = 4;
constexpr double kPi = 3.14159265358979323846;

std::int64_t interval_of(double t) {
  std::uint64_t bits;
  std::memcpy(&bits, &t, sizeof bits);
  return static_cast<std::int64_t>(bits >> kShift);
}

double start_of(std::int64_t interval) {
  const std::uint64_t bits = static_cast<std::uint64_t>(interval) << kShift;
  double t;
  std::memcpy(&t, &bits, sizeof t);
  return t;
}

double lowest(const std::vector<double>& gammas) {
  return 0x1p-43 / *std::max_element(gammas.begin(), gammas.end());
}

double highest(const std::vector<double>& gammas) {
  return 40.0 / *std::min_element(gammas.begin(), gammas.end());
}

}  // namespace

std::size_t mean_kernel_intervals(const std::vector<double>& gammas) {
  return static_cast<std::size_t>(interval_of(highest(gammas)) - interval_of(lowest(gammas)) + 1);
}

lanes::Cubics mean_kernel(const std::vector<double>& gammas) {
  lanes::Cubics cubics;
  cubics.low = lowest(gammas);
  cubics.high = highest(gammas);
  cubics.first = interval_of(cubics.low);
  const std::size_t intervals = mean_kernel_intervals(gammas);

  // Newton's divided differences at the Chebyshev points of [0, 1], then powers of w.
  double node[kNodes];
  for (std::size_t k = 0; k < kNodes; ++k)
    node[k] = 0.5 - 0.5 * std::cos(kPi * (static_cast<double>(k) + 0.5) / kNodes);
  std::vector<double> t(kNodes * intervals), f(t.size(), 0.0), term(t.size());
  for (std::size_t i = 0; i < intervals; ++i) {
    const double start = start_of(cubics.first + static_cast<std::int64_t>(i));
    const double end = start_of(cubics.first + static_cast<std::int64_t>(i) + 1);
    for (std::size_t k = 0; k < kNodes; ++k) t[kNodes * i + k] = start + node[k] * (end - start);
  }
  for (const double gamma : gammas) {
    lanes::kernels().write_exp(t.data(), t.size(), gamma, term.data());
    for (std::size_t i = 0; i < f.size(); ++i) f[i] += term[i];
  }
  cubics.coefficients.resize(kNodes * intervals);
  for (std::size_t i = 0; i < intervals; ++i) {
    double c[kNodes];
    for (std::size_t k = 0; k < kNodes; ++k)
      c[k] = f[kNodes * i + k] / static_cast<double>(gammas.size());
    for (std::size_t order = 1; order < kNodes; ++order)
      for (std::size_t k = kNodes - 1; k >= order; --k)
        c[k] = (c[k] - c[k - 1]) / (node[k] - node[k - order]);
    for (std::size_t order = kNodes - 1; order-- > 0;)
      for (std::size_t k = order; k + 1 < kNodes; ++k) c[k] -= node[order] * c[k + 1];
    std::copy(c, c + kNodes, cubics.coefficients.begin() + static_cast<std::ptrdiff_t>(kNodes * i));
  }
  return cubics;
}

}  // namespace laot
