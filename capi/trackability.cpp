#include "laot/trackability.hpp"

#include <cmath>
#include <limits>

#include "handles.hpp"
#include "laot/asked_pairing.hpp"
#include "laot/conditions/simulated_screen.hpp"

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

arma::mat side_by_side(const std::vector<laot::ScreenCondition>& conditions,
                       arma::mat laot::ScreenCondition::*cells) {
  arma::mat out;
  for (const laot::ScreenCondition& c : conditions) out = arma::join_rows(out, c.*cells);
  return out;
}

laot::Table conditions_table(const std::vector<laot::ScreenCondition>& conditions,
                             const std::vector<std::string>& drugs) {
  laot::TextColumn names, kinds, levels;
  laot::NumberColumn doses;
  for (const laot::ScreenCondition& c : conditions) {
    names.push_back(c.name);
    kinds.push_back(laot::name_of(c.kind));
    std::string joined;
    for (const laot::Treatment& t : c.covariates.treatments)
      joined += (joined.empty() ? "" : "+") + drugs[t.level];
    levels.push_back(joined);
    doses.push_back(c.covariates.treatments[0].dose);
  }
  laot::Table out;
  out.add("condition", names);
  out.add("kind", kinds);
  out.add("drug", levels);
  out.add("dose", doses);
  return out;
}

laot::Entries entries_from(const char* entries) {
  const std::string asked = given_text(entries, "entries");
  laot::require(asked == "uniform" || asked == "gaussian", Status::unknown_name,
                "entries must be uniform or gaussian, found \"", asked, "\"");
  return asked == "uniform" ? laot::Entries::uniform : laot::Entries::gaussian;
}

void hand_out_findings(laot::Findings found, laot_findings** out) {
  auto made = std::make_unique<laot_findings>();
  static_cast<laot::Findings&>(*made) = std::move(found);
  hand_out(std::move(made), out);
}

// The training cells of a model in its feature space, with the levels of the batch as numbers.
struct Encoded {
  arma::mat x, y;
  laot::Levels batch;
};

Encoded encoded(const laot_model* model, const laot_data* control, const laot_data* treated,
                laot::Context& context) {
  const laot::Model& m = given(model, "model").model;
  laot::require((control == nullptr) == (treated == nullptr), Status::invalid_argument,
                "give both control and treated, or neither for the cells that the model kept");
  const auto encode = [&](const laot::Cells& cells, laot::Side side, const char* name) {
    laot::require(cells.features() == m.space.features(), Status::dimension_mismatch, name, " has ",
                  cells.features(), " features and the model ", m.space.features());
    laot::require_valid(cells, name, context);
    return m.space.encode(cells, side, context);
  };
  if (!control) {
    const laot::StoredCells &x = m.training.kept_control, &y = m.training.kept_treated;
    laot::require(x.cells() > 0 && y.cells() > 0, Status::not_available,
                  "the model kept no cells (keep_cells is 0); give control and treated");
    return {encode(x.view(), laot::Side::control, "control"),
            encode(y.view(), laot::Side::treated, "treated"),
            laot::levels_of(m.training.kept_batch_control, m.training.kept_batch_treated)};
  }
  given(control, "control");
  given(treated, "treated");
  laot::require(control->batch.empty() == treated->batch.empty(), Status::invalid_argument,
                "only one of control and treated has a batch");
  return {encode(control->cells, laot::Side::control, "control"),
          encode(treated->cells, laot::Side::treated, "treated"),
          laot::levels_of(control->batch, treated->batch)};
}

bool own_means(const laot_model& model) {
  return model.model.params.options().space.center == laot::Center::own;
}

}  // namespace

