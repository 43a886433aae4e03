#include "laot/feature_space.hpp"

#include <algorithm>
#include <cmath>

#include "principal_components.hpp"

namespace laot {

namespace {

// The rule of the design: components where the features are many for the cells.
std::size_t component_count(const FeatureSpaceOptions& options, std::size_t d, std::size_t n,
                            std::size_t m) {
  const std::size_t fewer = std::min(n, m);
  if (options.components != FeatureSpaceOptions::kAutomatic)
    return std::min(static_cast<std::size_t>(options.components), d);
  if (8 * d <= fewer) return 0;
  return std::min(d, std::max<std::size_t>(2, std::min<std::size_t>(50, fewer / 8)));
}

}  // namespace

FeatureSpace FeatureSpace::trivial(std::size_t features) {
  FeatureSpace space;
  space.mean_control.zeros(features);
  space.mean_treated.zeros(features);
  space.scale.ones(features);
  return space;
}

FeatureSpace FeatureSpace::fit(const Cells& control, const Cells& treated,
                               const arma::vec& weights_x, const arma::vec& weights_y,
                               const FeatureSpaceOptions& options, Context& context) {
  const std::size_t d = control.features();
  require(treated.features() == d, Status::dimension_mismatch, "control has ", d,
          " features and treated has ", treated.features(),
          "; both must have the same features in the same order");
  const Moments x = weighted_moments(control, weights_x, context);
  const Moments y = weighted_moments(treated, weights_y, context);

  for (const Moments* moments : {&x, &y})
    for (std::size_t k = 0; k < d; ++k)
      require(std::isfinite(moments->variance[k]), Status::numerical_failure, "the variance of ",
              moments == &x ? "control" : "treated", " feature ", k + 1,
              " (counted from 1) overflows; the values are too large, so rescale them");

  FeatureSpace space;
  switch (options.center) {
    case Center::own:
      space.mean_control = x.mean;
      space.mean_treated = y.mean;
      break;
    case Center::joint:
      space.mean_control = 0.5 * (x.mean + y.mean);
      space.mean_treated = space.mean_control;
      break;
    case Center::none:
      space.mean_control.zeros(d);
      space.mean_treated.zeros(d);
      break;
  }

  const std::size_t components = component_count(options, d, control.cells(), treated.cells());
  Moments zx = x, zy = y;  // moments of the coordinates, before scaling
  if (components > 0) {
    space.fit_basis(control, treated, weights_x, weights_y, components, context);
    space.scale.ones(space.basis.n_cols);
    zx = weighted_moments(Cells::dense(space.encode(control, Side::control, context)), weights_x,
                          context);
    zy = weighted_moments(Cells::dense(space.encode(treated, Side::treated, context)), weights_y,
                          context);
    zx.mean = space.basis.t() * x.mean;
    zy.mean = space.basis.t() * y.mean;
  }

  const std::size_t k = zx.mean.n_elem;
  Scale scale = options.scale;
  if (scale == Scale::automatic) scale = components > 0 ? Scale::common : Scale::feature;
  space.scale.ones(k);
  if (scale == Scale::feature) {
    for (std::size_t c = 0; c < k; ++c) {
      const double gap = zx.mean[c] - zy.mean[c];
      const double sd = std::sqrt(0.5 * (zx.variance[c] + zy.variance[c]) + 0.25 * gap * gap);
      // A constant feature has no scale; rounding of its mean must not become one.
      const double size = std::max(std::abs(zx.mean[c]), std::abs(zy.mean[c]));
      if (sd > 1e-13 * size) space.scale[c] = sd;
    }
  } else if (scale == Scale::common) {
    double sum = 0.0;
    for (std::size_t c = 0; c < k; ++c) sum += 0.5 * (zx.variance[c] + zy.variance[c]);
    const double sd = std::sqrt(sum / static_cast<double>(k));
    if (sd > 0.0) space.scale.fill(sd);
  }
  return space;
}

void FeatureSpace::fit_basis(const Cells& control, const Cells& treated, const arma::vec& weights_x,
                             const arma::vec& weights_y, std::size_t components, Context& context) {
  // Cells of both populations, centred and weighted so that their outer products sum to the pooled
  // covariance, in which each population weighs one half.
  const std::size_t d = features(), n = control.cells(), m = treated.cells();
  const auto fill = [&](const Cells& cells, std::size_t first, std::size_t count, double* out) {
    const bool is_control = &cells == &control;
    const double* mean = (is_control ? mean_control : mean_treated).memptr();
    const arma::vec& weights = is_control ? weights_x : weights_y;
    cells.gather(first, count, out);
    for (std::size_t i = 0; i < count; ++i, out += d) {
      const double root = std::sqrt(0.5 * weights[first + i]);
      for (std::size_t k = 0; k < d; ++k) out[k] = (out[k] - mean[k]) * root;
    }
  };
  const auto gather = [&](std::size_t first, std::size_t count, double* out) {
    const std::size_t of_control = first < n ? std::min(count, n - first) : 0;
    if (of_control > 0) fill(control, first, of_control, out);
    if (of_control < count)
      fill(treated, first + of_control - n, count - of_control, out + d * of_control);
  };
  basis = leading_directions({d, n + m, gather}, components, context);
}

void FeatureSpace::encode_block(const arma::mat& block, Side side, arma::mat& z) const {
  const double* mean = (side == Side::control ? mean_control : mean_treated).memptr();
  arma::mat centred(block.n_rows, block.n_cols);
  for (std::size_t i = 0; i < block.n_cols; ++i)
    for (std::size_t k = 0; k < block.n_rows; ++k) centred(k, i) = block(k, i) - mean[k];
  if (has_components())
    z = basis.t() * centred;
  else
    z.swap(centred);
  for (std::size_t i = 0; i < z.n_cols; ++i)
    for (std::size_t k = 0; k < z.n_rows; ++k) z(k, i) /= scale[k];
}

arma::mat FeatureSpace::encode(const Cells& cells, Side side, Context& context) const {
  require(cells.features() == features(), Status::dimension_mismatch, "the model was fitted on ",
          features(), " features, found ", cells.features());
  arma::mat out(dimension(), cells.cells());
  arma::mat block, z;
  const std::size_t at_a_time = cells_at_a_time(features());
  for (std::size_t first = 0; first < cells.cells(); first += at_a_time) {
    context.poll();
    const std::size_t count = std::min(at_a_time, cells.cells() - first);
    block.set_size(features(), count);
    cells.gather(first, count, block.memptr());
    encode_block(block, side, z);
    std::copy(z.begin(), z.end(), out.colptr(first));
  }
  return out;
}

void FeatureSpace::decode_block(const arma::mat& z, const arma::mat& moved,
                                arma::mat& block) const {
  arma::mat change(z.n_rows, z.n_cols);
  for (std::size_t i = 0; i < z.n_cols; ++i)
    for (std::size_t k = 0; k < z.n_rows; ++k) change(k, i) = scale[k] * (moved(k, i) - z(k, i));
  if (has_components()) change = arma::mat(basis * change);
  for (std::size_t i = 0; i < block.n_cols; ++i)
    for (std::size_t k = 0; k < block.n_rows; ++k)
      block(k, i) += (mean_treated[k] - mean_control[k]) + change(k, i);
}

}  // namespace laot
