// Laws of conditional LAOT, whatever the cells.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "laot/conditions/conditional_laot.hpp"
#include "laot/conditions/conditional_spread.hpp"
#include "laot/conditions/simulated_screen.hpp"
#include "laot/laot.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/metrics/mmd.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

// Conditions of unequal sizes, with duplicates, on one control population or three.
ConditionalCells some_cells(bool shared, std::size_t conditions = 6) {
  ConditionalCells out;
  const std::size_t d = 4;
  for (std::size_t g = 0; g < (shared ? 1u : 3u); ++g)
    out.controls.push_back(clouds::gaussian(d, 30 + 5 * g, 50 + g));
  Rng rng(7);
  for (std::size_t c = 0; c < conditions; ++c) {
    out.control_of.push_back(c % out.controls.size());
    arma::mat y = clouds::gaussian(d, 20 + 3 * c, 90 + c);
    y = (arma::eye(d, d) + 0.3 * clouds::gaussian(d, d, 130 + c)) * y + 0.5 * rng.normal();
    y.col(1) = y.col(0);
    out.treated.push_back(y);
  }
  out.phi = clouds::gaussian(5, conditions, 3);
  return out;
}

double largest(const arma::cube& a) {
  return arma::abs(a).max();
}

std::vector<double> bits_of(const ConditionalLaot& fit) {
  std::vector<double> out(fit.alternation.maps.begin(), fit.alternation.maps.end());
  for (const arma::mat* part : {&fit.shift, &fit.log_spread})
    out.insert(out.end(), part->begin(), part->end());
  out.insert(out.end(), fit.own_share.begin(), fit.own_share.end());
  out.insert(out.end(), fit.own_map.begin(), fit.own_map.end());
  out.insert(out.end(), {fit.restore, fit.alternation.ridge, fit.shift_ridge, fit.spread_ridge});
  return out;
}

Screen small_screen(double kappa) {
  ScreenOptions options;
  options.features = 5;
  options.drugs = 6;
  options.cells = 60;
  options.new_cells = 50;
  options.kappa = kappa;
  options.unseen_drugs = 1;
  options.unseen_doses = options.pairs = options.unseen_pairs = options.seen_tests = 2;
  Context context;
  return simulate_screen(options, Rng(11), context);
}

struct ScreenCells {
  CovariateFeatures features;
  ConditionalCells cells;
};

ScreenCells cells_of(const Screen& screen) {
  ScreenCells out;
  std::vector<ConditionCovariates> covariates;
  for (const ScreenCondition& c : screen.training) {
    covariates.push_back(c.covariates);
    out.cells.treated.push_back(c.treated);
  }
  out.features = CovariateFeatures(covariates, screen.embedding);
  out.cells.controls = {screen.control};
  out.cells.control_of.assign(covariates.size(), 0);
  out.cells.phi = out.features.training();
  return out;
}

}  // namespace

TEST_CASE("a spread is changed by logarithms of shrunk moments, and given back in part") {
  Context context;
  ConditionalCells cells;
  cells.controls = {clouds::gaussian(3, 11, 1)};
  cells.treated = {2.0 * clouds::gaussian(3, 40, 2)};
  cells.control_of = {0};
  const double amount = shrinkage(3, 11, 40);
  CHECK(amount > 0.0);
  const arma::mat change = arma::reshape(log_spread_changes(cells, context).col(0), 3, 3),
                  of_control = shrunk(second_moment_of(cells.controls[0]), amount),
                  of_treated = shrunk(second_moment_of(cells.treated[0]), amount);
  CHECK(arma::abs(change - (matrix_logarithm(of_treated) - matrix_logarithm(of_control))).max() <
        1e-12);
  // With W = I and all of it, the cells have the treated spread; a part of it is a part of the way.
  const SpreadOfControl control{second_moment_of(cells.controls[0]), amount};
  const arma::mat identity(3, 3, arma::fill::eye);
  const arma::mat whole = with_spread(identity, control, change, 1.0);
  CHECK(arma::abs(whole * of_control * whole.t() - of_treated).max() < 1e-10);
  CHECK(arma::abs(with_spread(identity, control, change, 0.25) - (0.75 * identity + 0.25 * whole))
            .max() < 1e-12);
  CHECK(arma::approx_equal(with_spread(2.0 * identity, control, change, 0.0), 2.0 * identity,
                           "absdiff", 0.0));
}

