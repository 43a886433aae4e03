// The predictors that every score is shown beside.
#include "method_trivial.hpp"

#include "laot/laot.hpp"
#include "laot/linear_algebra.hpp"
#include "shared_params.hpp"

namespace laot {

namespace {

const char kSource[] = "closed form";

std::vector<ParamSpec> only_keep_cells() {
  std::vector<ParamSpec> out;
  for (const ParamSpec& spec : shared_params("own"))
    if (spec.name == "keep_cells") out.push_back(spec);
  return out;
}

void fit_nothing(const FitInput&, Model& model, Context&) {
  model.map = std::make_shared<AffineResponse>();
  model.report.add("outcome", std::string("converged"));
  model.report.add("stop_reason", std::string("closed form"));
}

void fit_gaussian(const FitInput& input, Model& model, Context&) {
  GaussianOptions options;
  options.shrink = input.params.choice("shrink") == "auto";
  options.unbiased = input.params.choice("divisor") == "n-1";
  options.jitter = input.params.number("jitter");
  model.map = std::make_shared<AffineResponse>(
      gaussian_response(input.x, input.weights_x, input.y, input.weights_y, options));
  model.report.add("outcome", std::string("converged"));
  model.report.add("stop_reason", std::string("closed form"));
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
  return {{"identity", "No change: the control cell itself", kSource, only_keep_cells(), {}},
          fit_nothing,
          AffineResponse::load};
}

Method mean_shift_method() {
  return {{"mean_shift",
           "Every cell moved by the difference of the training means",
           kSource,
           only_keep_cells(),
           {}},
          fit_nothing,
          AffineResponse::load};
}

Method gaussian_map_method() {
  MethodSpec spec{"gaussian_map",
                  "The optimal map between Gaussians with the populations' means and covariances",
                  "Dowson & Landau 1982; closed form",
                  {},
                  {}};
  spec.params = {
      {"shrink",
       ParamType::choice,
       std::string("auto"),
       0,
       0,
       {"auto", "none"},
       "Shrink both covariances towards a multiple of I by d/(d + min(n, m)), or not",
       "DESIGN, trivial predictors"},
      {"divisor",
       ParamType::choice,
       std::string("n"),
       0,
       0,
       {"n", "n-1"},
       "Divisor of the covariances",
       "DESIGN, trivial predictors"},
      {"jitter",
       ParamType::number,
       0.0,
       0,
       1e6,
       {},
       "Added to the diagonal of both covariances",
       "DESIGN, trivial predictors"},
  };
  for (const ParamSpec& shared : shared_params("own")) spec.params.push_back(shared);
  return {spec, fit_gaussian, AffineResponse::load};
}

}  // namespace laot
