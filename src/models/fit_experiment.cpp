// The fit to an experiment: a method of one condition is fitted to each, a method of many to all.
#include <algorithm>

#include "condition_files.hpp"
#include "fit.hpp"
#include "laot/base/clock.hpp"
#include "laot/parallel/tasks.hpp"
#include "laot/transport.hpp"
#include "method_trivial.hpp"
#include "model_marginals.hpp"

namespace laot {

namespace {

// Without components, covariances and the map between them are features x features: at least six
// such matrices at a time. Asked before anything is read, since reading many cells takes minutes.
void require_room(const Params& params, const Experiment& experiment) {
  const Traits& traits = params.method().traits;
  if (!traits.dense_map || params.options().space.components != 0) return;
  if (experiment.controls.empty() || experiment.conditions.empty()) return;
  std::size_t most = 0;
  for (const TreatedPopulation& treated : experiment.conditions)
    if (treated.control < experiment.controls.size())
      most = std::max(
          most, std::min(experiment.controls[treated.control].cells.cells(), treated.count()));
  if (most < traits.fewest_cells) return;
  const std::size_t features = experiment.controls[0].cells.features();
  const double d = static_cast<double>(features);
  require_memory(6.0 * 8.0 * d * d,
                 text("a fit without components to ", features,
                      " features (choose fewer features, or components with n_pcs)"));
}

// The report of a fit of many conditions: what holds for all of them.
void report_all(const Experiment& experiment, Model& model) {
  double controls = 0.0, treated = 0.0;
  for (const Population& population : experiment.controls)
    controls += static_cast<double>(population.cells.cells());
  for (const TreatedPopulation& condition : experiment.conditions)
    treated += static_cast<double>(condition.count());
  model.report.add("conditions", static_cast<double>(experiment.conditions.size()));
  model.report.add("n_control", controls);
  model.report.add("n_treated", treated);
  model.report.add("features", static_cast<double>(experiment.controls[0].cells.features()));
}

// The outcome of a fit to each condition: that of the first that has not converged, and warnings
// with the condition that they are of, after one of all.
void report_outcomes(Model& model, std::string warning) {
  std::string outcome = "converged";
  bool warns = !warning.empty();
  for (const auto& part : model.parts)
    for (const auto& [name, value] : part->report.texts) {
      if (name == "outcome" && outcome == "converged") outcome = value;
      if (name != "warning") continue;
      warns = true;
      if (!value.empty()) add_clause(warning, described(part->condition) + ": " + value);
    }
  model.report.add("outcome", outcome);
  model.report.add("stop_reason", text("each of ", model.parts.size(), " conditions on its own"));
  if (warns) model.report.warn(warning);
}

// Sets context.checkpoint for one condition while it lives.
class ConditionCheckpoint {
 public:
  ConditionCheckpoint(Context& context, const Experiment& experiment, std::size_t c)
      : context_(context), whole_(context.checkpoint) {
    if (!whole_.empty()) context.checkpoint = file_of_condition(whole_, experiment, c);
  }
  ~ConditionCheckpoint() { context_.checkpoint = whole_; }
  ConditionCheckpoint(const ConditionCheckpoint&) = delete;
  ConditionCheckpoint& operator=(const ConditionCheckpoint&) = delete;

