// Covariates, embeddings, nearest conditions and the simulated screen.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "laot/conditions/condition_regression.hpp"
#include "laot/conditions/covariates.hpp"
#include "laot/conditions/embeddings.hpp"
#include "laot/conditions/nearest_condition.hpp"
#include "laot/conditions/simulated_screen.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

ConditionCovariates single(std::size_t level, double dose) {
  return {{{level, dose}}, {}};
}

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// The squared error of refits without each group, in which a condition keeps its weight of 1/C.
double error_of_refits(const arma::mat& phi, const arma::mat& z, const ConditionGroups& groups,
                       double ridge) {
  const arma::mat added =
      ridge * static_cast<double>(phi.n_cols) * arma::eye(phi.n_rows, phi.n_rows);
  double out = 0.0;
  for (arma::uword c = 0; c < phi.n_cols; ++c) {
    std::vector<arma::uword> others;
    for (arma::uword other = 0; other < phi.n_cols; ++other)
      if (groups[other] != groups[c]) others.push_back(other);
    const arma::uvec kept(others);
    const arma::mat p = phi.cols(kept), y = z.cols(kept);
    const arma::mat of_others = y * p.t() * arma::inv(arma::mat(p * p.t() + added));
    const arma::vec off = z.col(c) - of_others * phi.col(c);
    out += arma::dot(off, off);
  }
  return out;
}

// 10^-4, 10^-3.5, .., 10^1.5.
std::vector<double> ridges() {
  std::vector<double> out;
  for (double exponent = -4.0; exponent < 1.75; exponent += 0.5)
    out.push_back(std::pow(10.0, exponent));
  return out;
}

double best_by_refits(const arma::mat& phi, const arma::mat& z, const ConditionGroups& groups) {
  double best = kNaN, least = kInfinity;
  for (const double ridge : ridges()) {
    const double error = error_of_refits(phi, z, groups, ridge);
    if (error < least) best = ridge;
    least = std::min(least, error);
  }
  return best;
}

// Each of so many conditions on its own.
ConditionGroups each_alone(std::size_t conditions) {
  ConditionGroups out;
  for (std::size_t c = 0; c < conditions; ++c) out.push_back(c);
  return out;
}

// Levels 0, 1 and 2 of four, at doses 1, 3 and 7.
CovariateFeatures some_features() {
  arma::mat embedding{{0.0, 1.0, 2.0, 5.0}, {1.0, 1.0, 1.0, 1.0}};
  return CovariateFeatures(
      {single(0, 1.0), single(0, 7.0), single(1, 3.0), single(2, 7.0), {{{0, 7.0}, {1, 7.0}}, {}}},
      embedding);
}

}  // namespace

TEST_CASE("features of a condition are those of the mixed model") {
  const CovariateFeatures features = some_features();
  // Treatments of training: coordinates 0, 0, 1, 2, 0, 1; the second coordinate is constant.
  const double mean = 4.0 / 6.0, sd = std::sqrt(6.0 / 6.0 - mean * mean);
  const double u = std::log1p(3.0) / std::log1p(7.0);
  CHECK(features.size() == 2 * (1 + 1 + 4) + 5);
  const arma::vec phi = features(single(1, 3.0));
  arma::vec wanted(features.size(), arma::fill::zeros);
  wanted[0] = u;
  wanted[1] = u * (1.0 - mean) / sd;
  wanted[3] = u;
  wanted[6] = u * u;
  wanted[7] = u * u * (1.0 - mean) / sd;
  wanted[9] = u * u;
  wanted[12 + 2] = 0.5;
  CHECK(arma::abs(phi - wanted).max() < 1e-14);
  CHECK(arma::abs(features.training().col(2) - wanted).max() < 1e-14);
  // A combination adds up, in any order, and has an effect of its own; twice a drug is twice it.
  const arma::vec pair = features({{{1, 7.0}, {0, 7.0}}, {}});
  const arma::vec sum = features(single(0, 7.0)) + features(single(1, 7.0));
  CHECK(arma::abs(pair.head(12) - sum.head(12)).max() < 1e-14);
  CHECK(pair[16] == 0.5);
  const arma::vec twice = features({{{2, 7.0}, {2, 7.0}}, {}});
  CHECK(arma::abs(twice.head(12) - 2.0 * features(single(2, 7.0)).head(12)).max() < 1e-14);
  // A level that was not seen has the embedding's part only.
  CHECK(arma::abs(features(single(3, 7.0)).tail(5)).max() == 0.0);
  CHECK(features(single(3, 7.0))[1] == doctest::Approx((5.0 - mean) / sd));
  CHECK(features(single(3, 7.0))[5] == 0.0);
  CHECK(arma::abs(features(single(3, 0.0))).max() == 0.0);
}

