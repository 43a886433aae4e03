#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "laot/cost_transport.hpp"
#include "laot/metrics.hpp"

using namespace laot;

namespace {

arma::mat normal_cells(std::size_t d, std::size_t n, std::uint64_t seed, double shift = 0.0) {
  Rng rng(seed);
  arma::mat out(d, n);
  for (std::size_t i = 0; i < out.n_elem; ++i) out[i] = rng.normal() + shift;
  return out;
}

double distance(const arma::mat& x, std::size_t i, const arma::mat& y, std::size_t j) {
  double sum = 0.0;
  for (std::size_t k = 0; k < x.n_rows; ++k) sum += (x(k, i) - y(k, j)) * (x(k, i) - y(k, j));
  return std::sqrt(sum);
}

// Every cell `times` times.
arma::mat repeated(const arma::mat& x, std::size_t times) {
  arma::mat out(x.n_rows, x.n_cols * times);
  for (std::size_t i = 0; i < out.n_cols; ++i) out.col(i) = x.col(i / times);
  return out;
}

// The least mean cost over all matchings, by trying them.
double brute_force(const arma::mat& x, const arma::mat& y, double power) {
  std::vector<std::size_t> order(y.n_cols);
  std::iota(order.begin(), order.end(), std::size_t{0});
  double best = 1e300;
  do {
    double sum = 0.0;
    for (std::size_t i = 0; i < order.size(); ++i)
      sum += std::pow(distance(x, i, y, order[i]), power);
    best = std::min(best, sum / static_cast<double>(order.size()));
  } while (std::next_permutation(order.begin(), order.end()));
  return std::pow(best, 1.0 / power);
}

}  // namespace

TEST_CASE("W1 and W2 are the best of all matchings, equal and unequal sizes") {
  Context context;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const arma::mat x = normal_cells(2, 6, 3 * seed), y = normal_cells(2, 6, 3 * seed + 1, 0.5);
    CHECK(wasserstein1(x, y, context) == doctest::Approx(brute_force(x, y, 1.0)).epsilon(1e-12));
    CHECK(wasserstein2(x, y, context) == doctest::Approx(brute_force(x, y, 2.0)).epsilon(1e-12));
    const arma::mat two = normal_cells(2, 2, 3 * seed + 2), three = normal_cells(2, 3, 99 + seed);
    CHECK(wasserstein1(two, three, context) ==
          doctest::Approx(brute_force(repeated(two, 3), repeated(three, 2), 1.0)).epsilon(1e-12));
    CHECK(wasserstein2(two, three, context) ==
          doctest::Approx(brute_force(repeated(two, 3), repeated(three, 2), 2.0)).epsilon(1e-12));
  }
}

TEST_CASE("transport of a given cost: marginals, certificate, and assignment as a special case") {
  Context context;
  Rng rng(3);
  for (const auto& [n, m] : {std::pair<std::size_t, std::size_t>{30, 30}, {30, 7}, {41, 60}}) {
    arma::mat cost(m, n);
    for (std::size_t k = 0; k < cost.n_elem; ++k) cost[k] = static_cast<double>(rng.below(20));
    std::vector<std::int64_t> supply(n, static_cast<std::int64_t>(m)),
        demand(m, static_cast<std::int64_t>(n));
    const Flow flow = solve_transport(cost, supply, demand, context);
    CHECK(std::abs(flow.certificate.gap) < 1e-12);
    double sum = 0.0;
    for (std::size_t k = 0; k < flow.units.size(); ++k) {
      CHECK(flow.units[k] > 0);
      supply[flow.source[k]] -= flow.units[k];
      demand[flow.target[k]] -= flow.units[k];
      sum += static_cast<double>(flow.units[k]) * cost(flow.target[k], flow.source[k]);
    }
    CHECK(std::all_of(supply.begin(), supply.end(), [](std::int64_t k) { return k == 0; }));
    CHECK(std::all_of(demand.begin(), demand.end(), [](std::int64_t k) { return k == 0; }));
    CHECK(sum / static_cast<double>(n * m) == doctest::Approx(flow.certificate.primal));
    if (n == m)
      CHECK(flow.certificate.primal * static_cast<double>(n) ==
            doctest::Approx(solve_assignment(cost, context).certificate.primal));
  }
  CHECK_THROWS_AS(solve_transport(arma::mat(2, 2, arma::fill::ones), {1, 1}, {1, 2}, context),
                  Error);
  CHECK_THROWS_AS(solve_transport(arma::mat(2, 3, arma::fill::ones), {1, 1}, {1, 1}, context),
                  Error);
}

