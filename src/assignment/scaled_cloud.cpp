#include "laot/assignment/scaled_cloud.hpp"

#include <algorithm>
#include <cmath>

#include "laot/base.hpp"

namespace laot::detail {

arma::mat in_place(const arma::mat& points) {
  return arma::mat(const_cast<double*>(points.memptr()), points.n_rows, points.n_cols, false, true);
}

arma::vec mean_point(const arma::mat& points) {
  arma::vec mean(points.n_rows, arma::fill::zeros);
  const double share = 1.0 / static_cast<double>(std::max<arma::uword>(points.n_cols, 1));
  for (arma::uword i = 0; i < points.n_cols; ++i) {
    const double* x = points.colptr(i);
    for (arma::uword k = 0; k < points.n_rows; ++k) mean[k] += share * x[k];
  }
  return mean;
}

int natural_exponent(const arma::mat& points, const arma::vec& shift) {
  double largest = 0.0;
  for (arma::uword i = 0; i < points.n_cols; ++i) {
    const double* x = points.colptr(i);
    for (arma::uword k = 0; k < points.n_rows; ++k)
      largest = std::max(largest, std::abs(x[k] - shift[k]));
  }
  return largest > 0.0 ? std::ilogb(largest) + 1 : 0;
}

ScaledCloud scaled_cloud(const arma::mat& points, const arma::vec& shift, int exponent) {
  ScaledCloud out{arma::mat(points.n_rows, points.n_cols), {shift, exponent}};
  // One factor would overflow for the extremes of the exponent; two never do.
  const double half = std::ldexp(1.0, -exponent / 2),
               rest = std::ldexp(1.0, -exponent + exponent / 2);
  for (arma::uword i = 0; i < points.n_cols; ++i) {
    const double* x = points.colptr(i);
    double* to = out.points.colptr(i);
    for (arma::uword k = 0; k < points.n_rows; ++k) to[k] = (x[k] - shift[k]) * half * rest;
  }
  return out;
}

ScaledCloud centred_cloud(const arma::mat& points) {
  const arma::vec shift = mean_point(points);
  return scaled_cloud(points, shift, natural_exponent(points, shift));
}

// Four sums side by side, in a fixed order.
double squared_norm(const double* x, std::size_t d) {
  double sum[4] = {};
  std::size_t k = 0;
  for (; k + 4 <= d; k += 4)
    for (std::size_t q = 0; q < 4; ++q) sum[q] += x[k + q] * x[k + q];
  for (; k < d; ++k) sum[0] += x[k] * x[k];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

double squared_distance(const double* a, const double* b, std::size_t d) {
  double sum[4] = {};
  std::size_t k = 0;
  for (; k + 4 <= d; k += 4)
    for (std::size_t q = 0; q < 4; ++q) {
      const double difference = a[k + q] - b[k + q];
      sum[q] += difference * difference;
    }
  for (; k < d; ++k) sum[0] += (a[k] - b[k]) * (a[k] - b[k]);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// With z = x - shift and apart = shift - other shift, |x - y|^2 is |z|^2 + 2 <apart, z> on the side
// of x, the same on that of y with the opposite sign of apart, |apart|^2, and the product of both
// sides.
std::vector<double> distance_potentials(const std::vector<double>& scaled, int unit_exponent,
                                        const arma::mat& points, const Frame& frame,
                                        const arma::vec& other_shift) {
  const std::size_t d = points.n_rows;
  arma::vec apart(d);
  for (std::size_t k = 0; k < d; ++k) apart[k] = frame.shift[k] - other_shift[k];
  const double constant = 0.5 * squared_norm(apart.memptr(), d);
  std::vector<double> out(scaled.size());
  for (std::size_t i = 0; i < scaled.size(); ++i) {
    const double* z = points.colptr(i);
    double along = 0.0;
    for (std::size_t k = 0; k < d; ++k) along += apart[k] * z[k];
    out[i] = std::ldexp(scaled[i], unit_exponent) +
             std::ldexp(squared_norm(z, d), 2 * frame.exponent) +
             2.0 * std::ldexp(along, frame.exponent) + constant;
  }
  return out;
}

double mean_squared_norm(const arma::mat& points, int exponent) {
  double sum = 0.0;
  for (arma::uword i = 0; i < points.n_cols; ++i)
    sum += squared_norm(points.colptr(i), points.n_rows);
  return std::ldexp(sum / static_cast<double>(std::max<arma::uword>(points.n_cols, 1)),
                    2 * exponent);
}

void require_finite(const arma::mat& points, const char* name) {
  for (arma::uword i = 0; i < points.n_cols; ++i) {
    const double* x = points.colptr(i);
    for (arma::uword k = 0; k < points.n_rows; ++k)
      require(std::isfinite(x[k]), Status::not_finite, name, " has a NaN or Inf in column ", i + 1,
              ", row ", k + 1);
  }
}

}  // namespace laot::detail
