// Parts of a transport problem: all units of a plan once, at most so many pairs, those that may
// trade places together, in every unit of the points.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <utility>

#include "laot/transport/parts.hpp"
#include "support/clouds.hpp"

using namespace laot;
using namespace laot::detail;

namespace {

using Pairs = std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t>;

Pairs pairs_of(const std::vector<Shipment>& plan) {
  Pairs out;
  for (const Shipment& s : plan) out[{s.source, s.target}] += s.units;
  return out;
}

// The plan of each part in one row: what decides whether two partitions are the same.
std::vector<Pairs> groups_of(const std::vector<Part>& parts) {
  std::vector<Pairs> out;
  for (const Part& part : parts) out.push_back(pairs_of(part.plan));
  return out;
}

void check_shares(const Part& part) {
  std::map<std::uint32_t, std::int64_t> out, in;
  for (const Shipment& s : part.plan) {
    CHECK(s.units > 0);
    out[s.source] += s.units;
    in[s.target] += s.units;
  }
  REQUIRE(part.sources.size() == out.size());
  REQUIRE(part.targets.size() == in.size());
  auto source = out.begin(), target = in.begin();
  for (const Share& share : part.sources) {
    CHECK(share.point == source->first);
    CHECK(share.units == (source++)->second);
  }
  for (const Share& share : part.targets) {
    CHECK(share.point == target->first);
    CHECK(share.units == (target++)->second);
  }
}

// Each source goes to two targets, with 1 to 5 units.
std::vector<Shipment> plan_of(std::uint32_t n) {
  Rng rng(4);
  std::vector<Shipment> out;
  for (std::uint32_t i = 0; i < n; ++i) {
    out.push_back({i, i, 1 + static_cast<std::int64_t>(rng.below(5))});
    if (i + 1 < n) out.push_back({i, i + 1, 1 + static_cast<std::int64_t>(rng.below(5))});
  }
  return out;
}

}  // namespace

TEST_CASE("similar parts have all units of a plan, and at most so many pairs each") {
  Context one, two;
  two.num_threads = 2;
  const std::uint32_t n = 9000;
  const arma::mat x = clouds::gaussian(6, n, 1), y = 2.0 * clouds::gaussian(6, n, 2) + 1.0;
  const std::vector<Shipment> plan = plan_of(n);
  const FramedCloud from = framed_cloud(x), to = framed_cloud(y);
  const std::vector<Part> parts = similar_parts(from, to, plan, 700, 3, one);
  std::vector<Shipment> all;
  for (const Part& part : parts) {
    CHECK(part.plan.size() <= 700);
    CHECK(part.plan.size() > 200);
    check_shares(part);
    all.insert(all.end(), part.plan.begin(), part.plan.end());
  }
  CHECK(pairs_of(all) == pairs_of(plan));
  CHECK(groups_of(similar_parts(from, to, plan, 700, 3, two)) == groups_of(parts));
  CHECK(groups_of(similar_parts(from, to, plan, 700, 4, one)) != groups_of(parts));
  CHECK(groups_of(similar_parts(from, to, plan, plan.size(), 3, one)) ==
        std::vector<Pairs>{pairs_of(plan)});
}

TEST_CASE("similar parts are of pairs whose sums lie together, whatever the unit of the points") {
  Context context;
  const std::uint32_t n = 3000;
  arma::mat x = clouds::gaussian(5, n, 5), y = clouds::gaussian(5, n, 6);
  const auto in_cluster = [](std::uint32_t i) { return i % 5 < 2; };
  for (std::uint32_t i = 0; i < n; ++i)
    if (in_cluster(i)) y(2, i) += 30.0;
  std::vector<Shipment> plan;
  for (std::uint32_t i = 0; i < n; ++i) plan.push_back({i, i, 1});
  const auto parts_at = [&](double scale, double shift) {
    const arma::mat a = scale * x + shift, b = scale * y + shift;
    return similar_parts(framed_cloud(a), framed_cloud(b), plan, 300, 0, context);
  };
  const std::vector<Part> parts = parts_at(1.0, 0.0);
  std::size_t mixed = 0;
  for (const Part& part : parts) {
    const auto count = std::count_if(part.plan.begin(), part.plan.end(),
                                     [&](const Shipment& s) { return in_cluster(s.source); });
    mixed += count > 0 && count < static_cast<std::ptrdiff_t>(part.plan.size());
  }
  CHECK(mixed <= 2);
  for (const double scale : {0x1p-300, 0x1p+300})
    CHECK(groups_of(parts_at(scale, 0.0)) == groups_of(parts));
  // Without spread every cut is as good.
  x.fill(1.0);
  y.fill(2.0);
  for (const Part& part : parts_at(1.0, 0.0)) check_shares(part);
}

TEST_CASE("random parts have all units of both sides, as many each") {
  const std::vector<std::int64_t> supply{3, 1, 4, 1, 5, 9, 2, 6}, demand{5, 3, 5, 8, 9, 1};
  const std::vector<Part> parts = random_parts(supply, demand, 3);
  REQUIRE(parts.size() == 3);
  std::vector<std::int64_t> out(supply.size(), 0), in(demand.size(), 0);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    std::int64_t sources = 0, targets = 0;
    for (const Share& share : parts[k].sources)
      sources += share.units, out[share.point] += share.units;
    for (const Share& share : parts[k].targets)
      targets += share.units, in[share.point] += share.units;
    CHECK(sources == (k == 2 ? 11 : 10));
    CHECK(targets == sources);
    CHECK(parts[k].plan.empty());
  }
  CHECK(out == supply);
  CHECK(in == demand);
}
