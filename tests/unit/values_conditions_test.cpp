// Values of many conditions by plain refits: ridge, stopping, shares, bandwidth, a simulated
// screen.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "../../src/conditions/conditional_choices.hpp"
#include "../../src/models/conditional_start.hpp"
#include "laot/conditions/conditional_laot.hpp"
#include "laot/conditions/simulated_screen.hpp"
#include "laot/laot.hpp"
#include "laot/metrics/mmd.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

constexpr std::size_t kD = 2, kConditions = 7;

// Control cells and the mean treated cell that a plan gives to each of them.
struct Targets {
  std::vector<arma::mat> controls;
  std::vector<std::size_t> control_of;
  std::vector<arma::mat> targets;
  arma::mat phi = clouds::gaussian(2, kConditions, 5);

  const arma::mat& x(std::size_t c) const { return controls[control_of[c]]; }
};

Targets targets_with(std::size_t controls, double size, double noise) {
  Targets out;
  for (std::size_t g = 0; g < controls; ++g) out.controls.push_back(clouds::gaussian(kD, 9 + g, g));
  for (std::size_t c = 0; c < kConditions; ++c) {
    out.control_of.push_back(c % controls);
    const arma::mat map = arma::eye(kD, kD) + size * (out.phi(0, c) * clouds::gaussian(kD, kD, 31) +
                                                      out.phi(1, c) * clouds::gaussian(kD, kD, 32));
    out.targets.push_back(map * out.x(c) + noise * clouds::gaussian(kD, out.x(c).n_cols, 40 + c));
  }
  return out;
}

// [A_1 .. A_K]' by the normal equations of the conditions that are kept, each with weight 1/C.
arma::mat refitted(const Targets& all, const std::vector<std::size_t>& kept, double ridge) {
  const arma::uword k = all.phi.n_rows;
  arma::mat normal(k * kD, k * kD, arma::fill::zeros), right(k * kD, kD, arma::fill::zeros);
  for (const std::size_t c : kept) {
    const arma::mat& x = all.x(c);
    const double weight = 1.0 / static_cast<double>(kConditions * x.n_cols);
    for (arma::uword i = 0; i < x.n_cols; ++i) {
      arma::vec row(k * kD);
      for (arma::uword f = 0; f < k; ++f)
        for (arma::uword r = 0; r < kD; ++r) row[f * kD + r] = all.phi(f, c) * x(r, i);
      normal += weight * row * row.t();
      right += weight * row * (all.targets[c].col(i) - x.col(i)).t();
    }
  }
  normal.diag() += ridge;
  return arma::solve(normal, right);
}

// mean_c mean_i |t_ci - W_-c x_ci|^2.
double error_of_others(const Targets& all, const ConditionGroups& groups, double ridge) {
  double sum = 0.0;
  for (std::size_t c = 0; c < kConditions; ++c) {
    std::vector<std::size_t> kept;
    for (std::size_t other = 0; other < kConditions; ++other)
      if (groups.empty() ? other != c : groups[other] != groups[c]) kept.push_back(other);
    const arma::mat maps = refitted(all, kept, ridge);
    arma::mat w(kD, kD, arma::fill::eye);
    for (arma::uword f = 0; f < all.phi.n_rows; ++f)
      w += all.phi(f, c) * maps.rows(f * kD, f * kD + kD - 1).t();
    const arma::mat& x = all.x(c);
    for (arma::uword i = 0; i < x.n_cols; ++i) {
      const arma::vec off = all.targets[c].col(i) - w * x.col(i);
      sum += arma::dot(off, off) / static_cast<double>(kConditions * x.n_cols);
    }
  }
  return sum;
}

// 10^-4, 10^-3.5, .., 10.
std::vector<double> ridges() {
  std::vector<double> out;
  for (double exponent = -4.0; exponent < 1.25; exponent += 0.5)
    out.push_back(std::pow(10.0, exponent));
  return out;
}

}  // namespace

