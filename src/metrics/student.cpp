#include "laot/metrics/student.hpp"

#include <algorithm>
#include <cmath>

#include "laot/base.hpp"

namespace laot {

namespace {

// The continued fraction of the incomplete beta function, for x below (a + 1) / (a + b + 2).
double beta_fraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  const auto away_from_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1.0, d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)), out = d;
  for (int m = 1; m < 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    d = 1.0 / away_from_zero(1.0 + even * d);
    c = away_from_zero(1.0 + even / c);
    out *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    d = 1.0 / away_from_zero(1.0 + odd * d);
    c = away_from_zero(1.0 + odd / c);
    out *= d * c;
    if (std::abs(d * c - 1.0) < 1e-16) break;
  }
  return out;
}

constexpr double kCircleRatio = 3.14159265358979323846;

// log Gamma(a + 1/2) - log Gamma(a), whose difference would lose the digits of a large a.
double log_gamma_step(double a) {
  if (a < 50.0) return std::lgamma(a + 0.5) - std::lgamma(a);
  const double b = a * a;
  return 0.5 * std::log(a) - (1.0 - (1.0 - 0.3 / b) / (24.0 * b)) / (8.0 * a);
}

// P(T > t), t > 0: half of I(x; a, 1/2) with a = df / 2 and x = df / (df + t^2).
double upper_tail(double t, double df) {
  const double a = 0.5 * df, square = t * t, x = df / (df + square), y = square / (df + square);
  const double front =
      std::exp(log_gamma_step(a) - a * std::log1p(square / df) + 0.5 * std::log(y / kCircleRatio));
  if (x < (a + 1.0) / (a + 2.5)) return 0.5 * front * beta_fraction(x, a, 0.5) / a;
  return 0.5 - front * beta_fraction(y, 0.5, a);
}

double density(double t, double df) {
  return std::exp(log_gamma_step(0.5 * df) - 0.5 * (df + 1.0) * std::log1p(t * t / df)) /
         std::sqrt(df * kCircleRatio);
}

// The normal quantile, p > 1/2, by Newton's steps on the upper tail.
double normal_quantile(double p) {
  double z = 0.0;
  for (int step = 0; step < 100; ++step) {
    const double excess = 0.5 * std::erfc(z * std::sqrt(0.5)) - (1.0 - p);
    const double next = z + excess * std::sqrt(2.0 * kCircleRatio) * std::exp(0.5 * z * z);
    if (std::abs(next - z) <= 1e-15 * std::abs(next)) return next;
    z = next;
  }
  return z;
}

// Cornish and Fisher's expansion in 1 / df (Abramowitz & Stegun, 26.7.5), for many degrees of
// freedom, where the continued fraction loses digits.
double expanded_quantile(double p, double df) {
  const double z = normal_quantile(p), s = z * z, u = 1.0 / df;
  const double first = (s + 1.0) / 4.0, second = ((5.0 * s + 16.0) * s + 3.0) / 96.0,
               third = (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0,
               fourth = ((((79.0 * s + 776.0) * s + 1482.0) * s - 1920.0) * s - 945.0) / 92160.0;
  return z * (1.0 + u * (first + u * (second + u * (third + u * fourth))));
}

}  // namespace

double student_quantile(double p, double df) {
  require(p > 0.0 && p < 1.0 && df > 0.0, Status::invalid_argument,
          "a quantile of Student's t needs a probability between 0 and 1 and positive degrees of "
          "freedom, found ",
          p, " and ", df);
  if (p == 0.5) return 0.0;
  if (p < 0.5) return -student_quantile(1.0 - p, df);
  constexpr double kMany = 2000.0;
  if (df > kMany) return expanded_quantile(p, df);
  const double tail = 1.0 - p;
  double low = 0.0, high = 1.0;
  while (upper_tail(high, df) > tail && high < 1e300) {
    low = high;
    high *= 2.0;
  }
  double t = 0.5 * (low + high);
  for (int step = 0; step < 200; ++step) {
    const double excess = upper_tail(t, df) - tail;
    (excess > 0.0 ? low : high) = t;
    double next = t + excess / density(t, df);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::abs(next - t) <= 1e-15 * next) return next;
    t = next;
  }
  return t;
}

Welch::Welch(const RowMoments& x, double n, const RowMoments& y, double m, std::size_t k) {
  const double a = x.sd[k] * x.sd[k] / (n - 1.0), b = y.sd[k] * y.sd[k] / (m - 1.0);
  const double share = a / (a + b);
  difference = y.mean[k] - x.mean[k];
  error = std::sqrt(a + b);
  df = 1.0 / (share * share / (n - 1.0) + (1.0 - share) * (1.0 - share) / (m - 1.0));
}

}  // namespace laot