TEST_CASE("levels weigh as asked, and a training condition of dose 0 changes nothing") {
  const std::vector<ConditionCovariates> training{single(0, 1.0), single(1, 4.0), single(1, 0.0)};
  CovariateOptions half;
  half.level_weight = 0.5;
  half.condition_weight = 0.25;
  const CovariateFeatures features(training, arma::mat(0, 2), half);
  const arma::vec phi = features(single(1, 4.0));  // u = 1: [1, level 0, level 1] twice, conditions
  CHECK(arma::approx_equal(phi, arma::vec{1.0, 0.0, 0.5, 1.0, 0.0, 0.5, 0.0, 0.25, 0.0}, "absdiff",
                           1e-14));
  CHECK(arma::abs(features(single(1, 0.0))).max() == 0.0);
  // Levels of a context as well: [1, its coordinate, level 0, two of the context, conditions].
  const std::vector<ConditionCovariates> patients{{{{0, kNaN}}, {0.0}, {0}},
                                                  {{{0, kNaN}}, {1.0}, {1}}};
  const arma::vec second = CovariateFeatures(patients, arma::mat(0, 1), half)(patients[1]);
  CHECK(arma::approx_equal(second.tail(5), arma::vec{0.5, 0.0, 0.5, 0.0, 0.25}, "absdiff", 1e-14));
}

TEST_CASE("the unit of a dose does not matter, nor is there a dose where none is given") {
  const auto doses = [](double unit) {
    return CovariateFeatures({single(0, unit), single(0, 5.0 * unit), single(0, 20.0 * unit)},
                             arma::mat(0, 1));
  };
  CHECK(arma::abs(doses(1.0).training() - doses(1e-3).training()).max() < 1e-12);
  const CovariateFeatures one_dose({single(0, 25.0), single(1, 25.0)}, arma::mat(0, 2));
  CHECK(one_dose.single_dose());
  CHECK(one_dose(single(0, 12.5))[0] == doctest::Approx(std::log(1.5) / std::log(2.0)));
  const CovariateFeatures none({single(0, kNaN), single(1, kNaN)}, arma::mat(0, 2));
  CHECK(!none.has_dose());
  CHECK(none(single(0, kNaN))[0] == 1.0);
}

TEST_CASE("what a condition is to those that were trained on") {
  const CovariateFeatures features = some_features();
  const auto kind = [&](const ConditionCovariates& c) {
    return std::string(name_of(features.kind(c)));
  };
  CHECK(kind(single(0, 7.0)) == "seen");
  CHECK(kind({{{1, 7.0}, {0, 7.0}}, {}}) == "seen");
  CHECK(kind(single(0, 3.0)) == "unseen_dose");
  CHECK(kind({{{1, 3.0}, {0, 7.0}}, {}}) == "unseen_dose");
  CHECK(kind(single(3, 7.0)) == "unseen_level");
  CHECK(kind({{{1, 7.0}, {2, 7.0}}, {}}) == "unseen_combination");
  CHECK(features.beyond_doses(single(0, 7.0)).empty());
  CHECK(features.beyond_doses(single(0, 7.1))
            .find("a dose of 7.1 lies beyond those that were seen") == 0);
  const arma::vec here{0.0}, there{1.0}, nowhere{2.0};
  const CovariateFeatures lines({{{{0, 1.0}}, here}, {{{1, 1.0}}, here}, {{{0, 1.0}}, there}},
                                arma::mat(0, 2));
  CHECK(lines.kind({{{0, 1.0}}, nowhere}) == ConditionKind::unseen_context);
  CHECK(lines.kind({{{1, 1.0}}, there}) == ConditionKind::unseen_combination);
  CHECK(lines.kind({{{0, 2.0}}, there}) == ConditionKind::unseen_dose);
}

