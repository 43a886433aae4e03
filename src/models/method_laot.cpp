#include "method_laot.hpp"

#include <limits>

#include "laot/laot.hpp"
#include "shared_params.hpp"

namespace laot {

namespace {

MethodSpec laot_spec() {
  MethodSpec out;
  out.name = "laot";
  out.title = "Linear Alternating Optimal Transport: the exact plan and a linear map in turn";
  out.source = "Jafari, Shakeri & Daneshmand, ICML 2026, Algorithm 1";
  out.params = {
      {"update",
       ParamType::choice,
       std::string("ls"),
       0,
       0,
       {"ls", "adam"},
       "Least squares for each plan, or one Adam step",
       "Algorithm 1; published notebooks"},
      {"ridge",
       ParamType::number,
       std::string("auto"),
       0,
       1e6,
       {"auto"},
       "Weight of |W - I|^2; auto: the share of each plan that no linear map explains",
       "DESIGN, objective"},
      {"restore",
       ParamType::choice,
       std::string("covariance"),
       0,
       0,
       {"covariance", "sd", "none"},
       "Give the map back the spread that a conditional mean loses",
       "QUALITY, section 1"},
      {"max_iter",
       ParamType::integer,
       30.0,
       1,
       kMany,
       {},
       "Least squares: iterations at most",
       "DESIGN, stopping"},
      {"tol",
       ParamType::number,
       1e-9,
       0,
       1,
       {},
       "Least squares: stop when J falls by less than this share of itself in an iteration",
       "DESIGN, stopping"},
      {"epochs",
       ParamType::integer,
       200.0,
       1,
       kMany,
       {},
       "Adam: number of epochs",
       "published notebooks"},
      {"learning_rate",
       ParamType::number,
       5e-3,
       0,
       1,
       {},
       "Adam: step size",
       "published notebooks"},
      {"weight_decay",
       ParamType::number,
       1e-4,
       0,
       1e6,
       {},
       "Adam: weight decay, added to the gradient",
       "published notebooks"},
      {"batch_size",
       ParamType::integer,
       0.0,
       0,
       kMany,
       {},
       "Adam: cells of each population in a minibatch; 0: all of them",
       "published notebooks"},
      {"coupling",
       ParamType::choice,
       std::string("auto"),
       0,
       0,
       {"auto", "exact", "hierarchical"},
       "The plan: exact and proven, or by parts, nearly optimal, with an estimated bound; auto: "
       "exact up to 100,000 cells of a batch level on its larger side",
       "docs/performance.md"},
      {"equal_counts",
       ParamType::flag,
       0.0,
       0,
       1,
       {},
       "Use only the first min(n, m) cells of each population, as the published notebooks do",
       "published notebooks"},
  };
  for (const ParamSpec& shared : shared_params("own")) out.params.push_back(shared);
  const Value none = std::string("none");
  out.presets = {
      {"calibrated", "ridge towards I, spread restored, own means: what the data support", {}},
      {"algorithm1",
       "the paper as printed: raw features, no ridge, no restoration",
       {{"ridge", 0.0}, {"restore", none}, {"center", none}, {"scale", none}, {"n_pcs", 0.0}}},
      {"notebook",
       "the published notebooks: joint z-score, Adam, no ridge, no restoration",
       {{"update", std::string("adam")},
        {"ridge", 0.0},
        {"restore", none},
        {"center", std::string("joint")},
        {"scale", std::string("feature")},
        {"n_pcs", 0.0}}},
  };
  return out;
}

LaotOptions laot_options(const Params& params) {
  LaotOptions options;
  options.update = params.choice("update") == "adam" ? Update::adam : Update::least_squares;
  options.ridge = params.is_word("ridge") ? LaotOptions::kAutomatic : params.number("ridge");
  const std::string& restore = params.choice("restore");
  options.restore = restore == "covariance" ? Restore::covariance
                    : restore == "sd"       ? Restore::sd
                                            : Restore::none;
  options.max_iter = params.integer("max_iter");
  options.tol = params.number("tol");
  options.epochs = params.integer("epochs");
  options.learning_rate = params.number("learning_rate");
  options.weight_decay = params.number("weight_decay");
  const std::string& coupling = params.choice("coupling");
  options.coupling.mode = coupling == "exact"          ? CouplingMode::exact
                          : coupling == "hierarchical" ? CouplingMode::hierarchical
                                                       : CouplingMode::automatic;
  options.batch_size = static_cast<std::size_t>(params.number("batch_size"));
  return options;
}

arma::mat column(const std::vector<std::uint32_t>& values) {
  arma::mat out(values.size(), 1);
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = static_cast<double>(values[i]);
  return out;
}

void fit_laot(const FitInput& input, Model& model, Context& context) {
  const LaotOptions options = laot_options(input.params);
  LaotResult result = alternate(input.x, input.y, input.batch_x, input.batch_y, options, context);
  model.report.add("outcome", std::string(result.converged ? "converged" : "limit_reached"));
  model.report.add("stop_reason", result.stop_reason);
  model.report.add("iterations", result.iterations);
  model.report.add("objective", result.trace.j_after_update.back());
  model.report.add("residual_sum", result.trace.residual_after_update.back());
  model.report.add("ridge", result.ridge);
  model.report.add("plan_cost", result.plan.certificate.primal);
  model.report.add("plan_cost_lower_bound", result.plan.certificate.dual);
  model.report.add("plan_gap", result.plan.certificate.gap);
  model.report.add("plan_cost_lower_bound_error", result.plan.certificate.dual_error);
  model.report.add("coupling", std::string(result.plan.hierarchical ? "hierarchical" : "exact"));
  model.report.add("plan_bound", std::string(result.plan.hierarchical ? "estimated" : "proven"));
  model.report.add("seconds_alternation", result.seconds);
  model.report.add("seconds_transport", result.seconds_transport);
  model.trace = {{"objective_after_plan", result.trace.j_after_plan},
                 {"objective_after_update", result.trace.j_after_update},
                 {"residual_sum_after_plan", result.trace.residual_after_plan},
                 {"residual_sum_after_update", result.trace.residual_after_update},
                 {"ridge", result.trace.ridge},
                 {"change_of_map", result.trace.change}};
  model.arrays["plan_source"] = column(result.plan.source);
  model.arrays["plan_target"] = column(result.plan.target);
  model.arrays["plan_mass"] = arma::mat(result.plan.mass);
  model.arrays["latent_map_unrestored"] = result.map_unrestored;
  model.map = std::make_shared<AffineResponse>(std::move(result.map));
}

}  // namespace

LaotOptions laot_options(const Model& model) {
  require(model.method == "laot", Status::not_available, "a ", model.method,
          " model has no alternation that could be repeated; fit the method laot");
  Params params(method("laot").spec);
  for (const auto& [name, value] : model.params) params.set_text(name, value);
  return laot_options(params);
}

Method laot_method() {
  return {laot_spec(), fit_laot, AffineResponse::load};
}

}  // namespace laot
