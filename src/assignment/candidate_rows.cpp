// The data of the candidate lists: costs, potentials, bounds.
#include "laot/assignment/candidate_rows.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "candidate_state.hpp"

namespace laot::detail {

CandidateRows::CandidateRows(FramedCloud targets, VectorPath path)
    : state_(std::make_unique<State>()) {
  state_->kernels = &kernels(path);
  state_->products.set_kernels(*state_->kernels);
  set_targets(std::move(targets));
}

void CandidateRows::set_targets(FramedCloud targets) {
  State& s = *state_;
  s.targets = std::move(targets);
  s.m = s.targets.size();
  s.d = s.targets.dimension();
  s.is_kept = s.is_listed = false;
  s.products.set_targets(s.targets);
  s.panels = s.products.panels();
  set_potentials(std::vector<double>(s.m, 0.0));
}

CandidateRows::CandidateRows(const arma::mat& cost, double largest, VectorPath path,
                             Context& context)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.kernels = &kernels(path);
  s.given = &cost;
  s.largest_given = largest;
  s.n = cost.n_cols;
  s.m = cost.n_rows;
  s.panels = (s.m + kPanel - 1) / kPanel;
  s.given_single.reserve(s.n * s.width());
  parallel_for(context, s.n, 64, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t i = first; i < last; ++i) {
      const double* c = cost.colptr(i);
      float* out = s.given_single.data() + i * s.width();
      for (std::size_t j = 0; j < s.m; ++j) out[j] = static_cast<float>(c[j]);
      std::fill(out + s.m, out + s.width(), 0.0f);
    }
  });
  set_potentials(std::vector<double>(s.m, 0.0));
}

CandidateRows::~CandidateRows() = default;
CandidateRows::CandidateRows(CandidateRows&&) noexcept = default;
CandidateRows& CandidateRows::operator=(CandidateRows&&) noexcept = default;

std::size_t CandidateRows::rows() const {
  return state_->n;
}
std::size_t CandidateRows::columns() const {
  return state_->m;
}
const FramedCloud& CandidateRows::sources() const {
  return state_->sources;
}
const FramedCloud& CandidateRows::targets() const {
  return state_->targets;
}

void CandidateRows::set_sources(FramedCloud sources) {
  State& s = *state_;
  s.sources = std::move(sources);
  s.n = s.sources.size();
  s.source_norm.resize(s.n);
  for (std::size_t i = 0; i < s.n; ++i) s.source_norm[i] = std::sqrt(s.sources.squared_norm(i));
  s.is_kept = s.is_listed = false;
}

void CandidateRows::move_sources(FramedCloud sources, Context& context) {
  State& s = *state_;
  const FramedCloud before = std::move(s.sources);
  set_sources(std::move(sources));
  parallel_for(context, s.n, 256, [&](std::size_t first, std::size_t last, int) {
    std::vector<double> room, costs;
    for (std::size_t i = first; i < last; ++i) {
      // The last factor covers the rounding of the step, of the norms and of the costs themselves.
      const double rounding = 0x1p-50 * static_cast<double>(s.d + 4) * s.source_norm[i];
      const double step = s.step_norm(s.sources[i], before[i], room);
      s.bound[i] -= 2.0 * (step * (1.0 + 0x1p-40) + rounding) * s.products.target_norm();
      double* list = s.cost.data() + i * kListLength;
      s.exact_costs(i, s.column.data() + i * kListLength, kListLength, costs);
      for (std::size_t t = 0; t < kListLength; ++t)
        if (list[t] < kInfinity) list[t] = costs[t];
    }
  });
  s.is_listed = true;
}

double CandidateRows::mean_drop(const FramedCloud& sources) const {
  const State& s = *state_;
  std::vector<double> room;
  double sum = 0.0;
  for (std::size_t i = 0; i < s.n; ++i) sum += s.step_norm(sources[i], s.sources[i], room);
  return 2.0 * s.products.target_norm() * sum / static_cast<double>(s.n);
}

double CandidateRows::State::norm(FramedPoint point) const {
  return std::sqrt(kernels->dot(point, point, d));
}

// |now - then|; `room` is for the difference, and beside it the zeros it is taken from.
double CandidateRows::State::step_norm(FramedPoint now, FramedPoint then,
                                       std::vector<double>& room) const {
  room.resize(2 * d);
  for (std::size_t k = 0; k < d; ++k) room[k] = now[k] - then[k];
  return norm({room.data(), room.data() + d, 1.0});
}

double CandidateRows::State::exact_cost(std::size_t i, std::size_t j) const {
  if (given != nullptr) return given->at(j, i);
  return -2.0 * kernels->dot(sources[i], targets[j], d);
}

double CandidateRows::State::largest_cost(std::size_t i) const {
  return given != nullptr ? largest_given : 2.0 * source_norm[i] * products.target_norm();
}

void CandidateRows::State::exact_costs(std::size_t i, const std::uint32_t* columns,
                                       std::size_t count, std::vector<double>& out) const {
  out.resize(count + kDots);  // the last dot products may be of one column
  std::size_t h = 0;
  if (given == nullptr) {
    const FramedPoint x = sources[i];
    for (; h + 1 < count; h += kDots) {
      FramedPoint y[kDots];
      for (std::size_t q = 0; q < kDots; ++q) y[q] = targets[columns[std::min(h + q, count - 1)]];
      kernels->dots(x, y, d, out.data() + h);
      for (std::size_t q = h; q < h + kDots; ++q) out[q] *= -2.0;
    }
  }
  for (; h < count; ++h) out[h] = exact_cost(i, columns[h]);
}