TEST_CASE("the energy distance is the plain mean of distances") {
  Context context;
  const arma::mat x = normal_cells(3, 130, 1), y = normal_cells(3, 40, 2, 0.4);
  double xx = 0.0, yy = 0.0, xy = 0.0;
  for (std::size_t i = 0; i < 130; ++i)
    for (std::size_t j = 0; j < 130; ++j) xx += distance(x, i, x, j);
  for (std::size_t i = 0; i < 40; ++i)
    for (std::size_t j = 0; j < 40; ++j) yy += distance(y, i, y, j);
  for (std::size_t i = 0; i < 130; ++i)
    for (std::size_t j = 0; j < 40; ++j) xy += distance(x, i, y, j);
  const EnergyDistance found = energy_distance(x, y, context);
  CHECK(found.biased == doctest::Approx(2 * xy / 5200 - xx / 16900 - yy / 1600).epsilon(1e-12));
  CHECK(found.unbiased ==
        doctest::Approx(2 * xy / 5200 - xx / (130 * 129) - yy / (40 * 39)).epsilon(1e-12));
  CHECK(std::isnan(energy_distance(x, y.cols(0, 0), context).unbiased));
  CHECK(energy_distance(x, x, context).biased == doctest::Approx(0.0).epsilon(1e-12));
}

TEST_CASE("distances of a cloud to itself, and bad input") {
  Context context;
  const arma::mat x = normal_cells(3, 20, 1);
  CHECK(wasserstein1(x, x, context) == 0.0);
  CHECK(wasserstein2(x, x, context) == 0.0);
  CHECK_THROWS_AS(wasserstein1(x, normal_cells(2, 20, 1), context), Error);
  CHECK_THROWS_AS(wasserstein2(x, arma::mat(3, 0), context), Error);
  CHECK_THROWS_AS(energy_distance(arma::mat(3, 0), x, context), Error);
}

TEST_CASE("features that the observed cells do not vary in are left out of the sd ratio") {
  arma::mat observed = normal_cells(4, 50, 1), predicted = 2.0 * observed;
  for (std::size_t i = 0; i < 50; ++i) observed(2, i) = 0.1;
  const MomentScores scores = moment_scores(predicted, observed);
  CHECK(scores.sd_ratio == doctest::Approx(2.0));
  CHECK(scores.sd_ratio_median == doctest::Approx(2.0));
  CHECK(scores.sd_ratio_left_out == 1);
  CHECK(row_moments(observed).sd[2] == 0.0);
}

TEST_CASE("undefined moment scores are NaN") {
  const arma::mat x = normal_cells(4, 5, 1);
  const MomentScores one = moment_scores(x.cols(0, 0), x);
  CHECK(std::isnan(one.l2_sds_ddof1));
  CHECK(std::isnan(one.pearson_sds));
  CHECK(std::isfinite(one.pearson_means));
  const arma::mat constant = arma::mat(4, 5, arma::fill::ones) * 0.1;
  const MomentScores flat = moment_scores(x, constant);
  CHECK(std::isnan(flat.pearson_means));
  CHECK(std::isnan(flat.r2_means));
  CHECK(std::isnan(flat.sd_ratio));
  CHECK(std::isnan(flat.sd_ratio_median));
  CHECK(flat.sd_ratio_left_out == 4);
  CHECK(std::isnan(moment_scores(x.rows(0, 0), x.rows(1, 1)).pearson_means));
  CHECK(std::isnan(pearson_mean_shift(x, x, constant)));
  CHECK_THROWS_AS(moment_scores(x, x.rows(0, 1)), Error);
  CHECK_THROWS_AS(moment_scores(arma::mat(4, 0), x), Error);
}

