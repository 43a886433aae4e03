// Whether a pairing can be recovered: arguments, and the call.
#include "laot/trackability.hpp"

#include <optional>

#include "handles.hpp"
#include "laot/map_change.hpp"
#include "laot/screen_findings.hpp"
#include "laot/trackability_of_model.hpp"

using laot::Status;
using laot::capi::CallContext;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;
using laot::capi::hand_out;
using laot::capi::valid_matrix;

namespace {

std::vector<double> given_numbers(const double* values, size_t count, const char* argument) {
  laot::require(values != nullptr && count > 0, Status::invalid_argument, argument,
                " is empty; give at least one");
  return {values, values + count};
}

void hand_out_findings(laot::Findings found, laot_findings** out) {
  auto made = std::make_unique<laot_findings>();
  static_cast<laot::Findings&>(*made) = std::move(found);
  hand_out(std::move(made), out);
}

// NULL: the cells that the model kept.
std::optional<laot::Population> population(const laot_data* data, const char* argument) {
  if (data == nullptr) return std::nullopt;
  return laot::Population{given(data, argument).cells, {}, data->batch};
}

}  // namespace

extern "C" {

laot_status laot_isometry(laot_context* context, const laot_data* cells, double rate,
                          const double* probabilities, size_t count, laot_findings** out) {
  return guarded([&] {
    given(out, "out");
    laot::IsometryOptions options;
    options.probabilities = given_numbers(probabilities, count, "probabilities");
    CallContext call(context);
    const arma::mat x = valid_matrix(cells, "cells", *call);
    hand_out_findings(laot::isometry_findings(x, rate, options, *call), out);
  });
}

laot_status laot_rates(laot_context* context, const laot_data* const* populations,
                       const double* times, size_t count, const double* probabilities,
                       size_t probability_count, laot_findings** out) {
  return guarded([&] {
    given(out, "out");
    given(populations, "populations");
    const std::vector<double> at = given_numbers(times, count, "times");
    laot::RateOptions options;
    options.probabilities = given_numbers(probabilities, probability_count, "probabilities");
    CallContext call(context);
    std::vector<arma::mat> cells;
    for (size_t t = 0; t < count; ++t)
      cells.push_back(
          valid_matrix(populations[t], laot::text("populations[", t, "]").c_str(), *call));
    hand_out_findings(laot::rates_findings(cells, at, options, *call), out);
  });
}

laot_status laot_simulate_populations(laot_context* context, size_t features, size_t cells,
                                      double gap, double noise, const char* entries,
                                      double* control, double* treated, double* map,
                                      size_t* partner) {
  return guarded([&] {
    given(control, "control");
    given(treated, "treated");
    given(map, "map");
    given(partner, "partner");
    CallContext call(context);
    laot::PopulationOptions options;
    options.features = features;
    options.cells = cells;
    options.gap = gap;
    options.noise = noise;
    options.entries = laot::entries_from(given_text(entries, "entries"));
    const laot::Populations made =
        laot::simulate_populations(options, laot::Rng((*call).seed), *call);
    std::copy(made.control.begin(), made.control.end(), control);
    std::copy(made.treated.begin(), made.treated.end(), treated);
    std::copy(made.map.begin(), made.map.end(), map);
    std::copy(made.partner.begin(), made.partner.end(), partner);
  });
}

laot_status laot_simulate_screen(laot_context* context, size_t features, size_t drugs, size_t cells,
                                 size_t new_cells, double kappa, double noise,
                                 laot_findings** out) {
  return guarded([&] {
    given(out, "out");
    CallContext call(context);
    laot::ScreenOptions options;
    options.features = features;
    options.drugs = drugs;
    options.cells = cells;
    options.new_cells = new_cells;
    options.kappa = kappa;
    options.noise = noise;
    hand_out_findings(
        laot::findings_of(laot::simulate_screen(options, laot::Rng((*call).seed), *call)), out);
  });
}

laot_status laot_recovery_study(laot_context* context, const size_t* features, size_t feature_count,
                                const double* gaps, size_t gap_count, size_t cells, size_t trials,
                                size_t iterations, double noise, const char* entries,
                                const char* cost, double* mean, double* sd) {
  return guarded([&] {
    given(mean, "mean");
    given(sd, "sd");
    laot::require(features != nullptr && feature_count > 0, Status::invalid_argument,
                  "features is empty; give at least one");
    laot::RecoveryStudyOptions options;
    options.cost = laot::pairing_cost_from(given_text(cost, "cost"));
    options.features.assign(features, features + feature_count);
    options.gaps = given_numbers(gaps, gap_count, "gaps");
    options.cells = cells;
    options.trials = trials;
    options.iterations = iterations;
    options.noise = noise;
    options.entries = laot::entries_from(given_text(entries, "entries"));
    CallContext call(context);
    const laot::RecoveryStudy study = laot::recovery_study(options, *call);
    std::copy(study.mean.begin(), study.mean.end(), mean);
    std::copy(study.sd.begin(), study.sd.end(), sd);
  });
}

laot_status laot_change_at_cells(laot_context* context, const laot_model* model,
                                 const laot_data* control, size_t most_cells, laot_table** out) {
  return guarded([&] {
    given(out, "out");
    const laot::Model& asked = given(model, "model").model;
    const laot::Cells* cells = control != nullptr ? &given(control, "control").cells : nullptr;
    if (control != nullptr)
      laot::capi::require_same_features(asked.feature_names, "the model", control->feature_names,
                                        "control");
    CallContext call(context);
    laot::capi::hand_out_table(laot::change_at_cells(asked, cells, most_cells, *call), out);
  });
}

laot_status laot_stability(laot_context* context, const laot_model* model, const laot_data* control,
                           const laot_data* treated, size_t resamples, size_t halves,
                           size_t restarts, const char* resample, laot_findings** out) {
  return guarded([&] {
    given(out, "out");
    const laot::Model& asked = given(model, "model").model;
    laot::StabilityOptions options;
    options.resamples = resamples;
    options.halves = halves;
    options.restarts = restarts;
    options.resample = laot::resample_from(given_text(resample, "resample"));
    CallContext call(context);
    hand_out_findings(laot::stability_findings(
                          asked, {population(control, "control"), population(treated, "treated")},
                          options, *call),
                      out);
  });
}

laot_status laot_recovery_curve(laot_context* context, const laot_model* model,
                                const laot_data* control, const laot_data* treated,
                                const char* design, const double* gaps, size_t count,
                                size_t repeats, size_t most_cells, laot_findings** out) {
  return guarded([&] {
    given(out, "out");
    const laot::Model& asked = given(model, "model").model;
    const laot::Design drawn = laot::design_from(given_text(design, "design"));
    laot::RecoveryCurveOptions options;
    options.gaps = given_numbers(gaps, count, "gaps");
    options.repeats = repeats;
    options.most_cells = most_cells;
    CallContext call(context);
    hand_out_findings(laot::recovery_findings(
                          asked, {population(control, "control"), population(treated, "treated")},
                          drawn, options, *call),
                      out);
  });
}

const char* laot_trackability_verdict(double recovery_at_one, double residual_over_spacing) {
  return laot::name_of(laot::trackability_verdict(recovery_at_one, residual_over_spacing));
}

}  // extern "C"
