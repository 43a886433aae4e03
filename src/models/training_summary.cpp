// Training cells that a model keeps, and the numbers of its report that every fit has.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "fit.hpp"
#include "laot/data/columns.hpp"
#include "laot/metrics.hpp"

namespace laot {

namespace {

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

// A share of so many cells is known to a hundredth or better; all of them would be a prediction of
// 13,000 cells, a twentieth of their fit.
constexpr std::size_t kCellsOfShare = 1000;

// Of the predictions of control cells, evenly taken; all of them lie at z in the model's space
// (empty: not known).
double negative_share(const Model& model, Cells control, const arma::mat& encoded,
                      Context& context) {
  arma::mat some;
  if (control.cells() > kCellsOfShare) {
    std::vector<std::size_t> taken(kCellsOfShare);
    for (std::size_t c = 0; c < kCellsOfShare; ++c)
      taken[c] = evenly_placed(c, kCellsOfShare, control.cells());
    control.select_cells(taken, "the control cells");
    if (!encoded.is_empty()) some = columns_of(encoded, taken);
  }
  const arma::mat& z = some.is_empty() ? encoded : some;
  std::size_t negative = 0;
  arma::mat block;
  BlockRoom room;
  const std::size_t at_a_time = cells_at_a_time(control.features());
  for (std::size_t first = 0; first < control.cells(); first += at_a_time) {
    context.poll();
    const std::size_t count = std::min(at_a_time, control.cells() - first);
    block.set_size(control.features(), count);
    control.gather(first, count, block.memptr());
    if (z.is_empty())
      model.space.encode_block(block, Side::control, room.z, room);
    else
      room.z = z.cols(first, first + count - 1);
    model.map_block(room.z, block, room);
    if (!model.marginals.empty()) model.marginals.apply(block, Ends::shifted);
    for (const double value : block)
      if (value < 0.0) ++negative;
  }
  return static_cast<double>(negative) /
         (static_cast<double>(control.features()) * static_cast<double>(control.cells()));
}

void require_finite(const Model& model) {
  // Finite input can still overflow: 1e200 squared is not a number that can be reported.
  for (const auto& [name, value] : model.report.numbers)
    require(!value.is_known() || !std::isinf(value), Status::numerical_failure,
            "the fit overflowed (", name,
            " is infinite); the values are too large, so rescale them");
}

// Beyond so many multiplications the bandwidth is found in the fit, which shows its progress and
// can be stopped: reading a number may take a second, not more.
constexpr double kMostWhenRead = 2e10;

bool is_quick(std::size_t cells, std::size_t features) {
  const double pairs = 0.5 * static_cast<double>(cells) * static_cast<double>(cells);
  return pairs * static_cast<double>(features) <= kMostWhenRead;
}

// Kept cells are the training cells: nothing else is needed later, and none is drawn.
bool can_wait(const TrainingSummary& training) {
  const std::size_t cells = training.n + training.m;
  return training.kept_control.cells() == training.n &&
         training.kept_treated.cells() == training.m && cells <= kMedianGammaCells &&
         is_quick(cells, training.kept_control.features());
}

// The cells that are drawn for it are held until it is read, where they are few beside those that
// the model keeps: not of a fit that keeps none, nor for each condition of a screen.
constexpr std::size_t kMostHeld = 4;
bool can_hold(const TrainingSummary& training, const ControlWork& work) {
  const std::size_t kept = training.kept_control.cells() + training.kept_treated.cells();
  return !work.is_shared() && training.n + training.m > kMedianGammaCells &&
         kMedianGammaCells <= kMostHeld * kept &&
         is_quick(kMedianGammaCells, training.kept_control.features());
}

// Distances that underflow are none.
double known_gamma(double gamma) {
  return std::isinf(gamma) ? kNaN : gamma;
}

LateNumber gamma_when_read(const StoredCells& x, const StoredCells& y) {
  return LateNumber([x, y] {
    Context alone;
    return known_gamma(median_gamma(x.view(), y.view(), alone).gamma);
  });
}

}  // namespace

void keep_controls(const TrainingCells& cells, ControlWork& work, const Context& context,
                   TrainingSummary& out) {
  const std::size_t at_most = cells.params.options().keep_cells;
  const Rng rng(context.seed);
  const auto control = work.kept([&] {
    ControlWork::Kept kept;
    keep(cells.control.cells, cells.batches.control, cells.control.batch, at_most, rng.stream(1),
         kept.cells, kept.batch);
    kept.names = std::make_shared<const std::vector<std::string>>(cells.control.names);
    return kept;
  });
  out.kept_control = control->cells;
  out.kept_batch_control = control->batch;
  out.control_names = control->names;
}

TrainingSummary summarise(const TrainingCells& cells, ControlWork& work, Context& context) {
  TrainingSummary out;
  out.n = cells.control.cells.cells();
  out.m = cells.treated.cells.cells();
  keep_controls(cells, work, context, out);
  const std::size_t at_most = cells.params.options().keep_cells;
  const Rng rng(context.seed);
  keep(cells.treated.cells, cells.batches.treated, cells.treated.batch, at_most, rng.stream(2),
       out.kept_treated, out.kept_batch_treated);
  out.treated_names = std::make_shared<const std::vector<std::string>>(cells.treated.names);
  if (cells.median_gamma) {
    out.median_gamma = known_gamma(*cells.median_gamma);
    return out;
  }
  if (can_wait(out)) {
    out.median_gamma = gamma_when_read(out.kept_control, out.kept_treated);
    return out;
  }
  if (can_hold(out, work)) {
    const PooledCells drawn = median_gamma_cells(cells.control.cells, cells.treated.cells,
                                                 kMedianGammaCells, rng.stream(3));
    out.median_gamma = gamma_when_read(StoredCells::of(drawn.x), StoredCells::of(drawn.y));
    out.gamma_subsampled = true;
    return out;
  }
  const MedianGamma median = median_gamma(cells.control.cells, cells.treated.cells, context,
                                          kMedianGammaCells, rng.stream(3));
  out.median_gamma = known_gamma(median.gamma);
  out.gamma_subsampled = median.subsample;
  return out;
}

void finish_report(Model& model, const Population& control, const arma::mat& z,
                   Clock::time_point start, Context& context) {
  model.report.add("median_gamma", model.training.median_gamma);
  model.report.add("negative_share", negative_share(model, control.cells, z, context));
  model.report.add("seconds", seconds_since(start));
  require_finite(model);
}

}  // namespace laot