TEST_CASE("the ridge of conditional LAOT is that of least error by refits without a condition") {
  Context context;
  struct Case {
    std::size_t controls;
    double size, noise, wanted;
    ConditionGroups groups;
  };
  const ConditionGroups pairs{0, 1, 2, 0, 1, 3, 2};
  for (const Case& one : {Case{1, 0.3, 0.0, 1e-4, {}}, Case{2, 0.3, 0.3, std::pow(10.0, -1.5), {}},
                          Case{1, 0.3, 0.3, 0.1, pairs}, Case{2, 0.3, 0.6, 1.0, {}},
                          Case{2, 0.3, 0.6, 1.0, pairs}, Case{1, 0.0, 1.0, 10.0, {}}}) {
    CAPTURE(one.controls);
    CAPTURE(one.noise);
    const Targets all = targets_with(one.controls, one.size, one.noise);
    std::vector<arma::mat> second;
    for (const arma::mat& x : all.controls)
      second.push_back(x * x.t() / static_cast<double>(x.n_cols));
    arma::cube cross(kD, kD, kConditions);
    double unchanged = 0.0;  // mean_c mean_i |t_ci - x_ci|^2: what no map can change
    for (std::size_t c = 0; c < kConditions; ++c) {
      const arma::mat moved = all.targets[c] - all.x(c);
      const auto n = static_cast<double>(moved.n_cols);
      cross.slice(c) = moved * all.x(c).t() / n;
      unchanged += arma::accu(moved % moved) / n / static_cast<double>(kConditions);
    }
    const MapRegression regression(ConditionRegression(all.phi).psi(), second, all.control_of);
    double least = kInfinity, best = 0.0;
    for (const double ridge : ridges()) {
      const double wanted = error_of_others(all, one.groups, ridge);
      const arma::cube maps = regression.solve(cross, ridge, context);
      const double found =
          regression.left_out_error(cross, regression.left_out(cross, maps, ridge, one.groups));
      CHECK(found + unchanged == doctest::Approx(wanted).epsilon(1e-9));
      if (wanted < least) {
        least = wanted;
        best = ridge;
      }
    }
    REQUIRE(best == doctest::Approx(one.wanted));  // so that the whole grid is asked about
    CHECK(regression.choose_ridge(cross, 0.7, one.groups, context) ==
          doctest::Approx(best).epsilon(1e-12));
    CHECK(regression.choose_ridge(cross, 0.7, {0, 1, 2, 0, 1, 2, 2}, context) == 0.7);
  }
}

namespace {

// Responses that have little to do with phi, so that falls of J and chosen ridges vary.
ConditionalCells varied_cells(std::uint64_t seed, std::size_t conditions) {
  ConditionalCells out;
  out.controls.push_back(clouds::gaussian(2, 17, seed));
  for (std::size_t c = 0; c < conditions; ++c) {
    out.control_of.push_back(0);
    out.treated.push_back((arma::eye(2, 2) + 0.6 * clouds::gaussian(2, 2, 100 + seed * 20 + c)) *
                          clouds::gaussian(2, 12 + 2 * c, 50 * seed + c));
  }
  out.phi = clouds::gaussian(2, conditions, 3 * seed + 1);
  return centred(out);
}

ConditionalAlternation alternated(const ConditionalCells& cells, double ridge, int steps,
                                  double tol) {
  ConditionalAlternationOptions options;
  options.ridge = ridge;
  options.max_iter = steps;
  options.tol = tol;
  Context context;
  return alternate_conditions(cells, options, context);
}

constexpr double kAutomatic = ConditionalAlternationOptions::kAutomatic;

}  // namespace

TEST_CASE("the ridge of the alternation is 0.3, then chosen with the second and third plans") {
  const ConditionalCells cells = varied_cells(339, 6);
  const MapRegression regression = map_regression(cells);
  // The least left-out error with the plans of each step, which end a run of so many.
  std::vector<double> best;
  Context context;
  for (int steps = 2; steps <= 4; ++steps)
    best.push_back(regression.choose_ridge(alternated(cells, kAutomatic, steps, -1.0).cross, 0.3,
                                           {}, context));
  REQUIRE(best[0] != best[1]);
  REQUIRE(best[1] != best[2]);
  const std::vector<double> ridge = alternated(cells, kAutomatic, 4, -1.0).trace.ridge;
  CHECK(ridge == std::vector<double>{0.3, best[0], best[1], best[1]});
  // Of three conditions none is left out.
  const ConditionalAlternation few = alternated(varied_cells(1, 3), kAutomatic, 4, -1.0);
  CHECK(few.trace.ridge == std::vector<double>(4, 0.3));
  CHECK(few.ridge == 0.3);
}

