#include "method_laot.hpp"

#include <algorithm>
#include <vector>

#include "laot/base/median.hpp"
#include "laot/choice.hpp"
#include "laot/laot.hpp"
#include "laot/metrics/mmd.hpp"
#include "shared_params.hpp"

namespace laot {

namespace {

enum class Lifting { no, yes, automatic };

struct LaotSettings : OptionsOf<LaotSettings>, LaotOptions, LiftOptions {
  Lifting lift = Lifting::no;
};

std::vector<ParamSpec> alternation_rows() {
  return {
      choice("update", &LaotSettings::update,
             {{"ls", Update::least_squares}, {"adam", Update::adam}})
          .doc("Least squares for each plan, or one Adam step")
          .source("Algorithm 1; published notebooks"),
      number("ridge", &LaotSettings::ridge)
          .to(1e6)
          .word("auto", LaotOptions::kAutomatic)
          .doc("Weight of |W - I|^2; auto: the share of each plan that no linear map explains")
          .source("own"),
      choice("restore", &LaotSettings::restore,
             {{"covariance", Restore::covariance},
              {"sd", Restore::sd},
              {"none", Restore::none},
              {"marginals", Restore::marginals},
              {"auto", Restore::automatic}})
          .doc("Give the map back the spread that a conditional mean loses; marginals: the "
               "covariance, then each feature's distribution by one monotone map; auto: marginals "
               "where they predict held-out cells better than the covariance alone")
          .source("docs/quality.md; docs/nonlinear.md"),
      choice("lift", &LaotSettings::lift,
             {{"no", Lifting::no}, {"yes", Lifting::yes}, {"auto", Lifting::automatic}})
          .doc("Kernel features beside the cell, so that the map may bend; auto: where that "
               "predicts held-out cells better")
          .source("docs/nonlinear.md"),
      integer("landmarks", &LaotSettings::landmarks)
          .from(1)
          .to(kMany)
          .doc("Lift: control cells at which kernels are centred; all, where fewer")
          .source("docs/nonlinear.md"),
      number("lift_ridge", &LaotSettings::ridge_share)
          .from(1e-6)
          .to(1e6)
          .doc("Lift: ridge on the kernel part, as a share of that on the linear part")
          .source("docs/nonlinear.md"),
      integer("max_iter", &LaotSettings::max_iter)
          .from(1)
          .to(kMany)
          .doc("Least squares: iterations at most")
          .source("own"),
      number("tol", &LaotSettings::tol)
          .to(1)
          .doc("Least squares: stop when J falls by less than this share of itself in an iteration")
          .source("own"),
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
      choice("balance", &MethodOptions::balance,
             {{"none", Balance::none}, {"types", Balance::types}, {"clusters", Balance::clusters}})
          .doc("Weight control cells so that their types, or clusters found in both populations, "
               "have the treated shares")
          .source("docs/composition.md"),
      flag("equal_counts", &MethodOptions::equal_counts)
          .doc("Use only the first min(n, m) cells of each population, as the published notebooks "
               "do")
          .source("published notebooks"),
  };
}

MethodSpec laot_spec() {
  MethodSpec out;
  out.name = "laot";
  out.entitle("LAOT",
              "Linear Alternating Optimal Transport, the exact plan and a linear map in turn");
  out.source = "Jafari, Shakeri & Daneshmand, ICML 2026, Algorithm 1";
  out.traits.affine = out.traits.dense_map = out.traits.pairs = true;
  out.defaults = std::make_shared<LaotSettings>();
  out.params = joined_rows(alternation_rows(), space_params());
  const Value none = std::string("none");
  out.presets = {
      {"adaptive",
       "calibrated, bent and with the marginals restored where that predicts held-out cells better",
       {{"lift", std::string("auto")}, {"restore", std::string("auto")}}},
      {"calibrated", "one matrix: ridge towards I, spread restored, own means", {}},
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

// The maps that the settings leave open, the simplest first.
std::vector<Candidate> candidates_of(const LaotSettings& settings) {
  std::vector<Candidate> out;
  for (const bool lift : {false, true}) {
    if (settings.lift == (lift ? Lifting::no : Lifting::yes)) continue;
    for (const bool marginals : {false, true}) {
      const bool asked = settings.restore == Restore::marginals;
      if (settings.restore == Restore::automatic || marginals == asked)
        out.push_back({lift, marginals});
    }
  }
  return out;
}

// Drawn anew where the fit's bandwidth is of cells drawn with the seed: the choice needs none. That
// of all cells is the fit's too.
double gamma_of(const FitInput& input, const ChoiceOptions& options, FitResult& out,
                Context& context) {
  const MedianGamma found = median_gamma(input.control.cells, input.treated.cells, context,
                                         kMedianGammaCells, Rng(options.seed).stream(3));
  if (!found.subsample) out.median_gamma = found.gamma;
  return found.gamma;
}

Coupling coupling_of(const FitInput& input, const LaotSettings& settings) {
  return Coupling(input.x, input.y, input.ratio.is_empty() ? arma::vec() : input.weights_x,
                  input.batch_x, input.batch_y, settings.coupling);
}

Candidate chosen_of(const LaotSettings& settings, const FitInput& input, FitResult& out,
                    Context& context) {
  ChoiceOptions options;
  options.candidates = candidates_of(settings);
  if (options.candidates.size() == 1) return options.candidates.front();
  if (settings.update != Update::least_squares) {
    out.report.add("choice", options.candidates.front().name());
    out.report.add("choice_reason",
                   std::string("not compared: the lift goes on from a least-squares fit, and "
                               "update is adam"));
    return options.candidates.front();
  }
  coupling_of(input, settings);  // what does not fit in memory is refused before anything is fitted
  options.space = settings.space;
  options.laot = settings;
  options.lift = settings;
  const Choice choice =
      choose({input.control.cells, input.treated.cells, input.batch_x, input.batch_y, input.ratio,
              input.balanced_types(), input.space.basis},
             gamma_of(input, options, out, context), options, context);
  out.report.add("choice", choice.chosen.name());
  out.report.add("choice_reason", choice.reason);
  out.report.add("choice_candidates", joined(choice.candidates));
  out.report.add("choice_parts", std::string(choice.levels_left_out ? "levels" : "folds"));
  if (choice.candidates.empty()) return choice.chosen;
  for (std::size_t k = 0; k < choice.candidates.size(); ++k)
    out.compared.push_back({"map", choice.candidates[k], choice.mean[k], choice.gain[k],
                            choice.standard_error[k],
                            choice.candidates[k] == choice.chosen.name() ? 1.0 : 0.0});
  out.arrays["choice_scores"] = choice.scores;
  return choice.chosen;
}

void report_alternation(const LaotResult& result, FitResult& out) {
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
}

// The median squared distance between cells, by 64 of them: a few cells that are far away do not
// change it.
double usual_squared_distance(const arma::mat& cells) {
  constexpr arma::uword kMost = 64;
  const arma::uword step = std::max<arma::uword>(1, cells.n_cols / kMost);
  std::vector<double> all;
  for (arma::uword i = 0; i < cells.n_cols; i += step)
    for (arma::uword j = i + step; j < cells.n_cols; j += step)
      all.push_back(arma::accu(arma::square(cells.col(i) - cells.col(j))));
  return median(std::move(all));
}

// A gap of 0 proves nothing of costs that rounding has made.
void warn_of_rounding(const FitInput& input, Report& report) {
  constexpr double kHidden = 1e-3;
  const double usual = std::min(usual_squared_distance(input.x), usual_squared_distance(input.y));
  if (!(usual > 0.0) || rounding_of_costs(input.x, input.y) <= kHidden * usual) return;
  report.warn(
      "some cells are so far from all others that double precision does not tell the distances of "
      "these apart, and their pairing is arbitrary; leave such cells out, or check the "
      "scale of the features");
}

void keep_plan(const Plan& plan, FitResult& out) {
  out.arrays["plan_source"] = column(plan.source);
  out.arrays["plan_target"] = column(plan.target);
  out.arrays["plan_mass"] = arma::mat(plan.mass);
}

void report_lift(const LiftResult& result, FitResult& out) {
  out.report.add("lift", std::string(result.lifted ? "yes" : "no"));
  out.report.add("lift_outcome", result.stop_reason);
  out.report.add("lift_share", result.share);
  out.report.add("lift_iterations", result.iterations);
  out.report.add("lift_features", static_cast<double>(result.features));
  if (result.iterations == 0) return;
  out.report.add("lift_objective", result.trace.j_after_update.back());
  out.report.add("lift_ridge", result.ridge);
  out.report.add("seconds_lift", result.seconds);
}

// Goes on from the linear map with its coupling; the plan is that of the lifted map.
FitResult fit_lifted(const FitInput& input, const LaotSettings& settings, FitResult out,
                     Context& context) {
  Coupling coupling = coupling_of(input, settings);
  LaotResult linear = alternate(coupling, input.x, input.y, settings, context);
  LiftResult bent = lift(coupling, input.x, input.y, linear, settings, settings, context);
  report_alternation(linear, out);
  warn_of_rounding(input, out.report);
  report_lift(bent, out);
  keep_plan(bent.lifted ? bent.plan : linear.plan, out);
  out.arrays["latent_map_unrestored"] = linear.map_unrestored;
  if (bent.lifted)
    out.map = std::make_shared<LiftedResponse>(std::move(bent.map));
  else
    out.map = std::make_shared<AffineResponse>(std::move(linear.map));
  return out;
}

LaotResult alternated(const FitInput& input, const LaotSettings& settings, Context& context) {
  if (input.ratio.is_empty())
    return alternate(input.x, input.y, input.batch_x, input.batch_y, settings, context);
  Coupling coupling = coupling_of(input, settings);
  return alternate(coupling, input.x, input.y, settings, context);
}

FitResult fit_laot(const FitInput& input, Context& context) {
  const auto& settings = input.params.as<LaotSettings>();
  require(settings.update == Update::least_squares || settings.lift != Lifting::yes,
          Status::invalid_argument,
          "the lift goes on from a least-squares fit; set update to \"ls\", or lift to \"no\"");
  FitResult out;
  const Candidate chosen = chosen_of(settings, input, out, context);
  out.marginals = chosen.marginals;
  if (chosen.lift) return fit_lifted(input, settings, std::move(out), context);
  require(input.ratio.is_empty() || settings.batch_size == 0, Status::invalid_argument,
          "minibatches (batch_size) are not balanced; set batch_size to 0 or balance to \"none\"");
  LaotResult result = alternated(input, settings, context);
  report_alternation(result, out);
  warn_of_rounding(input, out.report);
  keep_plan(result.plan, out);
  out.arrays["latent_map_unrestored"] = result.map_unrestored;
  out.map = std::make_shared<AffineResponse>(std::move(result.map));
  return out;
}

std::shared_ptr<const ResponseMap> load_laot(const ModelFile& file, std::size_t dimension) {
  if (file.has("response.landmarks")) return LiftedResponse::load(file, dimension);
  return AffineResponse::load(file, dimension);
}

}  // namespace

LaotOptions laot_options(const Model& model) {
  const auto* own = dynamic_cast<const LaotSettings*>(&model.params.options());
  require(own != nullptr, Status::not_available, "a ", model.method(),
          " model has no alternation that could be repeated; fit the method laot");
  return *own;
}

Method laot_method() {
  return {laot_spec(), fit_laot, load_laot};
}

}  // namespace laot