 private:
  Context& context_;
  std::string whole_;
};

// One condition of many; an error says which.
Model fit_part(const Params& params, const Experiment& experiment, std::size_t c, ControlWork& work,
               Context& context) {
  try {
    Model part = fit_one(params, experiment, c, work, context);
    part.feature_names.clear();  // the whole has them
    return part;
  } catch (const Error& error) {
    if (error.status() == Status::cancelled) throw;
    fail(error.status(), "condition ", described(experiment.conditions[c].condition), ": ", error);
  }
}

// The controls' summary of a condition that was fitted before.
TrainingSummary controls_of(const Params& params, const Experiment& experiment, std::size_t c,
                            ControlWork& work, Context& context) {
  const TreatedPopulation& given = experiment.conditions[c];
  const Population &control = experiment.controls[given.control], &treated = given.population;
  const Levels batches = levels_of(control.batch, treated.batch);
  TrainingSummary out;
  keep_controls({params, control, treated, batches}, work, context, out);
  return out;
}

// Of what a fit keeps, the controls.
TrainingSummary controls_in(const TrainingSummary& training) {
  TrainingSummary out;
  out.kept_control = training.kept_control;
  out.kept_batch_control = training.kept_batch_control;
  out.control_names = training.control_names;
  return out;
}

// The conditions are spread over the threads of the context, one at a time on each, so that at most
// so many working copies are there at once. Trainings come one after the other: each can be stopped
// so that what it has is kept, and its checkpoint holds its state; that of other methods holds the
// fit of a condition that is done. Of cells elsewhere, those of as many conditions as there are
// threads are read at a time, and what has a file waits there until all are done.
Model fit_each(const Params& params, CellsInTurn& cells, Context& context) {
  const auto start = Clock::now();
  const Experiment& experiment = cells.experiment();
  Model model(params);
  model.feature_names = experiment.feature_names;
  report_all(experiment, model);
  std::vector<ControlWork> work(experiment.controls.size());
  for (ControlWork& of_control : work) of_control.share();
  const std::size_t count = experiment.conditions.size();
  model.parts.resize(count);
  const bool trains = params.method().traits.trains;
  ConditionFiles files(params, experiment, trains ? "" : context.checkpoint, context);
  std::vector<TrainingSummary> of_controls(count);
  const auto fit_condition = [&](std::size_t c, Context& inner) {
    ControlWork& of_control = work[experiment.conditions[c].control];
    model.parts[c] =
        files.read(c, [&] { return controls_of(params, experiment, c, of_control, inner); });
    if (model.parts[c]) return;
    model.parts[c] =
        std::make_shared<const Model>(fit_part(params, experiment, c, of_control, inner));
    files.write(c, *model.parts[c]);
    if (!cells.some_elsewhere() || !files.has_written(c)) return;
    of_controls[c] = controls_in(model.parts[c]->training);
    model.parts[c] = nullptr;
  };
  if (context.num_threads > 1 && !trains) {
    const std::size_t at_a_time =
        cells.some_elsewhere() ? static_cast<std::size_t>(context.num_threads) : count;
    for (std::size_t first = 0; first < count; first += at_a_time) {
      const std::size_t last = std::min(first + at_a_time, count);
      const double all = static_cast<double>(count);
      const Context::Span span(context, static_cast<double>(first) / all,
                               static_cast<double>(last) / all);
      const CellsInTurn::Turn turn(cells, first, last, context);
      run_tasks(context, "conditions", last - first,
                [&](std::size_t task, Context& inner) { fit_condition(first + task, inner); });
    }
  } else {
    for (std::size_t c = 0; c < count; ++c) {
      const double all = static_cast<double>(count), done = static_cast<double>(c);
      const Context::Span span(context, done / all, (done + 1.0) / all);
      const ConditionCheckpoint checkpoint(context, experiment, c);
      const CellsInTurn::Turn turn(cells, c, c + 1, context);
      fit_condition(c, context);
    }
  }
  for (std::size_t c = 0; c < count; ++c)
    if (!model.parts[c]) model.parts[c] = files.take_back(c, of_controls[c]);
  report_outcomes(model, files.failure());
  model.report.add("seconds", seconds_since(start));
  return model;
}

// The only condition, which has a file as one of several where it has a name: a worker may be given
// one alone.
Model fit_only(const Params& params, const Experiment& experiment, Context& context) {
  ControlWork work;
  const bool kept =
      !params.method().traits.trains && !experiment.conditions[0].condition.name.empty();
  ConditionFiles files(params, experiment, kept ? context.checkpoint : "", context);
  const auto known =
      files.read(0, [&] { return controls_of(params, experiment, 0, work, context); });
  if (known) {
    Model out = *known;
    out.feature_names = experiment.feature_names;
    return out;
  }
  Model out = fit_one(params, experiment, 0, work, context);
  files.write(0, out);
  return out;
}

// Levels of the batch as numbers, the same in all populations.
class LevelNumbers {
 public:
  std::vector<std::uint32_t> of(const Population& population, const std::string& name) {
    const std::vector<std::string>& batch = population.batch;
    require(batch.empty() || batch.size() == population.cells.cells(), Status::dimension_mismatch,
            "batch needs one level per cell: found ", batch.size(), " levels for ",
            population.cells.cells(), " cells of ", name);
    std::vector<std::uint32_t> out;
    for (const std::string& level : batch)
      out.push_back(
          number_.emplace(level, static_cast<std::uint32_t>(number_.size())).first->second);
    return out;
  }

