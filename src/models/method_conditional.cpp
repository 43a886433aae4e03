// Conditional LAOT and the trivial predictors of many conditions.
#include "method_conditional.hpp"

#include "conditional_start.hpp"
#include "linear_conditional_map.hpp"
#include "own_responses.hpp"
#include "shared_params.hpp"

namespace laot {

namespace {

struct ConditionalSettings : OptionsOf<ConditionalSettings>,
                             CovariateOptions,
                             ConditionalLaotOptions {
  EmbeddingChoice embedding = EmbeddingChoice::given;
  BendSettings bend;
  // Left out together where something is chosen: each condition, or all of the same levels.
  enum class LeaveOut { condition, level } leave_out = LeaveOut::condition;

  ConditionalSettings() { space = {Center::joint, Scale::common, FeatureSpaceOptions::kAutomatic}; }
};

std::vector<ParamSpec> space_without_center() {
  std::vector<ParamSpec> out;
  for (const ParamSpec& row : space_params())
    if (row.name != "center") out.push_back(row);
  return out;
}

std::vector<ParamSpec> covariate_params() {
  using Own = ConditionalSettings;
  return {
      number("level_weight", &Own::level_weight)
          .to(1e3)
          .doc("Weight of a level's own effect beside what its embedding says; 0: none")
          .source("docs/conditions.md"),
      number("condition_weight", &Own::condition_weight)
          .to(1e3)
          .doc("Weight of a training condition's own effect in the regressions; 0: none")
          .source("docs/conditions.md"),
      embedding_row<Own>("one-hot without an embedding", "docs/conditions.md"),
      choice("leave_out", &Own::leave_out,
             {{"condition", Own::LeaveOut::condition}, {"level", Own::LeaveOut::level}})
          .doc(
              "What is left out where ridges and the spread are chosen: each condition on its own, "
              "or all conditions of the same levels together, where the aim is unseen levels")
          .source("docs/conditions.md"),
  };
}

ParamSpec lift_param() {
  return choice("lift", in(&ConditionalSettings::bend, &BendSettings::lift),
                {{"no", Bend::no}, {"yes", Bend::yes}, {"auto", Bend::automatic}})
      .doc(
          "Kernel features in the map of a condition that was seen, which is then its own, so that "
          "it may bend; auto: where that predicts held-out cells of the condition better")
      .source("docs/conditions.md");
}

ParamSpec marginals_param() {
  return choice("marginals", in(&ConditionalSettings::bend, &BendSettings::marginals),
                {{"no", Bend::no}, {"yes", Bend::yes}, {"auto", Bend::automatic}})
      .doc(
          "Restore the marginals of a condition that was seen, each feature's by one monotone map; "
          "auto: where that predicts held-out cells of the condition better")
      .source("docs/conditions.md");
}

ParamSpec marginals_without_choice_param() {
  return choice("marginals", in(&ConditionalSettings::bend, &BendSettings::marginals),
                {{"no", Bend::no}, {"yes", Bend::yes}})
      .doc("Restore the marginals of a condition that was seen, each feature's by one monotone map")
      .source("docs/conditions.md");
}

ParamSpec shift_ridge_param() {
  return number("shift_ridge", &ConditionalSettings::shift_ridge)
      .to(1e6)
      .word("auto", ConditionalLaotOptions::kAutomatic)
      .doc(
          "Ridge of the regression of mean shifts on the covariates; auto: by exact "
          "leave-one-condition-out, 0 under four conditions")
      .source("docs/conditions.md");
}

ParamSpec spread_ridge_param() {
  return number("spread_ridge", &ConditionalSettings::spread_ridge)
      .to(1e6)
      .word("auto", ConditionalLaotOptions::kAutomatic)
      .doc("Ridge of the regression of log covariances; auto: as shift_ridge")
      .source("docs/conditions.md");
}

std::vector<ParamSpec> laot_rows() {
  using Own = ConditionalSettings;
  using Fit = ConditionalLaotOptions;
  using Alternation = ConditionalAlternationOptions;
  return {
      number("ridge", in(&Own::alternation, &Alternation::ridge))
          .to(1e6)
          .word("auto", Alternation::kAutomatic)
          .doc("Weight of sum_k |A_k|^2; auto: by exact leave-one-condition-out after the second "
               "and third plan, 0.3 under four conditions")
          .source("docs/conditions.md"),
      number("restore", &Own::restore)
          .to(1)
          .word("auto", Fit::kAutomatic)
          .doc("Share of the regressed spread that the pooled map gets back; auto: by "
               "leave-one-condition-out MMD^2, 1 under four conditions")
          .source("docs/conditions.md"),
      number("own_share", &Own::own_share)
          .to(1)
          .word("auto", Fit::kAutomatic)
          .doc("Share of its own LAOT map in the map of a training condition; auto: by held-out "
               "cells of the condition and, where it has few, of all")
          .source("own"),
      integer("max_iter", in(&Own::alternation, &Alternation::max_iter))
          .from(1)
          .to(kMany)
          .doc("Iterations of the alternation at most")
          .source("docs/conditions.md"),
      number("tol", in(&Own::alternation, &Alternation::tol))
          .to(1)
          .doc("Stop when J falls by less than this share of itself in an iteration")
          .source("docs/conditions.md"),
  };
}

ConditionalStart start_of(const ExperimentInput& input, Context& context) {
  const auto& settings = input.params.as<ConditionalSettings>();
  return ConditionalStart(input, settings, settings,
                          settings.leave_out == ConditionalSettings::LeaveOut::level,
                          settings.embedding, context);
}

void report_closed_form(ExperimentResult& out, const std::string& warning, Context& context) {
  out.report.add("outcome", std::string("converged"));
  out.report.add("stop_reason", std::string("closed form"));
  out.report.warn(warning);
  if (!warning.empty()) context.note(warning);
}

void add_own_responses(const ExperimentInput& input, const ConditionalStart& start,
                       ExperimentResult& out, Context& context) {
  const BendSettings& bend = input.params.as<ConditionalSettings>().bend;
  if (!bend.asked()) return;
  out.of_conditions.resize(input.treated.size());
  out.own = own_responses(input, bend, start.own_shift, out.of_conditions, context);
  double lifted = 0.0, restored = 0.0;
  for (const OwnResponse& own : out.own) {
    lifted += own.map ? 1.0 : 0.0;
    restored += own.marginals ? 1.0 : 0.0;
  }
  out.report.add("conditions_lifted", lifted);
  out.report.add("conditions_with_marginals", restored);
}

template <ConditionalForm form>
ExperimentResult fit_trivial(const ExperimentInput& input, Context& context) {
  const ConditionalStart start = start_of(input, context);
  const RegressedShifts shifts(start);
  ExperimentResult out;
  report_closed_form(out, warnings_of(start, shifts), context);
  if (form != ConditionalForm::nearest_shift) shifts.add_to(out.report);
  ConditionalLaot model;
  if (form == ConditionalForm::gaussian) {
    model = fit_conditional_gaussian(cells_of(input, start.features), start.options, context);
    out.report.add("spread_ridge", model.spread_ridge);
  }
  out.map = std::make_shared<LinearConditionalMap>(form, input, start.roles, start.features,
                                                   std::move(model), start.own_shift,
                                                   shifts.coefficients);
  add_own_responses(input, start, out, context);
  return out;
}

// taken: the value of each condition, or the one of all.
void report_choice(const char* name, const ConditionalChoice& choice, const arma::vec& taken,
                   ExperimentResult& out) {
  for (std::size_t k = 0; k < choice.candidates.size(); ++k) {
    const double candidate = choice.candidates[k];
    const double share =
        static_cast<double>(arma::accu(taken == candidate)) / static_cast<double>(taken.n_elem);
    out.compared.push_back({name, number_text(candidate), choice.mmd2[k], kNaN, kNaN, share});
  }
}

ExperimentResult fit_laot_of_many(const ExperimentInput& input, Context& context) {
  const ConditionalStart start = start_of(input, context);
  const RegressedShifts shifts(start);
  ConditionalLaot model =
      fit_conditional_laot(cells_of(input, start.features), start.options, context);
  const ConditionalAlternation& fit = model.alternation;
  ExperimentResult out;
  out.report.add("outcome", std::string(fit.converged ? "converged" : "limit_reached"));
  out.report.add("stop_reason", fit.stop_reason);
  const std::string warning = warnings_of(start, shifts);
  out.report.warn(warning);
  if (!warning.empty()) context.note(warning);
  out.report.add("iterations", fit.iterations);
  out.report.add("objective", fit.trace.j_after_update.back());
  out.report.add("ridge", fit.ridge);
  shifts.add_to(out.report);
  out.report.add("spread_ridge", model.spread_ridge);
  out.report.add("restore", model.restore);
  out.report.add("own_share", arma::mean(model.own_share));
  out.report.add("plan_gap", fit.worst_gap);
  out.report.add("seconds_alternation", fit.seconds);
  report_choice("restore", model.choice_of_restore, {model.restore}, out);
  report_choice("own_share", model.choice_of_own_share, model.own_share, out);
  out.trace = {{"objective_after_plan", fit.trace.j_after_plan},
               {"objective_after_update", fit.trace.j_after_update},
               {"ridge", fit.trace.ridge}};
  for (const double share : model.own_share) {
    out.of_conditions.emplace_back();
    out.of_conditions.back().add("own_share", share);
  }
  add_own_responses(input, start, out, context);
  out.map = std::make_shared<LinearConditionalMap>(ConditionalForm::laot, input, start.roles,
                                                   start.features, std::move(model),
                                                   start.own_shift, shifts.coefficients);
  return out;
}

template <ConditionalForm form>
std::shared_ptr<const ConditionalMap> load(const ModelFile& file, const FeatureSpace& space) {
  return LinearConditionalMap::load(form, file, space);
}

MethodSpec spec_of(const char* name, const char* label, const char* what, const char* source,
                   std::vector<ParamSpec> params) {
  MethodSpec out;
  out.name = name;
  out.entitle(label, what);
  out.source = source;
  out.traits.many_conditions = true;
  out.traits.uses_batch = false;
  out.traits.fewest_cells = 1;
  out.defaults = std::make_shared<ConditionalSettings>();
  out.params = joined_rows(std::move(params), space_without_center());
  return out;
}

MethodSpec trivial_spec(const char* name, const char* label, const char* what,
                        std::vector<ParamSpec> params) {
  MethodSpec out = spec_of(name, label, what, "closed form", std::move(params));
  out.traits.trivial = true;
  return out;
}

Method method_of(
    MethodSpec spec, std::function<ExperimentResult(const ExperimentInput&, Context&)> fit,
    std::function<std::shared_ptr<const ConditionalMap>(const ModelFile&, const FeatureSpace&)>
        load) {
  Method out;
  out.spec = std::move(spec);
  out.fit_many = std::move(fit);
  out.load_many = std::move(load);
  return out;
}

}  // namespace

Method conditional_laot_method() {
  std::vector<ParamSpec> params = joined_rows(laot_rows(), covariate_params());
  params.push_back(lift_param());
  params.push_back(marginals_param());
  params.push_back(shift_ridge_param());
  params.push_back(spread_ridge_param());
  MethodSpec spec =
      spec_of("conditional_laot", "Conditional LAOT",
              "exact plans of all conditions and one linear map of cell and covariates",
              "docs/conditions.md", std::move(params));
  spec.traits.fewest_cells = 3;
  spec.presets = {{"calibrated", "everything chosen by conditions and cells left out", {}},
                  {"adaptive",
                   "calibrated, and seen conditions bent and with their marginals restored where "
                   "that predicts held-out cells better",
                   {{"lift", std::string("auto")}, {"marginals", std::string("auto")}}}};
  return method_of(std::move(spec), fit_laot_of_many, load<ConditionalForm::laot>);
}

Method conditional_gaussian_method() {
  std::vector<ParamSpec> params = covariate_params();
  params.push_back(marginals_without_choice_param());
  params.push_back(shift_ridge_param());
  params.push_back(spread_ridge_param());
  MethodSpec spec =
      trivial_spec("conditional_gaussian", "Conditional Gaussian",
                   "mean shift and log covariance regressed on covariates, and the Gaussian map to "
                   "them",
                   std::move(params));
  spec.traits.fewest_cells = 3;
  return method_of(std::move(spec), fit_trivial<ConditionalForm::gaussian>,
                   load<ConditionalForm::gaussian>);
}

Method regressed_shift_method() {
  std::vector<ParamSpec> params = covariate_params();
  params.push_back(shift_ridge_param());
  return method_of(trivial_spec("regressed_shift", "Regressed shift",
                                "the mean shift, regressed on covariates", std::move(params)),
                   fit_trivial<ConditionalForm::regressed_shift>,
                   load<ConditionalForm::regressed_shift>);
}

Method nearest_shift_method() {
  return method_of(
      trivial_spec("nearest_shift", "Nearest shift",
                   "the mean shift of the nearest condition; those of the parts of a combination "
                   "added up",
                   {}),
      fit_trivial<ConditionalForm::nearest_shift>, load<ConditionalForm::nearest_shift>);
}

}  // namespace laot
