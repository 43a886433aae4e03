#include "method_laot.hpp"

#include "laot/laot.hpp"
#include "shared_params.hpp"

namespace laot {

namespace {

struct LaotSettings : OptionsOf<LaotSettings>, LaotOptions {};

std::vector<ParamSpec> laot_params() {
  return {
      choice("update", &LaotSettings::update,
             {{"ls", Update::least_squares}, {"adam", Update::adam}})
          .doc("Least squares for each plan, or one Adam step")
          .source("Algorithm 1; published notebooks"),
      number("ridge", &LaotSettings::ridge)
          .to(1e6)
          .word("auto", LaotOptions::kAutomatic)
          .doc("Weight of |W - I|^2; auto: the share of each plan that no linear map explains")
          .source("DESIGN, objective"),
      choice("restore", &LaotSettings::restore,
             {{"covariance", Restore::covariance}, {"sd", Restore::sd}, {"none", Restore::none}})
          .doc("Give the map back the spread that a conditional mean loses")
          .source("QUALITY, section 1"),
      integer("max_iter", &LaotSettings::max_iter)
          .from(1)
          .to(kMany)
          .doc("Least squares: iterations at most")
          .source("DESIGN, stopping"),
      number("tol", &LaotSettings::tol)
          .to(1)
          .doc("Least squares: stop when J falls by less than this share of itself in an iteration")
          .source("DESIGN, stopping"),
      integer("epochs", &LaotSettings::epochs)
          .from(1)
          .to(kMany)
          .doc("Adam: number of epochs")
          .source("published notebooks"),
      number("learning_rate", &LaotSettings::learning_rate)
          .to(1)
          .doc("Adam: step size")
          .source("published notebooks"),
      number("weight_decay", &LaotSettings::weight_decay)
          .to(1e6)
          .doc("Adam: weight decay, added to the gradient")
          .source("published notebooks"),
      integer("batch_size", &LaotSettings::batch_size)
          .to(kMany)
          .doc("Adam: cells of each population in a minibatch; 0: all of them")
          .source("published notebooks"),
      choice("coupling", in(&LaotSettings::coupling, &CouplingOptions::mode),
             {{"auto", CouplingMode::automatic},
              {"exact", CouplingMode::exact},
              {"hierarchical", CouplingMode::hierarchical}})
          .doc("The plan: exact and proven, or by parts, nearly optimal, with an estimated bound; "
               "auto: exact up to 100,000 cells of a batch level on its larger side")
          .source("docs/performance.md"),
      flag("equal_counts", &MethodOptions::equal_counts)
          .doc("Use only the first min(n, m) cells of each population, as the published notebooks "
               "do")
          .source("published notebooks"),
  };
}

MethodSpec laot_spec() {
  MethodSpec out;
  out.name = "laot";
  out.title = "Linear Alternating Optimal Transport: the exact plan and a linear map in turn";
  out.source = "Jafari, Shakeri & Daneshmand, ICML 2026, Algorithm 1";
  out.traits.affine = out.traits.dense_map = true;
  out.defaults = std::make_shared<LaotSettings>();
  out.params = joined_rows(laot_params(), space_params());
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

arma::mat column(const std::vector<std::uint32_t>& values) {
  arma::mat out(values.size(), 1);
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = static_cast<double>(values[i]);
  return out;
}

FitResult fit_laot(const FitInput& input, Context& context) {
  const LaotOptions& options = input.params.as<LaotSettings>();
  FitResult out;
  LaotResult result = alternate(input.x, input.y, input.batch_x, input.batch_y, options, context);
  out.report.add("outcome", std::string(result.converged ? "converged" : "limit_reached"));
  out.report.add("stop_reason", result.stop_reason);
  out.report.add("iterations", result.iterations);
  out.report.add("objective", result.trace.j_after_update.back());
  out.report.add("residual_sum", result.trace.residual_after_update.back());
  out.report.add("ridge", result.ridge);
  out.report.add("plan_cost", result.plan.certificate.primal);
  out.report.add("plan_cost_lower_bound", result.plan.certificate.dual);
  out.report.add("plan_gap", result.plan.certificate.gap);
  out.report.add("plan_cost_lower_bound_error", result.plan.certificate.dual_error);
  out.report.add("coupling", std::string(result.plan.hierarchical ? "hierarchical" : "exact"));
  out.report.add("plan_bound", std::string(result.plan.hierarchical ? "estimated" : "proven"));
  out.report.add("seconds_alternation", result.seconds);
  out.report.add("seconds_transport", result.seconds_transport);
  out.trace = {{"objective_after_plan", result.trace.j_after_plan},
               {"objective_after_update", result.trace.j_after_update},
               {"residual_sum_after_plan", result.trace.residual_after_plan},
               {"residual_sum_after_update", result.trace.residual_after_update},
               {"ridge", result.trace.ridge},
               {"change_of_map", result.trace.change}};
  out.arrays["plan_source"] = column(result.plan.source);
  out.arrays["plan_target"] = column(result.plan.target);
  out.arrays["plan_mass"] = arma::mat(result.plan.mass);
  out.arrays["latent_map_unrestored"] = result.map_unrestored;
  out.map = std::make_shared<AffineResponse>(std::move(result.map));
  return out;
}

}  // namespace

LaotOptions laot_options(const Model& model) {
  const auto* own = dynamic_cast<const LaotSettings*>(&model.params.options());
  require(own != nullptr, Status::not_available, "a ", model.method(),
          " model has no alternation that could be repeated; fit the method laot");
  return *own;
}

Method laot_method() {
  return {laot_spec(), fit_laot, AffineResponse::load};
}

}  // namespace laot
