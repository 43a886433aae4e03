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

// Where each population is centred.
std::vector<arma::vec> centres(const std::vector<SpacePopulation>& populations, Center center) {
  const std::size_t d = populations[0].cells->features();
  for (const SpacePopulation& population : populations)
    for (std::size_t k = 0; k < d; ++k)
      require(std::isfinite(population.moments->variance[k]), Status::numerical_failure,
              "the variance of ", population.name, " feature ", k + 1,
              " (counted from 1) overflows; the values are too large, so rescale them");
  arma::vec joint(d, arma::fill::zeros);
  if (center == Center::joint)
    for (const SpacePopulation& population : populations)
      joint += population.share * population.moments->mean;
  std::vector<arma::vec> out;
  for (const SpacePopulation& population : populations)
    out.push_back(center == Center::own ? population.moments->mean : joint);
  return out;
}

// Of coordinate c: the mean variance within the populations, each with its share.
double variance_within(const std::vector<SpacePopulation>& populations,
                       const std::vector<Moments>& z, std::size_t c) {
  double out = 0.0;
  for (std::size_t p = 0; p < populations.size(); ++p)
    out += populations[p].share * z[p].variance[c];
  return out;
}

// The same and the variance between them: of two, a quarter of their squared gap.
double joint_variance(const std::vector<SpacePopulation>& populations,
                      const std::vector<Moments>& z, std::size_t c) {
  double out = variance_within(populations, z, c);
  for (std::size_t p = 0; p < populations.size(); ++p)
    for (std::size_t q = 0; q < p; ++q) {
      const double gap = z[q].mean[c] - z[p].mean[c];
      out += populations[p].share * populations[q].share * gap * gap;
    }
  return out;
}

}  // namespace

std::shared_ptr<const OuterProducts> SharedOuterProducts::get(
    const std::function<OuterProducts()>& make) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!products_) products_ = std::make_shared<const OuterProducts>(make());
  return products_;
}

FeatureSpace FeatureSpace::shifted(const arma::vec& shift) const {
  FeatureSpace out = *this;
  out.mean_treated = mean_control;
  if (!shift.is_empty()) out.mean_treated += shift;
  return out;
}

FeatureSpace FeatureSpace::trivial(std::size_t features) {
  FeatureSpace space;
  space.mean_control.zeros(features);
  space.mean_treated.zeros(features);
  space.scale.ones(features);
  return space;
}

FeatureSpace FeatureSpace::trivial(const SpacePopulation& control, const SpacePopulation& treated) {
  FeatureSpace space = trivial(control.cells->features());
  space.find_constant({control, treated}, false);
  return space;
}

FeatureSpace FeatureSpace::fit(const Cells& control, const Cells& treated,
                               const arma::vec& weights_x, const arma::vec& weights_y,
                               const FeatureSpaceOptions& options, Context& context,
                               EncodedPair* encoded) {
  const std::size_t d = control.features();
  require(treated.features() == d, Status::dimension_mismatch, "control has ", d,
          " features and treated has ", treated.features(),
          "; both must have the same features in the same order");
  const Moments x = weighted_moments(control, weights_x, context);
  const Moments y = weighted_moments(treated, weights_y, context);
  return fit({&control, &weights_x, &x, 0.5, "control"}, {&treated, &weights_y, &y, 0.5, "treated"},
             options, context, encoded);
}

FeatureSpace FeatureSpace::fit_along(const arma::mat& directions, const Cells& control,
                                     const Cells& treated, const arma::vec& weights_x,
                                     const arma::vec& weights_y, const FeatureSpaceOptions& options,
                                     Context& context, EncodedPair* encoded) {
  require(directions.n_rows == control.features() && treated.features() == control.features(),
          Status::dimension_mismatch, "directions of ", directions.n_rows,
          " features for cells of ", control.features(), " and ", treated.features());
  const Moments x = weighted_moments(control, weights_x, context);
  const Moments y = weighted_moments(treated, weights_y, context);
  const std::vector<SpacePopulation> both = {{&control, &weights_x, &x, 0.5, "control"},
                                             {&treated, &weights_y, &y, 0.5, "treated"}};
  const std::vector<arma::vec> means = centres(both, options.center);
  FeatureSpace space;
  space.mean_control = means[0];
  space.mean_treated = means[1];
  const std::size_t components =
      component_count(options, control.features(), control.cells(), treated.cells());
  space.basis = directions.head_cols(std::min<std::size_t>(components, directions.n_cols));
  space.fit_scale(both, means, options.scale, context, encoded);
  return space;
}

