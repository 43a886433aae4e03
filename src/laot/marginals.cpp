#include "laot/marginals.hpp"
#include "laot/base/sums.hpp"
#include "laot/linear_algebra.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace laot {

namespace {

// Knots closer than this share of the largest are one: values that differ by rounding alone.
constexpr double kSameKnot = 1e-12;

// Sorted `from` with the averaged `to` of equal ones; empty where fewer than two are distinct.
MarginalMap merged(const std::vector<double>& from, const std::vector<double>& to) {
  MarginalMap out;
  if (from.empty()) return out;
  const double same = kSameKnot * std::max(std::abs(from.front()), std::abs(from.back()));
  for (std::size_t first = 0, last; first < from.size(); first = last) {
    double sum = 0.0;
    for (last = first; last < from.size() && from[last] - from[first] <= same; ++last)
      sum += to[last];
    out.from.push_back(from[first]);
    out.to.push_back(sum / static_cast<double>(last - first));
  }
  if (out.from.size() < 2) return {};
  return out;
}

// The knot at or before `value`, at most the last but one. Where the value lies is as good as
// random: the search has no branches to guess.
std::size_t segment(const std::vector<double>& from, double value) {
  const double* first = from.data() + 1;
  for (std::size_t count = from.size() - 2; count > 0;) {
    const std::size_t half = (count + 1) / 2;
    first += half * static_cast<std::size_t>(first[half - 1] <= value);
    count -= half;
  }
  return static_cast<std::size_t>(first - from.data()) - 1;
}

struct Spread {
  double mean = 0.0, sd = 0.0;
};

Spread spread(const SortedValues& side) {
  double mean = 0.0, square = 0.0;
  for (std::size_t i = 0; i < side.values.size(); ++i) mean += side.weights[i] * side.values[i];
  for (std::size_t i = 0; i < side.values.size(); ++i)
    square += side.weights[i] * (side.values[i] - mean) * (side.values[i] - mean);
  return {mean, std::sqrt(square)};
}

// Equal values in the order of their cells.
std::vector<std::uint32_t> increasing(const double* values, std::size_t count) {
  std::vector<std::pair<double, std::uint32_t>> keyed(count);
  for (std::size_t i = 0; i < count; ++i) keyed[i] = {values[i], static_cast<std::uint32_t>(i)};
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::uint32_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = keyed[i].second;
  return order;
}

// Sorts by as many equal intervals as there are values, and within each: linear where the values
// are spread, and never worse than a sort of all.
void sort_spread(std::vector<double>& values) {
  constexpr std::size_t kFew = 64;
  const std::size_t count = values.size();
  const auto ends = std::minmax_element(values.begin(), values.end());
  const double least = count > 0 ? *ends.first : 0.0;
  const double scale = count > 0 ? static_cast<double>(count - 1) / (*ends.second - least) : 0.0;
  if (count < kFew || !std::isfinite(scale)) {
    std::sort(values.begin(), values.end());
    return;
  }
  std::vector<std::uint32_t> interval(count), start(count + 1, 0);
  for (std::size_t i = 0; i < count; ++i) {
    interval[i] = static_cast<std::uint32_t>((values[i] - least) * scale);
    ++start[interval[i] + 1];
  }
  for (std::size_t k = 0; k < count; ++k) start[k + 1] += start[k];
  std::vector<double> out(count);
  std::vector<std::uint32_t> next(start.begin(), start.end() - 1);
  for (std::size_t i = 0; i < count; ++i) out[next[interval[i]]++] = values[i];
  for (std::size_t k = 0; k < count; ++k)
    if (start[k + 1] - start[k] > 1) std::sort(out.begin() + start[k], out.begin() + start[k + 1]);
  values.swap(out);
}

double mean_square_difference(const std::vector<double>& a, const std::vector<double>& b) {
  return squared_distance(a.data(), b.data(), a.size()) / static_cast<double>(a.size());
}

// Deals the pooled cells of every stratum anew: as many are control cells as were.
std::vector<char> relabelled(const std::vector<std::vector<std::uint32_t>>& members,
                             const std::vector<std::size_t>& controls, std::size_t pooled,
                             Rng& rng) {
  std::vector<char> is_control(pooled, 0);
  for (std::size_t s = 0; s < members.size(); ++s)
    for (const std::size_t k : rng.sample(members[s].size(), controls[s]))
      is_control[members[s][k]] = 1;
  return is_control;
}

// The quantiles at (k + 1/2) / count among values of one weight that stand at these ranks of
// others.
QuantilePlaces quantile_places(const std::vector<std::uint32_t>& ranks, std::size_t count) {
  QuantilePlaces out;
  const double size = static_cast<double>(ranks.size());
  for (std::size_t k = 0; k < count; ++k) {
    const double level = (static_cast<double>(k) + 0.5) / static_cast<double>(count);
    const double place = std::min(std::max(level * size - 0.5, 0.0), size - 1.0);
    const std::size_t low = static_cast<std::size_t>(place);
    out.low.push_back(ranks[low]);
    out.high.push_back(ranks[std::min(low + 1, ranks.size() - 1)]);
    out.share.push_back(place - static_cast<double>(low));
  }
  return out;
}

// The pooled cells in order: both sides merged, the controls first in a tie. visit(value, cell).
template <class Visit>
void merge_sides(const MarginalFit::Sorted& moved, const MarginalFit::Sorted& treated,
                 const Visit& visit) {
  const std::size_t n = moved.values.size(), m = treated.values.size();
  for (std::size_t i = 0, j = 0; i < n || j < m;) {
    const bool control = j == m || (i < n && moved.values[i] <= treated.values[j]);
    visit(control, control ? i : j);
    ++(control ? i : j);
  }
}

// Mean and sd of `count` values that sum to `sum` and in squares to `square`. A variance that is
// rounding beside that of all the values is none.
Spread spread_of_sums(double sum, double square, double count, double of_all) {
  const double mean = sum / count, variance = square / count - mean * mean;
  return {mean, variance > 1e-13 * of_all ? std::sqrt(variance) : 0.0};
}

template <class Term>
double sum_of(const std::vector<double>& values, const Term& term) {
  return sum_in_lanes<4>(values.size(), [&](std::size_t k) { return term(values[k]); });
}

Spread plain_spread(const std::vector<double>& values) {
  const double count = static_cast<double>(values.size());
  const double mean = sum_of(values, [](double value) { return value; }) / count;
  const double square =
      sum_of(values, [mean](double value) { return (value - mean) * (value - mean); });
  return {mean, std::sqrt(square / count)};
}

// Brings values of one spread to another; those of a spread of 0 stay at the mean.
struct Brought {
  double factor, shift;