// Worst case of |single - double| for raw + minus_v: the products, or the given cost in conversion;
// then the potential and the last sum.
double CandidateRows::State::single_error(std::size_t i) const {
  const double of_pair =
      given != nullptr ? 2.0 * kUnit * largest_given : products.error(source_norm[i]);
  return of_pair + 2.02 * kUnit * (largest_cost(i) + largest_v) + 0x1p-120;
}

// Beside it, where costs are kept, what their codes are off by, and the rounding of code * step.
double CandidateRows::State::error(std::size_t i) const {
  if (!is_kept) return single_error(i);
  const double range = reach(i);
  return single_error(i) + (kCodeError / static_cast<double>(kCodeReach) + 2.0 * kUnit) * range;
}

// No product of row i is larger, in single precision.
float CandidateRows::State::reach(std::size_t i) const {
  constexpr double kLeast = 0x1p-90;  // whose step is a normal number
  return static_cast<float>(
      std::max(kLeast, (largest_cost(i) + products.error(source_norm[i])) * (1.0 + kUnit)));
}

void CandidateRows::State::encode(std::size_t i, const float* raw, std::size_t first,
                                  std::size_t columns) {
  kernels->narrow(raw, columns, kCodeReach / reach(i), codes.data() + i * width() + first);
}

// Costs of row i that are stored, in single precision.
const float* CandidateRows::State::stored(std::size_t i, std::size_t first, std::size_t columns,
                                          Scratch& memory) const {
  if (given != nullptr) return given_single.data() + i * width() + first;
  memory.tile.reserve(columns);
  kernels->widen(codes.data() + i * width() + first, columns, reach(i) / kCodeReach,
                 memory.tile.data());
  return memory.tile.data();
}

// A pair that is looked at is mostly in the list, with its cost.
double CandidateRows::cost(std::size_t row, std::size_t column) const {
  const State& s = *state_;
  if (s.is_listed) {
    const std::uint32_t* list = list_columns(row);
    const std::size_t place =
        static_cast<std::size_t>(std::find(list, list + kListLength, column) - list);
    if (place < kListLength) return list_costs(row)[place];
  }
  return s.exact_cost(row, column);
}

const std::vector<double>& CandidateRows::potentials() const {
  return state_->v;
}
double CandidateRows::potential(std::size_t column) const {
  return state_->v[column];
}

void CandidateRows::set_potential(std::size_t column, double value) {
  State& s = *state_;
  s.v[column] = value;
  s.minus_v.data()[column] = static_cast<float>(-value);
  s.largest_v = std::max(s.largest_v, std::abs(value));
}

void CandidateRows::set_potentials(const std::vector<double>& values) {
  State& s = *state_;
  s.v = values;
  s.minus_v.reserve(s.width());
  s.largest_v = 0.0;
  std::fill(s.minus_v.data(), s.minus_v.data() + s.width(), kHuge);
  for (std::size_t j = 0; j < s.m; ++j) set_potential(j, values[j]);
}

void CandidateRows::move_potentials(const std::vector<double>& values) {
  State& s = *state_;
  double rise = -kInfinity;
  for (std::size_t j = 0; j < s.m; ++j) rise = std::max(rise, values[j] - s.v[j]);
  const double rounding = 0x1p-50 * (s.largest_v + std::abs(rise));
  set_potentials(values);
  for (double& b : s.bound) b -= rise + rounding;
}

BestTwo CandidateRows::best_two(std::size_t row) const {
  return best_two(row, state_->v.data());
}

BestTwo CandidateRows::best_two(std::size_t row, const double* potentials) const {
  const State& s = *state_;
  const std::size_t at = row * kListLength;
  const ListMinimum found =
      s.kernels->list_minimum(s.cost.data() + at, s.column.data() + at, potentials);
  return {found.least, found.second, s.column[at + found.position]};
}

BestTwo CandidateRows::certified_best_two(std::uint32_t row, Context& context) {
  BestTwo best = best_two(row);
  if (best.least > state_->bound[row]) {
    refresh(row, context);
    best = best_two(row);
  }
  best.second = std::min(best.second, std::max(best.least, state_->bound[row]));
  return best;
}

double CandidateRows::bound(std::size_t row) const {
  return state_->bound[row];
}
const std::uint32_t* CandidateRows::list_columns(std::size_t row) const {
  return state_->column.data() + row * kListLength;
}
const double* CandidateRows::list_costs(std::size_t row) const {
  return state_->cost.data() + row * kListLength;
}
std::size_t CandidateRows::list_length() const {
  return kListLength;
}

void CandidateRows::best_columns(std::size_t row, std::size_t most,
                                 std::vector<std::uint32_t>& out) const {
  std::pair<double, std::uint32_t> order[kListLength];
  std::size_t count = 0;
  for (std::size_t t = 0; t < kListLength; ++t) {
    const std::uint32_t j = list_columns(row)[t];
    const double cost = list_costs(row)[t];
    if (cost < kInfinity) order[count++] = {cost - state_->v[j], j};
  }
  std::sort(order, order + count);
  out.clear();
  for (std::size_t t = 0; t < std::min(most, count); ++t) out.push_back(order[t].second);
}

std::size_t CandidateRows::batch() const {
  return kBatch;
}
std::size_t CandidateRows::scans() const {
  return state_->scans;
}

double CandidateRows::magnitude() const {
  const State& s = *state_;
  if (s.given != nullptr) return s.largest_given + s.largest_v;
  const double longest =
      s.n == 0 ? 0.0 : *std::max_element(s.source_norm.begin(), s.source_norm.end());
  return 2.0 * longest * s.products.target_norm() + s.largest_v;
}

}  // namespace laot::detail
