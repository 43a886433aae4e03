#include <algorithm>
#include <cmath>

#include "held_out_score.hpp"
#include "laot/choice.hpp"

namespace laot {

namespace {

Cells selected(Cells cells, const std::vector<std::size_t>& index, const char* name) {
  cells.select_cells(index, name);
  return cells;
}

std::vector<std::uint32_t> levels_at(const std::vector<std::uint32_t>& batch,
                                     const std::vector<std::size_t>& index) {
  std::vector<std::uint32_t> out;
  if (batch.empty()) return out;
  for (const std::size_t i : index) out.push_back(batch[i]);
  return out;
}

// The cells of one part, or all others.
std::vector<std::size_t> cells_of(const std::vector<std::size_t>& cells,
                                  const std::vector<std::uint32_t>& part, std::uint32_t which,
                                  bool held_out) {
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < cells.size(); ++k)
    if ((part[k] == which) == held_out) out.push_back(cells[k]);
  return out;
}

std::vector<char> present(const std::vector<std::uint32_t>& levels, std::size_t count) {
  std::vector<char> out(count, 0);
  for (const std::uint32_t level : levels) out[level] = 1;
  return out;
}

// Levels that are left on both sides, numbered anew; cells of others are dropped.
void keep_shared_levels(const ChoiceCells& all, std::vector<std::size_t>& control,
                        std::vector<std::size_t>& treated, std::vector<std::uint32_t>& batch_x,
                        std::vector<std::uint32_t>& batch_y) {
  if (all.batch_control.empty()) return;
  const std::size_t count =
      1 + *std::max_element(all.batch_control.begin(), all.batch_control.end());
  const std::vector<char> here = present(levels_at(all.batch_control, control), count);
  const std::vector<char> there = present(levels_at(all.batch_treated, treated), count);
  std::vector<std::uint32_t> number(count, 0);
  std::uint32_t next = 0;
  for (std::size_t level = 0; level < count; ++level)
    if (here[level] && there[level]) number[level] = next++;
  const auto keep = [&](std::vector<std::size_t>& cells, const std::vector<std::uint32_t>& batch,
                        std::vector<std::uint32_t>& levels) {
    std::vector<std::size_t> kept;
    for (const std::size_t i : cells) {
      if (!here[batch[i]] || !there[batch[i]]) continue;
      kept.push_back(i);
      levels.push_back(number[batch[i]]);
    }
    cells = std::move(kept);
  };
  keep(control, all.batch_control, batch_x);
  keep(treated, all.batch_treated, batch_y);
}

arma::vec ratios_at(const arma::vec& ratios, const std::vector<std::size_t>& index) {
  arma::vec out(ratios.is_empty() ? 0 : index.size());
  for (std::size_t k = 0; k < out.n_elem; ++k) out[k] = ratios[index[k]];
  return out;
}

// The cells that candidates are fitted on.
struct TrainingPart {
  Cells control, treated;
  std::vector<std::uint32_t> batch_x, batch_y, strata_x, strata_y;
  arma::vec ratio;                   // of the control cells; empty: not balanced
  const arma::mat* basis = nullptr;  // directions of the feature space; none: its own
};

// The candidates fitted on some cells.
class FittedCandidates {
 public:
  FittedCandidates(const TrainingPart& part, const ChoiceOptions& options, Context& context)
      : options_(options) {
    const Cells &control = part.control, &treated = part.treated;
    arma::vec weights_x, weights_y;
    batch_weights(part.batch_x, part.batch_y, control.cells(), treated.cells(), weights_x,
                  weights_y);
    if (!part.ratio.is_empty()) weights_x = balanced(weights_x, part.ratio, part.batch_x);
    EncodedPair encoded;
    space_ = part.basis ? FeatureSpace::fit_along(*part.basis, control, treated, weights_x,
                                                  weights_y, options.space, context, &encoded)
                        : FeatureSpace::fit(control, treated, weights_x, weights_y, options.space,
                                            context, &encoded);
    const arma::mat &x = encoded.control, &y = encoded.treated;
    Coupling coupling(x, y, part.ratio.is_empty() ? arma::vec() : weights_x, part.batch_x,
                      part.batch_y, options.laot.coupling);
    linear_ = alternate(coupling, x, y, options.laot, context);
    if (asked([](const Candidate& c) { return c.lift; }))
      lift_ = laot::lift(coupling, x, y, linear_, options.laot, options.lift, context);
    if (!asked([](const Candidate& c) { return c.marginals; })) return;
    const MarginalFit fit({weights_x, weights_y, part.strata_x, part.strata_y}, options.marginals);
    const auto observed = sorted_features(fit, treated.gather_all(), context);
    for (const bool lifted : {false, true}) {
      if (!asked([&](const Candidate& c) { return c.marginals && c.lift == lifted; })) continue;
      arma::mat moved = control.gather_all();
      BlockRoom room;
      space_.decode_block(x, lifted && lift_.lifted ? lift_.moved : arma::mat(linear_.map * x),
                          moved, room);
      marginals_[lifted] = fit_marginals(fit, moved, observed, context);
    }
  }

