#include "laot/marginals.hpp"

#include <algorithm>
#include <cmath>

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

// The knot at or before `value`, at most the last but one.
std::size_t segment(const std::vector<double>& from, double value) {
  const auto after = std::upper_bound(from.begin() + 1, from.end() - 1, value);
  return static_cast<std::size_t>(after - from.begin()) - 1;
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

SortedValues in_order(const std::vector<std::uint32_t>& order, const double* values,
                      const arma::vec& weights) {
  SortedValues out;
  out.values.reserve(order.size());
  out.weights.reserve(order.size());
  for (const std::uint32_t i : order) {
    out.values.push_back(values[i]);
    out.weights.push_back(weights[i]);
  }
  return out;
}

double mean_square_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return sum / static_cast<double>(a.size());
}

// `values` of one spread brought to another; a spread of 0 stays at the mean.
void bring(std::vector<double>& values, const Spread& own, const Spread& wanted) {
  const double factor = own.sd > 0.0 ? wanted.sd / own.sd : 0.0;
  for (double& value : values) value = (value - own.mean) * factor + wanted.mean;
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

MarginalFit::MarginalFit(MarginalCells cells, const MarginalOptions& options)
    : cells_(std::move(cells)), options_(options) {
  const std::size_t n = cells_.weights_x.n_elem, m = cells_.weights_y.n_elem;
  std::vector<std::vector<std::uint32_t>> members;
  std::vector<std::size_t> controls;
  std::vector<double> as_control, as_treated;  // the weight of a cell of the stratum
  for (std::size_t i = 0; i < n + m; ++i) {
    const bool control = i < n;
    const auto& strata = control ? cells_.strata_x : cells_.strata_y;
    const std::size_t s = strata.empty() ? 0 : strata[control ? i : i - n];
    if (s >= members.size()) {
      members.resize(s + 1);
      controls.resize(s + 1, 0);
      as_control.resize(s + 1, 0.0);
      as_treated.resize(s + 1, 0.0);
    }
    members[s].push_back(static_cast<std::uint32_t>(i));
    controls[s] += control ? 1 : 0;
    (control ? as_control : as_treated)[s] =
        control ? cells_.weights_x[i] : cells_.weights_y[i - n];
  }
  weight_as_control_.resize(n + m);
  weight_as_treated_.resize(n + m);
  for (std::size_t s = 0; s < members.size(); ++s)
    for (const std::uint32_t i : members[s]) {
      weight_as_control_[i] = as_control[s];
      weight_as_treated_[i] = as_treated[s];
    }
  Rng rng(options_.seed);
  for (std::size_t r = 0; r < options_.relabellings; ++r)
    relabellings_.push_back(relabelled(members, controls, n + m, rng));
}

MarginalFit::Side MarginalFit::side(const double* values, const arma::vec& weights) {
  Side out;
  out.order = increasing(values, weights.n_elem);
  out.sorted = in_order(out.order, values, weights);
  return out;
}

double MarginalFit::null_distance(const Side& moved, const Side& treated) const {
  const std::size_t n = moved.order.size(), m = treated.order.size();
  // Both sides are sorted: the pooled cells in order are their merger, the controls first in a tie.
  std::vector<std::uint32_t> order;
  std::vector<double> pooled;
  for (std::size_t i = 0, j = 0; i < n || j < m;) {
    const bool control = j == m || (i < n && moved.sorted.values[i] <= treated.sorted.values[j]);
    pooled.push_back(control ? moved.sorted.values[i] : treated.sorted.values[j]);
    order.push_back(control ? moved.order[i] : static_cast<std::uint32_t>(n) + treated.order[j]);
    ++(control ? i : j);
  }
  const Spread wanted[2] = {spread(treated.sorted), spread(moved.sorted)};
  SortedValues sides[2];
  for (const std::size_t side : {0u, 1u}) {
    sides[side].values.resize(side == 1 ? n : m);
    sides[side].weights.resize(side == 1 ? n : m);
  }
  double sum = 0.0;
  for (const std::vector<char>& labels : relabellings_) {
    std::size_t at[2] = {0, 0};
    for (std::size_t k = 0; k < order.size(); ++k) {
      const std::uint32_t i = order[k];
      const std::size_t side = labels[i] != 0 ? 1 : 0;
      sides[side].values[at[side]] = pooled[k];
      sides[side].weights[at[side]++] = (side == 1 ? weight_as_control_ : weight_as_treated_)[i];
    }
    std::vector<double> quantiles[2];
    for (const std::size_t side : {0u, 1u}) {
      quantiles[side] = sides[side].at_middles(options_.levels);
      bring(quantiles[side], spread(sides[side]), wanted[side]);
    }
    sum += mean_square_difference(quantiles[1], quantiles[0]);
  }
  return sum / static_cast<double>(relabellings_.size());
}

MarginalMap MarginalFit::map(const double* moved, const double* treated) const {
  const Side control_side = side(moved, cells_.weights_x);
  const Side treated_side = side(treated, cells_.weights_y);
  const SortedValues &from = control_side.sorted, &to = treated_side.sorted;
  const std::size_t fewer = std::min(from.values.size(), to.values.size());
  const std::size_t knots = std::min(options_.knots, fewer / 5);
  MarginalMap out = merged(from.at_middles(knots), to.at_middles(knots));
  if (out.from.empty() || relabellings_.empty()) return out;
  const double observed =
      mean_square_difference(from.at_middles(options_.levels), to.at_middles(options_.levels));
  out.strength =
      observed > 0.0 ? std::max(0.0, 1.0 - null_distance(control_side, treated_side) / observed) : 0.0;
  return out;
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
  for (std::size_t i = 0; i < cells.n_cols; ++i)
    for (std::size_t k = 0; k < cells.n_rows; ++k) cells(k, i) = features_[k](cells(k, i), ends);
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

MarginalMaps fit_marginals(const MarginalFit& fit, const arma::mat& moved, const arma::mat& treated,
                           Context& context) {
  const arma::mat by_feature = moved.t(), treated_by_feature = treated.t();
  std::vector<MarginalMap> maps(moved.n_rows);
  parallel_for(context, maps.size(), 1, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t k = first; k < last; ++k)
      maps[k] = fit.map(by_feature.colptr(k), treated_by_feature.colptr(k));
  });
  return MarginalMaps(std::move(maps));
}

}  // namespace laot