TEST_CASE("the alternation stops at a relative fall of at most tol, once its ridge is settled") {
  ConditionalCells cells = varied_cells(5, 6);
  for (arma::mat& x : cells.controls) x *= 10.0;  // J is far from 1
  for (arma::mat& y : cells.treated) y *= 10.0;
  const std::vector<double> j = alternated(cells, 0.3, 15, -1.0).trace.j_after_update;
  const auto fall = [&](std::size_t step) { return (j[step - 1] - j[step]) / j[step - 1]; };
  REQUIRE(j.size() > 5);
  for (std::size_t step = 1; step < 5; ++step)
    for (const double tol : {fall(step) * (1.0 + 1e-9), fall(step) * (1.0 - 1e-9)}) {
      std::size_t last = 1;
      while (last < j.size() && fall(last) > tol) ++last;
      REQUIRE(last < j.size());
      const ConditionalAlternation at = alternated(cells, 0.3, 15, tol);
      CHECK(at.iterations == static_cast<int>(last) + 1);
      CHECK(at.converged);
      CHECK(at.stop_reason == "the objective stopped falling");
    }
  // Whatever the fall: from the second step on, and from the fourth where the ridge is chosen.
  CHECK(alternated(cells, 0.3, 15, 1.0).iterations == 2);
  CHECK(alternated(cells, kAutomatic, 15, 1.0).iterations == 4);
  const ConditionalAlternation limited = alternated(cells, 0.3, 3, -1.0);
  CHECK(limited.iterations == 3);
  CHECK(!limited.converged);
  CHECK(limited.stop_reason == "the limit of 3 iterations was reached");
  // Treated cells that are the controls: the plans repeat at once.
  for (arma::mat& y : cells.treated) y = cells.controls[0];
  for (const double ridge : {0.3, kAutomatic}) {
    const ConditionalAlternation still = alternated(cells, ridge, 15, -1.0);
    CHECK(still.iterations == (ridge == 0.3 ? 2 : 4));
    CHECK(still.stop_reason == "the plans repeated");
  }
}

namespace {

// Conditions whose own maps are worth more or less than what the others say.
ConditionalCells mixed_cells() {
  ConditionalCells out;
  out.controls.push_back(clouds::gaussian(2, 90, 6));
  for (std::size_t c = 0; c < 5; ++c) {
    out.control_of.push_back(0);
    out.treated.push_back((arma::eye(2, 2) + 0.25 * clouds::gaussian(2, 2, 220 + c)) *
                              clouds::gaussian(2, 40 + 30 * c, 300 + c) +
                          0.3 * static_cast<double>(c % 3));
  }
  out.phi = clouds::gaussian(2, 5, 19);
  return out;
}

// The columns whose place in the order is `fold` modulo 5, at most 500 of them, evenly; and the
// others. Fewer than ten stay together.
std::pair<arma::mat, arma::mat> divided(const arma::mat& cells,
                                        const std::vector<std::size_t>& order, std::size_t fold) {
  if (cells.n_cols < 10) return {arma::mat(cells.n_rows, 0), cells};
  std::vector<arma::uword> held_out, kept, scored;
  for (arma::uword i = 0; i < cells.n_cols; ++i)
    (order[i] % 5 == fold ? held_out : kept).push_back(i);
  const std::size_t count = held_out.size(), most = std::min<std::size_t>(count, 500);
  for (std::size_t i = 0; i < most; ++i) scored.push_back(held_out[i * count / most]);
  return {cells.cols(arma::uvec(scored)), cells.cols(arma::uvec(kept))};
}

// Mean MMD^2 to the held-out cells of each condition where own maps have 0, 1/4, .., 1 of the say,
// of so many fifths of the cells that are held out in turn; 0 where a side has fewer than ten.
arma::mat held_out_scores(const ConditionalCells& cells, const ConditionalLaot& full,
                          std::size_t folds, Context& context) {
  ConditionalLaotOptions options;
  options.alternation.ridge = full.alternation.ridge;
  options.shift_ridge = full.shift_ridge;
  options.spread_ridge = full.spread_ridge;
  options.restore = full.restore;
  options.own_share = 1.0;  // so that the own maps are there
  arma::mat out(cells.treated.size(), 5, arma::fill::zeros);
  for (std::size_t fold = 0; fold < folds; ++fold) {
    ConditionalCells train = cells;
    std::vector<arma::mat> held_out;
    std::uint64_t stream = 0;
    for (auto* side : {&train.controls, &train.treated})
      for (arma::mat& population : *side) {
        const auto order = Rng(context.seed).stream(stream++).permutation(population.n_cols);
        const auto [out_of_it, kept] = divided(population, order, fold);
        held_out.push_back(out_of_it);
        population = kept;
      }
    const ConditionalLaot fit = fit_conditional_laot(train, options, context);
    const arma::vec mean = arma::mean(train.controls[0], 1);
    for (std::size_t c = 0; c < cells.treated.size(); ++c)
      for (arma::uword s = 0; s < 5; ++s) {
        if (held_out[0].is_empty() || held_out[1 + c].is_empty()) continue;
        const double own = 0.25 * static_cast<double>(s);
        const arma::vec phi = cells.phi.col(c);
        const arma::mat map = (1.0 - own) * fit.pooled_map(phi, 0) + own * fit.own_map.slice(c);
        const arma::vec shift = (1.0 - own) * (fit.shift * phi) + own * fit.own_shift.col(c);
        arma::mat predicted = held_out[0];
        for (arma::uword i = 0; i < predicted.n_cols; ++i)
          predicted.col(i) = mean + shift + map * (predicted.col(i) - mean);
        out(c, s) +=
            mmd2(predicted, held_out[1 + c], {full.gamma}, MmdEstimator::unbiased, context)[0] /
            static_cast<double>(folds);
      }
  }
  return out;
}

}  // namespace