  /// Calls `use` with each candidate's prediction of these cells, one after the other.
  template <class Use>
  void predict(const arma::mat& cells, const Use& use) const {
    for (const bool lifted : {false, true}) {
      if (!asked([&](const Candidate& c) { return c.lift == lifted; })) continue;
      const arma::mat plain = moved(cells, lifted);
      for (std::size_t c = 0; c < options_.candidates.size(); ++c) {
        if (options_.candidates[c].lift != lifted) continue;
        arma::mat out = plain;
        if (options_.candidates[c].marginals) marginals_[lifted].apply(out, Ends::shifted);
        use(c, out);
      }
    }
  }

 private:
  template <class Test>
  bool asked(const Test& test) const {
    return std::any_of(options_.candidates.begin(), options_.candidates.end(), test);
  }

  arma::mat moved(const arma::mat& cells, bool lifted) const {
    BlockRoom room;
    arma::mat out = cells;
    space_.encode_block(cells, Side::control, room.z, room);
    if (lifted && lift_.lifted)
      lift_.map.apply(room.z, room.moved);
    else
      room.moved = linear_.map * room.z;
    space_.decode_block(room.z, room.moved, out, room);
    return out;
  }

  const ChoiceOptions& options_;
  FeatureSpace space_;
  LaotResult linear_;
  LiftResult lift_;
  MarginalMaps marginals_[2];  // of the linear map, of the lift
};

std::vector<double> scores_of_part(const ChoiceCells& cells, const Parts& parts, std::uint32_t part,
                                   double gamma, const ChoiceOptions& options, Context& context) {
  std::vector<std::size_t> control = cells_of(parts.control_cells, parts.control, part, false);
  std::vector<std::size_t> treated = cells_of(parts.treated_cells, parts.treated, part, false);
  TrainingPart training;
  keep_shared_levels(cells, control, treated, training.batch_x, training.batch_y);
  training.control = selected(cells.control, control, "control");
  training.treated = selected(cells.treated, treated, "treated");
  training.ratio = ratios_at(cells.ratio_control, control);
  if (!parts.levels && !cells.basis.is_empty()) training.basis = &cells.basis;
  training.strata_x = training.batch_x;
  training.strata_y = training.batch_y;
  if (!cells.types.empty()) {
    const std::size_t count = cells.types.names.size();
    training.strata_x = strata_of(training.batch_x, levels_at(cells.types.control, control), count);
    training.strata_y = strata_of(training.batch_y, levels_at(cells.types.treated, treated), count);
  }
  const FittedCandidates fitted(training, options, context);
  const std::vector<std::size_t> held = cells_of(parts.control_cells, parts.control, part, true);
  const arma::mat held_control = selected(cells.control, held, "control").gather_all();
  const arma::vec held_ratio = ratios_at(cells.ratio_control, held);
  const HeldOutScore score(
      selected(cells.treated, cells_of(parts.treated_cells, parts.treated, part, true), "treated")
          .gather_all(),
      gamma, context);
  std::vector<double> out(options.candidates.size());
  fitted.predict(held_control, [&](std::size_t candidate, const arma::mat& predicted) {
    out[candidate] = score(predicted, held_ratio, context);
  });
  return out;
}

// Means, and the paired differences to the first candidate with their standard errors.
void compare(Choice& choice) {
  const std::size_t parts = choice.scores.n_rows, candidates = choice.scores.n_cols;
  choice.mean.zeros(candidates);
  choice.gain.zeros(candidates);
  choice.standard_error.zeros(candidates);
  for (std::size_t c = 0; c < candidates; ++c) {
    for (std::size_t p = 0; p < parts; ++p) {
      choice.mean[c] += choice.scores(p, c) / static_cast<double>(parts);
      choice.gain[c] += (choice.scores(p, c) - choice.scores(p, 0)) / static_cast<double>(parts);
    }
    double square = 0.0;
    for (std::size_t p = 0; p < parts; ++p) {
      const double off = choice.scores(p, c) - choice.scores(p, 0) - choice.gain[c];
      square += off * off;
    }
    choice.standard_error[c] =
        std::sqrt(square / static_cast<double>(parts - 1) / static_cast<double>(parts));
  }
}

std::size_t best(const Choice& choice, double standard_errors) {
  std::size_t out = 0;
  for (std::size_t c = 1; c < choice.mean.n_elem; ++c)
    if (choice.gain[c] < -standard_errors * choice.standard_error[c] &&
        (out == 0 || choice.mean[c] < choice.mean[out]))
      out = c;
  return out;
}

std::string reason_of(const Choice& choice, std::size_t chosen, const ChoiceOptions& options) {
  const std::string parts =
      text(choice.scores.n_rows, choice.levels_left_out ? " levels left out" : " folds");
  const auto thousandths = [](double value) { return std::round(1e5 * value) / 100.0; };
  const auto gain = [&](std::size_t c) {
    return text(thousandths(std::abs(choice.gain[c])), " +- ",
                thousandths(choice.standard_error[c]));
  };
  if (chosen > 0)
    return text(choice.candidates[chosen], " lowers the held-out MMD^2 x 1e-3 of ",
                choice.candidates[0], " by ", gain(chosen), " (", parts, ")");
  if (choice.candidates.size() == 1) return choice.candidates[0] + " is the only candidate";
  std::size_t nearest = 1;
  for (std::size_t c = 2; c < choice.mean.n_elem; ++c)
    if (choice.mean[c] < choice.mean[nearest]) nearest = c;
  const bool lowers = choice.gain[nearest] < 0.0;
  return text("nothing lowers the held-out MMD^2 of ", choice.candidates[0], " by more than ",
              options.standard_errors, " standard error: ", choice.candidates[nearest],
              lowers ? " lowers it by " : " raises it by ", gain(nearest), " x 1e-3 (", parts, ")");
}

}  // namespace

