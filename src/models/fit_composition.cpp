#include "fit_composition.hpp"

#include <algorithm>
#include <cmath>

#include "laot/metrics/weighted.hpp"
#include "laot/number_text.hpp"

namespace laot {

namespace {

std::string percent(double share) {
  return text(std::round(1000.0 * share) / 10.0, "%");
}

std::string change_of(const Composition& composition, std::size_t type) {
  return text(composition.names[type], ": ", percent(composition.control[type]), " to ",
              percent(composition.treated[type]));
}

// With the 95% interval of the treated share.
std::string change_with_interval(const Composition& composition, std::size_t type) {
  return text(change_of(composition, type), " (", percent(composition.low[type]), " to ",
              percent(composition.high[type]), ")");
}

// Types by how much their share changes, the largest change first, at most `most`.
std::string largest_changes(const Composition& composition, std::size_t most) {
  std::vector<std::size_t> order(composition.names.size());
  for (std::size_t t = 0; t < order.size(); ++t) order[t] = t;
  const auto change = [&](std::size_t t) {
    return std::abs(composition.treated[t] - composition.control[t]);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return change(a) > change(b); });
  std::vector<std::string> out;
  for (std::size_t t = 0; t < order.size() && t < most; ++t)
    out.push_back(change_with_interval(composition, order[t]));
  return joined(out);
}

// Types of one side alone: nothing can be weighted to them, or away from them.
void report_one_sided(const FitComposition& found, Report& report) {
  std::vector<std::string> out;
  for (std::size_t t = 0; t < found.composition.names.size(); ++t)
    if (found.composition.control[t] == 0.0) out.push_back(found.composition.names[t]);
  if (out.empty()) return;
  report.warn(text("no control cell has the type ", joined(out),
                   " of treated cells: other types are turned into it"));
}

void warn_of_changes(const FitComposition& found, const Levels& batches, Report& report,
                     Context& context) {
  const std::vector<std::size_t> changed =
      changed_types(found.types, batches.control, batches.treated, {}, context);
  if (changed.empty()) return;
  std::vector<std::string> out;
  for (const std::size_t t : changed) out.push_back(change_of(found.composition, t));
  report.warn(
      text("shares of types change by more than chance (permutation test, 1%): ", joined(out),
           "; balanced transport turns types into each other where they do; set "
           "balance to \"types\""));
}

}  // namespace

FitComposition composition_for(const Params& params, const Population& control,
                               const Population& treated, const Levels& batches,
                               const arma::vec& weights_x, const arma::vec& weights_y,
                               const std::function<std::pair<arma::mat, arma::mat>()>& encoded,
                               Context& context) {
  const Balance balance = params.options().balance;
  FitComposition out;
  out.types = types_of(control.types, control.cells.cells(), treated.types, treated.cells.cells());
  require(balance != Balance::types || !out.types.empty(), Status::invalid_argument,
          "balance is \"types\", but the cells have no types; give a type for each control and "
          "treated cell, or set balance to \"clusters\"");
  if (balance == Balance::clusters) {
    const auto [x, y] = encoded();
    out.composition = clustered(x, y, weights_x, weights_y, {}, out.types, context);
  } else if (!out.types.empty()) {
    out.composition = composition_of(out.types, weights_x, weights_y);
  } else {
    return out;
  }
  out.report.add("composition", largest_changes(out.composition, 5));
  if (balance == Balance::none) {
    warn_of_changes(out, batches, out.report, context);
    return out;
  }
  out.ratio = out.composition.ratios(out.types.control);
  if (balance == Balance::types) report_one_sided(out, out.report);
  return out;
}

void report_balanced_scores(const Model& model, const Cells& control, const Cells& treated,
                            const arma::vec& ratio, Report& report, Context& context) {
  constexpr std::size_t kMost = 2000;
  constexpr double kChange = 0.01;  // of a share, below which both scores are nearly the same
  const auto some = [&](const Cells& all, std::uint64_t stream, std::vector<std::size_t>& index) {
    index = Rng(20260106).stream(stream).sample(all.cells(), std::min(kMost, all.cells()));
    std::sort(index.begin(), index.end());
    Cells out = all;
    out.select_cells(index, "cells");
    return out;
  };
  std::vector<std::size_t> index, of_treated;
  const Cells cells = some(control, 1, index);
  const arma::mat observed = some(treated, 2, of_treated).gather_all();
  arma::mat predicted(cells.features(), cells.cells());
  model.predict(cells, Nonnegative::no, predicted.memptr(), context);
  arma::vec weights(index.size());
  for (std::size_t k = 0; k < index.size(); ++k) weights[k] = ratio[index[k]];
  const double gamma = model.training.median_gamma;
  if (!(gamma > 0.0) || arma::accu(weights) <= 0.0) return;
  const arma::vec even(index.size(), arma::fill::ones);
  const double balanced = weighted_mmd2(predicted, weights, observed, gamma, context);
  const double alike = weighted_mmd2(predicted, even, observed, gamma, context);
  report.add("training_mmd2_balanced", balanced);
  report.add("training_mmd2_unbalanced", alike);
  const Composition& found = model.composition;
  const bool changes = arma::abs(found.treated - found.control).max() >= kChange;
  if (!changes || !(balanced >= alike)) return;
  report.warn(text("shares of ", found.centres.is_empty() ? "types" : "clusters",
                   " change, but with their weights the predicted training cells are no "
                   "nearer to the treated cells than without (MMD^2 ",
                   text_of_number(balanced, 3), " and ", text_of_number(alike, 3),
                   "): do not trust this balance"));
}

Table table_of(const Composition& composition) {
  const auto numbers = [](const arma::vec& values) {
    return NumberColumn(values.begin(), values.end());
  };
  Table out;
  out.add("type", TextColumn(composition.names));
  out.add("control", numbers(composition.control));
  out.add("treated", numbers(composition.treated));
  out.add("treated_low", numbers(composition.low));
  out.add("treated_high", numbers(composition.high));
  out.add("ratio", numbers(composition.ratio));
  return out;
}

arma::vec Model::weights(const Cells& cells, const std::vector<std::string>& types,
                         Context& context) const {
  require_one("a weight");
  require(cells.features() == space.features(), Status::dimension_mismatch, "cells have ",
          cells.features(), " features, but the model has ", space.features());
  arma::vec out(cells.cells(), arma::fill::ones);
  if (!balanced) return out;
  if (!composition.centres.is_empty()) {
    const arma::mat z = space.encode(cells, Side::control, context);
    return composition.ratios(nearest_centres(z, composition.centres));
  }
  require(types.size() == cells.cells(), Status::invalid_argument,
          "the weights of predicted cells follow from their types, as the fit was balanced by "
          "types: give one for each of ",
          cells.cells(), " cells, found ", types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto found = std::find(composition.names.begin(), composition.names.end(), types[i]);
    require(found != composition.names.end(), Status::invalid_argument, "type \"", types[i],
            "\" was not among the fitted cells; there are ", joined(composition.names));
    out[i] = composition.ratio[static_cast<std::size_t>(found - composition.names.begin())];
  }
  return out;
}

}  // namespace laot
