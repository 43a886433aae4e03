#include "laot/transport/parts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include "laot/base/prefetch.hpp"
#include "laot/base/sums.hpp"
#include "laot/linear_algebra.hpp"

namespace laot::detail {

namespace {

constexpr std::uint64_t kRandomSeed = 7919, kSimilarSeed = 104729;
constexpr std::size_t kSlice = 4096;    // pairs that a thread takes
constexpr std::size_t kPairsAhead = 8;  // that the memory is asked for
constexpr double kAside = 0.05;         // of a direction, by chance

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

/// Units of a pair of the plan that is cut.
struct Piece {
  std::uint32_t pair;
  std::int64_t units;
};
using Group = std::vector<Piece>;

// Cuts a group in two, so that the one takes half of the parts that it will be, and as much of the
// units: the pieces of least key (ties: the first ones), and the others; both in their order. A
// piece across the cut goes to both sides.
std::pair<Group, Group> cut(const Group& group, std::size_t parts, const std::vector<double>& key) {
  std::int64_t all = 0;
  for (const Piece& piece : group) all += piece.units;
  std::int64_t units = static_cast<std::int64_t>(std::llround(
      static_cast<double>(all) * static_cast<double>(parts / 2) / static_cast<double>(parts)));
  std::vector<std::pair<double, std::uint32_t>> order(group.size());
  for (std::uint32_t k = 0; k < group.size(); ++k) order[k] = {key[k], k};
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> low_units(group.size(), 0);
  for (std::size_t at = 0; units > 0 && at < order.size(); ++at) {
    std::int64_t& low = low_units[order[at].second];
    low = std::min(units, group[order[at].second].units);
    units -= low;
  }
  std::pair<Group, Group> out;
  for (std::size_t k = 0; k < group.size(); ++k) {
    Piece low = group[k], high = group[k];
    low.units = low_units[k];
    high.units -= low.units;
    if (low.units > 0) out.first.push_back(low);
    if (high.units > 0) out.second.push_back(high);
  }
  return out;
}

// x_i + y_j of the pairs, a column each, in the larger of the two units: they are read once for
// each level, and a pair of points lies in two places.
arma::fmat sums_of_pairs(const FramedCloud& x, const FramedCloud& y,
                         const std::vector<Shipment>& plan, Context& context) {
  const int unit = std::max(x.frame().exponent, y.frame().exponent);
  const double of_x = std::ldexp(1.0, x.frame().exponent - unit),
               of_y = std::ldexp(1.0, y.frame().exponent - unit);
  arma::fmat sums(x.dimension(), plan.size(), arma::fill::none);
  parallel_for(context, plan.size(), kSlice, [&](std::size_t first, std::size_t last, int) {
    for (std::size_t k = first; k < last; ++k) {
      if (k + kPairsAhead < last) prefetch(y[plan[k + kPairsAhead].target].at, y.dimension());
      const FramedPoint a = x[plan[k].source], b = y[plan[k].target];
      for (std::size_t q = 0; q < sums.n_rows; ++q)
        sums(q, k) = static_cast<float>(of_x * a[q] + of_y * b[q]);
    }
  });
  return sums;
}

// From one pair of a group to another one, and a little aside: they may be the same.
std::vector<double> direction_in(const Group& group, const arma::fmat& sums, Rng rng) {
  const float* a = sums.colptr(group[rng.below(group.size())].pair);
  const float* b = sums.colptr(group[rng.below(group.size())].pair);
  const std::size_t d = sums.n_rows;
  std::vector<double> out(d);
  for (std::size_t q = 0; q < d; ++q)
    out[q] = static_cast<double>(a[q]) - static_cast<double>(b[q]);
  const double size = std::sqrt(squared_norm(out.data(), d) / static_cast<double>(d));
  for (double& value : out) value += (size > 0.0 ? kAside * size : 1.0) * rng.normal();
  return out;
}

/// How far the pieces of the groups that are cut, of more than one part, lie along their
/// directions.
std::vector<std::vector<double>> keys_of(const std::vector<Group>& groups, const arma::fmat& sums,
                                         std::size_t leaf, const Rng& rng, Context& context) {
  struct Slice {
    std::size_t group, first;
  };
  std::vector<Slice> slices;
  std::vector<std::vector<double>> keys(groups.size()), directions(groups.size());
  for (std::size_t k = 0; k < groups.size(); ++k) {
    if (groups[k].size() <= leaf) continue;
    directions[k] = direction_in(groups[k], sums, rng.stream(k));
    keys[k].resize(groups[k].size());
    for (std::size_t first = 0; first < groups[k].size(); first += kSlice)
      slices.push_back({k, first});
  }
  parallel_for(context, slices.size(), 1, [&](std::size_t s, std::size_t, int) {
    const Group& group = groups[slices[s].group];
    const double* along = directions[slices[s].group].data();
    const std::size_t first = slices[s].first;
    for (std::size_t k = first; k < std::min(group.size(), first + kSlice); ++k) {
      if (k + kPairsAhead < group.size())
        prefetch(sums.colptr(group[k + kPairsAhead].pair), sums.n_rows);
      const float* sum = sums.colptr(group[k].pair);
      keys[slices[s].group][k] = sum_in_lanes<8>(
          sums.n_rows, [&](std::size_t q) { return static_cast<double>(sum[q]) * along[q]; });
    }
  });
  return keys;
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

std::vector<Part> similar_parts(const FramedCloud& x, const FramedCloud& y,
                                const std::vector<Shipment>& plan, std::size_t leaf,
                                std::uint64_t seed, Context& context) {
  const arma::fmat sums = sums_of_pairs(x, y, plan, context);
  std::vector<Group> level(1);
  for (std::uint32_t k = 0; k < plan.size(); ++k) level[0].push_back({k, plan[k].units});
  const auto is_part = [leaf](const Group& group) { return group.size() <= leaf; };
  for (std::uint64_t depth = 0; !std::all_of(level.begin(), level.end(), is_part); ++depth) {
    const Rng rng = Rng(kSimilarSeed + seed).stream(depth);
    const std::vector<std::vector<double>> keys = keys_of(level, sums, leaf, rng, context);
    std::vector<Group> next(2 * level.size());
    parallel_for(context, level.size(), 1, [&](std::size_t k, std::size_t, int) {
      const std::size_t parts = (level[k].size() + leaf - 1) / leaf;
      if (parts < 2)
        next[2 * k] = std::move(level[k]);
      else
        std::tie(next[2 * k], next[2 * k + 1]) = cut(level[k], parts, keys[k]);
    });
    level.clear();
    for (Group& group : next)
      if (!group.empty()) level.push_back(std::move(group));
  }
  std::vector<Part> out(level.size());
  parallel_for(context, level.size(), 1, [&](std::size_t k, std::size_t, int) {
    for (const Piece& piece : level[k]) {
      const Shipment& pair = plan[piece.pair];
      out[k].sources.push_back({pair.source, piece.units});
      out[k].targets.push_back({pair.target, piece.units});
      out[k].plan.push_back({pair.source, pair.target, piece.units});
    }
    put_in_order(out[k].sources);
    put_in_order(out[k].targets);
  });
  return out;
}

}  // namespace laot::detail
