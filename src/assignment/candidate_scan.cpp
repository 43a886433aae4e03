// How a row is scanned: single-precision tiles, a falling threshold, then exact selection.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "candidate_state.hpp"

namespace laot::detail {

namespace {

constexpr std::size_t kTileBytes = 384u << 10;    // of packed targets: a share of the L2 cache
constexpr std::size_t kStoredTile = 64;           // panels read between two looks at the hits
constexpr std::size_t kEnough = 4 * kListLength;  // hits worth a lower threshold
constexpr std::size_t kFew = 28;                  // hits not worth one before the last selection
constexpr std::uint8_t kNoPlace = kListLength;
constexpr std::size_t kTried = 8;  // one in so many columns tries the limit of a list
// Beside the width of a list: what whole products may be off by (or more of their pairs have to be
// computed again than they save), a step of a code, and where steps are useless one like another.
constexpr double kFineProduct = 0.08, kFineCode = 0.5, kCoarsest = 4.0;
constexpr std::size_t kSpare = 3;  // hits beyond what a list needs that are no matter
constexpr int kHalvings = 12;      // before values are put in order instead

// Not below x, and above it by less than two units in the last place.
float rounded_up(double x) {
  const double y = std::min(x, static_cast<double>(kHuge) / 2);
  return static_cast<float>(y + std::abs(y) * 0x1p-23 + 0x1p-140);
}

// One that at least kListLength + 1 of the values do not exceed, and not many more; kHuge where
// there are not so many. By halving, because counting needs no branch that depends on the data;
// where a few are so far out that halving comes to no end, by putting the values in order. `blocks`
// blocks of kMinima values, filled up with kHuge.
float threshold(float* values, std::size_t blocks) {
  float low = kHuge, high = -kHuge;
  std::size_t below = 0;  // not above `high`
  const auto for_each_block = [&](auto&& visit) {
    for (std::size_t b = 0; b < blocks; ++b) visit(values + b * kMinima);
  };
  for_each_block([&](const float* block) {
    int there = 0;
    for (std::size_t k = 0; k < kMinima; ++k) {
      low = std::min(low, block[k]);
      high = std::max(high, block[k] < kHuge ? block[k] : -kHuge);
      there += block[k] < kHuge ? 1 : 0;
    }
    below += static_cast<std::size_t>(there);
  });
  if (below <= kListLength) return kHuge;
  for (int step = 0; below > kListLength + kSpare && step < kHalvings; ++step) {
    const float middle = 0.5f * (low + high);
    std::size_t half = 0;
    for_each_block([&](const float* block) {
      int count = 0;
      for (std::size_t k = 0; k < kMinima; ++k) count += block[k] <= middle ? 1 : 0;
      half += static_cast<std::size_t>(count);
    });
    if (half > kListLength) {
      high = middle;
      below = half;
    } else {
      low = middle;
    }
  }
  if (below <= kFew) return high;
  std::nth_element(values, values + kListLength, values + blocks * kMinima);
  return values[kListLength];
}

// The numbers below n: `count` of them at equal distances, then the others.
std::vector<std::uint32_t> spread_first(std::size_t n, std::size_t count) {
  std::vector<std::uint32_t> out;
  out.reserve(n);
  for (std::size_t t = 0; t < count; ++t) out.push_back(static_cast<std::uint32_t>(t * n / count));
  for (std::uint32_t i = 0, t = 0; i < n; ++i)
    if (t < count && out[t] == i)
      ++t;
    else
      out.push_back(i);
  return out;
}

}  // namespace

std::size_t CandidateRows::State::tile_panels() const {
  return std::min<std::size_t>(
      128, std::max<std::size_t>(4, kTileBytes / std::max<std::size_t>(products.panel_bytes(), 1)));
}

// A row that has a list starts from it: its candidates are kListLength columns, so the least
// kListLength of the row are not above the largest of them. Where these are the same ones as
// before, the largest is the bound: what is beyond was not looked at.
void CandidateRows::State::start(Selection& selection, std::size_t i) const {
  selection.count = 0;
  selection.begun = false;
  selection.limit = std::numeric_limits<float>::infinity();
  selection.looked = kInfinity;
  if (bound[i] == -kInfinity) return;
  double largest = -kInfinity;
  for (std::size_t t = i * kListLength; t < (i + 1) * kListLength; ++t)
    largest = std::max(largest, cost[t] - v[column[t]]);
  selection.looked = largest;
  selection.limit = rounded_up(largest + error(i));
}

void CandidateRows::State::consume(Selection& selection, std::size_t i, const float* raw,
                                   std::size_t first, std::size_t columns, Scratch& memory) const {
  const auto take = [&](std::size_t from, std::size_t to) {
    selection.make_room(selection.count + to - from);
    selection.count += kernels->collect(raw + from, minus_v.data() + first + from, to - from,
                                        selection.limit, static_cast<std::uint32_t>(first + from),
                                        selection.value.data() + selection.count,
                                        selection.column.data() + selection.count);
  };
  std::size_t taken = 0;
  if (!selection.begun) {
    selection.begun = true;
    // The prices of what a list holds can have fallen so far that its limit lets most columns
    // through; some of them tell.
    if (bound[i] > -kInfinity) take(0, taken = columns / kPanel / kTried * kPanel);
    if (taken == 0 || selection.count * kTried > kEnough) {
      // kListLength + 1 groups of columns have a member up to the threshold, so that many columns
      // do: more hits than the list needs.
      float minima[kMinima];
      kernels->group_minima(raw, minus_v.data() + first, columns, minima);
      selection.lower_limit(rounded_up(static_cast<double>(threshold(minima, 1)) + 2.0 * error(i)));
    }
  }
  take(taken, columns);
  if (selection.count > kEnough) tighten(selection, i, memory.single);
}

// Keeps what may still be among the least kListLength + 1: two single-precision errors above the
// last of them in single precision.
void CandidateRows::State::tighten(Selection& selection, std::size_t i,
                                   std::vector<float>& values) const {
  const std::size_t blocks = (selection.count + kMinima - 1) / kMinima;
  values.assign(selection.value.begin(),
                selection.value.begin() + static_cast<std::ptrdiff_t>(selection.count));
  values.resize(blocks * kMinima, kHuge);
  selection.lower_limit(
      rounded_up(static_cast<double>(threshold(values.data(), blocks)) + 2.0 * error(i)));
}

// Those of the list that was there are known.
void CandidateRows::State::costs_of_hits(std::size_t i, const Selection& selection,
                                         Scratch& memory) const {
  const std::uint32_t* hits = selection.column.data();
  if (bound[i] == -kInfinity || given != nullptr)
    return exact_costs(i, hits, selection.count, memory.cost);
  const std::uint32_t* list = column.data() + i * kListLength;
  const double* list_costs = cost.data() + i * kListLength;
  std::vector<std::uint8_t>& place = memory.place;
  if (place.size() < m) place.assign(m, kNoPlace);
  // Backwards: what fills up a short list repeats the column of a place before.
  for (std::size_t t = kListLength; t-- > 0;) place[list[t]] = static_cast<std::uint8_t>(t);
  std::vector<std::uint32_t>&which = memory.order, &unknown = memory.unknown;
  which.resize(selection.count);
  unknown.resize(selection.count);
  memory.known.resize(selection.count);
  std::size_t count = 0;
  for (std::size_t h = 0; h < selection.count; ++h) {
    const std::size_t t = place[hits[h]];
    memory.known[h] = list_costs[t % kListLength];
    which[count] = static_cast<std::uint32_t>(h);
    unknown[count] = hits[h];
    count += t == kNoPlace ? 1 : 0;
  }
  for (std::size_t t = 0; t < kListLength; ++t) place[list[t]] = kNoPlace;
  exact_costs(i, unknown.data(), count, memory.cost);
  for (std::size_t h = 0; h < count; ++h) memory.known[which[h]] = memory.cost[h];
  memory.cost.swap(memory.known);
}

// Columns are in order, so of equal reduced costs the earlier comes first.
void CandidateRows::State::finish(Selection& selection, std::size_t i, Scratch& memory) {
  if (selection.count > kFew) tighten(selection, i, memory.single);
  std::vector<double>&costs = memory.cost, &reduced = memory.reduced;
  std::vector<std::uint32_t>& columns = selection.column;
  costs_of_hits(i, selection, memory);
  reduced.resize(selection.count + kPlaceLanes);
  std::size_t count = 0;
  for (std::size_t h = 0; h < selection.count; ++h) {
    columns[count] = columns[h];
    costs[count] = costs[h];
    reduced[count] = costs[h] - v[columns[h]];
    count += reduced[count] <= selection.looked ? 1 : 0;
  }
  require(count > 0, Status::numerical_failure, "no finite reduced cost in row ", i,
          " of the assignment; its potentials overflowed");
  // Of the sorted hits, where the least kListLength and the next one stand.
  std::uint32_t sorted[kEnough];
  if (count <= kEnough) {
    std::uint32_t place[kEnough];
    std::fill_n(reduced.begin() + static_cast<std::ptrdiff_t>(count), kPlaceLanes, kInfinity);
    kernels->places(reduced.data(), count, place);
    for (std::size_t h = 0; h < count; ++h) sorted[place[h]] = static_cast<std::uint32_t>(h);
  } else {
    std::vector<std::uint32_t>& all = memory.order;
    all.resize(count);
    std::iota(all.begin(), all.end(), 0u);
    std::partial_sort_copy(all.begin(), all.end(), sorted, sorted + kListLength + 1,
                           [&](std::uint32_t a, std::uint32_t b) {
                             return reduced[a] < reduced[b] || (reduced[a] == reduced[b] && a < b);
                           });
  }
  bound[i] = count > kListLength ? reduced[sorted[kListLength]] : selection.looked;
  std::uint32_t* list_columns = column.data() + i * kListLength;
  double* list_costs = cost.data() + i * kListLength;
  const std::size_t kept = std::min(count, kListLength);
  for (std::size_t t = 0; t < kept; ++t) {
    list_columns[t] = columns[sorted[t]];
    list_costs[t] = costs[sorted[t]];
  }
  for (std::size_t t = kept; t < kListLength; ++t) {
    list_columns[t] = list_columns[kept - 1];
    list_costs[t] = kInfinity;
  }
}

// Rows of one group over some of the panels; hits are added to the selections.
void CandidateRows::State::scan(const std::uint32_t* rows, std::size_t count,
                                std::size_t first_panel, std::size_t last_panel, bool keep,
                                Selection* selection, Scratch& memory) {
  for (std::size_t r = 0; r < count; ++r) start(selection[r], rows[r]);
  const std::size_t step = tile_panels();
  if (is_stored()) {
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t p = first_panel; p < last_panel; p += kStoredTile) {
        const std::size_t columns = (std::min(p + kStoredTile, last_panel) - p) * kPanel;
        consume(selection[r], rows[r], stored(rows[r], p * kPanel, columns, memory), p * kPanel,
                columns, memory);
      }
    return;
  }
  products.pack(sources, source_norm, rows, count, memory.sources);
  const std::size_t lanes = memory.sources.lanes, blocks = memory.sources.blocks;
  const std::size_t tile_width = step * kPanel;
  memory.tile.reserve(blocks * lanes * tile_width);
  for (std::size_t p = first_panel; p < last_panel; p += step) {
    const std::size_t used = std::min(step, last_panel - p);
    float* tile = memory.tile.data();
    for (std::size_t b = 0; b < blocks; ++b)
      products.multiply(memory.sources, b, p, used, tile + b * lanes * tile_width, tile_width);
    for (std::size_t r = 0; r < count; ++r) {
      const float* raw = tile + r * tile_width;
      consume(selection[r], rows[r], raw, p * kPanel, used * kPanel, memory);
      if (keep) encode(rows[r], raw, p * kPanel, used * kPanel);
    }
  }
}

