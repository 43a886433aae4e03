#include <algorithm>
#include <cmath>

#include "laot/models.hpp"

namespace laot {

namespace {

// Sorted rows of a matrix, one vector a feature.
arma::mat sorted_by_feature(arma::mat cells) {
  arma::inplace_trans(cells);  // a feature's values become contiguous
  arma::mat out = std::move(cells);
  for (std::size_t k = 0; k < out.n_cols; ++k) std::sort(out.colptr(k), out.colptr(k) + out.n_rows);
  return out;
}

// The value at quantile `at` in [0, 1] of sorted values, linear between the order statistics.
double quantile(const double* sorted, std::size_t count, double at) {
  const double place = at * static_cast<double>(count - 1);
  const std::size_t below = std::min(static_cast<std::size_t>(place), count - 1);
  const std::size_t above = std::min(below + 1, count - 1);
  const double share = place - static_cast<double>(below);
  return sorted[below] + share * (sorted[above] - sorted[below]);
}

// The place in [0, 1] of `value` among sorted values: the middle of the run where it is tied.
double place_of(const double* sorted, std::size_t count, double value) {
  const double* first = std::lower_bound(sorted, sorted + count, value);
  const double* last = std::upper_bound(first, sorted + count, value);
  if (first == sorted + count) return 1.0;
  if (last == sorted) return 0.0;
  if (count == 1) return 0.5;
  double place;
  if (first != last) {
    place = 0.5 * static_cast<double>((first - sorted) + (last - 1 - sorted));
  } else {
    const double lower = first[-1], upper = first[0];
    // Halved, so that the differences of finite values are finite.
    place = static_cast<double>(first - 1 - sorted) +
            (0.5 * value - 0.5 * lower) / (0.5 * upper - 0.5 * lower);
  }
  return place / static_cast<double>(count - 1);
}

arma::mat identity(std::size_t size) {
  return arma::mat(size, size, arma::fill::eye);
}

// W in original units: I + V S (W_z - I) S^-1 V'.
arma::mat original_map(const FeatureSpace& space, const arma::mat& latent) {
  const double d = static_cast<double>(space.features());
  require_memory(8.0 * d * d, text("the map between ", space.features(), " features"));
  if (latent.is_empty()) return identity(space.features());
  arma::mat change = latent;
  for (std::size_t c = 0; c < change.n_cols; ++c) {
    change(c, c) -= 1.0;
    for (std::size_t r = 0; r < change.n_rows; ++r) change(r, c) *= space.scale[r] / space.scale[c];
  }
  if (space.has_components()) change = arma::mat(arma::mat(space.basis * change) * space.basis.t());
  for (std::size_t c = 0; c < change.n_cols; ++c) change(c, c) += 1.0;
  return change;
}

// b of x_t = W x_0 + b: m_y - W m_x + V S c.
arma::mat original_offset(const FeatureSpace& space, const AffineResponse& response) {
  arma::vec offset = space.mean_treated - original_map(space, response.map()) * space.mean_control;
  if (!response.offset().is_empty()) {
    arma::vec shift = response.offset();
    for (std::size_t k = 0; k < shift.n_elem; ++k) shift[k] *= space.scale[k];
    if (space.has_components()) shift = arma::vec(space.basis * shift);
    offset += shift;
  }
  return offset;
}

}  // namespace

void Model::predict_block(arma::mat& block) const {
  arma::mat z, moved;
  space.encode_block(block, Population::control, z);
  map->apply(z, moved);
  space.decode_block(z, moved, block);
  require(
      block.is_finite(), Status::numerical_failure,
      "the prediction overflowed: the new cells, or the numbers of the model, are too large; give "
      "the cells in the units of the training cells");
}

void Model::predict(const Cells& cells, Nonnegative nonnegative, double* out,
                    Context& context) const {
  require(cells.features() == space.features(), Status::dimension_mismatch,
          "the model was fitted on ", space.features(), " features, found ", cells.features(),
          " in the new cells; give the same features in the same order");
  const SingleThreadedBlas blas;
  const std::size_t d = cells.features();
  if (nonnegative == Nonnegative::marginals)
    require(training.kept_control.cells() > 1 && training.kept_treated.cells() > 1,
            Status::not_available,
            "nonnegative = marginals needs kept training cells, but this model keeps ",
            training.kept_control.cells(), " control and ", training.kept_treated.cells(),
            " treated cells; fit with keep_cells = 1000");
  arma::mat predicted_training, observed_training;
  if (nonnegative == Nonnegative::marginals) {
    arma::mat predicted = training.kept_control.view().gather_all();
    predict_block(predicted);
    predicted_training = sorted_by_feature(std::move(predicted));
    observed_training = sorted_by_feature(training.kept_treated.view().gather_all());
  }
  arma::mat block;
  const std::size_t at_a_time = cells_at_a_time(d);
  for (std::size_t first = 0; first < cells.cells(); first += at_a_time) {
    context.poll("predicting", static_cast<double>(first) / static_cast<double>(cells.cells()));
    const std::size_t count = std::min(at_a_time, cells.cells() - first);
    block.set_size(d, count);
    cells.gather(first, count, block.memptr());
    for (std::size_t e = 0; e < block.n_elem; ++e)
      require(std::isfinite(block[e]), Status::not_finite, "the new cells have ",
              std::isnan(block[e]) ? "NaN" : "Inf", " at feature ", e % d + 1, ", cell ",
              first + e / d + 1, " (counted from 1); remove or impute such values first");
    predict_block(block);
    if (nonnegative == Nonnegative::clip) {
      for (double& value : block) value = std::max(0.0, value);
    } else if (nonnegative == Nonnegative::marginals) {
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t k = 0; k < d; ++k) {
          const double at =
              place_of(predicted_training.colptr(k), predicted_training.n_rows, block(k, i));
          block(k, i) =
              std::max(0.0, quantile(observed_training.colptr(k), observed_training.n_rows, at));
        }
    }
    std::copy(block.begin(), block.end(), out + first * d);
  }
}

