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
constexpr int kHalvings = 10;                     // for a first threshold

float rounded_up(double x) {
  const float f = static_cast<float>(std::min(x, static_cast<double>(kHuge) / 2));
  return static_cast<double>(f) < x ? std::nextafter(f, kHuge) : f;
}

// Of kMinima values, one that at least kListLength + 1 of them do not exceed, and not many more. By
// halving, because counting needs no branch that depends on the data.
float threshold(float* minima) {
  float low = minima[0], high = minima[0];
  for (std::size_t k = 1; k < kMinima; ++k) {
    low = std::min(low, minima[k]);
    high = std::max(high, minima[k]);
  }
  if (high >= kHuge) {  // some groups are empty
    std::nth_element(minima, minima + kListLength, minima + kMinima);
    return minima[kListLength];
  }
  for (int step = 0; step < kHalvings; ++step) {
    const float middle = 0.5f * (low + high);
    int below = 0;
    for (std::size_t k = 0; k < kMinima; ++k) below += minima[k] <= middle ? 1 : 0;
    if (below > static_cast<int>(kListLength)) {
      high = middle;
      if (below <= static_cast<int>(kListLength) + 3) break;
    } else {
      low = middle;
    }
  }
  return high;
}

}  // namespace

std::size_t CandidateRows::State::tile_panels() const {
  return std::min<std::size_t>(
      128, std::max<std::size_t>(4, kTileBytes / (std::max<std::size_t>(d, 1) * kPanel * 4)));
}

// A row that has a list starts from it: its candidates are kListLength columns, so the least
// kListLength of the row are not above the largest of them.
void CandidateRows::State::start(Selection& selection, std::size_t i) const {
  selection.count = 0;
  selection.begun = false;
  selection.limit = std::numeric_limits<float>::infinity();
  selection.proven = kInfinity;
  if (bound[i] == -kInfinity) return;
  double largest = -kInfinity;
  for (std::size_t t = i * kListLength; t < (i + 1) * kListLength; ++t)
    largest = std::max(largest, cost[t] - v[column[t]]);
  selection.proven = largest;
  selection.limit = rounded_up(largest + error(i));
}

void CandidateRows::State::consume(Selection& selection, std::size_t i, const float* raw,
                                   std::size_t first, std::size_t columns, Scratch& memory) const {
  const float* prices = minus_v.data() + first;
  if (!selection.begun) {
    selection.begun = true;
    // kListLength + 1 groups of columns have a member up to the threshold, so that many columns do.
    float minima[kMinima];
    kernels->group_minima(raw, prices, columns, minima);
    const float limit = rounded_up(static_cast<double>(threshold(minima)) + 2.0 * error(i));
    if (limit < selection.limit) {
      selection.limit = limit;
      selection.proven = kInfinity;  // not needed: there are enough hits
    }
  }
  selection.make_room(selection.count + columns);
  selection.count += kernels->collect(
      raw, prices, columns, selection.limit, static_cast<std::uint32_t>(first),
      selection.value.data() + selection.count, selection.column.data() + selection.count);
  if (selection.count > kEnough) tighten(selection, i, memory.order);
}

// Keeps what may still be among the least kListLength + 1: two single-precision errors above the
// last of them in single precision.
void CandidateRows::State::tighten(Selection& selection, std::size_t i,
                                   std::vector<float>& order) const {
  order.assign(selection.value.begin(),
               selection.value.begin() + static_cast<std::ptrdiff_t>(selection.count));
  std::nth_element(order.begin(), order.begin() + kListLength, order.end());
  const float limit = rounded_up(static_cast<double>(order[kListLength]) + 2.0 * error(i));
  if (limit >= selection.limit) return;
  selection.limit = limit;
  std::size_t kept = 0;
  for (std::size_t h = 0; h < selection.count; ++h) {
    const float value = selection.value[h];
    selection.value[kept] = value;
    selection.column[kept] = selection.column[h];
    kept += value <= limit ? 1 : 0;
  }
  selection.count = kept;
}

