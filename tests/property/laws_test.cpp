// Laws that a score of populations, an assignment and a transport obey whatever the numbers: what
// does not depend on the order of cells and features, what a common shift or scale does, what holds
// between three populations. And inputs at the edge of sense.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "laot/assignment.hpp"
#include "laot/cost_transport.hpp"
#include "laot/data/columns.hpp"
#include "laot/metrics.hpp"

using namespace laot;

namespace {

arma::mat cells(std::size_t d, std::size_t n, std::uint64_t seed, double shift = 0.0) {
  Rng rng(seed);
  arma::mat out(d, n);
  for (double& value : out) value = rng.normal() + shift;
  return out;
}

double scored(const std::string& metric, const arma::mat& p, const arma::mat& t, const arma::mat& x,
              double gamma = 0.1) {
  Context context;
  ScoreInput input;
  input.predicted = &p;
  input.observed = &t;
  input.control = &x;
  input.gamma = gamma;
  return score(metric, input, context).value;
}

bool close(double a, double b, double tolerance = 1e-9) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

// Entropic scores stop at a tolerance of the marginals.
double tolerance_of(const MetricSpec& spec) {
  return spec.name.rfind("sinkhorn", 0) == 0 ? 1e-5 : 1e-9;
}

bool is_distance(const std::string& name) {
  return name == "w1" || name == "w2" || name.rfind("energy", 0) == 0 ||
         name.rfind("mmd2", 0) == 0 || name.rfind("sinkhorn", 0) == 0 || name == "mean_ks" ||
         name == "mean_feature_w1" || name.rfind("l2_", 0) == 0;
}

}  // namespace

TEST_CASE("no score depends on the order of cells or of features") {
  const arma::mat x = cells(5, 60, 1), p = cells(5, 60, 2, 0.3), t = cells(5, 70, 3, 0.5);
  Rng rng(4);
  const std::vector<std::size_t> pairs = rng.permutation(60), others = rng.permutation(70);
  const auto features = arma::conv_to<arma::uvec>::from(rng.permutation(5));
  for (const MetricSpec& spec : metrics()) {
    CAPTURE(spec.name);
    const double value = scored(spec.name, p, t, x);
    // A predicted cell goes with its control cell. Of unequal sizes, enrichment takes the first
    // cells.
    if (spec.name.rfind("knn", 0) != 0)
      CHECK(close(
          scored(spec.name, columns_of(p, pairs), columns_of(t, others), columns_of(x, pairs)),
          value, tolerance_of(spec)));
    CHECK(close(scored(spec.name, p.rows(features), t.rows(features), x.rows(features)), value,
                tolerance_of(spec)));
  }
}

TEST_CASE("distances are symmetric, and a common shift leaves them as they are") {
  const arma::mat x = cells(4, 40, 1), p = cells(4, 50, 2, 0.3), t = cells(4, 50, 3, 0.5);
  const arma::vec shift{3.0, -2.0, 0.5, 10.0};
  arma::mat far_p = p, far_t = t, far_x = x;
  for (arma::mat* each : {&far_p, &far_t, &far_x}) each->each_col() += shift;
  for (const MetricSpec& spec : metrics()) {
    if (!is_distance(spec.name)) continue;
    CAPTURE(spec.name);
    const double value = scored(spec.name, p, t, x);
    CHECK(close(scored(spec.name, t, p, x), value, tolerance_of(spec)));
    CHECK(close(scored(spec.name, far_p, far_t, far_x), value, tolerance_of(spec)));
    CHECK(value > -0.05);  // unbiased ones may fall below 0 by chance, not by much
  }
}