TEST_CASE("the objective of conditional LAOT never rises at a fixed ridge") {
  for (const bool shared : {true, false}) {
    const ConditionalCells cells = centred(some_cells(shared));
    Context context;
    ConditionalAlternationOptions options;
    options.ridge = 0.05;
    options.max_iter = 30;
    const ConditionalAlternation fit = alternate_conditions(cells, options, context);
    CHECK(fit.iterations > 2);
    CHECK(fit.worst_gap < 1e-9);
    double last = kInfinity;
    for (std::size_t k = 0; k < fit.trace.ridge.size(); ++k)
      for (const double j : {fit.trace.j_after_plan[k], fit.trace.j_after_update[k]}) {
        CHECK(j <= last * (1.0 + 1e-12));
        last = j;
      }
    CHECK(last < 0.98 * fit.trace.j_after_plan[0]);
  }
}

TEST_CASE("the normal equations of conditional LAOT have one solution, however they are solved") {
  const ConditionalCells shared = centred(some_cells(true)), apart = centred(some_cells(false));
  arma::cube cross(4, 4, 6);
  Rng rng(5);
  for (double& value : cross) value = rng.normal();
  Context context;
  for (const double ridge : {1e-3, 0.3}) {
    const arma::cube direct =
        map_regression(shared, MapSolver::direct).solve(cross, ridge, context);
    const arma::cube kronecker =
        map_regression(shared, MapSolver::kronecker).solve(cross, ridge, context);
    CHECK(largest(direct - kronecker) <= 1e-9 * largest(direct));
    const arma::cube apart_direct =
        map_regression(apart, MapSolver::direct).solve(cross, ridge, context);
    const arma::cube iterative =
        map_regression(apart, MapSolver::iterative).solve(cross, ridge, context);
    CHECK(largest(apart_direct - iterative) <= 1e-9 * largest(apart_direct));
    // Conditions left out of a shared control population: both forms.
    for (const ConditionGroups& groups : {ConditionGroups{}, ConditionGroups{0, 0, 1, 2, 2, 2}}) {
      const arma::cube a =
          map_regression(shared, MapSolver::direct).left_out(cross, direct, ridge, groups);
      const arma::cube b =
          map_regression(shared, MapSolver::kronecker).left_out(cross, kronecker, ridge, groups);
      CHECK(largest(a - b) <= 1e-8 * largest(a));
    }
  }
}

TEST_CASE("one condition with phi = 1 is laot at the same ridge, restored or not") {
  ConditionalCells cells = some_cells(true, 1);
  cells.phi = arma::mat(1, 1, arma::fill::ones);
  Context context;
  LaotOptions laot;
  laot.ridge = 0.3;
  const ConditionalCells about_means = centred(cells);
  const LaotResult alone =
      alternate(about_means.controls[0], about_means.treated[0], {}, {}, laot, context);
  ConditionalLaotOptions options;
  options.own_share = 0.0;
  options.alternation.max_iter = laot.max_iter;
  options.alternation.tol = laot.tol;
  options.alternation.ridge = 0.3;
  const ConditionalLaot fit = fit_conditional_laot(cells, options, context);
  const arma::vec one(1, arma::fill::ones);
  CHECK(fit.restore == 1.0);  // of one condition nothing can be left out
  CHECK(std::isnan(fit.shift_error_left_out));
  CHECK(arma::abs(fit.pooled_map(one, 0) - alone.map).max() < 1e-10);
  CHECK(arma::abs(arma::eye(4, 4) + fit.alternation.change(one) - alone.map_unrestored).max() <
        1e-10);
  const arma::vec shift = arma::mean(cells.treated[0], 1) - arma::mean(cells.controls[0], 1);
  CHECK(arma::abs(fit.shift * one - shift).max() < 1e-12);
  options.own_share = 1.0;
  CHECK(arma::abs(fit_conditional_laot(cells, options, context).map_of(0, one, 0) -
                  alternate(about_means.controls[0], about_means.treated[0], {}, {}, LaotOptions(),
                            context)
                      .map)
            .max() == 0.0);
}