TEST_CASE("covariates that cannot be used are refused with what was found") {
  const arma::mat embedding(1, 2, arma::fill::randu);
  const auto with = [&](std::vector<ConditionCovariates> conditions) {
    return refusal([&] { (void)CovariateFeatures(conditions, embedding); });
  };
  CHECK(with({single(0, -1.0)}) == "a dose must be 0 or a positive number, found -1");
  CHECK(with({single(0, 1.0), single(1, kNaN)}) ==
        "some treatments have a dose and others have none");
  CHECK(with({single(0, 1.0), single(2, 1.0)}) ==
        "a level has no column in the embedding of 2 levels");
  CHECK(with({single(0, 0.0)}) == "all training doses are 0: nothing can be learnt of a dose");
  CHECK(with({single(0, 1.0), single(1, 2.0), single(0, 1.0)}).find("conditions 1 and 3") == 0);
  // As many as a damaged file may name, none like another: no two are compared more than once.
  std::vector<ConditionCovariates> many;
  for (int k = 1; k <= 100000; ++k) many.push_back(single(k % 2, k));
  many.push_back(single(0, 99998));
  CHECK(with(many).find("conditions 99998 and 100001 (counted from 1)") == 0);
  CHECK(with({}) == "an experiment needs at least one condition");
  const CovariateFeatures one_hot({single(0, 1.0)}, arma::mat(0, 2));
  CHECK(refusal([&] { (void)one_hot(single(1, 1.0)); }).find("level 2 (counted from 1)") == 0);
}

TEST_CASE("regression over conditions predicts each from the others as a new fit would") {
  const arma::mat phi = clouds::gaussian(9, 7, 1), z = clouds::gaussian(3, 7, 2);
  const ConditionRegression regression(phi);
  const double ridge = 0.07;
  const arma::mat left = regression.left_out(z, ridge);
  const arma::mat grouped = regression.left_out(z, ridge, {4, 1, 4, 1, 0, 9, 4});
  const auto without = [&](const arma::uvec& keep) {
    const arma::mat p = phi.cols(keep), y = z.cols(keep);
    return arma::mat(y * p.t() * arma::inv(p * p.t() + 7.0 * ridge * arma::eye(9, 9)));
  };
  for (arma::uword c = 0; c < 7; ++c) {
    arma::uvec keep = arma::regspace<arma::uvec>(0, 6);
    keep.shed_row(c);
    CHECK(arma::abs(left.col(c) - without(keep) * phi.col(c)).max() < 1e-10);
  }
  for (const arma::uword c : {0, 2, 6})
    CHECK(arma::abs(grouped.col(c) - without({1, 3, 4, 5}) * phi.col(c)).max() < 1e-10);
  CHECK(arma::abs(regression.fit(z, ridge) - without(arma::regspace<arma::uvec>(0, 6))).max() <
        1e-10);
  // Without a ridge, more features than conditions: every condition is met.
  CHECK(arma::abs(regression.fit(z, 0.0) * phi - z).max() < 1e-9);
  CHECK(ConditionRegression(phi.cols(0, 2)).choose_ridge(z.cols(0, 2)) == 0.0);
  // Values that are linear in phi ask for the least ridge, noise for the largest.
  const arma::mat many = clouds::gaussian(2, 30, 5);
  const arma::mat linear = clouds::gaussian(3, 2, 6) * many;
  CHECK(ConditionRegression(many).choose_ridge(linear) == doctest::Approx(1e-4));
  CHECK(ConditionRegression(many).choose_ridge(clouds::gaussian(3, 30, 8)) > 0.3);
}

