// Student's t distribution.
#pragma once

namespace laot {

/// The quantile of Student's t with df > 0 degrees of freedom at 0 < p < 1, to about 1e-12 of
/// itself: Newton's steps, kept in a bracket, on the tail probability, which is half the
/// regularised incomplete beta function I(df / (df + t^2); df / 2, 1 / 2) (its continued fraction
/// by Lentz's method; Press et al., Numerical Recipes, 6.4); beyond 2000 degrees of freedom the
/// expansion about the normal quantile.
double student_quantile(double p, double df);

}  // namespace laot