  Brought(const Spread& own, const Spread& wanted)
      : factor(own.sd > 0.0 ? wanted.sd / own.sd : 0.0), shift(wanted.mean - factor * own.mean) {}
  double operator()(double value) const { return factor * value + shift; }
};

}  // namespace

double MarginalMap::operator()(double value, Ends ends) const {
  if (from.empty()) return value;
  double moved;
  if (value <= from.front()) {
    moved = ends == Ends::clamped ? to.front() : value + (to.front() - from.front());
  } else if (value >= from.back()) {
    moved = ends == Ends::clamped ? to.back() : value + (to.back() - from.back());
  } else {
    const std::size_t k = segment(from, value);
    moved = to[k] + (value - from[k]) / (from[k + 1] - from[k]) * (to[k + 1] - to[k]);
  }
  return ends == Ends::clamped ? moved : value + strength * (moved - value);
}

double MarginalMap::slope(double value) const {
  if (from.empty() || value < from.front() || value >= from.back()) return 1.0;
  const std::size_t k = segment(from, value);
  return 1.0 + strength * ((to[k + 1] - to[k]) / (from[k + 1] - from[k]) - 1.0);
}

std::vector<double> SortedValues::at_middles(std::size_t count) const {
  std::vector<double> out(count, values.empty() ? 0.0 : values.back());
  const auto level_of = [count](std::size_t k) {
    return (static_cast<double>(k) + 0.5) / static_cast<double>(count);
  };
  std::size_t k = 0;
  double level = level_of(0), before = 0.0, last_place = 0.0;
  for (std::size_t i = 0; i < values.size() && k < count; ++i) {
    const double place = before + 0.5 * weights[i];
    before += weights[i];
    for (; k < count && level < place; level = level_of(++k)) {
      const double last = i > 0 ? values[i - 1] : values[0];
      const double share = i > 0 ? (level - last_place) / (place - last_place) : 0.0;
      out[k] = last + share * (values[i] - last);
    }
    last_place = place;
  }
  return out;
}

