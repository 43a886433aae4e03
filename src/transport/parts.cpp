#include "laot/transport/parts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "laot/base/sums.hpp"

namespace laot::detail {

namespace {

constexpr std::uint64_t kRandomSeed = 7919, kSimilarSeed = 104729;

double inner(const double* a, const double* b, std::size_t d) {
  return sum_in_lanes<4>(d, [a, b](std::size_t k) { return a[k] * b[k]; });
}

// Brings shares in the order of their points, and those of a point together.
void put_in_order(std::vector<Share>& shares) {
  std::sort(shares.begin(), shares.end(),
            [](const Share& a, const Share& b) { return a.point < b.point; });
  std::size_t kept = 0;
  for (const Share& share : shares)
    if (kept > 0 && shares[kept - 1].point == share.point)
      shares[kept - 1].units += share.units;
    else
      shares[kept++] = share;
  shares.resize(kept);
}

// Cuts a plan in two: the pairs of least `key` (ties: the first ones) up to `units`, and the
// others; both in their order. A pair across the cut goes to both sides.
template <class Key>
std::pair<std::vector<Shipment>, std::vector<Shipment>> cut_plan(const std::vector<Shipment>& plan,
                                                                 std::int64_t units,
                                                                 const Key& key) {
  std::vector<std::pair<double, std::uint32_t>> order(plan.size());
  for (std::uint32_t k = 0; k < plan.size(); ++k) order[k] = {key(plan[k]), k};
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> low_units(plan.size(), 0);
  for (std::size_t at = 0; units > 0 && at < order.size(); ++at) {
    std::int64_t& low = low_units[order[at].second];
    low = std::min(units, plan[order[at].second].units);
    units -= low;
  }
  std::pair<std::vector<Shipment>, std::vector<Shipment>> out;
  for (std::size_t k = 0; k < plan.size(); ++k) {
    Shipment low = plan[k], high = plan[k];
    low.units = low_units[k];
    high.units -= low.units;
    if (low.units > 0) out.first.push_back(low);
    if (high.units > 0) out.second.push_back(high);
  }
  return out;
}

}  // namespace

std::int64_t units_in(const std::vector<Shipment>& plan) {
  std::int64_t units = 0;
  for (const Shipment& s : plan) units += s.units;
  return units;
}

std::vector<Part> random_parts(const std::vector<std::int64_t>& supply,
                               const std::vector<std::int64_t>& demand, std::size_t count) {
  const std::int64_t total = std::accumulate(supply.begin(), supply.end(), std::int64_t{0});
  const std::int64_t each = total / static_cast<std::int64_t>(count);
  std::vector<Part> parts(count);
  const auto deal = [&](const std::vector<std::int64_t>& units, Rng rng, auto side) {
    std::size_t k = 0;
    std::int64_t dealt = 0;
    for (const std::size_t point : rng.permutation(units.size()))
      for (std::int64_t left = units[point]; left > 0;) {
        const std::int64_t end = each * static_cast<std::int64_t>(k + 1);
        const std::int64_t some = k + 1 == count ? left : std::min(left, end - dealt);
        if (some > 0) side(parts[k]).push_back({static_cast<std::uint32_t>(point), some});
        dealt += some;
        left -= some;
        if (left > 0) ++k;
      }
    for (Part& part : parts) put_in_order(side(part));
  };
  deal(
      supply, Rng(kRandomSeed).stream(0), [](Part & part) -> auto& { return part.sources; });
  deal(
      demand, Rng(kRandomSeed).stream(1), [](Part & part) -> auto& { return part.targets; });
  return parts;
}

std::vector<Part> similar_parts(const arma::mat& x, const arma::mat& y,
                                const std::vector<Shipment>& plan, std::size_t leaf,
                                std::uint64_t seed, Context& context) {
  const std::size_t d = x.n_rows;
  std::vector<std::vector<Shipment>> level{plan};
  for (std::uint64_t depth = 0;; ++depth) {
    std::vector<std::vector<Shipment>> next(2 * level.size());
    bool any = false;
    for (const auto& group : level) any = any || group.size() > leaf;
    if (!any) break;
    parallel_for(context, level.size(), 1, [&](std::size_t k, std::size_t, int) {
      std::vector<Shipment>& group = level[k];
      const std::size_t count = (group.size() + leaf - 1) / leaf;
      if (count < 2) {
        next[2 * k] = std::move(group);
        return;
      }
      Rng rng = Rng(kSimilarSeed + seed).stream(depth * 1000003 + k);
      const Shipment& a = group[rng.below(group.size())];
      const Shipment& b = group[rng.below(group.size())];
      arma::vec direction(d);
      for (std::size_t q = 0; q < d; ++q)
        direction[q] =
            x(q, a.source) + y(q, a.target) - x(q, b.source) - y(q, b.target) + 0.1 * rng.normal();
      const std::int64_t half = static_cast<std::int64_t>(
          std::llround(static_cast<double>(units_in(group)) * static_cast<double>(count / 2) /
                       static_cast<double>(count)));
      auto parts = cut_plan(group, half, [&](const Shipment& p) {
        return inner(x.colptr(p.source), direction.memptr(), d) +
               inner(y.colptr(p.target), direction.memptr(), d);
      });
      group = {};
      next[2 * k] = std::move(parts.first);
      next[2 * k + 1] = std::move(parts.second);
    });
    level.clear();
    for (auto& group : next)
      if (!group.empty()) level.push_back(std::move(group));
  }
  std::vector<Part> out(level.size());
  for (std::size_t k = 0; k < level.size(); ++k) {
    for (const Shipment& pair : level[k]) {
      out[k].sources.push_back({pair.source, pair.units});
      out[k].targets.push_back({pair.target, pair.units});
    }
    put_in_order(out[k].sources);
    put_in_order(out[k].targets);
    out[k].plan = std::move(level[k]);
  }
  return out;
}

}  // namespace laot::detail