// Computing a row again takes time by the features; keeping and reading it, by the memory, which
// the system has to clear, and to find in one piece.
bool costs_are_kept(std::size_t n, std::size_t m, std::size_t d, double store_bytes) {
  constexpr std::size_t kFewFeatures = 32;
  constexpr double kBytesOfFeature = 4.0 * 1024 * 1024;
  const double bytes = kKeptBytes * static_cast<double>(n) * static_cast<double>(m);
  return d > kFewFeatures &&
         bytes <= std::min(store_bytes, kBytesOfFeature * static_cast<double>(d));
}

// A step of some rows beside the width of their lists, in the mean: where a cell is far out, steps
// can be wider than what the others differ by. Ties have no width that any step would be fine for.
template <typename Step>
double CandidateRows::State::coarseness(const std::vector<std::uint32_t>& rows, std::size_t count,
                                        Step&& step) const {
  double sum = 0.0;
  for (std::size_t r = 0; r < count; ++r) {
    const std::size_t i = rows[r], least = i * kListLength;
    const double width = bound[i] - (cost[least] - v[column[least]]);
    if (width > 0.0) sum += std::min(step(i) / width, kCoarsest);
  }
  return sum / static_cast<double>(std::max<std::size_t>(count, 1));
}

void CandidateRows::build(double store_bytes, Context& context) {
  State& s = *state_;
  s.column.assign(s.n * kListLength, 0);
  s.cost.assign(s.n * kListLength, kInfinity);
  s.bound.assign(s.n, -kInfinity);
  const bool keep = !s.is_stored() && costs_are_kept(s.n, s.width(), s.d, store_bytes);
  if (keep) s.codes.reserve(s.n * s.width());
  // Some rows from everywhere come first: they tell whether whole numbers are fine enough.
  const std::size_t tried = s.products.is_whole() ? std::min(s.row_group(), s.n) : 0;
  std::vector<std::uint32_t> all = spread_first(s.n, tried);
  s.scan_all(all.data(), tried, keep, context);
  const auto error = [&](std::size_t i) { return 2.0 * s.single_error(i); };
  const bool fine = s.coarseness(all, tried, error) <= kFineProduct;
  if (!fine) {
    s.products.choose(false);
    for (std::size_t r = 0; r < tried; ++r) s.bound[all[r]] = -kInfinity;
  }
  const std::size_t done = fine ? tried : 0;
  s.scan_all(all.data() + done, s.n - done, keep, context);
  const auto step = [&](std::size_t i) { return static_cast<double>(s.reach(i) / kCodeReach); };
  s.is_kept = keep && s.coarseness(all, s.n, step) <= kFineCode;
  s.is_listed = true;
}

