#include "laot/trackability/findings.hpp"

#include <cmath>

namespace laot {

namespace {

double as_number(std::size_t count) {
  return static_cast<double>(count);
}

CriticalGap gap_of(const IsometryConstant& constant, std::size_t cells, double rate) {
  CriticalGap gap = critical_gap(constant.delta, cells, rate * constant.scale);
  if (constant.scaling == IsometryScaling::unit_norm && constant.delta < 1.0 && !std::isnan(rate) &&
      std::isnan(gap.value))
    gap.vacuous = "every cell has a unit of its own here, so L has no one value";
  return gap;
}

// The columns of the three tables of isometry constants, filled row by row.
struct IsometryColumns {
  TextColumn scaling, undefined, vacuous;
  NumberColumn delta, scale, gap;
  TextColumn worst_scaling;
  NumberColumn worst_first, worst_second, worst_delta;
  TextColumn quantile_scaling;
  NumberColumn probability, quantile;

  void add(const IsometryConstant& constant, const CriticalGap& critical,
           const std::vector<double>& probabilities) {
    const std::string name = name_of(constant.scaling);
    scaling.push_back(name);
    delta.push_back(constant.delta);
    scale.push_back(constant.scale);
    gap.push_back(critical.value);
    undefined.push_back(constant.undefined);
    vacuous.push_back(critical.vacuous);
    for (const IsometryPair& pair : constant.worst) {
      worst_scaling.push_back(name);
      worst_first.push_back(as_number(pair.first));
      worst_second.push_back(as_number(pair.second));
      worst_delta.push_back(pair.delta);
    }
    for (std::size_t p = 0; p < constant.quantiles.size(); ++p) {
      quantile_scaling.push_back(name);
      probability.push_back(probabilities[p]);
      quantile.push_back(constant.quantiles[p]);
    }
  }

  void tables(Findings& out) && {
    Table constants, worst, quantiles;
    constants.add("scaling", std::move(scaling));
    constants.add("delta", std::move(delta));
    constants.add("scale", std::move(scale));
    constants.add("critical_gap", std::move(gap));
    constants.add("undefined", std::move(undefined));
    constants.add("vacuous", std::move(vacuous));
    worst.add("scaling", std::move(worst_scaling));
    worst.add("first", std::move(worst_first));
    worst.add("second", std::move(worst_second));
    worst.add("delta", std::move(worst_delta));
    quantiles.add("scaling", std::move(quantile_scaling));
    quantiles.add("probability", std::move(probability));
    quantiles.add("delta", std::move(quantile));
    out.tables.emplace_back("constants", std::move(constants));
    out.tables.emplace_back("worst", std::move(worst));
    out.tables.emplace_back("quantiles", std::move(quantiles));
  }
};

using NamedAgreement = std::pair<const char*, const Agreement*>;

Table agreement_table(const std::vector<NamedAgreement>& all) {
  TextColumn names;
  for (const NamedAgreement& one : all) names.emplace_back(one.first);
  Table out;
  out.add("repetitions", std::move(names));
  const std::pair<const char*, double Agreement::*> fields[] = {
      {"overlap", &Agreement::overlap},
      {"overlap_low", &Agreement::overlap_low},
      {"overlap_high", &Agreement::overlap_high},
      {"coherence", &Agreement::coherence},
      {"coherence_low", &Agreement::coherence_low},
      {"coherence_high", &Agreement::coherence_high}};
  for (const auto& [name, field] : fields) {
    NumberColumn column;
    for (const NamedAgreement& one : all) column.push_back(one.second->*field);
    out.add(name, std::move(column));
  }
  return out;
}

// One row for each gap and repeat, repeats of a gap together.
Table simulations_table(const RecoveryCurve& curve) {
  NumberColumn gap, repeat;
  const arma::mat* arrays[] = {&curve.pairs, &curve.identified, &curve.map_error,
                               &curve.cell_error};
  NumberColumn columns[4];
  for (std::size_t g = 0; g < curve.gaps.size(); ++g)
    for (std::size_t r = 0; r < curve.pairs.n_cols; ++r) {
      gap.push_back(curve.gaps[g]);
      repeat.push_back(as_number(r));
      for (std::size_t c = 0; c < 4; ++c) columns[c].push_back((*arrays[c])(g, r));
    }
  Table out;
  out.add("gap", std::move(gap));
  out.add("repeat", std::move(repeat));
  const char* names[] = {"pairs", "identified", "map_error", "cell_error"};
  for (std::size_t c = 0; c < 4; ++c) out.add(names[c], std::move(columns[c]));
  return out;
}

}  // namespace

Findings isometry_findings(const arma::mat& x, double rate, const IsometryOptions& options,
                           Context& context) {
  require(std::isnan(rate) || (rate > 0.0 && std::isfinite(rate)), Status::invalid_argument,
          "rate must be positive, or NaN where unknown, found ", rate);
  Findings out;
  out.numbers.emplace_back("n_cells", as_number(x.n_cols));
  IsometryColumns columns;
  for (const IsometryConstant& constant : isometry_constants(x, options, context))
    columns.add(constant, gap_of(constant, x.n_cols, rate), options.probabilities);
  std::move(columns).tables(out);
  return out;
}

Findings rates_findings(const std::vector<arma::mat>& populations, const std::vector<double>& times,
                        const RateOptions& options, Context& context) {
  const std::vector<Rate> rates = rates_of_time_course(populations, times, options, context);
  Findings out;
  out.tables.emplace_back("rates", rates_table(rates, options.probabilities));
  return out;
}

Findings findings_of(const Stability& s, std::size_t n, std::size_t m) {
  Findings out;
  out.numbers = {{"n_control", as_number(n)},
                 {"n_treated", as_number(m)},
                 {"displacement_over_spacing", s.displacement_over_spacing},
                 {"residual_over_spacing", s.residual_over_spacing}};
  const std::vector<NamedAgreement> all = {
      {"resamples", &s.resamples}, {"halves", &s.halves}, {"restarts", &s.restarts}};
  out.arrays = {{"map", s.fit.map},
                {"map_low", s.map_low},
                {"map_high", s.map_high},
                {"map_sd", s.map_sd},
                {"draws", s.draws}};
  out.tables.emplace_back("agreement", agreement_table(all));
  return out;
}

Findings findings_of(const RecoveryCurve& c) {
  Findings out;
  out.numbers = {{"cells", as_number(c.cells)},      {"critical", c.critical},
                 {"critical_low", c.critical_low},   {"critical_high", c.critical_high},
                 {"position", c.position},           {"position_low", c.position_low},
                 {"position_high", c.position_high}, {"recovery_at_one", c.recovery_at_one}};
  out.texts = {{"design", c.design == Design::anew ? "anew" : "counterpart"}};
  Table curve;
  curve.add("gap", c.gaps);
  curve.add("recovery", c.recovery);
  out.tables.emplace_back("curve", std::move(curve));
  out.tables.emplace_back("simulations", simulations_table(c));
  return out;
}

}  // namespace laot
