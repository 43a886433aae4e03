// Student's t distribution, and Welch's test of two means.
#pragma once

#include <cstddef>

#include "laot/metrics/moments.hpp"

namespace laot {

/// The quantile of Student's t with df > 0 degrees of freedom at 0 < p < 1, to about 1e-12 of
/// itself: Newton's steps, kept in a bracket, on the tail probability, which is half the
/// regularised incomplete beta function I(df / (df + t^2); df / 2, 1 / 2) (its continued fraction
/// by Lentz's method; Press et al., Numerical Recipes, 6.4); beyond 2000 degrees of freedom the
/// expansion about the normal quantile.
double student_quantile(double p, double df);

/// Welch's t-test of the means of feature k in n cells of moments x and m of moments y, at least
/// two of each (Welch 1947): the difference y - x, its standard error, and the degrees of freedom
/// (NaN where the error is 0).
struct Welch {
  double difference, error, df;
  Welch(const RowMoments& x, double n, const RowMoments& y, double m, std::size_t k);
  /// 0 without a difference, +-Inf where neither side varies.
  double t() const { return difference == 0.0 ? 0.0 : difference / error; }
};

}  // namespace laot