// All columns within two single-precision errors of the least, again in double precision.
double CandidateRows::State::least(std::size_t i, const float* raw, Selection& selection,
                                   Scratch& memory) const {
  float minima[kMinima];
  kernels->group_minima(raw, minus_v.data(), width(), minima);
  const float limit =
      rounded_up(static_cast<double>(*std::min_element(minima, minima + kMinima)) + 2.0 * error(i));
  selection.make_room(width());
  const std::size_t count = kernels->collect(raw, minus_v.data(), width(), limit, 0,
                                             selection.value.data(), selection.column.data());
  exact_costs(i, selection.column.data(), count, memory.cost);
  double out = kInfinity;
  for (std::size_t h = 0; h < count; ++h)
    out = std::min(out, memory.cost[h] - v[selection.column[h]]);
  return out;
}

std::vector<double> CandidateRows::least_of_rows(Context& context) {
  State& s = *state_;
  const std::size_t workers = static_cast<std::size_t>(std::max(context.num_threads, 1));
  s.make_room(workers, workers);
  std::vector<double> out(s.n);
  parallel_for(context, s.n, s.row_group(), [&](std::size_t first, std::size_t last, int worker) {
    Scratch& memory = s.scratch[static_cast<std::size_t>(worker)];
    Selection& selection = s.selections[static_cast<std::size_t>(worker)];
    std::vector<std::uint32_t> rows(last - first);
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
    s.products.pack(s.sources, s.source_norm, rows.data(), rows.size(), memory.sources);
    const std::size_t block = memory.sources.lanes;
    memory.tile.reserve(memory.sources.blocks * block * s.width());
    for (std::size_t b = 0; b < memory.sources.blocks; ++b)
      s.products.multiply(memory.sources, b, 0, s.panels,
                          memory.tile.data() + b * block * s.width(), s.width());
    for (std::size_t r = 0; r < rows.size(); ++r)
      out[first + r] = s.least(first + r, memory.tile.data() + r * s.width(), selection, memory);
  });
  return out;
}