void CandidateRows::State::finish(Selection& selection, std::size_t i, Scratch& memory) {
  if (selection.count > kFew) tighten(selection, i, memory.order);
  std::vector<Reduced>& exact = memory.exact;
  exact.clear();
  exact_costs(i, selection.column.data(), selection.count, memory.cost);
  for (std::size_t h = 0; h < selection.count; ++h) {
    const std::uint32_t j = selection.column[h];
    const double c = memory.cost[h];
    if (c - v[j] <= selection.proven) exact.push_back({c - v[j], j, c});
  }
  require(!exact.empty(), Status::numerical_failure, "no finite reduced cost in row ", i,
          " of the assignment; its potentials overflowed");
  const std::size_t kept = std::min(exact.size(), kListLength);
  bound[i] = selection.proven;
  std::uint32_t* columns = column.data() + i * kListLength;
  double* costs = cost.data() + i * kListLength;
  if (exact.size() <= kEnough) {
    // Each finds its place by counting who comes before it: no branch depends on the data. Columns
    // are in order, so of equals the earlier comes first.
    std::uint32_t place[kEnough] = {};
    for (std::size_t a = 1; a < exact.size(); ++a) {
      std::uint32_t before = 0;
      for (std::size_t b = 0; b < a; ++b) {
        const std::uint32_t later = exact[a].value < exact[b].value ? 1 : 0;
        place[b] += later;
        before += 1 - later;
      }
      place[a] += before;
    }
    for (std::size_t a = 0; a < exact.size(); ++a) {
      if (place[a] < kListLength) {
        columns[place[a]] = exact[a].column;
        costs[place[a]] = exact[a].cost;
      } else if (place[a] == kListLength) {
        bound[i] = exact[a].value;
      }
    }
  } else {
    const auto needed = exact.begin() + static_cast<std::ptrdiff_t>(kListLength) + 1;
    std::partial_sort(exact.begin(), needed, exact.end());
    for (std::size_t t = 0; t < kListLength; ++t) {
      columns[t] = exact[t].column;
      costs[t] = exact[t].cost;
    }
    bound[i] = exact[kListLength].value;
  }
  for (std::size_t t = kept; t < kListLength; ++t) {
    columns[t] = columns[kept - 1];
    costs[t] = kInfinity;
  }
}

// Sources in single precision, `lanes` of them side by side; the last block is filled up.
void CandidateRows::State::pack(const std::uint32_t* rows, std::size_t count, std::size_t lanes,
                                float* blocks) const {
  const std::size_t padded = (count + lanes - 1) / lanes * lanes;
  for (std::size_t r = 0; r < padded; ++r) {
    const FramedPoint x = sources[rows[std::min(r, count - 1)]];
    float* out = blocks + (r / lanes) * lanes * d + r % lanes;
    for (std::size_t k = 0; k < d; ++k) out[k * lanes] = static_cast<float>(-2.0 * x[k]);
  }
}