std::vector<double> QuantilePlaces::of(const std::vector<double>& sorted) const {
  std::vector<double> out(low.size());
  for (std::size_t k = 0; k < low.size(); ++k) out[k] = at(sorted.data(), k);
  return out;
}

MarginalFit::MarginalFit(MarginalCells cells, const MarginalOptions& options)
    : cells_(std::move(cells)), options_(options) {
  const std::size_t n = cells_.weights_x.n_elem, m = cells_.weights_y.n_elem;
  std::vector<std::size_t> controls;
  std::vector<double> as_control, as_treated;  // the weight of a cell of the stratum
  stratum_.resize(n + m);
  for (std::size_t i = 0; i < n + m; ++i) {
    const bool control = i < n;
    const auto& strata = control ? cells_.strata_x : cells_.strata_y;
    const std::size_t s = strata.empty() ? 0 : strata[control ? i : i - n];
    if (s >= members_.size()) {
      members_.resize(s + 1);
      controls.resize(s + 1, 0);
      as_control.resize(s + 1, 0.0);
      as_treated.resize(s + 1, 0.0);
    }
    stratum_[i] = static_cast<std::uint32_t>(s);
    members_[s].push_back(static_cast<std::uint32_t>(i));
    controls[s] += control ? 1 : 0;
    (control ? as_control : as_treated)[s] =
        control ? cells_.weights_x[i] : cells_.weights_y[i - n];
  }
  weight_as_control_.resize(n + m);
  weight_as_treated_.resize(n + m);
  for (std::size_t s = 0; s < members_.size(); ++s)
    for (const std::uint32_t i : members_[s]) {
      weight_as_control_[i] = as_control[s];
      weight_as_treated_[i] = as_treated[s];
    }
  Rng rng(options_.seed);
  for (std::size_t r = 0; r < options_.relabellings; ++r)
    relabellings_.push_back(relabelled(members_, controls, n + m, rng));
  if (members_.size() == 1 && n > 0 && m > 0) place_quantiles();
}

void MarginalFit::place_quantiles() {
  const std::size_t sizes[2] = {cells_.weights_y.n_elem, cells_.weights_x.n_elem};
  const std::size_t pooled = sizes[0] + sizes[1];
  const std::size_t knots = std::min(options_.knots, std::min(sizes[0], sizes[1]) / 5);
  for (const std::size_t side : {0u, 1u}) {
    std::vector<std::uint32_t> all(sizes[side]);
    std::iota(all.begin(), all.end(), 0u);
    knots_of_[side] = quantile_places(all, knots);
    levels_of_[side] = quantile_places(all, options_.levels);
  }
  is_control_.set_size(relabellings_.size(), pooled);
  for (std::size_t r = 0; r < relabellings_.size(); ++r) {
    std::vector<std::uint32_t> ranks[2];
    for (std::size_t k = 0; k < pooled; ++k) {
      const bool control = relabellings_[r][k] != 0;
      ranks[control].push_back(static_cast<std::uint32_t>(k));
      is_control_(r, k) = control ? 1.0 : 0.0;
    }
    for (const std::size_t side : {0u, 1u})
      relabelled_[side].push_back(quantile_places(ranks[side], options_.levels));
  }
}

MarginalFit::Sorted MarginalFit::sorted(const double* values, std::size_t count) const {
  Sorted out;
  if (members_.size() == 1) {
    out.values.assign(values, values + count);
    sort_spread(out.values);
    return out;
  }
  out.cells = increasing(values, count);
  for (const std::uint32_t i : out.cells) out.values.push_back(values[i]);
  return out;
}

SortedValues MarginalFit::weighted(const Sorted& side, const arma::vec& weights) const {
  SortedValues out;
  out.values = side.values;
  for (const std::uint32_t i : side.cells) out.weights.push_back(weights[i]);
  return out;
}