void CandidateRows::refresh(const std::uint32_t* rows, std::size_t count, Context& context) {
  state_->scans += count;
  state_->scan_all(rows, count, false, context);
}

void CandidateRows::columns_below(std::uint32_t row, double limit, std::vector<Candidate>& out) {
  State& s = *state_;
  s.make_room(1, 1);
  out.clear();
  ++s.scans;
  Scratch& memory = s.scratch[0];
  Selection& selection = s.selections[0];
  const float single_limit = rounded_up(limit + s.error(row));
  const float* raw;
  if (s.is_stored()) {
    raw = s.stored(row, 0, s.width(), memory);
  } else {
    memory.tile.reserve(s.width());
    s.products.pack(s.sources, s.source_norm, &row, 1, memory.sources);
    s.products.multiply(memory.sources, 0, 0, s.panels, memory.tile.data(), s.width());
    raw = memory.tile.data();
  }
  selection.make_room(s.width());
  const std::size_t count = s.kernels->collect(raw, s.minus_v.data(), s.width(), single_limit, 0,
                                               selection.value.data(), selection.column.data());
  s.exact_costs(row, selection.column.data(), count, memory.cost);
  for (std::size_t h = 0; h < count; ++h) {
    const std::uint32_t j = selection.column[h];
    const double c = memory.cost[h];
    if (c - s.v[j] < limit) out.push_back({j, c});
  }
}

}  // namespace laot::detail
