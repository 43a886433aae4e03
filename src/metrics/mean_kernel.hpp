// The mean of RBF kernels over a list of gammas as piecewise cubics in the squared distance.
#pragma once

#include <vector>

#include "lanes.hpp"

namespace laot {

/// Cubics for f(t) = mean over gammas of exp(-gamma t). On an interval of relative width h = 2^-8
/// the cubic through the four Chebyshev points differs from f by at most
///   max |f''''| w^4 / (2^7 4!) <= max_s(s^4 e^-s) h^4 / 3072 = (4/e)^4 2^-32 / 3072 < 3.6e-13,
/// since t^4 |f''''(t)| is the mean of s^4 e^-s over s = gamma t. Below `low` = 2^-43 / max gamma
/// the kernel is within 1.2e-13 of its value there, above `high` = 40 / min gamma within 5e-18 of
/// 0.
lanes::Cubics mean_kernel(const std::vector<double>& gammas);

/// How many intervals mean_kernel would tabulate.
std::size_t mean_kernel_intervals(const std::vector<double>& gammas);

}  // namespace laot