// Rows of one group over some of the panels; hits are added to the selections.
void CandidateRows::State::scan(const std::uint32_t* rows, std::size_t count,
                                std::size_t first_panel, std::size_t last_panel, bool keep,
                                Selection* selection, Scratch& memory) {
  for (std::size_t r = 0; r < count; ++r) start(selection[r], rows[r]);
  const std::size_t step = tile_panels();
  if (is_stored) {
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t p = first_panel; p < last_panel; p += kStoredTile) {
        const std::size_t columns = (std::min(p + kStoredTile, last_panel) - p) * kPanel;
        consume(selection[r], rows[r], stored.data() + rows[r] * width() + p * kPanel, p * kPanel,
                columns, memory);
      }
    return;
  }
  const bool single = count == 1 && !keep;
  const std::size_t lanes = single ? 1 : kernels->row_block;
  const std::size_t blocks = (count + lanes - 1) / lanes;
  memory.blocks.reserve(blocks * lanes * std::max<std::size_t>(d, 1));
  pack(rows, count, lanes, memory.blocks.data());
  const std::size_t tile_width = keep ? width() : step * kPanel;
  if (!keep) memory.tile.reserve(blocks * lanes * tile_width);
  for (std::size_t p = first_panel; p < last_panel; p += step) {
    const std::size_t used = std::min(step, last_panel - p);
    const float* y = packed.data() + p * d * kPanel;
    float* tile = keep ? stored.data() + rows[0] * width() + p * kPanel : memory.tile.data();
    for (std::size_t b = 0; b < blocks; ++b) {
      const float* x = memory.blocks.data() + b * lanes * d;
      float* out = tile + b * lanes * tile_width;
      if (single)
        kernels->row_products(x, y, d, used, out);
      else
        kernels->block_products(x, y, d, used, out, tile_width);
    }
    for (std::size_t r = 0; r < count; ++r)
      consume(selection[r], rows[r], tile + r * tile_width, p * kPanel, used * kPanel, memory);
  }
}

bool costs_are_kept(std::size_t n, std::size_t m, std::size_t d, double store_bytes) {
  // For few features it is faster to compute a row again than to read it from memory.
  constexpr std::size_t kFewFeatures = 20;
  return d > kFewFeatures && 4.0 * static_cast<double>(n) * static_cast<double>(m) <= store_bytes;
}

void CandidateRows::build(double store_bytes, Context& context) {
  State& s = *state_;
  s.column.assign(s.n * kListLength, 0);
  s.cost.assign(s.n * kListLength, kInfinity);
  s.bound.assign(s.n, -kInfinity);
  std::vector<std::uint32_t> all(s.n);
  std::iota(all.begin(), all.end(), 0u);
  const std::size_t block = s.kernels->row_block;
  const std::size_t padded = (s.n + block - 1) / block * block;
  const bool keep = !s.is_stored && costs_are_kept(padded, s.width(), s.d, store_bytes);
  if (keep) s.stored.reserve(padded * s.width());
  s.scan_all(all.data(), all.size(), keep, context);
  if (keep) s.is_stored = true;
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
  const std::size_t lanes = s.kernels->row_block;
  const std::size_t workers = static_cast<std::size_t>(std::max(context.num_threads, 1));
  s.make_room(workers, workers);
  std::vector<double> out(s.n);
  parallel_for(context, s.n, s.row_group(), [&](std::size_t first, std::size_t last, int worker) {
    Scratch& memory = s.scratch[static_cast<std::size_t>(worker)];
    Selection& selection = s.selections[static_cast<std::size_t>(worker)];
    std::vector<std::uint32_t> rows(last - first);
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
    const std::size_t padded = (rows.size() + lanes - 1) / lanes * lanes;
    memory.blocks.reserve(padded * std::max<std::size_t>(s.d, 1));
    memory.tile.reserve(padded * s.width());
    s.pack(rows.data(), rows.size(), lanes, memory.blocks.data());
    for (std::size_t r = 0; r < padded; r += lanes)
      s.kernels->block_products(memory.blocks.data() + r * s.d, s.packed.data(), s.d, s.panels,
                                memory.tile.data() + r * s.width(), s.width());
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
  if (s.is_stored) {
    raw = s.stored.data() + row * s.width();
  } else {
    memory.blocks.reserve(std::max<std::size_t>(s.d, 1));
    memory.tile.reserve(s.width());
    const FramedPoint x = s.sources[row];
    for (std::size_t k = 0; k < s.d; ++k) memory.blocks.data()[k] = static_cast<float>(-2.0 * x[k]);
    s.kernels->row_products(memory.blocks.data(), s.packed.data(), s.d, s.panels,
                            memory.tile.data());
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