TEST_CASE("a condition's own share has least error where 500 cells of all are added to its own") {
  const ConditionalCells cells = mixed_cells();
  Context context;
  context.seed = 2;
  const ConditionalLaot fit = fit_conditional_laot(cells, {}, context);
  const arma::mat scores = held_out_scores(cells, fit, 5, context);
  double all_cells = 0.0;
  std::vector<double> all(5, 0.0);
  for (std::size_t c = 0; c < 5; ++c) all_cells += static_cast<double>(cells.treated[c].n_cols);
  for (std::size_t s = 0; s < 5; ++s) {
    for (std::size_t c = 0; c < 5; ++c)
      all[s] += static_cast<double>(cells.treated[c].n_cols) / all_cells * scores(c, s);
    CHECK(fit.choice_of_own_share.mmd2[s] == doctest::Approx(all[s]).epsilon(1e-9));
  }
  const auto share = [&](std::size_t c, double weight) {
    const auto own = static_cast<double>(cells.treated[c].n_cols);
    std::size_t best = 0;
    const auto error = [&](std::size_t s) { return own * scores(c, s) + weight * all[s]; };
    for (std::size_t s = 1; s < 5; ++s)
      if (error(s) < error(best)) best = s;
    return 0.25 * static_cast<double>(best);
  };
  int less = 0, more = 0;  // conditions where another weight would be seen
  for (std::size_t c = 0; c < 5; ++c) {
    CHECK(fit.own_share[c] == share(c, 500.0));
    less += share(c, 350.0) != share(c, 500.0);
    more += share(c, 700.0) != share(c, 500.0);
  }
  REQUIRE(less > 0);
  REQUIRE(more > 0);
}

TEST_CASE("ten cells are divided to choose a share, and of what is held out 500 are scored") {
  const std::vector<std::size_t> sizes{2510, 10, 9};
  ConditionalCells cells;
  cells.controls = {clouds::gaussian(2, 10, 61)};
  cells.phi = clouds::gaussian(2, 3, 62);
  for (std::size_t c = 0; c < 3; ++c) {
    cells.control_of.push_back(0);
    cells.treated.push_back((arma::eye(2, 2) + 0.3 * clouds::gaussian(2, 2, 70 + c)) *
                                clouds::gaussian(2, sizes[c], 80 + c) +
                            0.4 * static_cast<double>(c));
  }
  Context context;
  context.seed = 3;
  const ConditionalLaot fit = fit_conditional_laot(cells, {}, context);
  // A fifth is 502, 2 and 1 cells: after four of them 2000 have been held out.
  const arma::mat scores = held_out_scores(cells, fit, 4, context);
  const auto all = [&](std::size_t s) {
    return (2510.0 * scores(0, s) + 10.0 * scores(1, s)) / 2520.0;
  };
  REQUIRE(fit.choice_of_own_share.mmd2.size() == 5);
  for (std::size_t s = 0; s < 5; ++s) {
    REQUIRE(std::abs(scores(1, s) - scores(0, s)) > 1e-5);
    CHECK(fit.choice_of_own_share.mmd2[s] == doctest::Approx(all(s)).epsilon(1e-9));
  }
  for (std::size_t c = 0; c < 2; ++c) {
    const auto error = [&](std::size_t s) {
      return static_cast<double>(sizes[c]) * scores(c, s) + 500.0 * all(s);
    };
    std::size_t best = 0;
    for (std::size_t s = 1; s < 5; ++s)
      if (error(s) < error(best)) best = s;
    CHECK(fit.own_share[c] == 0.25 * static_cast<double>(best));
  }
  CHECK(fit.own_share[2] == 0.0);  // nine cells
}

