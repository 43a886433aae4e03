// What every fit shares: checks, the feature space, the training summary and the report.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "laot/metrics.hpp"
#include "laot/models.hpp"
#include "laot/transport.hpp"
#include "method_trivial.hpp"

namespace laot {

namespace {

Levels batches_of(const TrainingCells& cells) {
  const bool none = cells.batch_control.empty() && cells.batch_treated.empty();
  require(none || (cells.batch_control.size() == cells.control.cells() &&
                   cells.batch_treated.size() == cells.treated.cells()),
          Status::dimension_mismatch, "batch needs one level per cell: found ",
          cells.batch_control.size(), " levels for ", cells.control.cells(), " control cells and ",
          cells.batch_treated.size(), " for ", cells.treated.cells(), " treated cells");
  return levels_of(cells.batch_control, cells.batch_treated);
}

std::size_t fewer_cells(const TrainingCells& cells) {
  return std::min(cells.control.cells(), cells.treated.cells());
}

// The first min(n, m) cells of each side.
TrainingCells truncated(TrainingCells cells) {
  const std::size_t fewer = fewer_cells(cells);
  std::vector<std::size_t> first(fewer);
  std::iota(first.begin(), first.end(), std::size_t{0});
  cells.control.select_cells(first, "control");
  cells.treated.select_cells(first, "treated");
  for (auto* labels :
       {&cells.batch_control, &cells.batch_treated, &cells.control_names, &cells.treated_names})
    if (labels->size() > fewer) labels->resize(fewer);
  return cells;
}

void check(const TrainingCells& cells, Context& context) {
  require_valid(cells.control, "control", context);
  require_valid(cells.treated, "treated", context);
  const std::size_t d = cells.control.features();
  require(cells.treated.features() == d, Status::dimension_mismatch, "control has ", d,
          " features and treated has ", cells.treated.features(),
          "; both must have the same features in the same order");
  const auto check_names = [](const std::vector<std::string>& names, std::size_t count,
                              const char* what) {
    require(names.empty() || names.size() == count, Status::dimension_mismatch, what, " are ",
            names.size(), " for ", count);
  };
  check_names(cells.feature_names, d, "feature names");
  check_names(cells.control_names, cells.control.cells(), "names of control cells");
  check_names(cells.treated_names, cells.treated.cells(), "names of treated cells");
}

// Beside a fit in more dimensions than this, the Gaussian map is left out: its eigenvectors would
// take minutes where the fit itself, a mean shift say, takes none.
constexpr std::size_t kMostForGaussian = 1500;

// Without components, covariances and the map between them are features x features: at least six
// such matrices at a time. Asked before anything is read, since reading many cells takes minutes.
void require_room(const Params& params, const TrainingCells& cells) {
  const Traits& traits = params.method().traits;
  if (!traits.dense_map || params.options().space.components != 0) return;
  if (fewer_cells(cells) < traits.fewest_cells) return;
  const double d = static_cast<double>(cells.control.features());
  require_memory(6.0 * 8.0 * d * d,
                 text("a fit without components to ", cells.control.features(),
                      " features (choose fewer features, or components with n_pcs)"));
}

// A level that was not drawn gets one of its cells, in place of one of the level drawn most often.
void cover_levels(std::vector<std::size_t>& chosen, const std::vector<std::uint32_t>& batch,
                  Rng& rng) {
  std::vector<std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i] >= members.size()) members.resize(batch[i] + 1);
    members[batch[i]].push_back(i);
  }
  std::vector<std::size_t> drawn(members.size(), 0);
  for (const std::size_t cell : chosen) ++drawn[batch[cell]];
  for (std::size_t level = 0; level < members.size(); ++level) {
    const auto most = std::max_element(drawn.begin(), drawn.end());
    if (drawn[level] > 0 || *most < 2) continue;
    const auto crowded = static_cast<std::uint32_t>(most - drawn.begin());
    *std::find_if(chosen.begin(), chosen.end(), [&](std::size_t cell) {
      return batch[cell] == crowded;
    }) = members[level][static_cast<std::size_t>(rng.below(members[level].size()))];
    --*most;
    drawn[level] = 1;
  }
}

// batch, labels: the level of each cell as a number and by name; both empty without a batch.
void keep(Cells cells, const std::vector<std::uint32_t>& batch,
          const std::vector<std::string>& labels, std::size_t at_most, Rng rng, StoredCells& kept,
          std::vector<std::string>& kept_labels) {
  if (at_most == 0) {
    kept = StoredCells(arma::mat(cells.features(), 0));
    return;
  }
  kept_labels = labels;
  if (cells.cells() > at_most) {
    std::vector<std::size_t> chosen = rng.sample(cells.cells(), at_most);
    if (!batch.empty()) cover_levels(chosen, batch, rng);
    std::sort(chosen.begin(), chosen.end());
    cells.select_cells(chosen, "the kept cells");
    kept_labels.clear();
    if (!labels.empty())
      for (const std::size_t cell : chosen) kept_labels.push_back(labels[cell]);
  }
  kept = StoredCells::of(cells);
}

// The median bandwidth looks at all pairs of pooled cells, of at most kMedianCells of them.
constexpr std::size_t kMedianCells = 4000;