Model Model::trivial(const std::string& name) const {
  const Method& chosen = laot::method(name);
  Model out;
  out.method = name;
  out.feature_names = feature_names;
  out.training = training;
  if (name == "identity") {
    out.space = FeatureSpace::trivial(space.features());
    out.map = std::make_shared<AffineResponse>();
  } else if (name == "mean_shift") {
    out.space = FeatureSpace::trivial(space.features());
    out.space.mean_control = training.mean_control;
    out.space.mean_treated = training.mean_treated;
    out.map = std::make_shared<AffineResponse>();
  } else if (name == "gaussian_map") {
    require(!training.gaussian.offset().is_empty(), Status::not_available,
            "the model has no Gaussian map beside it: its feature space has ", space.dimension(),
            " dimensions, and beyond 1500 it is left out; fit gaussian_map itself, or fewer "
            "features");
    out.space = space;
    out.map = std::make_shared<AffineResponse>(training.gaussian);
    for (const ParamSpec& spec : chosen.spec.params)
      if (params.count(spec.name)) out.params[spec.name] = params.at(spec.name);
  } else {
    fail(Status::unknown_name, "\"", name,
         "\" is not a trivial predictor; these are identity, mean_shift, gaussian_map");
  }
  for (const ParamSpec& spec : chosen.spec.params)
    out.params.emplace(spec.name, spec.default_text());
  out.report.add("n_control", static_cast<double>(training.n));
  out.report.add("n_treated", static_cast<double>(training.m));
  out.report.add("features", static_cast<double>(space.features()));
  out.report.add("outcome", std::string("converged"));
  out.report.add("stop_reason", std::string("closed form"));
  out.report.add("median_gamma", training.median_gamma);
  return out;
}

const StoredCells* Model::kept_cells(const std::string& name) const {
  if (name == "kept_control") return &training.kept_control;
  if (name == "kept_treated") return &training.kept_treated;
  return nullptr;
}

arma::mat Model::array(const std::string& name) const {
  const auto found = arrays.find(name);
  if (found != arrays.end()) return found->second;
  if (name == "mean_control") return space.mean_control;
  if (name == "mean_treated") return space.mean_treated;
  if (name == "training_mean_control") return training.mean_control;
  if (name == "training_mean_treated") return training.mean_treated;
  if (name == "scale") return space.scale;
  if (name == "basis" && space.has_components()) return space.basis;
  if (const StoredCells* kept = kept_cells(name)) return kept->view().gather_all();
  if (const auto* affine = dynamic_cast<const AffineResponse*>(map.get())) {
    if (name == "map") return original_map(space, affine->map());
    if (name == "offset") return original_offset(space, *affine);
    if (name == "latent_map")
      return affine->map().is_empty() ? identity(space.dimension()) : affine->map();
  }
  fail(Status::not_available, "a ", method, " model has no array \"", name, "\"; it has ",
       joined(array_names()));
}

std::vector<std::string> Model::array_names() const {
  std::vector<std::string> out;
  if (dynamic_cast<const AffineResponse*>(map.get()))
    out.insert(out.end(), {"map", "offset", "latent_map"});
  out.insert(out.end(), {"mean_control", "mean_treated", "scale"});
  if (space.has_components()) out.push_back("basis");
  out.insert(out.end(),
             {"training_mean_control", "training_mean_treated", "kept_control", "kept_treated"});
  for (const auto& [name, ignored] : arrays) out.push_back(name);
  return out;
}

}  // namespace laot