std::string Candidate::name() const {
  return std::string(lift ? "lift" : "linear") + (marginals ? " + marginals" : "");
}

Choice choose(const ChoiceCells& cells, double gamma, const ChoiceOptions& options,
              Context& context) {
  Choice out;
  out.chosen = options.candidates.front();
  const std::size_t fewer = std::min(cells.control.cells(), cells.treated.cells());
  if (fewer < options.fewest_cells) {
    out.reason = text("not compared: ", out.chosen.name(), " where a side has fewer than ",
                      options.fewest_cells, " cells, found ", fewer);
    return out;
  }
  if (!(gamma > 0.0) || !std::isfinite(gamma)) {
    out.reason = text("not compared: the cells do not differ, so ", out.chosen.name());
    return out;
  }
  const Parts parts = parts_of(cells, options);
  out.levels_left_out = parts.levels;
  out.cells_control = parts.control_cells.size();
  out.cells_treated = parts.treated_cells.size();
  for (const Candidate& candidate : options.candidates) out.candidates.push_back(candidate.name());
  out.scores.set_size(parts.count, options.candidates.size());
  for (std::size_t p = 0; p < parts.count; ++p) {
    const double done = static_cast<double>(p), all = static_cast<double>(parts.count);
    context.poll("comparing", done / all);
    const Context::Span span(context, done / all, (done + 1.0) / all);
    const std::vector<double> scores =
        scores_of_part(cells, parts, static_cast<std::uint32_t>(p), gamma, options, context);
    for (std::size_t c = 0; c < scores.size(); ++c) out.scores(p, c) = scores[c];
  }
  compare(out);
  const std::size_t chosen = best(out, options.standard_errors);
  out.chosen = options.candidates[chosen];
  out.reason = reason_of(out, chosen, options);
  return out;
}

}  // namespace laot