TrainingSummary summarise(const TrainingCells& cells, const FitInput& input, Context& context) {
  TrainingSummary out;
  out.n = cells.control.cells();
  out.m = cells.treated.cells();
  out.mean_control = weighted_moments(cells.control, input.weights_x, context).mean;
  out.mean_treated = weighted_moments(cells.treated, input.weights_y, context).mean;
  const std::size_t at_most = input.params.options().keep_cells;
  const Rng rng(context.seed);
  keep(cells.control, input.batch_x, cells.batch_control, at_most, rng.stream(1), out.kept_control,
       out.kept_batch_control);
  keep(cells.treated, input.batch_y, cells.batch_treated, at_most, rng.stream(2), out.kept_treated,
       out.kept_batch_treated);
  const MedianGamma median =
      median_gamma(cells.control, cells.treated, context, kMedianCells, rng.stream(3));
  out.median_gamma = median.gamma;
  out.gamma_subsampled = median.subsample;
  if (input.x.n_rows <= kMostForGaussian)
    out.gaussian = gaussian_response(input.x, input.weights_x, input.y, input.weights_y, {});
  out.control_names = cells.control_names;
  out.treated_names = cells.treated_names;
  return out;
}

double negative_share(const Model& model, const Cells& control, Context& context) {
  std::size_t negative = 0;
  arma::mat predicted;
  const std::size_t at_a_time = cells_at_a_time(control.features());
  for (std::size_t first = 0; first < control.cells(); first += at_a_time) {
    Cells block = control;
    std::vector<std::size_t> index(std::min(at_a_time, control.cells() - first));
    std::iota(index.begin(), index.end(), first);
    block.select_cells(index, "control");
    predicted.set_size(control.features(), index.size());
    model.predict(block, Nonnegative::no, predicted.memptr(), context);
    for (const double value : predicted)
      if (value < 0.0) ++negative;
  }
  return static_cast<double>(negative) /
         (static_cast<double>(control.features()) * static_cast<double>(control.cells()));
}

void require_finite(const Model& model) {
  // Finite input can still overflow: 1e200 squared is not a number that can be reported.
  for (const auto& [name, value] : model.report.numbers)
    require(!std::isinf(value), Status::numerical_failure, "the fit overflowed (", name,
            " is infinite); the values are too large, so rescale them");
}

FeatureSpace space_for(const Params& params, const TrainingCells& cells, const arma::vec& weights_x,
                       const arma::vec& weights_y, bool too_few, Context& context) {
  if (params.method().traits.raw_space) return FeatureSpace::trivial(cells.control.features());
  FeatureSpaceOptions options = params.options().space;
  if (too_few) options = {Center::own, Scale::none, 0};
  return FeatureSpace::fit(cells.control, cells.treated, weights_x, weights_y, options, context);
}

FitResult mean_shift_of(const TrainingCells& cells, std::size_t fewest) {
  FitResult out;
  out.map = std::make_shared<AffineResponse>();
  out.report.add("outcome", std::string("converged"));
  out.report.add("stop_reason", text("fell back to the mean shift: a fit needs at least ", fewest,
                                     " cells on each side, found ", cells.control.cells(),
                                     " control and ", cells.treated.cells(), " treated"));
  return out;
}

}  // namespace

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

Model fit_model(const Params& params, const TrainingCells& given, Context& context) {
  const auto start = std::chrono::steady_clock::now();
  const SingleThreadedBlas blas;
  context.poll("checking the cells", 0.0);
  require_room(params, given);
  check(given, context);
  const Method& chosen = method(params.method().name);
  const Traits& traits = chosen.spec.traits;
  const TrainingCells cells = params.options().equal_counts ? truncated(given) : given;

  const Levels batches = batches_of(cells);
  require(traits.uses_batch || batches.control.empty(), Status::invalid_argument, chosen.spec.name,
          " does not pair cells within levels of a batch; leave batch out, or fit each level on "
          "its own");
  arma::vec weights_x, weights_y;
  batch_weights(batches.control, batches.treated, cells.control.cells(), cells.treated.cells(),
                weights_x, weights_y);
  const bool too_few = fewer_cells(cells) < traits.fewest_cells;

  Model model(params);
  model.feature_names = cells.feature_names;
  model.space = space_for(params, cells, weights_x, weights_y, too_few, context);
  const arma::mat x = model.space.encode(cells.control, Side::control, context);
  const arma::mat y = model.space.encode(cells.treated, Side::treated, context);
  const FitInput input{params,    cells,           model.space,    x, y, weights_x,
                       weights_y, batches.control, batches.treated};

  model.report.add("n_control", static_cast<double>(cells.control.cells()));
  model.report.add("n_treated", static_cast<double>(cells.treated.cells()));
  model.report.add("features", static_cast<double>(cells.control.features()));
  model.report.add("dimension", static_cast<double>(model.space.dimension()));
  model.report.add("components", static_cast<double>(model.space.basis.n_cols));
  FitResult result =
      too_few ? mean_shift_of(cells, traits.fewest_cells) : chosen.fit(input, context);
  model.map = std::move(result.map);
  model.trace = std::move(result.trace);
  model.arrays = std::move(result.arrays);
  model.report.append(result.report);
  model.training = summarise(cells, input, context);
  model.report.add("median_gamma", model.training.median_gamma);
  model.report.add("negative_share", negative_share(model, cells.control, context));
  model.report.add("seconds",
                   std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  require_finite(model);
  context.poll("done", 1.0);
  return model;
}

}  // namespace laot
