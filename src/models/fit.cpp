// The fit to one condition: the feature space, the method, the training summary and the report.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "fit.hpp"
#include "fit_composition.hpp"
#include "laot/metrics.hpp"
#include "laot/transport.hpp"
#include "method_trivial.hpp"
#include "model_marginals.hpp"

namespace laot {

namespace {

Levels batches_of(const Population& control, const Population& treated) {
  const bool none = control.batch.empty() && treated.batch.empty();
  require(none || (control.batch.size() == control.cells.cells() &&
                   treated.batch.size() == treated.cells.cells()),
          Status::dimension_mismatch, "batch needs one level per cell: found ",
          control.batch.size(), " levels for ", control.cells.cells(), " control cells and ",
          treated.batch.size(), " for ", treated.cells.cells(), " treated cells");
  return levels_of(control.batch, treated.batch);
}

std::size_t fewer_cells(const Population& control, const Population& treated) {
  return std::min(control.cells.cells(), treated.cells.cells());
}

// The first cells, where there are more.
Population truncated(Population population, std::size_t count, const char* name) {
  std::vector<std::size_t> first(count);
  std::iota(first.begin(), first.end(), std::size_t{0});
  population.cells.select_cells(first, name);
  for (auto* labels : {&population.batch, &population.names, &population.types})
    if (labels->size() > count) labels->resize(count);
  return population;
}

// The space of one condition. The moments are those of the controls with the same weights, made
// once for all conditions that go with them.
FeatureSpace space_for(const Params& params, const Population& control, const Population& treated,
                       const Moments& x, const Moments& y, const arma::vec& weights_x,
                       const arma::vec& weights_y, bool too_few, SharedOuterProducts* shared,
                       Context& context, EncodedPair* encoded = nullptr) {
  const SpacePopulation from{&control.cells, &weights_x, &x, 0.5, "control", shared};
  const SpacePopulation to{&treated.cells, &weights_y, &y, 0.5, "treated"};
  if (params.method().traits.raw_space) return FeatureSpace::trivial(from, to);
  FeatureSpaceOptions options = params.options().space;
  if (too_few) options = {Center::own, Scale::none, 0};
  return FeatureSpace::fit(from, to, options, context, encoded);
}

FitResult mean_shift_of(const Population& control, const Population& treated, std::size_t fewest) {
  FitResult out;
  out.map = std::make_shared<AffineResponse>();
  out.report.add("outcome", std::string("converged"));
  out.report.add("fallback", std::string("mean_shift"));
  out.report.add("stop_reason", text("fell back to the mean shift: a fit needs at least ", fewest,
                                     " cells on each side, found ", control.cells.cells(),
                                     " control and ", treated.cells.cells(), " treated"));
  return out;
}

}  // namespace

std::shared_ptr<ControlWork::Weighted> ControlWork::weighted(const arma::vec& weights,
                                                             const std::function<Moments()>& make) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool known =
      weighted_ && weights_.n_elem == weights.n_elem && arma::all(weights_ == weights);
  if (!known) {
    weighted_ = std::make_shared<Weighted>();
    weighted_->moments = make();
    weights_ = weights;
  }
  return weighted_;
}

std::shared_ptr<const ControlWork::Kept> ControlWork::kept(const std::function<Kept()>& make) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!kept_) kept_ = std::make_shared<const Kept>(make());
  return kept_;
}

namespace {

// The space in which clusters were found, about the weighted mean of the controls where it was
// about their own; the centres stay where they are among the cells.
FeatureSpace recentred(FeatureSpace space, const arma::vec& mean, arma::mat& centres) {
  const bool own = arma::any(space.mean_control != space.mean_treated);
  if (!own) return space;
  const arma::mat before(space.mean_control);
  space.mean_control = mean;
  arma::mat moved;
  BlockRoom room;
  space.encode_block(before, Side::control, moved, room);
  for (std::size_t c = 0; c < centres.n_cols; ++c) centres.col(c) += moved.col(0);
  return space;
}

}  // namespace

std::size_t most_for_gaussian(const Method& chosen) {
  return chosen.beside ? 100 : 1500;
}

Levels levels_of(const std::vector<std::string>& control, const std::vector<std::string>& treated) {
  std::map<std::string, std::uint32_t> number;
  for (const std::string& level : control)
    number.emplace(level, static_cast<std::uint32_t>(number.size()));
  std::vector<char> met(number.size(), 0);
  for (const std::string& level : treated) {
    const auto found = number.find(level);
    require(found != number.end(), Status::invalid_argument, "batch level \"", level,
            "\" has treated cells but no control cells; cells are paired within a level, so leave "
            "its cells out or merge it with another level");
    met[found->second] = 1;
  }
  for (const auto& [level, index] : number)
    require(met[index] != 0, Status::invalid_argument, "batch level \"", level,
            "\" has control cells but no treated cells; cells are paired within a level, so leave "
            "its cells out or merge it with another level");
  Levels out;
  for (const std::string& level : control) out.control.push_back(number.at(level));
  for (const std::string& level : treated) out.treated.push_back(number.at(level));
  return out;
}