 private:
  std::map<std::string, std::uint32_t> number_;
};

arma::vec even_weights(const Population& population) {
  const std::size_t n = population.cells.cells();
  return arma::vec(n, arma::fill::value(1.0 / static_cast<double>(n)));
}

// All populations of an experiment, the controls first, with their moments.
struct AllPopulations {
  std::vector<const Population*> populations;
  std::vector<std::string> names;
  std::vector<arma::vec> weights;
  std::vector<Moments> moments;
  std::vector<double> shares;  // the controls together one half, and the conditions

  AllPopulations(const Experiment& experiment, Context& context) {
    const std::size_t g = experiment.controls.size(), c = experiment.conditions.size();
    for (std::size_t i = 0; i < g; ++i)
      add(experiment.controls[i], text("control ", i + 1), 0.5 / static_cast<double>(g), context);
    for (const TreatedPopulation& treated : experiment.conditions)
      add(treated.population, "condition " + described(treated.condition),
          0.5 / static_cast<double>(c), context);
  }

  FeatureSpace space(std::size_t controls, const FeatureSpaceOptions& options,
                     Context& context) const {
    std::vector<SpacePopulation> all;
    for (std::size_t p = 0; p < populations.size(); ++p)
      all.push_back({&populations[p]->cells, &weights[p], &moments[p], shares[p], names[p]});
    return FeatureSpace::fit(all, controls, options, context);
  }

