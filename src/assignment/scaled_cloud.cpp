#include "laot/detail/scaled_cloud.hpp"

#include <algorithm>
#include <cmath>

#include "laot/base.hpp"

namespace laot::detail {

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
  ScaledCloud out{arma::mat(points.n_rows, points.n_cols), shift, exponent};
  for (arma::uword i = 0; i < points.n_cols; ++i) {
    const double* x = points.colptr(i);
    double* to = out.points.colptr(i);
    for (arma::uword k = 0; k < points.n_rows; ++k) to[k] = std::ldexp(x[k] - shift[k], -exponent);
  }
  return out;
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
