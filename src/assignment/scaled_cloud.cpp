#include "laot/assignment/scaled_cloud.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "laot/base.hpp"
#include "laot/linear_algebra.hpp"

namespace laot::detail {

Extent::Extent(const arma::mat& points, const char* name)
    : mean(points.n_rows, arma::fill::zeros), least(points.n_rows), most(points.n_rows) {
  const std::size_t d = points.n_rows, n = points.n_cols;
  const double share = 1.0 / static_cast<double>(std::max<std::size_t>(n, 1));
  least.fill(kInfinity);
  most.fill(-kInfinity);
  double *sum = mean.memptr(), *low = least.memptr(), *high = most.memptr();
  for (std::size_t i = 0; i < n; ++i) {
    const double* x = points.colptr(i);
    for (std::size_t k = 0; k < d; ++k) {
      sum[k] += share * x[k];
      low[k] = std::min(low[k], x[k]);
      high[k] = std::max(high[k], x[k]);
    }
  }
  // Shares of finite numbers add up to one: only others leave the range.
  if (!mean.is_finite()) require_finite(points, name);
}

// Rounding is monotone: no coordinate is further out than the least or the largest.
int Extent::natural_exponent(const arma::vec& shift) const {
  // The inverse of a smaller scale would overflow.
  constexpr int kLeast = -1022;
  double largest = 0.0;
  for (std::size_t k = 0; k < mean.n_elem; ++k)
    largest = std::max({largest, std::abs(least[k] - shift[k]), std::abs(most[k] - shift[k])});
  require(std::isfinite(largest), Status::not_finite, kTooLarge);
  return largest > 0.0 ? std::max(std::ilogb(largest) + 1, kLeast) : 0;
}

namespace {

// Products of two coordinates that are moved but not scaled neither overflow nor lose digits.
constexpr int kMostInPlace = 400;

}  // namespace

FramedCloud::FramedCloud(const arma::mat& points, Frame frame)
    : memory_(points.memptr()),
      dimension_(points.n_rows),
      size_(points.n_cols),
      frame_(std::move(frame)),
      offset_(frame_.shift),
      scale_(std::ldexp(1.0, -frame_.exponent)) {
  if (std::abs(frame_.exponent) > kMostInPlace) {
    auto scaled = std::make_shared<arma::mat>(dimension_, size_);
    for (std::size_t i = 0; i < size_; ++i)
      for (std::size_t k = 0; k < dimension_; ++k) (*scaled)(k, i) = (*this)[i][k];
    memory_ = scaled->memptr();
    offset_.zeros();
    scale_ = 1.0;
    owned_ = std::move(scaled);
  }
  auto norms = std::make_shared<std::vector<double>>(size_);
  for (std::size_t i = 0; i < size_; ++i) {
    const FramedPoint x = (*this)[i];
    (*norms)[i] =
        sum_of_squares(dimension_, [&](std::size_t k) { return x.moved(k); }) * x.scale * x.scale;
  }
  squared_norms_ = std::move(norms);
}

FramedCloud::FramedCloud(const FramedCloud& cloud, std::vector<std::uint32_t> columns)
    : FramedCloud(cloud) {
  if (!cloud.columns_.empty())
    for (std::uint32_t& column : columns) column = cloud.columns_[column];
  size_ = columns.size();
  columns_ = std::move(columns);
}

FramedCloud framed_cloud(const arma::mat& points, const arma::vec& shift) {
  return {points, Frame{shift, Extent(points).natural_exponent(shift)}};
}

FramedCloud framed_cloud(const arma::mat& points, const char* name) {
  const Extent extent(points, name);
  return {points, Frame{extent.mean, extent.natural_exponent(extent.mean)}};
}

FramedCloud framed_columns(const arma::mat& points, const std::vector<std::uint32_t>& columns) {
  return columns.empty() ? framed_cloud(points) : FramedCloud(framed_cloud(points), columns);
}

// With z = x - shift and apart = shift - other shift, |x - y|^2 is |z|^2 + 2 <apart, z> on the side
// of x, the same on that of y with the opposite sign of apart, |apart|^2, and the product of both
// sides.
std::vector<double> distance_potentials(const std::vector<double>& scaled, int unit_exponent,
                                        const FramedCloud& cloud, const arma::vec& other_shift) {
  const std::size_t d = cloud.dimension();
  const Frame& frame = cloud.frame();
  arma::vec apart(d);
  for (std::size_t k = 0; k < d; ++k) apart[k] = frame.shift[k] - other_shift[k];
  const double constant = 0.5 * squared_norm(apart.memptr(), d);
  std::vector<double> out(scaled.size());
  for (std::size_t i = 0; i < scaled.size(); ++i) {
    const FramedPoint z = cloud[i];
    const double along = sum_in_lanes<4>(d, [&](std::size_t k) { return apart[k] * z[k]; });
    out[i] = std::ldexp(scaled[i], unit_exponent) +
             std::ldexp(cloud.squared_norm(i), 2 * frame.exponent) +
             2.0 * std::ldexp(along, frame.exponent) + constant;
  }
  return out;
}

// |x - y|^2 = |x - s|^2 + |y - s|^2 - 2 <x - s, y - s>, of which the first is a matter of x.
std::vector<double> framed_potentials(const std::vector<double>& potentials,
                                      const arma::mat& points, const arma::vec& other_shift,
                                      int unit_exponent) {
  std::vector<double> out(potentials.size());
  for (std::size_t j = 0; j < out.size(); ++j)
    out[j] = std::ldexp(
        potentials[j] - squared_distance(points.colptr(j), other_shift.memptr(), points.n_rows),
        -unit_exponent);
  const auto [low, high] = std::minmax_element(out.begin(), out.end());
  const double middle = 0.5 * (*low + *high);
  for (double& value : out) value -= middle;
  return out;
}

double mean_squared_norm(const FramedCloud& cloud, int exponent) {
  double sum = 0.0;
  for (std::size_t i = 0; i < cloud.size(); ++i) sum += cloud.squared_norm(i);
  return std::ldexp(sum / static_cast<double>(std::max<std::size_t>(cloud.size(), 1)),
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