TEST_CASE("the bandwidth is by 2000 cells of all populations, evenly, and 20 of each at least") {
  Context context;
  const auto brute = [&](const ConditionalCells& cells, std::size_t most) {
    std::vector<arma::vec> pooled;
    for (const auto* side : {&cells.controls, &cells.treated})
      for (const arma::mat& population : *side) {
        const std::size_t n = population.n_cols, taken = std::min(n, most);
        for (std::size_t i = 0; i < taken; ++i) pooled.push_back(population.col(i * n / taken));
      }
    std::vector<double> squares;
    for (std::size_t i = 0; i < pooled.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        const arma::vec apart = pooled[i] - pooled[j];
        squares.push_back(arma::dot(apart, apart));
      }
    std::sort(squares.begin(), squares.end());
    const std::size_t half = squares.size() / 2;
    return squares.size() % 2 == 1 ? 1.0 / squares[half]
                                   : 2.0 / (squares[half - 1] + squares[half]);
  };
  ConditionalCells large;
  large.controls = {clouds::gaussian(2, 1200, 1)};
  large.treated = {clouds::gaussian(2, 900, 2) + 1.0, clouds::gaussian(2, 300, 3),
                   2.0 * clouds::gaussian(2, 800, 4)};
  CHECK(gamma_of(large, context) == doctest::Approx(brute(large, 500)).epsilon(1e-9));
  ConditionalCells many;
  many.controls = {clouds::gaussian(2, 90, 5)};
  for (std::size_t c = 0; c < 159; ++c)
    many.treated.push_back(clouds::gaussian(2, 15 + c % 30, 10 + c));
  CHECK(gamma_of(many, context) == doctest::Approx(brute(many, 20)).epsilon(1e-9));
}

TEST_CASE("a control population is shrunk as little as any of its conditions asks for") {
  ConditionalCells cells;
  cells.controls = {clouds::gaussian(3, 50, 1), clouds::gaussian(3, 30, 2)};
  const std::vector<std::size_t> sizes{20, 60, 35, 10};
  cells.control_of = {0, 1, 0, 1};
  for (std::size_t c = 0; c < 4; ++c) cells.treated.push_back(clouds::gaussian(3, sizes[c], 3 + c));
  cells.phi = clouds::gaussian(2, 4, 9);
  Context context;
  const ConditionalLaot fit = fit_conditional_gaussian(cells, {}, context);
  REQUIRE(fit.controls.size() == 2);
  // d / (d + min(n, m)): n = 50 with m = 20 and 35, n = 30 with m = 60 and 10.
  CHECK(fit.controls[0].shrinkage == doctest::Approx(std::min(3.0 / 23.0, 3.0 / 38.0)));
  CHECK(fit.controls[1].shrinkage == doctest::Approx(std::min(3.0 / 33.0, 3.0 / 13.0)));
}

TEST_CASE("conditions say nothing where four fifths of the shift are left open") {
  for (const double size : {1.0, 2.5, 4.0}) {
    CHECK(says_nothing(0.8 * size, size));
    CHECK(says_nothing(std::nextafter(0.8 * size, 10.0), size));
    CHECK(!says_nothing(std::nextafter(0.8 * size, 0.0), size));
  }
  CHECK(!says_nothing(kNaN, 1.0));  // too few to leave one out
}

