// The predictors that every score is shown beside.
#include "method_trivial.hpp"

#include "laot/laot.hpp"
#include "laot/linear_algebra.hpp"
#include "shared_params.hpp"

namespace laot {

namespace {

const char kSource[] = "closed form";

struct IdentitySettings : OptionsOf<IdentitySettings> {};
struct MeanShiftSettings : OptionsOf<MeanShiftSettings> {
  MeanShiftSettings() { space = {Center::own, Scale::none, 0}; }
};
struct GaussianSettings : OptionsOf<GaussianSettings>, GaussianOptions {
  bool marginals = false;
};

FitResult closed_form(AffineResponse map) {
  FitResult out;
  out.map = std::make_shared<AffineResponse>(std::move(map));
  out.report.add("outcome", std::string("converged"));
  out.report.add("stop_reason", std::string("closed form"));
  return out;
}

FitResult fit_nothing(const FitInput&, Context&) {
  return closed_form({});
}

FitResult fit_gaussian(const FitInput& input, Context&) {
  const auto& settings = input.params.as<GaussianSettings>();
  FitResult out =
      closed_form(gaussian_response(input.x, input.weights_x, input.y, input.weights_y, settings));
  out.marginals = settings.marginals;
  return out;
}

void prepare(arma::mat& covariance, std::size_t cells, std::size_t fewer,
             const GaussianOptions& options) {
  const double n = static_cast<double>(cells);
  if (options.unbiased)
    for (double& entry : covariance) entry *= n / (n - 1.0);
  if (options.shrink) covariance = shrunk(covariance, shrinkage(covariance.n_rows, fewer, fewer));
  for (std::size_t k = 0; k < covariance.n_rows; ++k) covariance(k, k) += options.jitter;
}

}  // namespace

AffineResponse gaussian_response(const arma::mat& x, const arma::vec& weights_x, const arma::mat& y,
                                 const arma::vec& weights_y, const GaussianOptions& options) {
  const arma::vec mean_x = weighted_mean(x, weights_x), mean_y = weighted_mean(y, weights_y);
  if (x.n_cols < 3 || y.n_cols < 3) return AffineResponse({}, arma::vec(mean_y - mean_x));
  arma::mat spread_x = weighted_covariance(x, weights_x);
  arma::mat spread_y = weighted_covariance(y, weights_y);
  const std::size_t fewer = std::min<std::size_t>(x.n_cols, y.n_cols);
  prepare(spread_x, x.n_cols, fewer, options);
  prepare(spread_y, y.n_cols, fewer, options);
  arma::mat map = gaussian_map(spread_x, spread_y);
  arma::vec offset = mean_y - map * mean_x;
  return AffineResponse(std::move(map), std::move(offset));
}

Method identity_method() {
  MethodSpec spec;
  spec.name = "identity";
  spec.entitle("Identity", "the control cell itself");
  spec.source = kSource;
  spec.traits.trivial = spec.traits.affine = true;
  spec.traits.raw_space = spec.traits.means_alone = true;
  spec.traits.fewest_cells = 0;
  spec.defaults = std::make_shared<IdentitySettings>();
  spec.params = {keep_cells_param()};
  const auto beside = [](const Model& model) -> Beside {
    return {FeatureSpace::trivial(model.space.features()), {}};
  };
  return {spec, fit_nothing, AffineResponse::load, beside};
}

Method mean_shift_method() {
  MethodSpec spec;
  spec.name = "mean_shift";
  spec.entitle("Mean shift", "every cell moved by the difference of the training means");
  spec.source = kSource;
  spec.traits.trivial = spec.traits.affine = spec.traits.means_alone = true;
  spec.traits.fewest_cells = 1;
  spec.defaults = std::make_shared<MeanShiftSettings>();
  spec.params = {keep_cells_param()};
  const auto beside = [](const Model& model) {
    Beside out{FeatureSpace::trivial(model.space.features()), {}};
    out.space.mean_control = model.training.mean_control;
    out.space.mean_treated = model.training.mean_treated;
    return out;
  };
  return {spec, fit_nothing, AffineResponse::load, beside};
}

Method gaussian_map_method() {
  MethodSpec spec;
  spec.name = "gaussian_map";
  spec.entitle("Gaussian map",
               "optimal between Gaussians with the populations' means and covariances");
  spec.source =
      "Dowson & Landau 1982; closed form; optimal for squared distances in the feature space, so "
      "in "
      "the units of the features only with scale = \"none\" and n_pcs = 0";
  spec.traits.trivial = spec.traits.affine = spec.traits.dense_map = true;
  spec.defaults = std::make_shared<GaussianSettings>();
  spec.params = {
      choice("shrink", &GaussianSettings::shrink, {{"auto", true}, {"none", false}})
          .doc("Shrink both covariances towards a multiple of I by d/(d + min(n, m)), or not")
          .source("own"),
      choice("divisor", &GaussianSettings::unbiased, {{"n", false}, {"n-1", true}})
          .doc("Divisor of the covariances")
          .source("own"),
      number("jitter", &GaussianSettings::jitter)
          .to(1e6)
          .doc("Added to the diagonal of both covariances")
          .source("own"),
      choice("restore", &GaussianSettings::marginals, {{"none", false}, {"marginals", true}})
          .doc("marginals: after the map each feature's distribution, by one monotone map")
          .source("docs/nonlinear.md"),
  };
  spec.params = joined_rows(std::move(spec.params), space_params());
  const auto beside = [](const Model& model) {
    require(!model.training.gaussian.offset().is_empty(), Status::not_available, "the ",
            model.method(), " model has no Gaussian map beside it: its feature space has ",
            model.space.dimension(),
            " dimensions, and beyond 1500, beside a trivial predictor beyond 100, it is left out; "
            "fit gaussian_map itself, or fewer features");
    Beside out{model.space, model.training.gaussian};
    if (model.training.gaussian_about_own_means) {
      out.space.mean_control = model.training.mean_control;
      out.space.mean_treated = model.training.mean_treated;
    }
    return out;
  };
  return {spec, fit_gaussian, AffineResponse::load, beside};
}

}  // namespace laot
