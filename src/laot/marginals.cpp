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

template <class Value, class Weight>
Spread spread(std::size_t count, const Value& value, const Weight& weight) {
  double mean = 0.0, square = 0.0;
  for (std::size_t i = 0; i < count; ++i) mean += weight(i) * value(i);
  for (std::size_t i = 0; i < count; ++i)
    square += weight(i) * (value(i) - mean) * (value(i) - mean);
  return {mean, std::sqrt(square)};
}

std::vector<std::uint32_t> increasing(const double* values, std::size_t count) {
  std::vector<std::uint32_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = static_cast<std::uint32_t>(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
  return order;
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

QuantileFunction::QuantileFunction(const double* values, const double* weights,
                                   const std::vector<std::uint32_t>& order) {
  values_.reserve(order.size());
  places_.reserve(order.size());
  double before = 0.0;
  for (const std::uint32_t i : order) {
    values_.push_back(values[i]);
    places_.push_back(before + 0.5 * weights[i]);
    before += weights[i];
  }
}

std::vector<double> QuantileFunction::at_middles(std::size_t count) const {
  std::vector<double> out(count);
  std::size_t above = 0;  // the first value whose place is beyond the level
  for (std::size_t k = 0; k < count; ++k) {
    const double level = (static_cast<double>(k) + 0.5) / static_cast<double>(count);
    while (above < places_.size() && places_[above] <= level) ++above;
    if (above == 0) {
      out[k] = values_.front();
    } else if (above == places_.size()) {
      out[k] = values_.back();
    } else {
      const double share = (level - places_[above - 1]) / (places_[above] - places_[above - 1]);
      out[k] = values_[above - 1] + share * (values_[above] - values_[above - 1]);
    }
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

double MarginalFit::null_distance(const std::vector<double>& pooled) const {
  const std::size_t n = cells_.weights_x.n_elem, m = cells_.weights_y.n_elem;
  const Spread of_moved = spread(
      n, [&](std::size_t i) { return pooled[i]; },
      [&](std::size_t i) { return cells_.weights_x[i]; });
  const Spread of_treated = spread(
      m, [&](std::size_t j) { return pooled[n + j]; },
      [&](std::size_t j) { return cells_.weights_y[j]; });
  const std::vector<std::uint32_t> order = increasing(pooled.data(), n + m);
  std::vector<std::uint32_t> side;
  const auto quantiles = [&](const std::vector<char>& labels, bool control, const Spread& wanted) {
    const std::vector<double>& weights = control ? weight_as_control_ : weight_as_treated_;
    side.clear();
    for (const std::uint32_t i : order)
      if ((labels[i] != 0) == control) side.push_back(i);
    const Spread own = spread(
        side.size(), [&](std::size_t k) { return pooled[side[k]]; },
        [&](std::size_t k) { return weights[side[k]]; });
    std::vector<double> out =
        QuantileFunction(pooled.data(), weights.data(), side).at_middles(options_.levels);
    bring(out, own, wanted);
    return out;
  };
  double sum = 0.0;
  for (const std::vector<char>& labels : relabellings_)
    sum += mean_square_difference(quantiles(labels, true, of_moved),
                                  quantiles(labels, false, of_treated));
  return sum / static_cast<double>(relabellings_.size());
}

double MarginalFit::strength(const QuantileFunction& moved, const QuantileFunction& treated,
                             const double* moved_values, const double* treated_values) const {
  if (relabellings_.empty()) return 1.0;
  const double observed = mean_square_difference(moved.at_middles(options_.levels),
                                                 treated.at_middles(options_.levels));
  if (!(observed > 0.0)) return 0.0;
  std::vector<double> pooled(moved_values, moved_values + cells_.weights_x.n_elem);
  pooled.insert(pooled.end(), treated_values, treated_values + cells_.weights_y.n_elem);
  return std::max(0.0, 1.0 - null_distance(pooled) / observed);
}

MarginalMap MarginalFit::map(const double* moved, const double* treated) const {
  const std::size_t n = cells_.weights_x.n_elem, m = cells_.weights_y.n_elem;
  const std::size_t knots = std::min(options_.knots, std::min(n, m) / 5);
  const QuantileFunction of_moved(moved, cells_.weights_x.memptr(), increasing(moved, n));
  const QuantileFunction of_treated(treated, cells_.weights_y.memptr(), increasing(treated, m));
  MarginalMap out = merged(of_moved.at_middles(knots), of_treated.at_middles(knots));
  if (!out.from.empty()) out.strength = strength(of_moved, of_treated, moved, treated);
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
