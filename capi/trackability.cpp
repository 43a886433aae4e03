#include "laot/trackability.hpp"

#include <cmath>
#include <limits>

#include "handles.hpp"

using laot::Status;
using laot::capi::CallContext;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;
using laot::capi::hand_out;

namespace {

arma::mat column(const std::vector<double>& values) {
  return arma::mat(values.data(), values.size(), 1);
}

std::vector<double> given_numbers(const double* values, size_t count, const char* argument) {
  laot::require(values != nullptr && count > 0, Status::invalid_argument, argument,
                " is empty; give at least one");
  return {values, values + count};
}

arma::mat valid_matrix(const laot_data* data, const char* name, laot::Context& context) {
  laot::require_valid(given(data, name).cells, name, context);
  return data->cells.as_matrix();
}

laot::Entries entries_from(const char* entries) {
  const std::string asked = given_text(entries, "entries");
  laot::require(asked == "uniform" || asked == "gaussian", Status::unknown_name,
                "entries must be uniform or gaussian, found \"", asked, "\"");
  return asked == "uniform" ? laot::Entries::uniform : laot::Entries::gaussian;
}

void add_constant(const laot::IsometryConstant& constant, std::size_t cells, double rate,
                  laot_findings& out) {
  const std::string name = laot::name_of(constant.scaling);
  laot::CriticalGap gap = laot::critical_gap(constant.delta, cells, rate * constant.scale);
  if (constant.scaling == laot::IsometryScaling::unit_norm && constant.delta < 1.0 &&
      !std::isnan(rate) && std::isnan(gap.value))
    gap.vacuous = "every cell has a unit of its own here, so L has no one value";
  out.numbers.emplace_back("delta_" + name, constant.delta);
  out.numbers.emplace_back("scale_" + name, constant.scale);
  out.numbers.emplace_back("critical_gap_" + name, gap.value);
  out.texts.emplace_back("undefined_" + name, constant.undefined);
  out.texts.emplace_back("vacuous_" + name, gap.vacuous);
  arma::mat worst(constant.worst.size(), 3);
  for (std::size_t p = 0; p < constant.worst.size(); ++p) {
    worst(p, 0) = static_cast<double>(constant.worst[p].first);
    worst(p, 1) = static_cast<double>(constant.worst[p].second);
    worst(p, 2) = constant.worst[p].delta;
  }
  out.arrays.emplace_back("worst_" + name, worst);
  out.arrays.emplace_back("quantiles_" + name, column(constant.quantiles));
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

void add_agreement(const std::string& name, const laot::Agreement& a, laot_findings& out) {
  out.numbers.emplace_back(name + "_overlap", a.overlap);
  out.numbers.emplace_back(name + "_overlap_low", a.overlap_low);
  out.numbers.emplace_back(name + "_overlap_high", a.overlap_high);
  out.numbers.emplace_back(name + "_coherence", a.coherence);
  out.numbers.emplace_back(name + "_coherence_low", a.coherence_low);
  out.numbers.emplace_back(name + "_coherence_high", a.coherence_high);
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
    auto found = std::make_unique<laot_findings>();
    found->numbers.emplace_back("n_cells", static_cast<double>(x.n_cols));
    for (const laot::IsometryConstant& constant : laot::isometry_constants(x, options, *call))
      add_constant(constant, x.n_cols, rate, *found);
    hand_out(std::move(found), out);
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
    const std::vector<laot::Rate> rates = laot::rates_of_time_course(cells, at, options, *call);
    arma::mat table(rates.size(), 9), quantiles(rates.size(), probability_count);
    for (std::size_t s = 0; s < rates.size(); ++s) {
      const laot::Rate& r = rates[s];
      const double row[] = {r.from,    r.to,       r.mean,      r.mean_low, r.mean_high,
                            r.largest, r.last_low, r.last_high, r.floor};
      for (std::size_t c = 0; c < 9; ++c) table(s, c) = row[c];
      for (std::size_t p = 0; p < probability_count; ++p) quantiles(s, p) = r.quantiles[p];
    }
    auto found = std::make_unique<laot_findings>();
    found->arrays.emplace_back("rates", table);
    found->arrays.emplace_back("quantiles", quantiles);
    found->tables.emplace_back("rates", laot::rates_table(rates, options.probabilities));
    hand_out(std::move(found), out);
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
    options.fit = laot::laot_options(given(model, "model").model);
    options.own_means = own_means(*model);
    options.resamples = resamples;
    options.halves = halves;
    options.restarts = restarts;
    options.resample = asked == "levels" ? laot::Resample::levels : laot::Resample::cells;
    CallContext call(context);
    const laot::SingleThreadedBlas blas;
    const Encoded cells = encoded(model, control, treated, *call);
    const laot::Stability s =
        laot::stability(cells.x, cells.y, cells.batch.control, cells.batch.treated, options, *call);
    auto found = std::make_unique<laot_findings>();
    found->numbers = {{"n_control", static_cast<double>(cells.x.n_cols)},
                      {"n_treated", static_cast<double>(cells.y.n_cols)},
                      {"displacement_over_spacing", s.displacement_over_spacing},
                      {"residual_over_spacing", s.residual_over_spacing}};
    add_agreement("resamples", s.resamples, *found);
    add_agreement("halves", s.halves, *found);
    add_agreement("restarts", s.restarts, *found);
    found->arrays = {{"map", s.fit.map},
                     {"map_low", s.map_low},
                     {"map_high", s.map_high},
                     {"map_sd", s.map_sd},
                     {"draws", s.draws}};
    hand_out(std::move(found), out);
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
    options.fit = laot::laot_options(given(model, "model").model);
    options.own_means = own_means(*model);
    options.gaps = given_numbers(gaps, count, "gaps");
    options.repeats = repeats;
    options.most_cells = most_cells;
    CallContext call(context);
    const laot::SingleThreadedBlas blas;
    const Encoded cells = encoded(model, control, treated, *call);
    const laot::LaotResult fit = laot::alternate(cells.x, cells.y, cells.batch.control,
                                                 cells.batch.treated, options.fit, *call);
    const laot::RecoveryCurve c = laot::recovery_curve(
        laot::recovery_source(cells.x, cells.y, cells.batch.control, fit),
        asked == "anew" ? laot::Design::anew : laot::Design::counterpart, options, *call);
    auto found = std::make_unique<laot_findings>();
    found->numbers = {{"cells", static_cast<double>(c.cells)},
                      {"critical", c.critical},
                      {"critical_low", c.critical_low},
                      {"critical_high", c.critical_high},
                      {"position", c.position},
                      {"position_low", c.position_low},
                      {"position_high", c.position_high},
                      {"recovery_at_one", c.recovery_at_one}};
    found->texts = {{"design", asked}};
    found->arrays = {{"gaps", column(c.gaps)},   {"recovery", column(c.recovery)},
                     {"pairs", c.pairs},         {"identified", c.identified},
                     {"map_error", c.map_error}, {"cell_error", c.cell_error}};
    hand_out(std::move(found), out);
  });
}

const char* laot_trackability_verdict(double recovery_at_one, double residual_over_spacing) {
  return laot::name_of(laot::trackability_verdict(recovery_at_one, residual_over_spacing));
}

}  // extern "C"