TEST_CASE("no change predicted has a high correlation of means and none of the shift") {
  arma::mat control = normal_cells(30, 200, 1), observed = normal_cells(30, 200, 2);
  Rng rng(5);
  for (std::size_t k = 0; k < 30; ++k) {
    const double level = 5.0 * rng.normal(), shift = rng.normal();
    for (std::size_t i = 0; i < 200; ++i) {
      control(k, i) += level;
      observed(k, i) += level + shift;
    }
  }
  CHECK(moment_scores(control, observed).pearson_means > 0.9);
  CHECK(std::isnan(pearson_mean_shift(control, control, observed)));
}

TEST_CASE("the permutation test: uniform p under equal laws, small p under a shift") {
  Context context;
  double mean = 0.0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    context.seed = seed;
    const double p = mmd2_permutation_test(normal_cells(3, 25, 2 * seed),
                                           normal_cells(3, 35, 2 * seed + 1), {0.1}, 99, context)
                         .p_value;
    CHECK(p >= 0.01);
    CHECK(p <= 1.0);
    mean += p / 40.0;
  }
  CHECK(mean == doctest::Approx(0.5).scale(0).epsilon(0.3));
  const arma::mat x = normal_cells(3, 60, 1), y = normal_cells(3, 50, 2, 1.0);
  const MmdTest test = mmd2_permutation_test(x, y, {0.1}, 199, context);
  CHECK(test.p_value == doctest::Approx(1.0 / 200.0));
  CHECK(test.mmd2 == mmd2(x, y, {0.1}, MmdEstimator::unbiased, context)[0]);
  CHECK(mmd2_permutation_test(x, y, logspace(1, -3, 50), 199, context).p_value ==
        doctest::Approx(1.0 / 200.0));
  CHECK(std::isnan(mmd2_permutation_test(x, y.cols(0, 0), {0.1}, 9, context).p_value));
  CHECK_THROWS_AS(mmd2_permutation_test(x, y, {0.1}, 0, context), Error);
  Context two;
  two.seed = context.seed;
  two.num_threads = 2;
  const arma::mat z = normal_cells(3, 1400, 7);
  CHECK(mmd2_permutation_test(z, y, {0.1}, 20, two).p_value ==
        mmd2_permutation_test(z, y, {0.1}, 20, context).p_value);
}

TEST_CASE("the permutation p-value is the count over relabelled cells") {
  Context context;
  context.seed = 8;
  const arma::mat x = normal_cells(2, 9, 1), y = normal_cells(2, 12, 2, 0.1);
  const arma::mat pooled = arma::join_rows(x, y);
  const double observed = mmd2(x, y, {0.3}, MmdEstimator::unbiased, context)[0];
  std::size_t as_large = 1;
  for (std::size_t b = 1; b <= 50; ++b) {
    const std::vector<std::size_t> drawn = Rng(8).stream(b).sample(21, 9);
    arma::mat first(2, 9), second(2, 12);
    std::size_t taken = 0, left = 0;
    for (std::size_t i = 0; i < 21; ++i) {
      if (std::find(drawn.begin(), drawn.end(), i) != drawn.end())
        first.col(taken++) = pooled.col(i);
      else
        second.col(left++) = pooled.col(i);
    }
    as_large += mmd2(first, second, {0.3}, MmdEstimator::unbiased, context)[0] >= observed ? 1 : 0;
  }
  CHECK(as_large > 2);
  CHECK(mmd2_permutation_test(x, y, {0.3}, 50, context).p_value ==
        doctest::Approx(static_cast<double>(as_large) / 51.0));
}

TEST_CASE("labellings that tie with the data's own count in the permutation test") {
  // With as many cells on either side, those of the two exchanged have the same MMD^2; the data's
  // own labelling is drawn again as well.
  for (const std::size_t n : {2, 3})
    for (std::uint64_t cloud = 0; cloud < 20; ++cloud) {
      const arma::mat x = normal_cells(3, n, 2 * cloud), y = normal_cells(3, n, 2 * cloud + 1, 0.3);
      const arma::mat pooled = arma::join_rows(x, y);
      const auto statistic = [&](const std::vector<std::size_t>& first) {
        std::vector<bool> side(2 * n, false);
        for (const std::size_t i : first) side[i] = true;
        double within = 0.0, across = 0.0;
        for (std::size_t i = 0; i < 2 * n; ++i)
          for (std::size_t j = 0; j < 2 * n; ++j) {
            if (i == j) continue;
            const double apart = distance(pooled, i, pooled, j);
            (side[i] == side[j] ? within : across) += std::exp(-0.3 * apart * apart);
          }
        const double cells = static_cast<double>(n);
        return within / (cells * (cells - 1.0)) - across / (cells * cells);
      };
      std::vector<std::size_t> own(n);
      std::iota(own.begin(), own.end(), std::size_t{0});
      const double observed = statistic(own);
      std::size_t as_large = 1, ties = 0;
      for (std::size_t b = 1; b <= 200; ++b) {
        const double drawn = statistic(Rng(cloud).stream(b).sample(2 * n, n));
        as_large += drawn >= observed - 1e-10 ? 1 : 0;
        ties += std::abs(drawn - observed) < 1e-10 ? 1 : 0;
      }
      REQUIRE(ties > 0);
      Context context;
      context.seed = cloud;
      CHECK(permutation_p_value(x, y, {0.3}, 200, context) ==
            doctest::Approx(static_cast<double>(as_large) / 201.0).epsilon(1e-12));
    }
}