TEST_CASE("the ridge over conditions is that of least error by refits without a group of them") {
  // The effect of a pair has little to do with phi, which is nearly alike in a pair: its partner
  // says much of a condition, the other pairs say little.
  const ConditionGroups pairs{0, 0, 1, 1, 2, 2, 3, 3};
  const arma::uvec pair{0, 0, 1, 1, 2, 2, 3, 3};
  const arma::mat phi_of_pairs = clouds::gaussian(3, 4, 5), effects = clouds::gaussian(3, 4, 205);
  const arma::mat phi = phi_of_pairs.cols(pair) + 0.05 * clouds::gaussian(3, 8, 105);
  const arma::mat z = effects.cols(pair) + 0.1 * clouds::gaussian(3, 8, 305);
  const double of_pairs = best_by_refits(phi, z, pairs);
  const double of_each = best_by_refits(phi, z, each_alone(8));
  REQUIRE(of_each < 0.5 * of_pairs);
  const ConditionRegression regression(phi);
  CHECK(regression.choose_ridge(z, pairs) == doctest::Approx(of_pairs).epsilon(1e-12));
  CHECK(regression.choose_ridge(z) == doctest::Approx(of_each).epsilon(1e-12));
  // Three groups are too few to leave one out.
  CHECK(regression.choose_ridge(z, {0, 0, 1, 1, 2, 2, 2, 2}) == 0.0);
}

TEST_CASE("the grid of the ridge over conditions goes up to 10^1.5") {
  // Noise, which is the better predicted the smaller the prediction is.
  const arma::mat phi = clouds::gaussian(2, 30, 5), noise = clouds::gaussian(3, 30, 8);
  double last = kInfinity;
  for (const double ridge : ridges()) {
    const double error = error_of_refits(phi, noise, each_alone(30), ridge);
    REQUIRE(error < last);
    last = error;
  }
  CHECK(ConditionRegression(phi).choose_ridge(noise) ==
        doctest::Approx(10.0 * std::sqrt(10.0)).epsilon(1e-12));
}

TEST_CASE("an embedding is looked up by name, and says what it lacks") {
  const std::vector<std::string> levels{"a", "b", "c"};
  const arma::mat table{{1.0, 2.0, 2.0}, {5.0, 5.0, 5.0}};
  const Embedding found = embedding_of({"c", "a", "b"}, levels, table, {"mass", "charge"});
  CHECK(arma::approx_equal(found.coordinates, arma::mat{{2.0, 1.0, 2.0}}, "absdiff", 0.0));
  CHECK(found.dropped == std::vector<std::string>{"charge"});
  CHECK(found.alike == std::vector<std::string>{"c and b"});
  CHECK(refusal([&] {
          (void)embedding_of({"a", "aa", "x"}, levels, table);
        }) == "the embedding has no row for aa, x; the nearest name that it has is \"a\"");
  CHECK(refusal([&] {
          (void)embedding_of({"a"}, {"a", "b", "a"}, table);
        }) == "the embedding lists the level \"a\" twice; give each level one row");
  arma::mat bad = table;
  bad(0, 1) = kInfinity;
  CHECK(refusal([&] { (void)embedding_of({"a"}, levels, bad); }) ==
        "the embedding has Inf at coordinate 1 of level \"b\"; give every level finite "
        "coordinates, or leave the coordinate out");
  bad(0, 1) = kNaN;
  CHECK(refusal([&] {
          (void)embedding_of({"a"}, levels, bad, {"mass", "charge"}, "the embedding of \"drug\"");
        }).find("the embedding of \"drug\" has NaN at coordinate \"mass\" of level \"b\"") == 0);
}