double MarginalFit::null_of_one_stratum(const Sorted& moved, const Sorted& treated) const {
  const std::size_t count = relabellings_.size();
  const std::size_t pooled = moved.values.size() + treated.values.size();
  std::vector<double> values;  // about their mean, in order
  values.reserve(pooled);
  merge_sides(moved, treated, [&](bool control, std::size_t k) {
    values.push_back((control ? moved : treated).values[k]);
  });
  const auto itself = [](double value) { return value; };
  const double mean = sum_of(values, itself) / static_cast<double>(pooled);
  arma::mat about(pooled, 2);
  for (std::size_t k = 0; k < pooled; ++k) {
    values[k] -= mean;
    about(k, 0) = values[k];
    about(k, 1) = values[k] * values[k];
  }
  Spread wanted[2] = {plain_spread(treated.values), plain_spread(moved.values)};
  for (Spread& side : wanted) side.mean -= mean;
  // Of the relabelled controls; the others are what is left of the whole.
  const arma::mat sums = is_control_ * about;
  const double total = sum_of(values, itself);
  const double total_square = sum_of(values, [](double value) { return value * value; });
  const double n = static_cast<double>(moved.values.size());
  const double m = static_cast<double>(treated.values.size());
  const double variance = total_square / (n + m);
  double out = 0.0;
  for (std::size_t r = 0; r < count; ++r) {
    const Brought control(spread_of_sums(sums(r, 0), sums(r, 1), n, variance), wanted[1]);
    const Brought other(spread_of_sums(total - sums(r, 0), total_square - sums(r, 1), m, variance),
                        wanted[0]);
    const QuantilePlaces &of_control = relabelled_[1][r], &of_other = relabelled_[0][r];
    out += sum_of_squares(options_.levels,
                          [&](std::size_t k) {
                            return control(of_control.at(values.data(), k)) -
                                   other(of_other.at(values.data(), k));
                          }) /
           static_cast<double>(options_.levels);
  }
  return out / static_cast<double>(count);
}

double MarginalFit::null_distance(const Sorted& moved, const Sorted& treated) const {
  const std::size_t n = moved.values.size(), m = treated.values.size();
  // The pooled cells in order: the value, the weights, and the cell whose label it takes.
  std::vector<double> pooled, weight[2];
  std::vector<std::uint32_t> labelled;
  std::vector<std::size_t> met(members_.size(), 0);
  merge_sides(moved, treated, [&](bool control, std::size_t k) {
    const std::size_t cell = control ? moved.cells[k] : n + treated.cells[k];
    const std::uint32_t s = stratum_[cell];
    pooled.push_back((control ? moved : treated).values[k]);
    weight[0].push_back(weight_as_treated_[cell]);
    weight[1].push_back(weight_as_control_[cell]);
    labelled.push_back(members_[s][met[s]++]);
  });
  const Spread wanted[2] = {spread(weighted(treated, cells_.weights_y)),
                            spread(weighted(moved, cells_.weights_x))};
  SortedValues sides[2];
  for (const std::size_t side : {0u, 1u}) {
    sides[side].values.resize(side == 1 ? n : m);
    sides[side].weights.resize(side == 1 ? n : m);
  }
  double sum = 0.0;
  for (const std::vector<char>& labels : relabellings_) {
    std::size_t at[2] = {0, 0};
    for (std::size_t k = 0; k < pooled.size(); ++k) {
      const std::size_t side = labels[labelled[k]] != 0 ? 1 : 0;
      sides[side].values[at[side]] = pooled[k];
      sides[side].weights[at[side]++] = weight[side][k];
    }
    std::vector<double> quantiles[2];
    for (const std::size_t side : {0u, 1u}) {
      quantiles[side] = sides[side].at_middles(options_.levels);
      const Brought brought(spread(sides[side]), wanted[side]);
      for (double& value : quantiles[side]) value = brought(value);
    }
    sum += mean_square_difference(quantiles[1], quantiles[0]);
  }
  return sum / static_cast<double>(relabellings_.size());
}

namespace {

double strength_of(double observed, double null) {
  return observed > 0.0 ? std::max(0.0, 1.0 - null / observed) : 0.0;
}

}  // namespace

MarginalMap MarginalFit::map_of_one_stratum(const Sorted& moved, const Sorted& treated) const {
  MarginalMap out = merged(knots_of_[1].of(moved.values), knots_of_[0].of(treated.values));
  if (out.from.empty() || relabellings_.empty()) return out;
  out.strength = strength_of(
      mean_square_difference(levels_of_[1].of(moved.values), levels_of_[0].of(treated.values)),
      null_of_one_stratum(moved, treated));
  return out;
}