TEST_CASE("one-dimensional W1 and KS, by exact transport and by hand") {
  Context context;
  const arma::mat x = normal_cells(2, 15, 1), y = normal_cells(2, 9, 2, 0.3);
  const FeatureScores scores = feature_scores(x, y, context);
  for (std::size_t k = 0; k < 2; ++k)
    CHECK(scores.w1[k] ==
          doctest::Approx(wasserstein1(x.row(k), y.row(k), context)).epsilon(1e-12));
  const arma::mat a = {{0.0, 0.0, 1.0, 3.0}}, b = {{0.0, 2.0}};
  const FeatureScores small = feature_scores(a, b, context);
  CHECK(small.ks[0] == doctest::Approx(0.25));
  CHECK(small.w1[0] == doctest::Approx(0.0 * 1 + 0.25 * 1 + 0.25 * 1));
  CHECK(small.mean_difference[0] == doctest::Approx(0.0));
  CHECK(feature_scores(x, x, context).ks[0] == 0.0);
  // Whichever of the two reaches farther.
  const FeatureScores turned = feature_scores(b, a, context);
  CHECK(turned.ks[0] == small.ks[0]);
  CHECK(turned.w1[0] == doctest::Approx(small.w1[0]).epsilon(1e-14));
  CHECK(arma::approx_equal(feature_scores(y, x, context).w1, scores.w1, "absdiff", 1e-13));
}

TEST_CASE("markers are the features that respond") {
  Context context;
  arma::mat control = normal_cells(20, 60, 1), treated = normal_cells(20, 50, 2);
  treated.row(7) += 4.0;
  treated.row(3) -= 2.5;
  for (std::size_t i = 0; i < 60; ++i) control(11, i) = 0.1;
  for (std::size_t i = 0; i < 50; ++i) treated(11, i) = 0.1;
  CHECK(marker_features(control, treated, 2, context) == std::vector<std::size_t>{7, 3});
  CHECK(marker_features(control, treated, 20, context).back() == 11);
  for (std::size_t i = 0; i < 50; ++i) treated(11, i) = 0.2;
  CHECK(marker_features(control, treated, 1, context)[0] == 11);
  CHECK_THROWS_AS(marker_features(control, treated, 21, context), Error);
  CHECK_THROWS_AS(marker_features(control.cols(0, 0), treated, 2, context), Error);
}

TEST_CASE("Spearman per cell: monotone changes keep it at 1, ties have average ranks") {
  Context context;
  const arma::mat control = normal_cells(30, 8, 1);
  arma::mat moved = control;
  for (std::size_t k = 0; k < moved.n_elem; ++k) moved[k] = std::exp(3.0 * moved[k]) - 5.0;
  for (const double r : cell_spearman(control, moved, context)) CHECK(r == doctest::Approx(1.0));
  const arma::mat a(arma::vec{1.0, 2.0, 2.0, 4.0}), b(arma::vec{4.0, 3.0, 1.0, 0.0});
  // ranks 0, 1.5, 1.5, 3 against 3, 2, 1, 0
  CHECK(cell_spearman(a, b, context)[0] == doctest::Approx(-4.5 / std::sqrt(4.5 * 5.0)));
  const arma::mat flat(30, 8, arma::fill::ones);
  CHECK(std::isnan(cell_spearman(flat, moved, context)[0]));
  CHECK_THROWS_AS(cell_spearman(control, moved.cols(0, 6), context), Error);
}