TEST_CASE("classical scaling gives Euclidean distances back, and effects lie at their W2") {
  const arma::mat points = clouds::gaussian(3, 8, 4);
  arma::mat distances(8, 8);
  for (arma::uword i = 0; i < 8; ++i)
    for (arma::uword j = 0; j < 8; ++j)
      distances(i, j) = arma::norm(arma::vec(points.col(i) - points.col(j)));
  const arma::mat scaled = classical_scaling(distances, 10);
  REQUIRE(scaled.n_rows == 3);
  for (arma::uword i = 0; i < 8; ++i)
    for (arma::uword j = 0; j < 8; ++j)
      CHECK(arma::norm(arma::vec(scaled.col(i) - scaled.col(j))) ==
            doctest::Approx(distances(i, j)).epsilon(1e-9));
  CHECK(classical_scaling(distances, 2).n_rows == 2);
  // Of each coordinate the entry farthest from 0 is positive.
  for (arma::uword k = 0; k < 3; ++k) CHECK(scaled(k, arma::abs(scaled.row(k)).index_max()) > 0.0);
  const arma::mat cloud = clouds::gaussian(3, 40, 9);
  std::vector<arma::mat> populations(4, cloud);
  for (std::size_t p = 0; p < 4; ++p) populations[p].each_col() += points.col(p);
  Context one, two;
  two.num_threads = 2;
  const arma::mat effects = effect_embedding(populations, 10, one);
  REQUIRE(effects.n_rows == 3);
  CHECK(arma::norm(arma::vec(effects.col(0) - effects.col(3))) ==
        doctest::Approx(distances(0, 3)).epsilon(1e-9));
  CHECK(arma::approx_equal(effects, effect_embedding(populations, 10, two), "absdiff", 0.0));
}

TEST_CASE("the nearest condition of each treatment") {
  const CovariateFeatures features = some_features();
  using Found = std::vector<std::size_t>;
  CHECK(nearest_conditions(features, single(0, 7.0)) == Found{1});
  CHECK(nearest_conditions(features, {{{1, 7.0}, {0, 7.0}}, {}}) == Found{4});
  CHECK(nearest_conditions(features, single(0, 6.0)) == Found{1});
  CHECK(nearest_conditions(features, single(3, 7.0)) == Found{3});
  CHECK(nearest_conditions(features, {{{2, 7.0}, {0, 1.0}}, {}}) == Found{3, 0});
  // Half of the range of doses counts as much as another level: 4 x (1/2)^2 = 1. Here u = log16(1 +
  // dose) is 1/4, 3/4 and 1.
  const CovariateFeatures one_hot({single(0, 1.0), single(0, 7.0), single(1, 15.0)},
                                  arma::mat(0, 2));
  CHECK(nearest_conditions(one_hot, single(0, 6.0)) == Found{1});
  CHECK(nearest_conditions(one_hot, single(1, 1.0)) == Found{0});
  CHECK(nearest_conditions(one_hot, single(1, 7.0)) == Found{2});
  // Coordinates count by the mean of their squares: 1.4^2 of both to level 0, and 0.6^2 to level 1,
  // whose dose is three quarters of the range away: 1.96 + 1 < 0.36 + 1 + 4 x (3/4)^2.
  const CovariateFeatures two_alike({single(0, 1.0), single(1, 15.0)},
                                    {{0.0, 1.0, 0.7}, {0.0, 1.0, 0.7}});
  CHECK(nearest_conditions(two_alike, single(2, 1.0)) == Found{0});
  // The first of equally near ones.
  const CovariateFeatures either({single(0, 4.0), single(1, 4.0)}, arma::mat(0, 3));
  CHECK(nearest_conditions(either, single(2, 4.0)) == Found{0});
  const CovariateFeatures pairs({{{{0, 1.0}, {1, 1.0}}, {}}, {{{1, 1.0}, {2, 1.0}}, {}}},
                                arma::mat(0, 3));
  CHECK(nearest_conditions(pairs, {{{2, 1.0}, {0, 1.0}}, {}}).size() == 1);
}