 private:
  void add(const Population& population, const std::string& name, double share, Context& context) {
    populations.push_back(&population);
    names.push_back(name);
    weights.push_back(even_weights(population));
    moments.push_back(weighted_moments(population.cells, weights.back(), context));
    shares.push_back(share);
  }
};

// Conditions of too few cells: a training cannot hold out any of them, and refuses; a closed form
// learns their means, and the clause returned says which they are.
std::string too_few_cells(const MethodSpec& method, const Experiment& experiment) {
  const std::size_t fewest = method.traits.fewest_cells;
  std::vector<std::string> found;
  for (const TreatedPopulation& given : experiment.conditions) {
    const std::size_t m = given.population.cells.cells(),
                      n = experiment.controls[given.control].cells.cells();
    if (m >= fewest && n >= fewest) continue;
    require(!method.traits.trains, Status::invalid_argument, "condition ",
            described(given.condition), " has ", m, " treated and ", n, " control cells, and ",
            method.name, " needs at least ", fewest, " of either; leave the condition out");
    found.push_back(text(described(given.condition), " (", m, " treated, ", n, " control)"));
  }
  if (found.empty()) return "";
  return text(
      "fewer than ", fewest, " cells on a side show a mean and nothing else: read as a mean ",
      "shift, or leave out, the condition", found.size() > 1 ? "s " : " ", some_of(found, 5));
}

// One condition of a method of many: what it keeps of its cells, with the Gaussian map in the
// common space, about the populations' own means.
Model part_of(const ExperimentInput& input, std::size_t c, const Report& of_condition,
              ControlWork& work, Context& context) {
  const TreatedPopulation& given = input.experiment.conditions[c];
  const EncodedPopulation &x = input.controls[given.control], &y = input.treated[c];
  Model part(input.params);
  part.space = input.space;
  part.condition = given.condition;
  part.report.add("n_control", static_cast<double>(x.z.n_cols));
  part.report.add("n_treated", static_cast<double>(y.z.n_cols));
  part.report.add("features", static_cast<double>(x.mean.n_elem));
  part.report.append(of_condition);
  const Levels batches{x.batch, y.batch};
  part.training = summarise({input.params, x.cells, y.cells, batches}, work, context);
  part.training.mean_control = x.mean;
  part.training.mean_treated = y.mean;
  part.training.gaussian_about_own_means = true;
  if (x.z.n_rows > most_for_gaussian(method(input.params.method().name))) return part;
  const arma::mat about_x = x.z.each_col() - arma::mean(x.z, 1);
  const arma::mat about_y = y.z.each_col() - arma::mean(y.z, 1);
  part.training.gaussian =
      gaussian_response(about_x, even_weights(x.cells), about_y, even_weights(y.cells), {});
  return part;
}

// The marginals of condition c, whose map `here` has.
MarginalMaps marginals_of(const ExperimentInput& input, std::size_t c, const Model& here,
                          Context& context) {
  const EncodedPopulation &x = input.controls[input.experiment.conditions[c].control],
                          &y = input.treated[c];
  const arma::vec weights_x = even_weights(x.cells), weights_y = even_weights(y.cells);
  const CellTypes no_types;
  const arma::vec no_ratio;
  const std::vector<std::uint32_t> no_batch;
  const FitInput of_pair{input.params, x.cells,   y.cells,  here.space, x.z,      y.z,
                         weights_x,    weights_y, no_batch, no_batch,   no_types, {}};
  return fitted_marginals(here, of_pair, context);
}

}  // namespace

Model fit_together(const Method& chosen, const Params& params, const Experiment& experiment,
                   Context& context) {
  const auto start = Clock::now();
  const std::string too_few = too_few_cells(chosen.spec, experiment);
  const std::size_t g = experiment.controls.size();
  const AllPopulations all(experiment, context);
  Model model(params);
  model.feature_names = experiment.feature_names;
  model.space = all.space(g, params.options().space, context);
  LevelNumbers levels;
  std::vector<EncodedPopulation> encoded;
  for (std::size_t p = 0; p < all.populations.size(); ++p) {
    const Population& population = *all.populations[p];
    require(chosen.spec.traits.uses_batch || population.batch.empty(), Status::invalid_argument,
            chosen.spec.name, " takes no batch; leave it out");
    encoded.push_back({population, model.space.encode(population.cells, Side::control, context),
                       all.moments[p].mean, levels.of(population, all.names[p])});
  }
  const auto border = encoded.begin() + static_cast<std::ptrdiff_t>(g);
  const std::vector<EncodedPopulation> controls(std::make_move_iterator(encoded.begin()),
                                                std::make_move_iterator(border));
  const std::vector<EncodedPopulation> treated(std::make_move_iterator(border),
                                               std::make_move_iterator(encoded.end()));
  const ExperimentInput input{params, experiment, model.space, controls, treated};
  report_all(experiment, model);
  model.report.add("dimension", static_cast<double>(model.space.dimension()));
  model.report.add("components", static_cast<double>(model.space.basis.n_cols));
  ExperimentResult result = chosen.fit_many(input, context);
  model.conditional = std::move(result.map);
  model.trace = std::move(result.trace);
  model.arrays = std::move(result.arrays);
  model.compared = std::move(result.compared);
  model.report.append(result.report);
  if (!too_few.empty()) {
    model.report.warn(too_few);
    context.note(too_few);
  }
  std::vector<ControlWork> work(g);
  result.of_conditions.resize(experiment.conditions.size());
  for (std::size_t c = 0; c < experiment.conditions.size(); ++c) {
    const std::size_t control = experiment.conditions[c].control;
    Model part = part_of(input, c, result.of_conditions[c], work[control], context);
    Model here = part;  // with its map, to predict
    const OwnResponse own = result.own.empty() ? OwnResponse() : result.own[c];
    if (own.map) {
      part.space = model.space.shifted(own.shift);
      part.map = own.map;
      here.space = part.space;
      here.map = part.map;
    } else {
      const ConditionalMap::At at = model.conditional->at(part.condition, {});
      here.space = model.space.shifted(at.shift);
      here.map = at.map;
    }
    if (own.marginals) {
      here.marginals = part.marginals = marginals_of(input, c, here, context);
      here.report.add("marginals_strength", arma::mean(part.marginals.strength()));
    }
    finish_report(here, experiment.controls[control], controls[control].z, start, context);
    part.report = std::move(here.report);
    model.parts.push_back(std::make_shared<const Model>(std::move(part)));
  }
  model.report.add("seconds", seconds_since(start));
  return model;
}

Model fit_model(const Params& params, const Experiment& experiment, Context& context) {
  const SingleThreadedBlas blas;
  context.poll("checking the cells", 0.0);
  if (!experiment.held_out.empty()) {
    Model model = fit_model(params, without_held_out(experiment), context);
    for (const std::string& name : experiment.held_out)
      for (const TreatedPopulation& treated : experiment.conditions)
        if (treated.condition.name == name) model.held_out.push_back(treated.condition);
    return model;
  }
  require_room(params, experiment);
  CellsInTurn cells(experiment);
  check_experiment(experiment, context);
  Model model = [&] {
    const Method& chosen = method(params.method().name);
    const std::size_t count = experiment.conditions.size();
    if (!chosen.fit_many && count > 1) return fit_each(params, cells, context);
    const CellsInTurn::Turn turn(cells, 0, count, context);
    if (chosen.fit_many) return fit_together(chosen, params, cells.experiment(), context);
    return fit_only(params, cells.experiment(), context);
  }();
  context.poll("done", 1.0);
  return model;
}

}  // namespace laot