extern "C" {

laot_status laot_isometry(laot_context* context, const laot_data* cells, double rate,
                          const double* probabilities, size_t count, laot_findings** out) {
  return guarded([&] {
    given(out, "out");
    laot::IsometryOptions options;
    options.probabilities = given_numbers(probabilities, count, "probabilities");
    laot::require(std::isnan(rate) || (rate > 0.0 && std::isfinite(rate)), Status::invalid_argument,
                  "rate must be positive, or NaN where unknown, found ", rate);
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
    options.entries = entries_from(entries);
    const laot::Populations made = laot::simulate_populations(options, laot::Rng((*call).seed));
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
    const laot::Screen made = laot::simulate_screen(options, laot::Rng((*call).seed));
    laot::Findings found;
    found.arrays = {{"control", made.control},
                    {"new_control", made.new_control},
                    {"embedding", made.embedding},
                    {"treated", side_by_side(made.training, &laot::ScreenCondition::treated)},
                    {"test_treated", side_by_side(made.test, &laot::ScreenCondition::treated)},
                    {"test_truth", side_by_side(made.test, &laot::ScreenCondition::truth)}};
    laot::Table names;
    names.add("drug", made.drugs);
    found.tables = {{"drugs", names},
                    {"training", conditions_table(made.training, made.drugs)},
                    {"test", conditions_table(made.test, made.drugs)}};
    hand_out_findings(std::move(found), out);
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
    const std::string asked = given_text(cost, "cost");
    laot::require(asked == "euclidean" || asked == "squared", Status::unknown_name,
                  "cost must be euclidean or squared, found \"", asked, "\"");
    laot::RecoveryStudyOptions options;
    options.features.assign(features, features + feature_count);
    options.gaps = given_numbers(gaps, gap_count, "gaps");
    options.cells = cells;
    options.trials = trials;
    options.iterations = iterations;
    options.noise = noise;
    options.entries = entries_from(entries);
    options.cost = asked == "squared" ? laot::PairingCost::squared : laot::PairingCost::euclidean;
    CallContext call(context);
    const laot::RecoveryStudy study = laot::recovery_study(options, *call);
    std::copy(study.mean.begin(), study.mean.end(), mean);
    std::copy(study.sd.begin(), study.sd.end(), sd);
  });
}

laot_status laot_stability(laot_context* context, const laot_model* model, const laot_data* control,
                           const laot_data* treated, size_t resamples, size_t halves,
                           size_t restarts, const char* resample, laot_findings** out) {
  return guarded([&] {
    given(out, "out");
    const std::string asked = given_text(resample, "resample");
    laot::require(asked == "cells" || asked == "levels", Status::unknown_name,
                  "resample must be cells or levels, found \"", asked, "\"");
    laot::StabilityOptions options;
    options.fit = laot::alternation_of(given(model, "model").model);
    options.own_means = own_means(*model);
    options.resamples = resamples;
    options.halves = halves;
    options.restarts = restarts;
    options.resample = asked == "levels" ? laot::Resample::levels : laot::Resample::cells;
    CallContext call(context);
    const laot::SingleThreadedBlas blas;
    const Encoded cells = encoded(model, control, treated, *call);
    options.images = laot::images_of(model->model, cells.x);
    const laot::Stability s =
        laot::stability(cells.x, cells.y, cells.batch.control, cells.batch.treated, options, *call);
    hand_out_findings(laot::findings_of(s, cells.x.n_cols, cells.y.n_cols), out);
  });
}

laot_status laot_recovery_curve(laot_context* context, const laot_model* model,
                                const laot_data* control, const laot_data* treated,
                                const char* design, const double* gaps, size_t count,
                                size_t repeats, size_t most_cells, laot_findings** out) {
  return guarded([&] {
    given(out, "out");
    const std::string asked = given_text(design, "design");
    laot::require(asked == "counterpart" || asked == "anew", Status::unknown_name,
                  "design must be counterpart or anew, found \"", asked, "\"");
    laot::RecoveryCurveOptions options;
    options.fit = laot::alternation_of(given(model, "model").model);
    options.own_means = own_means(*model);
    options.gaps = given_numbers(gaps, count, "gaps");
    options.repeats = repeats;
    options.most_cells = most_cells;
    CallContext call(context);
    const laot::SingleThreadedBlas blas;
    const Encoded cells = encoded(model, control, treated, *call);
    const arma::mat images = laot::images_of(model->model, cells.x);
    const laot::RecoverySource source =
        images.is_empty()
            ? laot::recovery_source(cells.x, cells.y, cells.batch.control,
                                    laot::alternate(cells.x, cells.y, cells.batch.control,
                                                    cells.batch.treated, options.fit, *call))
            : laot::recovery_source(cells.x, cells.y, cells.batch.control, cells.batch.treated,
                                    images, *call);
    const laot::RecoveryCurve c = laot::recovery_curve(
        source, asked == "anew" ? laot::Design::anew : laot::Design::counterpart, options, *call);
    hand_out_findings(laot::findings_of(c), out);
  });
}

const char* laot_trackability_verdict(double recovery_at_one, double residual_over_spacing) {
  return laot::name_of(laot::trackability_verdict(recovery_at_one, residual_over_spacing));
}

}  // extern "C"