MarginalMap MarginalFit::map(const Sorted& moved, const Sorted& treated) const {
  if (members_.size() == 1) return map_of_one_stratum(moved, treated);
  const SortedValues from = weighted(moved, cells_.weights_x);
  const SortedValues to = weighted(treated, cells_.weights_y);
  const std::size_t fewer = std::min(from.values.size(), to.values.size());
  const std::size_t knots = std::min(options_.knots, fewer / 5);
  MarginalMap out = merged(from.at_middles(knots), to.at_middles(knots));
  if (out.from.empty() || relabellings_.empty()) return out;
  out.strength = strength_of(
      mean_square_difference(from.at_middles(options_.levels), to.at_middles(options_.levels)),
      null_distance(moved, treated));
  return out;
}

MarginalMap MarginalFit::map(const double* moved, const double* treated) const {
  return map(sorted(moved, cells_.weights_x.n_elem), sorted(treated, cells_.weights_y.n_elem));
}

MarginalMaps::MarginalMaps(const arma::mat& from, const arma::mat& to, const arma::vec& strength) {
  for (std::size_t k = 0; k < from.n_cols; ++k) {
    MarginalMap map;
    map.strength = strength[k];
    for (std::size_t r = 0; r < from.n_rows; ++r) {
      if (r > 0 && !(from(r, k) > map.from.back())) break;
      map.from.push_back(from(r, k));
      map.to.push_back(to(r, k));
    }
    if (map.from.size() < 2) map.from = map.to = {};
    features_.push_back(std::move(map));
  }
}

void MarginalMaps::apply(arma::mat& cells, Ends ends) const {
  // A few features at a time, whose knots stay at hand while the cells go by.
  constexpr std::size_t kFeatures = 8;
  for (std::size_t first = 0; first < cells.n_rows; first += kFeatures) {
    const std::size_t last = std::min<std::size_t>(first + kFeatures, cells.n_rows);
    for (std::size_t i = 0; i < cells.n_cols; ++i)
      for (std::size_t k = first; k < last; ++k) cells(k, i) = features_[k](cells(k, i), ends);
  }
}

void MarginalMaps::append(const MarginalMaps& more) {
  features_.insert(features_.end(), more.features_.begin(), more.features_.end());
}

namespace {

arma::mat padded(const std::vector<MarginalMap>& maps, std::vector<double> MarginalMap::*knots) {
  std::size_t most = 0;
  for (const MarginalMap& map : maps) most = std::max(most, (map.*knots).size());
  arma::mat out(most, maps.size(), arma::fill::zeros);
  for (std::size_t k = 0; k < maps.size(); ++k) {
    const std::vector<double>& values = maps[k].*knots;
    if (values.empty()) continue;
    for (std::size_t r = 0; r < most; ++r) out(r, k) = values[std::min(r, values.size() - 1)];
  }
  return out;
}

}  // namespace

arma::mat MarginalMaps::from() const {
  return padded(features_, &MarginalMap::from);
}

arma::mat MarginalMaps::to() const {
  return padded(features_, &MarginalMap::to);
}

arma::vec MarginalMaps::strength() const {
  arma::vec out(features_.size());
  for (std::size_t k = 0; k < features_.size(); ++k) out[k] = features_[k].strength;
  return out;
}

std::vector<MarginalFit::Sorted> sorted_features(const MarginalFit& fit, const arma::mat& cells,
                                                 Context& context) {
  const arma::mat by_feature = cells.t();
  std::vector<MarginalFit::Sorted> out(cells.n_rows);
  parallel_for(context, out.size(), 1, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t k = first; k < last; ++k)
      out[k] = fit.sorted(by_feature.colptr(k), by_feature.n_rows);
  });
  return out;
}

MarginalMaps fit_marginals(const MarginalFit& fit, const arma::mat& moved,
                           const std::vector<MarginalFit::Sorted>& treated, Context& context) {
  const arma::mat by_feature = moved.t();
  std::vector<MarginalMap> maps(moved.n_rows);
  parallel_for(context, maps.size(), 1, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t k = first; k < last; ++k)
      maps[k] = fit.map(fit.sorted(by_feature.colptr(k), by_feature.n_rows), treated[k]);
  });
  return MarginalMaps(std::move(maps));
}

MarginalMaps fit_marginals(const MarginalFit& fit, const arma::mat& moved, const arma::mat& treated,
                           Context& context) {
  return fit_marginals(fit, moved, sorted_features(fit, treated, context), context);
}

}  // namespace laot