Model fit_one(const Params& params, const Experiment& experiment, std::size_t c,
              ControlWork& of_all, Context& context) {
  const auto start = Clock::now();
  const Method& chosen = method(params.method().name);
  const Traits& traits = chosen.spec.traits;
  const TreatedPopulation& given = experiment.conditions[c];
  const Population *control_ptr = &experiment.controls[given.control],
                   *treated_ptr = &given.population;
  Population first_control, first_treated;
  const std::size_t fewer = fewer_cells(*control_ptr, *treated_ptr);
  if (params.options().equal_counts) {
    first_control = truncated(*control_ptr, fewer, "control");
    first_treated = truncated(*treated_ptr, fewer, "treated");
    control_ptr = &first_control;
    treated_ptr = &first_treated;
  }
  ControlWork of_these;  // where only some of the control cells are used
  ControlWork& work = params.options().equal_counts ? of_these : of_all;
  const Population &control = *control_ptr, &treated = *treated_ptr;

  const Levels batches = batches_of(control, treated);
  require(traits.uses_batch || batches.control.empty(), Status::invalid_argument, chosen.spec.name,
          " does not pair cells within levels of a batch; leave batch out, or fit each level on "
          "its own");
  arma::vec weights_x, weights_y;
  batch_weights(batches.control, batches.treated, control.cells.cells(), treated.cells.cells(),
                weights_x, weights_y);
  const bool too_few = fewer < traits.fewest_cells;
  const Moments of_y = weighted_moments(treated.cells, weights_y, context);
  FeatureSpace even_space;
  const auto encoded = [&] {
    const Moments even = weighted_moments(control.cells, weights_x, context);
    even_space = space_for(params, control, treated, even, of_y, weights_x, weights_y, too_few,
                           nullptr, context);
    return std::make_pair(even_space.encode(control.cells, Side::control, context),
                          even_space.encode(treated.cells, Side::treated, context));
  };
  FitComposition found =
      composition_for(params, control, treated, batches, weights_x, weights_y, encoded, context);
  if (!found.ratio.is_empty()) weights_x = balanced(weights_x, found.ratio, batches.control);
  const auto shared_x =
      work.weighted(weights_x, [&] { return weighted_moments(control.cells, weights_x, context); });
  const Moments& of_x = shared_x->moments;

  Model model(params);
  model.condition = given.condition;
  model.feature_names = experiment.feature_names;
  const bool clusters = !found.composition.centres.is_empty();
  EncodedPair encoded_cells;
  model.space = clusters
                    ? recentred(even_space, of_x.mean, found.composition.centres)
                    : space_for(params, control, treated, of_x, of_y, weights_x, weights_y, too_few,
                                work.is_shared() ? &shared_x->outer_products : nullptr, context,
                                traits.means_alone ? nullptr : &encoded_cells);
  const bool gaussian = model.space.dimension() <= most_for_gaussian(chosen);
  arma::mat x = std::move(encoded_cells.control), y = std::move(encoded_cells.treated);
  if (x.is_empty() && (gaussian || !traits.means_alone)) {
    x = model.space.encode(control.cells, Side::control, context);
    y = model.space.encode(treated.cells, Side::treated, context);
  }
  const FitInput input{params,      control,    treated,   model.space,     x,
                       y,           weights_x,  weights_y, batches.control, batches.treated,
                       found.types, found.ratio};

  model.report.add("n_control", static_cast<double>(control.cells.cells()));
  model.report.add("n_treated", static_cast<double>(treated.cells.cells()));
  model.report.add("features", static_cast<double>(control.cells.features()));
  model.report.add("dimension", static_cast<double>(model.space.dimension()));
  model.report.add("components", static_cast<double>(model.space.basis.n_cols));
  FitResult result =
      too_few ? mean_shift_of(control, treated, traits.fewest_cells) : chosen.fit(input, context);
  model.map = std::move(result.map);
  model.trace = std::move(result.trace);
  model.arrays = std::move(result.arrays);
  model.compared = std::move(result.compared);
  model.report.append(result.report);
  if (result.marginals) {
    model.marginals = fitted_marginals(model, input, context);
    model.report.add("marginals_strength", arma::mean(model.marginals.strength()));
  }
  model.composition = found.composition;
  model.balanced = !found.ratio.is_empty();
  model.report.append(found.report);
  model.training =
      summarise({params, control, treated, batches, result.median_gamma}, work, context);
  model.training.mean_control = of_x.mean;
  model.training.mean_treated = of_y.mean;
  if (gaussian) model.training.gaussian = gaussian_response(x, weights_x, y, weights_y, {});
  if (model.balanced)
    report_balanced_scores(model, control.cells, treated.cells, found.ratio, model.report, context);
  finish_report(model, control, x, start, context);
  return model;
}

}  // namespace laot