TEST_CASE("distances are measured in the units of the cells") {
  const arma::mat x = cells(4, 50, 1), p = cells(4, 50, 2, 0.3), t = cells(4, 60, 3, 0.5);
  for (const double unit : {1e-3, 7.0, 1e4}) {
    CAPTURE(unit);
    const arma::mat up = unit * p, ut = unit * t, ux = unit * x;
    for (const char* name : {"w1", "w2", "mean_feature_w1", "energy_distance", "l2_sds"})
      CHECK(close(scored(name, up, ut, ux) / unit, scored(name, p, t, x)));
    for (const char* name :
         {"mean_ks", "pearson_means", "r2_means", "sd_ratio", "knn_enrichment_50", "cell_spearman"})
      CHECK(close(scored(name, up, ut, ux), scored(name, p, t, x)));
    CHECK(close(scored("mmd2", up, ut, ux, 0.1 / (unit * unit)), scored("mmd2", p, t, x, 0.1)));
  }
}

TEST_CASE("W1, W2 and the root of the energy distance keep the triangle inequality") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const arma::mat a = cells(3, 20 + seed, seed), b = cells(3, 31, 100 + seed, 0.4),
                    c = cells(3, 27, 200 + seed, -0.3);
    for (const char* name : {"w1", "w2"})
      CHECK(scored(name, a, c, a) <= scored(name, a, b, a) + scored(name, b, c, b) + 1e-12);
    const auto root = [](const arma::mat& u, const arma::mat& v) {
      return std::sqrt(scored("energy_distance_biased", u, v, u));
    };
    CHECK(root(a, c) <= root(a, b) + root(b, c) + 1e-12);
  }
}

TEST_CASE("a population in which every cell stands twice is the same population") {
  const arma::mat x = cells(3, 30, 1), p = cells(3, 30, 2, 0.3), t = cells(3, 40, 3, 0.5);
  const arma::mat twice = arma::join_rows(p, p), control_twice = arma::join_rows(x, x);
  for (const char* name : {"w1", "w2", "mmd2_biased", "energy_distance_biased", "mean_ks",
                           "mean_feature_w1", "l2_drug_signature", "sd_ratio", "r2_means"}) {
    CAPTURE(name);
    CHECK(close(scored(name, twice, t, control_twice), scored(name, p, t, x)));
    CHECK(close(scored(name, twice, p, control_twice), scored(name, p, p, x), 1e-7));
  }
}

TEST_CASE("W2 of two populations is the shift where one is the other shifted") {
  const arma::mat p = cells(4, 80, 5);
  const arma::vec shift{0.3, -0.2, 0.1, 0.4};
  arma::mat t = p;
  t.each_col() += shift;
  CHECK(close(scored("w2", p, t, p), arma::norm(shift)));
  CHECK(close(scored("w1", p, t, p), arma::norm(shift)));
  CHECK(close(scored("l2_drug_signature", p, t, p), arma::norm(shift)));
}

TEST_CASE("every score of cells at the edge of sense is a number or says why it is none") {
  Context context;
  const arma::mat usual = cells(3, 20, 1), one = cells(3, 1, 2), alike(3, 20, arma::fill::ones);
  arma::mat constant = usual;
  constant.row(1).fill(4.0);
  const arma::mat feature = usual.row(0);
  const std::vector<std::pair<arma::mat, arma::mat>> pairs = {
      {one, usual},         {usual, one},      {one, one},        {alike, usual},
      {usual, alike},       {alike, alike},    {constant, usual}, {usual, constant},
      {constant, constant}, {feature, feature}};
  for (const MetricSpec& spec : metrics())
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      CAPTURE(spec.name);
      CAPTURE(k);
      ScoreInput input;
      input.predicted = &pairs[k].first;
      input.observed = &pairs[k].second;
      input.control = &pairs[k].first;
      input.gamma = 0.5;
      try {
        const Score found = score(spec.name, input, context);
        CHECK((std::isfinite(found.value) || !found.reason.empty()));
      } catch (const Error& error) {  // a size that the metric cannot have
        CHECK(std::string(error.what()).size() > 10);
        CHECK(error.status() != Status::internal_error);
      }
    }
}