TEST_CASE("neighbours by brute force, and undefined where too few") {
  Context context, two;
  two.num_threads = 2;
  const arma::mat p = normal_cells(3, 31, 1), t = normal_cells(3, 40, 2, 0.5);
  const arma::mat pool = arma::join_rows(p, t.cols(0, 30));
  double sum = 0.0;
  for (std::size_t i = 0; i < 31; ++i) {
    std::vector<std::pair<double, std::size_t>> all;
    for (std::size_t j = 0; j < 62; ++j)
      if (j != i) all.emplace_back(distance(p, i, pool, j), j);
    std::sort(all.begin(), all.end());
    for (std::size_t r = 0; r < 10; ++r) sum += all[r].second < 31 ? 0.1 : 0.0;
  }
  CHECK(knn_enrichment(p, t, 10, context) == doctest::Approx(sum / 31.0).epsilon(1e-12));
  CHECK(knn_enrichment(p, t, 61, context) == doctest::Approx(30.0 / 61.0));
  CHECK(std::isnan(knn_enrichment(p, t, 62, context)));
  CHECK(knn_enrichment(p, t + 100.0, 10, context) == doctest::Approx(1.0));
  const arma::mat many = normal_cells(3, 2200, 3);
  CHECK(knn_enrichment(many, normal_cells(3, 2300, 4), 50, context) ==
        knn_enrichment(many, normal_cells(3, 2300, 4), 50, two));
}

TEST_CASE("of few observed cells all are the nearest, and a label's share is of these") {
  Context context;
  const arma::mat predicted(1, 1, arma::fill::zeros), observed = {{1.0, 2.0, -3.0}};
  const std::vector<std::string> own = {"a"}, labels = {"a", "a", "b"};
  const arma::vec all = own_label_shares(predicted, own, observed, labels, 10, context);
  REQUIRE(all.n_elem == 1);
  CHECK(all[0] == doctest::Approx(2.0 / 3.0));
  CHECK(own_label_shares(predicted, own, observed, labels, 2, context)[0] == doctest::Approx(1.0));
}

TEST_CASE("features that do not vary on one side are left out of the correlations of both") {
  Context context;
  // Of the first and the third feature, by hand: 4 / 5 among these cells, -1 among the others.
  const arma::mat vary = {{0, 1, 2, 3}, {4, 1, 3, 0}, {0, 1, 3, 2}},
                  flat = {{0, 1, 2, 3}, {5, 5, 5, 5}, {3, 2, 1, 0}};
  for (const CorrelationScores& scores :
       {correlation_scores(vary, flat, context), correlation_scores(flat, vary, context)}) {
    CHECK(scores.features_used == 2);
    CHECK(scores.l2 == doctest::Approx(1.8).epsilon(1e-12));
  }
}

TEST_CASE("correlations over several tiles, by hand") {
  Context context, two;
  two.num_threads = 2;
  const std::size_t d = 300;
  arma::mat p = normal_cells(d, 12, 1), t = normal_cells(d, 15, 2);
  for (std::size_t i = 0; i < 12; ++i) p(5, i) = 0.3;
  std::vector<double> a, b;
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = i + 1; j < d; ++j)
      if (i != 5 && j != 5) {
        a.push_back(pearson(p.row(i).t(), p.row(j).t()));
        b.push_back(pearson(t.row(i).t(), t.row(j).t()));
      }
  const arma::vec left(a), right(b);
  const CorrelationScores scores = correlation_scores(p, t, context);
  CHECK(scores.features_used == d - 1);
  CHECK(scores.pearson == doctest::Approx(pearson(left, right)).epsilon(1e-10));
  CHECK(scores.l2 == doctest::Approx(arma::norm(left - right)).epsilon(1e-12));
  CHECK(correlation_scores(p, t, two).l2 == scores.l2);
  CHECK(std::isnan(correlation_scores(p.rows(0, 1), t.rows(0, 1), context).pearson));
  CHECK(std::isfinite(correlation_scores(p.rows(0, 1), t.rows(0, 1), context).l2));
  CHECK(std::isnan(correlation_scores(p.rows(0, 0), t.rows(0, 0), context).l2));
}
