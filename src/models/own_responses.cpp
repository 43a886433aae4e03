#include "own_responses.hpp"

#include <algorithm>

#include "laot/choice.hpp"
#include "laot/metrics/mmd.hpp"
#include "laot/parallel/tasks.hpp"

namespace laot {

namespace {

std::vector<Candidate> candidates_of(const BendSettings& settings) {
  std::vector<Candidate> out;
  for (const bool lift : {false, true}) {
    if (settings.lift == (lift ? Bend::no : Bend::yes)) continue;
    for (const bool marginals : {false, true})
      if (settings.marginals != (marginals ? Bend::no : Bend::yes))
        out.push_back({lift, marginals});
  }
  return out;
}

Candidate decided(const ExperimentInput& input, const BendSettings& settings, const Cells& control,
                  const Cells& treated, Report& report, Context& context) {
  ChoiceOptions options;
  options.candidates = candidates_of(settings);
  if (options.candidates.size() == 1) return options.candidates.front();
  options.space = input.params.options().space;
  options.space.center = Center::own;
  const double gamma =
      median_gamma(control, treated, context, kMedianGammaCells, Rng(options.seed).stream(3)).gamma;
  const Choice choice =
      choose({control, treated, {}, {}, {}, {}, input.space.basis}, gamma, options, context);
  report.add("choice", choice.chosen.name());
  report.add("choice_reason", choice.reason);
  return choice.chosen;
}

// f(z) = m + g(z - m), g being a map of cells about their own mean m.
LiftedMap about(const arma::vec& mean, LiftedMap map) {
  map.kernels = KernelLandmarks(map.kernels.landmarks().each_col() + mean, map.kernels.width());
  map.offset += mean - map.linear * mean;
  return map;
}

std::shared_ptr<const ResponseMap> lifted(const arma::mat& control, const arma::mat& treated,
                                          Report& report, Context& context) {
  if (std::min(control.n_cols, treated.n_cols) < kFewestLifted) return {};
  const arma::vec mean = arma::mean(control, 1);
  const arma::mat x = control.each_col() - mean;
  const arma::mat y = treated.each_col() - arma::vec(arma::mean(treated, 1));
  const LaotOptions options;
  Coupling coupling(x, y, {}, {}, options.coupling);
  const LaotResult linear = alternate(coupling, x, y, options, context);
  LiftResult result = lift(coupling, x, y, linear, options, {}, context);
  report.add("lift_outcome", result.stop_reason);
  if (!result.lifted)
    return std::make_shared<AffineResponse>(linear.map, arma::vec(mean - linear.map * mean));
  report.add("lift_share", result.share);
  return std::make_shared<LiftedResponse>(about(mean, std::move(result.map)));
}

}  // namespace

std::vector<OwnResponse> own_responses(const ExperimentInput& input, const BendSettings& settings,
                                       const arma::mat& own_shift, std::vector<Report>& reports,
                                       Context& context) {
  const std::size_t count = input.treated.size();
  std::vector<OwnResponse> out(count);
  if (!settings.asked()) return out;
  run_tasks(context, "own maps that bend", count, [&](std::size_t c, Context& inner) {
    const std::size_t g = input.experiment.conditions[c].control;
    const EncodedPopulation &control = input.controls[g], &treated = input.treated[c];
    const Candidate chosen =
        decided(input, settings, control.cells.cells, treated.cells.cells, reports[c], inner);
    out[c].marginals = chosen.marginals;
    if (chosen.lift) out[c].map = lifted(control.z, treated.z, reports[c], inner);
    if (out[c].map) out[c].shift = own_shift.col(c);
    reports[c].add("lift", std::string(out[c].map ? "yes" : "no"));
    reports[c].add("marginals", std::string(chosen.marginals ? "yes" : "no"));
  });
  return out;
}

}  // namespace laot