TEST_CASE("an assignment follows its rows and columns, and prices of a whole row or column") {
  Context context;
  Rng rng(9);
  for (int trial = 0; trial < 20; ++trial) {
    CAPTURE(trial);
    const std::size_t n = 2 + rng.below(30);
    arma::mat cost(n, n);  // cost(column, row); no two assignments are equally good
    for (double& value : cost) value = rng.uniform();
    const std::vector<std::uint32_t> best = solve_assignment(cost, context).column_of_row;
    // Dearer rows and columns are dearer in every assignment.
    arma::mat priced = cost;
    for (std::size_t i = 0; i < n; ++i) {
      priced.col(i) += 10.0 * rng.normal();
      priced.row(i) += 10.0 * rng.normal();
    }
    CHECK(solve_assignment(priced, context).column_of_row == best);
    // Rows in another order.
    const std::vector<std::size_t> order = rng.permutation(n);
    const std::vector<std::uint32_t> moved =
        solve_assignment(columns_of(cost, order), context).column_of_row;
    for (std::size_t i = 0; i < n; ++i) CHECK(moved[i] == best[order[i]]);
    // Rows and columns exchanged: the inverse.
    const std::vector<std::uint32_t> back =
        solve_assignment(arma::mat(cost.t()), context).column_of_row;
    for (std::size_t i = 0; i < n; ++i) CHECK(back[best[i]] == i);
    // Twice the price.
    CHECK(solve_assignment(arma::mat(2.0 * cost), context).column_of_row == best);
  }
}

TEST_CASE("costs that are no costs are refused, whatever their shape") {
  Context context;
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    arma::mat cost(4, 4, arma::fill::ones);
    cost(2, 1) = bad;
    CHECK_THROWS_AS(solve_assignment(cost, context), Error);
  }
  CHECK_THROWS_AS(solve_assignment(arma::mat(3, 4, arma::fill::ones), context), Error);
  CHECK_THROWS_AS(solve_assignment(arma::mat(0, 3), context), Error);
  CHECK(solve_assignment(arma::mat(1, 1, arma::fill::value(-2.0)), context).certificate.primal ==
        -2.0);
  // All equally good: a matching nevertheless.
  const std::vector<std::uint32_t> any =
      solve_assignment(arma::mat(50, 50, arma::fill::value(3.0)), context).column_of_row;
  CHECK(std::set<std::uint32_t>(any.begin(), any.end()).size() == 50);
}

TEST_CASE("a transport has the cost of its pieces, however the masses are cut") {
  Context context;
  Rng rng(11);
  arma::mat cost(6, 8);
  for (double& value : cost) value = rng.uniform();
  const std::vector<std::int64_t> supply{3, 1, 4, 1, 5, 9, 2, 6}, demand{5, 3, 5, 8, 9, 1};
  const double whole = solve_transport(cost, supply, demand, context).certificate.primal;
  // Twice the units, the same shares.
  std::vector<std::int64_t> twice_supply, twice_demand;
  for (const std::int64_t units : supply) twice_supply.push_back(2 * units);
  for (const std::int64_t units : demand) twice_demand.push_back(2 * units);
  CHECK(close(solve_transport(cost, twice_supply, twice_demand, context).certificate.primal, whole,
              1e-12));
  // A source cut into two at the same place.
  arma::mat cut = cost;
  cut.insert_cols(8, cost.col(5));
  std::vector<std::int64_t> cut_supply = supply;
  cut_supply[5] = 4;
  cut_supply.push_back(5);
  CHECK(close(solve_transport(cut, cut_supply, demand, context).certificate.primal, whole, 1e-12));
  // A price that everyone pays.
  CHECK(close(solve_transport(arma::mat(cost + 2.0), supply, demand, context).certificate.primal,
              whole + 2.0, 1e-12));
  CHECK_THROWS_AS(solve_transport(cost, {-1, 5, 4, 1, 5, 9, 2, 6}, demand, context), Error);
  CHECK_THROWS_AS(
      solve_transport(arma::mat(6, 8, arma::fill::value(std::nan(""))), supply, demand, context),
      Error);
}