FeatureSpace FeatureSpace::fit(const SpacePopulation& control, const SpacePopulation& treated,
                               const FeatureSpaceOptions& options, Context& context,
                               EncodedPair* encoded) {
  const std::vector<SpacePopulation> both = {control, treated};
  const std::vector<arma::vec> means = centres(both, options.center);
  FeatureSpace space;
  space.mean_control = means[0];
  space.mean_treated = means[1];
  space.find_constant(both, options.center == Center::own);
  const std::size_t components =
      component_count(options, space.features(), control.cells->cells(), treated.cells->cells());
  space.fit_basis(both, means, options.center, components, context);
  space.fit_scale(both, means, options.scale, context, encoded);
  return space;
}

FeatureSpace FeatureSpace::fit(const std::vector<SpacePopulation>& populations,
                               std::size_t controls, const FeatureSpaceOptions& options,
                               Context& context) {
  const std::vector<arma::vec> means = centres(populations, options.center);
  FeatureSpace space;
  space.mean_control =
      options.center == Center::own ? centres(populations, Center::joint)[0] : means[0];
  space.mean_treated = space.mean_control;
  space.find_constant(populations, false);
  std::size_t cells[2] = {0, 0};
  for (std::size_t p = 0; p < populations.size(); ++p)
    cells[p < controls ? 0 : 1] += populations[p].cells->cells();
  space.fit_basis(populations, means, options.center,
                  component_count(options, space.features(), cells[0], cells[1]), context);
  space.fit_scale(populations, means, options.scale, context);
  return space;
}

void FeatureSpace::fit_scale(const std::vector<SpacePopulation>& populations,
                             const std::vector<arma::vec>& means, Scale asked, Context& context,
                             EncodedPair* encoded) {
  // Moments of the coordinates, before scaling.
  std::vector<Moments> z;
  for (std::size_t p = 0; p < populations.size(); ++p) {
    const SpacePopulation& population = populations[p];
    z.push_back(*population.moments);
    if (!has_components()) continue;
    scale.ones(basis.n_cols);
    arma::mat coordinates = encode_about(*population.cells, means[p], context);
    z[p] = weighted_moments(Cells::dense(coordinates), *population.weights, context);
    z[p].mean = basis.t() * population.moments->mean;
    if (encoded) (p == 0 ? encoded->control : encoded->treated) = std::move(coordinates);
  }
  const std::size_t k = z[0].mean.n_elem;
  if (asked == Scale::automatic) asked = has_components() ? Scale::common : Scale::feature;
  scale.ones(k);
  if (asked == Scale::feature) {
    for (std::size_t c = 0; c < k; ++c) {
      const double sd = std::sqrt(joint_variance(populations, z, c));
      // A constant feature has no scale; rounding of its mean must not become one.
      double size = 0.0;
      for (const Moments& moments : z) size = std::max(size, std::abs(moments.mean[c]));
      if (sd > 1e-13 * size) scale[c] = sd;
    }
  } else if (asked == Scale::common) {
    double sum = 0.0;
    for (std::size_t c = 0; c < k; ++c) sum += variance_within(populations, z, c);
    const double sd = std::sqrt(sum / static_cast<double>(k));
    if (sd > 0.0) scale.fill(sd);
  }
  if (!encoded) return;
  if (has_components()) {
    divide_by_scale(encoded->control);
    divide_by_scale(encoded->treated);
  } else {
    encoded->control = encode_about(*populations[0].cells, means[0], context);
    encoded->treated = encode_about(*populations[1].cells, means[1], context);
  }
}

void FeatureSpace::fit_basis(const std::vector<SpacePopulation>& populations,
                             const std::vector<arma::vec>& means, Center center,
                             std::size_t components, Context& context) {
  if (components == 0) return;
  // Cells of all populations, centred and weighted so that their outer products sum to the pooled
  // covariance, in which each population weighs its share.
  const std::size_t d = features();
  std::size_t all = 0;
  for (const SpacePopulation& population : populations) all += population.cells->cells();
  const auto gather = [&](std::size_t first, std::size_t count, double* out) {
    std::size_t before = 0;
    for (std::size_t p = 0; p < populations.size() && count > 0; ++p) {
      const SpacePopulation& population = populations[p];
      const std::size_t n = population.cells->cells();
      if (first < before + n) {
        const std::size_t from = first - before, here = std::min(count, n - from);
        population.cells->gather(from, here, out);
        for (std::size_t i = 0; i < here; ++i, out += d) {
          const double root = std::sqrt(population.share * (*population.weights)[from + i]);
          for (std::size_t k = 0; k < d; ++k) out[k] = (out[k] - means[p][k]) * root;
        }
        first += here;
        count -= here;
      }
      before += n;
    }
  };
  const CentredCells cells{d, all, gather};
  SharedOuterProducts* shared = center == Center::own ? populations[0].shared : nullptr;
  std::shared_ptr<const OuterProducts> begun;
  if (shared && by_covariance(cells))
    begun = shared->get([&] {
      return outer_products({d, populations[0].cells->cells(), gather}, context);
    });
  basis = leading_directions(cells, components, context, begun.get());
  // A constant feature is in no component: rounding must not move it.
  for (const std::int32_t k : constant) basis.row(static_cast<std::size_t>(k)).zeros();
}