TEST_CASE("a conditional fit has the same bits for one and two threads") {
  const ScreenCells screen = cells_of(small_screen(1.0));
  for (const ConditionalCells& cells : {screen.cells, some_cells(false)}) {
    Context one, two;
    two.num_threads = 2;
    CHECK(bits_of(fit_conditional_laot(cells, {}, one)) ==
          bits_of(fit_conditional_laot(cells, {}, two)));
  }
}

TEST_CASE("at dose 0 the conditional map is the identity to the bit") {
  const ScreenCells screen = cells_of(small_screen(1.0));
  Context context;
  const ConditionalLaot fit = fit_conditional_laot(screen.cells, {}, context);
  for (const std::size_t drug : {0, 3}) {
    const arma::vec phi = screen.features({{{drug, 0.0}}, {}});
    CHECK(arma::abs(phi).max() == 0.0);
    CHECK(arma::abs(fit.pooled_map(phi, 0) - arma::eye(5, 5)).max() == 0.0);
    CHECK(arma::abs(fit.shift * phi).max() == 0.0);
  }
}

TEST_CASE("what a conditional fit chooses, it chooses by cells and conditions left out") {
  const ScreenCells screen = cells_of(small_screen(1.0));
  Context context;
  const ConditionalLaot fit = fit_conditional_laot(screen.cells, {}, context);
  REQUIRE(fit.choice_of_restore.mmd2.size() == 5);
  REQUIRE(fit.choice_of_own_share.mmd2.size() == 5);
  for (std::size_t k = 0; k < 5; ++k)
    if (fit.choice_of_restore.candidates[k] == fit.restore)
      for (const double other : fit.choice_of_restore.mmd2)
        CHECK(fit.choice_of_restore.mmd2[k] <= other);
  CHECK(fit.shift_error_left_out > 0.0);
  CHECK(fit.shift_error_left_out < fit.shift_size);
  // Features that say nothing leave everything to a condition's own map.
  ConditionalCells blind = screen.cells;
  blind.phi = arma::mat(1, blind.treated.size(), arma::fill::ones);
  const ConditionalLaot own = fit_conditional_laot(blind, {}, context);
  CHECK(arma::mean(own.own_share) > 0.9);
  CHECK(own.shift_error_left_out > 0.9 * own.shift_size);
}

TEST_CASE("cells are held out until 2000 treated cells were, in at most five folds") {
  for (const auto& [first, second, folds] : {std::tuple<std::size_t, std::size_t, int>{12, 8, 5},
                                             {4000, 700, 3},
                                             {4000, 6000, 1},
                                             {2600, 2400, 2}}) {
    ConditionalCells cells;
    cells.controls = {clouds::gaussian(1, 40, 1)};
    cells.control_of = {0, 0};
    cells.treated = {clouds::gaussian(1, first, 2), clouds::gaussian(1, second, 3)};
    cells.phi = arma::mat(1, 2, arma::fill::ones);
    Context context;
    int looked = 0;
    context.progress = [&looked](const std::string& stage, double fraction) {
      looked += stage == "held-out cells" && fraction == 1.0;
    };
    ConditionalLaotOptions options;
    options.alternation.max_iter = 1;
    fit_conditional_laot(cells, options, context);
    CHECK(looked == folds);
  }
}