TEST_CASE("a simulated screen has the conditions that it promises, and its truth") {
  Context context;
  ScreenOptions options;
  options.cells = 20;
  options.new_cells = 400;
  const Screen screen = simulate_screen(options, Rng(5), context);
  CHECK(screen.training.size() == 16 * 4 - 8 + 8);
  CHECK(screen.test.size() == 32);
  std::vector<ConditionCovariates> covariates;
  for (const ScreenCondition& c : screen.training) covariates.push_back(c.covariates);
  const CovariateFeatures features(covariates, screen.embedding);
  std::set<std::string> names;
  for (const ScreenCondition& c : screen.test) {
    CAPTURE(c.name);
    CHECK(features.kind(c.covariates) == c.kind);
    CHECK(c.truth.n_cols == 400);
    names.insert(c.name);
    // Fresh cells of the same law: their means agree within sampling.
    const arma::vec gap = arma::mean(c.treated, 1) - arma::mean(c.truth, 1);
    const arma::vec sd = arma::stddev(c.treated, 0, 1);
    CHECK(arma::max(arma::abs(gap) / sd) < 5.0 * std::sqrt(2.0 / 400.0));
  }
  CHECK(names.size() == 32);
  // Without switches the truth is affine in the cell; with them it is not.
  const arma::mat x = arma::join_cols(screen.new_control, arma::mat(1, 400, arma::fill::ones));
  const auto residual = [&](const arma::mat& y) {
    const arma::mat fitted = (arma::solve(arma::mat(x.t()), arma::mat(y.t()))).t() * x;
    return arma::abs(y - fitted).max();
  };
  CHECK(residual(screen.test[0].truth) > 1e-2);
  options.kappa = 0.0;
  CHECK(residual(simulate_screen(options, Rng(5), context).test[0].truth) < 1e-9);
  // The same seed gives the same screen.
  CHECK(arma::approx_equal(
      screen.training[3].treated,
      simulate_screen(ScreenOptions{options.features, options.drugs, 20, 400}, Rng(5), context)
          .training[3]
          .treated,
      "absdiff", 0.0));
  options.pairs = 200;
  context.cancel = [] { return true; };
  CHECK(refusal([&] { (void)simulate_screen(options, Rng(1), context); }) ==
        "16 seen drugs have 120 pairs; 208 were asked for");
}

TEST_CASE(
    "the noise of a simulated screen lies on its treated cells alone, with the sd asked for") {
  Context context;
  ScreenOptions options;
  options.features = 5;
  options.drugs = 6;
  options.cells = 150;
  options.new_cells = 100;
  options.unseen_drugs = 1;
  options.unseen_doses = options.pairs = options.unseen_pairs = options.seen_tests = 2;
  const auto with = [&](double noise) {
    options.noise = noise;
    return simulate_screen(options, Rng(7), context);
  };
  const Screen none = with(0.0), once = with(0.1), twice = with(0.2);
  double squares = 0.0, count = 0.0;
  const auto look = [&](const ScreenCondition& clean, const ScreenCondition& noisy,
                        const ScreenCondition& noisier) {
    const arma::mat added = noisier.treated - clean.treated;
    CHECK(arma::abs(added - 2.0 * (noisy.treated - clean.treated)).max() < 1e-12);
    squares += arma::accu(arma::square(added));
    count += static_cast<double>(added.n_elem);
  };
  for (std::size_t c = 0; c < none.training.size(); ++c)
    look(none.training[c], once.training[c], twice.training[c]);
  for (std::size_t c = 0; c < none.test.size(); ++c) {
    look(none.test[c], once.test[c], twice.test[c]);
    CHECK(arma::approx_equal(none.test[c].truth, twice.test[c].truth, "absdiff", 0.0));
  }
  CHECK(arma::approx_equal(none.control, twice.control, "absdiff", 0.0));
  REQUIRE(count > 15000.0);  // the sd of so many is known to 0.6%
  CHECK(std::abs(std::sqrt(squares / count) - 0.2) < 0.03 * 0.2);
}