// own_values: each population may have a value of its own.
void FeatureSpace::find_constant(const std::vector<SpacePopulation>& populations, bool own_values) {
  constant.clear();
  for (std::size_t k = 0; k < features(); ++k) {
    const double first = populations[0].moments->mean[k];
    const auto still = [&](const SpacePopulation& population) {
      const Moments& here = *population.moments;
      return here.variance[k] == 0.0 && (own_values || here.mean[k] == first);
    };
    if (std::all_of(populations.begin(), populations.end(), still))
      constant.push_back(static_cast<std::int32_t>(k));
  }
}

void FeatureSpace::encode_block(const arma::mat& block, Side side, arma::mat& z,
                                BlockRoom& room) const {
  encode_block_about(block, side == Side::control ? mean_control : mean_treated, z, room);
}

void FeatureSpace::encode_block_about(const arma::mat& block, const arma::vec& mean, arma::mat& z,
                                      BlockRoom& room) const {
  arma::mat& centred = has_components() ? room.centred : z;
  centred.set_size(block.n_rows, block.n_cols);
  for (std::size_t i = 0; i < block.n_cols; ++i)
    for (std::size_t k = 0; k < block.n_rows; ++k) centred(k, i) = block(k, i) - mean[k];
  if (has_components()) z = basis.t() * centred;
  divide_by_scale(z);
}

void FeatureSpace::divide_by_scale(arma::mat& z) const {
  for (std::size_t i = 0; i < z.n_cols; ++i)
    for (std::size_t k = 0; k < z.n_rows; ++k) z(k, i) /= scale[k];
}

arma::mat FeatureSpace::encode(const Cells& cells, Side side, Context& context) const {
  return encode_about(cells, side == Side::control ? mean_control : mean_treated, context);
}

arma::mat FeatureSpace::encode_about(const Cells& cells, const arma::vec& mean,
                                     Context& context) const {
  require(cells.features() == features(), Status::dimension_mismatch, "the model was fitted on ",
          features(), " features, found ", cells.features());
  arma::mat out(dimension(), cells.cells(), arma::fill::none);
  arma::mat block, z;
  BlockRoom room;
  const std::size_t at_a_time = cells_at_a_time(features());
  for (std::size_t first = 0; first < cells.cells(); first += at_a_time) {
    context.poll();
    const std::size_t count = std::min(at_a_time, cells.cells() - first);
    block.set_size(features(), count);
    cells.gather(first, count, block.memptr());
    encode_block_about(block, mean, z, room);
    std::copy(z.begin(), z.end(), out.colptr(first));
  }
  return out;
}

void FeatureSpace::decode_block(const arma::mat& z, const arma::mat& moved, arma::mat& block,
                                BlockRoom& room) const {
  arma::mat& step = has_components() ? room.step : room.change;
  arma::mat& change = room.change;
  step.set_size(z.n_rows, z.n_cols);
  for (std::size_t i = 0; i < z.n_cols; ++i)
    for (std::size_t k = 0; k < z.n_rows; ++k) step(k, i) = scale[k] * (moved(k, i) - z(k, i));
  if (has_components()) change = basis * step;
  for (std::size_t i = 0; i < block.n_cols; ++i)
    for (const std::int32_t k : constant) change(static_cast<std::size_t>(k), i) = 0.0;
  for (std::size_t i = 0; i < block.n_cols; ++i)
    for (std::size_t k = 0; k < block.n_rows; ++k) {
      const double x = block(k, i), start = mean_control[k], end = mean_treated[k];
      // From a through b - a to b is not exact.
      block(k, i) = x == start ? end + change(k, i) : x + ((end - start) + change(k, i));
    }
}

}  // namespace laot