TEST_CASE("an embedding by effect has at most ten coordinates") {
  // Cells of a level are all at one place, so that W2 is the distance of the places: any number of
  // them in general position need one coordinate fewer than there are.
  for (const std::size_t levels : {6, 11, 12, 13}) {
    Experiment experiment;
    const arma::mat places = clouds::gaussian(12, levels, 3), x = clouds::gaussian(12, 5, 4);
    std::vector<arma::mat> treated;
    for (std::size_t level = 0; level < levels; ++level)
      treated.push_back(arma::repmat(places.col(level), 1, 4));
    experiment.controls.push_back({Cells::dense(x), {}, {}});
    for (std::size_t level = 0; level < levels; ++level)
      experiment.conditions.push_back({{"", {{"drug", {{}, {text("level ", level)}}}}},
                                       {Cells::dense(treated[level]), {}, {}},
                                       0});
    std::vector<EncodedPopulation> controls, of_conditions;
    controls.push_back({experiment.controls[0], x, arma::mean(x, 1), {}});
    for (std::size_t level = 0; level < levels; ++level)
      of_conditions.push_back(
          {experiment.conditions[level].population, treated[level], places.col(level), {}});
    const Params params(method("conditional_gaussian").spec);
    const FeatureSpace space = FeatureSpace::trivial(12);
    Context context;
    const ConditionalStart start({params, experiment, space, controls, of_conditions}, {}, {},
                                 false, EmbeddingChoice::effect, context);
    CHECK(start.roles.embedding().n_cols == levels);
    CHECK(start.roles.embedding().n_rows == std::min<std::size_t>(levels - 1, 10));
  }
}

namespace {

arma::mat drawn(std::size_t rows, std::size_t columns, double sd, Rng& rng) {
  arma::mat out(rows, columns);
  for (arma::uword j = 0; j < columns; ++j)
    for (arma::uword i = 0; i < rows; ++i) out(i, j) = sd * rng.normal();
  return out;
}

}  // namespace

TEST_CASE("the truth of a simulated screen is the documented law, with its numbers drawn again") {
  const std::size_t d = 5, drugs = 12;
  ScreenOptions options;
  options.features = d;
  options.drugs = drugs;
  options.cells = 10;
  options.new_cells = 7;
  options.kappa = 0.8;
  options.pairs = options.unseen_pairs = options.unseen_doses = options.seen_tests = 3;
  Context context;
  const Screen screen = simulate_screen(options, Rng(21), context);
  Rng rng = Rng(21).stream(0);
  const double root = std::sqrt(5.0);
  drawn(d, 3, 1.5, rng);                                     // centres of the clusters
  for (int k = 0; k < 3; ++k) drawn(d, d, 0.5 / root, rng);  // and their shapes
  const arma::mat embedding = drawn(8, drugs, 1.0, rng);
  REQUIRE(arma::approx_equal(embedding, screen.embedding, "absdiff", 0.0));
  const arma::mat loadings = drawn(4, 8, 1.0 / std::sqrt(8.0), rng);
  const arma::mat z = loadings * embedding + drawn(4, drugs, 0.15, rng);
  const arma::mat log_ec50 = std::log(0.45) + drawn(1, drugs, 0.25, rng);
  const arma::mat s = drawn(d, 4, 0.7, rng);
  std::vector<arma::mat> a;
  for (int k = 0; k < 4; ++k) a.push_back(drawn(d, d, 0.35 / root, rng));
  const arma::mat q = drawn(d, 4, 1.0 / root, rng), v = drawn(d, 4, 0.7, rng);
  std::size_t pairs = 0;
  for (const ScreenCondition& c : screen.test) {
    CAPTURE(c.name);
    pairs += c.covariates.treatments.size() == 2;
    for (arma::uword i = 0; i < 7; ++i) {
      const arma::vec x = screen.new_control.col(i);
      arma::vec moved = x;
      for (const Treatment& t : c.covariates.treatments) {
        const double u = std::log(t.dose + 1.0) / std::log(16.0);
        const double ec50 = std::exp(log_ec50[t.level]);
        const double h = u * u * u / (u * u * u + ec50 * ec50 * ec50);
        for (arma::uword r = 0; r < d; ++r)
          for (arma::uword k = 0; k < 4; ++k) {
            double along = 0.0, mapped = 0.0;
            for (arma::uword e = 0; e < d; ++e) {
              along += q(e, k) * x[e];
              mapped += a[k](r, e) * x[e];
            }
            moved[r] +=
                h * z(k, t.level) * (s(r, k) + mapped + 0.8 * std::tanh(2.0 * along) * v(r, k));
          }
      }
      CHECK(arma::abs(moved - c.truth.col(i)).max() < 1e-12 * arma::abs(moved).max());
    }
  }
  CHECK(pairs == 3);
}
