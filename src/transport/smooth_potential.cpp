#include "laot/transport/smooth_potential.hpp"

#include <algorithm>
#include <cmath>

namespace laot::detail {

namespace {

constexpr std::size_t kFittedPoints = 20000;
constexpr int kSteps = 25;  // of conjugate gradients: few directions are left by then

// Points in units of their spread, as linear and quadratic features of mean 0 over the fitted.
class Features {
 public:
  Features(const arma::mat& points, std::size_t step) : points_(points), d_(points.n_rows) {
    std::vector<double> mean(d_, 0.0), square(d_, 0.0);
    double count = 0.0;
    for (std::size_t j = 0; j < points.n_cols; j += step, count += 1.0)
      for (std::size_t k = 0; k < d_; ++k) mean[k] += points(k, j);
    for (double& m : mean) m /= count;
    for (std::size_t j = 0; j < points.n_cols; j += step)
      for (std::size_t k = 0; k < d_; ++k) {
        const double apart = points(k, j) - mean[k];
        square[k] += apart * apart;
      }
    mean_ = mean;
    for (std::size_t k = 0; k < d_; ++k)
      inverse_.push_back(square[k] > 0.0 ? std::sqrt(count / square[k]) : 0.0);
  }

  std::size_t size() const { return 2 * d_; }

  double times(const std::vector<double>& c, std::size_t j) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < d_; ++k) {
      const double z = (points_(k, j) - mean_[k]) * inverse_[k];
      sum += z * c[k] + (z * z - 1.0) * c[d_ + k];
    }
    return sum;
  }

  void add(double weight, std::size_t j, std::vector<double>& out) const {
    for (std::size_t k = 0; k < d_; ++k) {
      const double z = (points_(k, j) - mean_[k]) * inverse_[k];
      out[k] += weight * z;
      out[d_ + k] += weight * (z * z - 1.0);
    }
  }

 private:
  const arma::mat& points_;
  std::size_t d_;
  std::vector<double> mean_, inverse_;
};

double squares(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value * value;
  return sum;
}

// Least squares by conjugate gradients (Hestenes & Stiefel, 1952), stopped early: directions that
// the points hardly span stay as they are.
std::vector<double> fitted(const Features& features, std::vector<double> residual, std::size_t step,
                           Context& context) {
  const std::size_t count = residual.size();
  const auto gradient = [&] {
    std::vector<double> out(features.size(), 0.0);
    for (std::size_t q = 0; q < count; ++q) features.add(residual[q], q * step, out);
    return out;
  };
  std::vector<double> c(features.size(), 0.0), g = gradient(), direction = g, along(count);
  double size = squares(g);
  for (int k = 0; k < kSteps && size > 0.0; ++k) {
    context.poll();
    for (std::size_t q = 0; q < count; ++q) along[q] = features.times(direction, q * step);
    const double length = squares(along);
    if (!(length > 0.0)) break;
    const double by = size / length;
    for (std::size_t f = 0; f < c.size(); ++f) c[f] += by * direction[f];
    for (std::size_t q = 0; q < count; ++q) residual[q] -= by * along[q];
    g = gradient();
    const double last = size;
    size = squares(g);
    for (std::size_t f = 0; f < c.size(); ++f) direction[f] = g[f] + size / last * direction[f];
  }
  return c;
}

}  // namespace

std::vector<double> smooth_potential(const arma::mat& points, const std::vector<double>& values,
                                     Context& context) {
  const std::size_t step = (points.n_cols + kFittedPoints - 1) / kFittedPoints;
  std::vector<double> chosen;
  double mean = 0.0;
  for (std::size_t j = 0; j < values.size(); j += step) chosen.push_back(values[j]);
  for (const double value : chosen) mean += value / static_cast<double>(chosen.size());
  for (double& value : chosen) value -= mean;
  // In units of the largest, whose square may be no number.
  double largest = 0.0;
  for (const double value : chosen) largest = std::max(largest, std::abs(value));
  if (largest > 0.0)
    for (double& value : chosen) value /= largest;
  const Features features(points, step);
  std::vector<double> c = fitted(features, chosen, step, context);
  for (double& value : c) value *= largest;
  std::vector<double> out(values.size());
  parallel_for(context, out.size(), 4096, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t j = first; j < last; ++j) out[j] = mean + features.times(c, j);
  });
  return out;
}

}  // namespace laot::detail