namespace {

// At most 500 of the cells, evenly.
arma::mat scored(const arma::mat& cells) {
  const std::size_t most = std::min<std::size_t>(cells.n_cols, 500);
  arma::mat out(cells.n_rows, most);
  for (std::size_t i = 0; i < most; ++i) out.col(i) = cells.col(i * cells.n_cols / most);
  return out;
}

// Against the mean MMD^2 of each condition moved by what the others say of it, where restoring has
// 0, 1/4, .., 1 of the say. All conditions have one control population.
void check_choice_of_restore(const ConditionalCells& given, const ConditionalLaotOptions& options) {
  const ConditionalCells cells = centred(given);
  const arma::uword d = cells.controls[0].n_rows;
  Context context;
  const ConditionalLaot fit = fit_conditional_laot(given, options, context);
  const ConditionalAlternation& pooled = fit.alternation;
  const ConditionRegression regression(cells.phi);
  const arma::mat shift = regression.left_out(fit.own_shift, std::max(fit.shift_ridge, 1e-8)),
                  spread = regression.left_out(log_spread_changes(cells, context),
                                               std::max(fit.spread_ridge, 1e-8));
  const arma::cube change = map_regression(cells).left_out(pooled.cross, pooled.maps, pooled.ridge);
  const arma::mat x = scored(cells.controls[0]);
  std::vector<double> sums(5, 0.0);
  for (std::size_t c = 0; c < cells.treated.size(); ++c) {
    // A prediction that is off by the error of the shift: as well the observed cells, the other
    // way.
    arma::mat observed = scored(cells.treated[c]);
    observed.each_col() += fit.own_shift.col(c) - shift.col(c);
    const arma::mat map = arma::eye(d, d) + change.slice(c);
    const arma::mat full =
        with_spread(map, fit.controls[0], arma::reshape(spread.col(c), d, d), 1.0);
    for (std::size_t k = 0; k < 5; ++k) {
      const double strength = 0.25 * static_cast<double>(k);
      const arma::mat moved = ((1.0 - strength) * map + strength * full) * x;
      sums[k] += mmd2(moved, observed, {fit.gamma}, MmdEstimator::unbiased, context)[0];
    }
  }
  const auto count = static_cast<double>(cells.treated.size());
  REQUIRE(fit.choice_of_restore.mmd2.size() == 5);
  for (std::size_t k = 0; k < 5; ++k) {
    CHECK(fit.choice_of_restore.candidates[k] == 0.25 * static_cast<double>(k));
    CHECK(fit.choice_of_restore.mmd2[k] == doctest::Approx(sums[k] / count).epsilon(1e-9));
  }
}

}  // namespace

TEST_CASE("restoring is judged by what the other conditions say of shape and shift") {
  check_choice_of_restore(cells_of(small_screen(1.0)).cells, {});
}

TEST_CASE("restoring is judged by at most 500 cells of a population") {
  ConditionalCells cells;
  cells.controls = {clouds::gaussian(2, 560, 41)};
  cells.phi = clouds::gaussian(2, 4, 42);
  const std::vector<std::size_t> sizes{530, 30, 25, 20};
  for (std::size_t c = 0; c < 4; ++c) {
    cells.control_of.push_back(0);
    cells.treated.push_back((arma::eye(2, 2) + 0.3 * clouds::gaussian(2, 2, 43 + c)) *
                                clouds::gaussian(2, sizes[c], 53 + c) +
                            0.5 * static_cast<double>(c));
  }
  ConditionalLaotOptions options;
  options.alternation.ridge = 0.1;
  options.alternation.max_iter = 1;
  options.own_share = 0.0;
  check_choice_of_restore(cells, options);
}

TEST_CASE("cells that are no experiment are refused with what is wrong") {
  ConditionalCells cells = some_cells(false);
  Context context;
  const auto refused = [&](const ConditionalCells& bad) {
    try {
      (void)fit_conditional_laot(bad, {}, context);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  ConditionalCells bad = cells;
  bad.control_of[2] = 3;
  CHECK(refused(bad) == "a condition names control 4 (counted from 1) of 3");
  bad = cells;
  bad.treated[1](0, 0) = kNaN;
  CHECK(refused(bad) == "treated population 2 (counted from 1) has a NaN or Inf");
  bad = cells;
  bad.treated[1].set_size(4, 0);
  CHECK(refused(bad).find("treated population 2") == 0);
  bad = cells;
  bad.phi.resize(5, 5);
  CHECK(refused(bad).find("there are 6 conditions") == 0);
  // Few cells, constant cells and identical populations are no reason to fail.
  bad = cells;
  bad.treated[0] = bad.treated[0].cols(0, 0);
  bad.treated[1].fill(2.0);
  bad.treated[2] = bad.controls[2];
  const ConditionalLaot fit = fit_conditional_laot(bad, {}, context);
  CHECK(fit.shift.is_finite());
  CHECK(fit.pooled_map(bad.phi.col(1), 1).is_finite());
  CHECK(fit.own_share[0] == 0.0);
}

TEST_CASE("cancelling a conditional fit ends it") {
  Context context;
  context.cancel = [] { return true; };
  CHECK_THROWS_AS((void)fit_conditional_laot(some_cells(true), {}, context), Error);
}
