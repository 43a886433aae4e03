// Laws of the lift and of marginal maps, whatever the cells.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <string>

#include "laot/choice.hpp"
#include "laot/data/columns.hpp"
#include "support/fixtures.hpp"
#include "support/skip.hpp"

using namespace laot;

namespace {

arma::mat gaussian(std::size_t rows, std::size_t columns, Rng& rng) {
  arma::mat out(rows, columns);
  for (double& value : out) value = rng.normal();
  return out;
}

// Treated cells of a bent response, drawn anew; both of mean about 0.
struct Bent {
  arma::mat x, y;
  Bent(std::size_t d, std::size_t n, std::size_t m, std::uint64_t seed) {
    Rng rng(seed);
    x = gaussian(d, n, rng);
    y = gaussian(d, m, rng);
    for (double& value : y) value += std::tanh(2.0 * value) + 0.1 * value * value - 0.1;
  }
};

LiftResult lifted(const arma::mat& x, const arma::mat& y, const LaotOptions& options,
                  const LiftOptions& lift_options) {
  Context context;
  Coupling coupling(x, y);
  const LaotResult linear = alternate(coupling, x, y, options, context);
  return lift(coupling, x, y, linear, options, lift_options, context);
}

}  // namespace

TEST_CASE("lift: J never rises at a fixed ridge") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Bent cells(5, 150, 110, seed);
    LaotOptions options;
    options.ridge = 0.2;
    options.tol = 0.0;
    const LiftResult found = lifted(cells.x, cells.y, options, {});
    CHECK(found.seconds_transport > 0.0);
    CHECK(found.seconds_transport < found.seconds);
    const LaotTrace& trace = found.trace;
    REQUIRE(trace.ridge.size() > 2);
    double last = kInfinity;
    for (std::size_t k = 0; k < trace.ridge.size(); ++k) {
      CHECK(trace.j_after_plan[k] <= last * (1.0 + 1e-12));
      CHECK(trace.j_after_update[k] <= trace.j_after_plan[k] * (1.0 + 1e-12));
      last = trace.j_after_update[k];
    }
    // It bends: the kernels lower J well below where the linear map had it.
    CHECK(trace.j_after_update.back() < 0.9 * trace.j_after_plan.front());
  }
}

TEST_CASE("lift: the Jacobian is the derivative") {
  const Bent cells(4, 200, 160, 7);
  const LiftedMap map = lifted(cells.x, cells.y, {}, {}).map;
  for (const std::size_t cell : {0u, 11u, 57u}) {
    const arma::vec z = cells.x.col(cell);
    const arma::mat jacobian = map.jacobian(z);
    for (std::size_t c = 0; c < 4; ++c) {
      const double step = 1e-5;
      arma::mat ends(4, 2), moved;
      ends.col(0) = z;
      ends.col(1) = z;
      ends(c, 0) += step;
      ends(c, 1) -= step;
      map.apply(ends, moved);
      for (std::size_t r = 0; r < 4; ++r)
        CHECK(jacobian(r, c) ==
              doctest::Approx((moved(r, 0) - moved(r, 1)) / (2.0 * step)).epsilon(1e-6));
    }
  }
}

TEST_CASE("lift: moved cells have the mean and nearly the spread of the treated cells") {
  const Bent cells(3, 900, 700, 9);
  const LiftResult result = lifted(cells.x, cells.y, {}, {});
  const arma::vec got = arma::mean(result.moved, 1), want = arma::mean(cells.y, 1);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(got[k] == doctest::Approx(want[k]).epsilon(1e-10));
    CHECK(arma::stddev(result.moved.row(k)) / arma::stddev(cells.y.row(k)) ==
          doctest::Approx(1.0).epsilon(0.02));
  }
  arma::mat again;
  result.map.apply(cells.x, again);
  CHECK(arma::abs(again - result.moved).max() < 1e-9);
}

TEST_CASE("lift: where a linear map explains everything, it stays") {
  Rng rng(3);
  const arma::mat x = gaussian(4, 120, rng);
  arma::mat map(4, 4, arma::fill::eye);
  map += 0.1 * gaussian(4, 4, rng);
  const arma::mat y = columns_of(arma::mat(map * x), rng.permutation(120));
  const LiftResult result = lifted(x, y, {}, {});
  CHECK_FALSE(result.lifted);
  CHECK(result.converged);
  CHECK(result.stop_reason.find("the linear map stays") != std::string::npos);
}

TEST_CASE("lift: the width of the kernel is in median squared distances of the landmarks") {
  Rng rng(5);
  const arma::mat x = gaussian(2, 60, rng);
  arma::mat y = gaussian(2, 60, rng);
  y.row(0) = arma::square(y.row(0));
  LiftOptions options;
  options.landmarks = 3;
  const KernelLandmarks one = lifted(x, y, {}, options).map.kernels;
  options.width = 2.5;
  const KernelLandmarks wide = lifted(x, y, {}, options).map.kernels;
  REQUIRE(one.landmarks().n_cols == 3);
  std::vector<double> squares;
  for (const auto& [i, j] : {std::pair{0, 1}, {0, 2}, {1, 2}})
    squares.push_back(arma::accu(arma::square(one.landmarks().col(i) - one.landmarks().col(j))));
  std::sort(squares.begin(), squares.end());
  CHECK(one.width() == doctest::Approx(squares[1]));
  CHECK(wide.width() == doctest::Approx(2.5 * squares[1]));
}

TEST_CASE("lift: control cells that do not differ keep the linear map") {
  Rng rng(4);
  const arma::mat x(3, 40, arma::fill::zeros), y = gaussian(3, 30, rng);
  const LiftResult result = lifted(x, y, {}, {});
  CHECK_FALSE(result.lifted);
}

TEST_CASE("lift: fewer cells than landmarks, repeated cells and one feature") {
  Rng rng(5);
  const arma::mat few = gaussian(1, 12, rng);
  const arma::mat x = arma::join_rows(few, arma::join_rows(few, few));
  const arma::mat y = arma::exp(gaussian(1, 50, rng));
  const LiftResult result = lifted(x, y, {}, {});
  REQUIRE(result.lifted);
  CHECK(result.features <= 12);
  CHECK(result.moved.is_finite());
}

TEST_CASE("lift: the width is of the landmarks that differ") {
  // Each of the 66 distances of 12 places stands nine times; the 36 pairs of one place count not.
  Rng rng(13);
  const arma::mat places = gaussian(2, 12, rng);
  const arma::mat x = arma::join_rows(places, arma::join_rows(places, places));
  arma::mat y = gaussian(2, 50, rng);
  y.row(0) = arma::square(y.row(0));
  LaotOptions options;
  options.ridge = 0.2;
  const LiftResult found = lifted(x, y, options, {});
  REQUIRE(found.lifted);
  REQUIRE(found.map.kernels.count() == 36);
  std::vector<double> squares;
  for (arma::uword i = 0; i < 12; ++i)
    for (arma::uword j = 0; j < i; ++j)
      squares.push_back(arma::accu(arma::square(places.col(i) - places.col(j))));
  std::sort(squares.begin(), squares.end());
  REQUIRE(squares.size() == 66);
  CHECK(found.map.kernels.width() ==
        doctest::Approx(0.5 * (squares[32] + squares[33])).epsilon(1e-12));
}

TEST_CASE("lift: its features are the kernels' eigenvalues that are not small") {
  const Bent cells(5, 20, 18, 14);
  LaotOptions options;
  options.ridge = 0.2;
  const LiftResult found = lifted(cells.x, cells.y, options, {});
  REQUIRE(found.lifted);
  arma::mat kernels(20, 20);
  for (arma::uword i = 0; i < 20; ++i)
    for (arma::uword j = 0; j < 20; ++j)
      kernels(i, j) = std::exp(-arma::accu(arma::square(cells.x.col(i) - cells.x.col(j))) /
                               found.map.kernels.width());
  const arma::vec values = arma::eig_sym(kernels);
  std::size_t expected = 0;
  for (const double value : values) expected += value > 1e-6 * values.max() ? 1u : 0u;
  CHECK(found.features == expected);
}

TEST_CASE("lift: where nothing is restored the moved cells are those of the alternation") {
  Bent cells(3, 140, 120, 15);
  cells.y += 1.0;  // which the mean of the moved cells does not reach
  LaotOptions options;
  options.restore = Restore::none;
  const LiftResult found = lifted(cells.x, cells.y, options, {});
  REQUIRE(found.lifted);
  CHECK(140.0 * plan_cost(found.moved, cells.y, found.plan) ==
        doctest::Approx(found.trace.residual_after_update.back()).epsilon(1e-12));
  arma::mat again;
  found.map.apply(cells.x, again);
  CHECK(arma::abs(again - found.moved).max() < 1e-9);
}

TEST_CASE("lift: it stops where J falls by a share of itself, in whatever unit") {
  const SingleThreadedBlas one_thread;  // so that equal work has equal bits
  Bent cells(5, 150, 110, 1);
  cells.x *= 10.0;
  cells.y *= 10.0;
  LaotOptions options;
  options.ridge = 0.2;
  // The linear fit before it stays the same.
  const auto lifted_at = [&](double tol) {
    Context context;
    Coupling coupling(cells.x, cells.y);
    const LaotResult linear = alternate(coupling, cells.x, cells.y, options, context);
    LaotOptions stops = options;
    stops.tol = tol;
    return lift(coupling, cells.x, cells.y, linear, stops, {}, context);
  };
  const std::vector<double> j = lifted_at(-1.0).trace.j_after_update;  // never by its fall
  REQUIRE(j.size() > 2);
  REQUIRE(std::abs(j[0] - 1.0) > 0.5);
  const double fall = (j[0] - j[1]) / j[0];
  REQUIRE(fall > 0.0);
  const LiftResult reached = lifted_at(fall * (1.0 + 1e-9));
  CHECK(reached.iterations == 2);
  CHECK(reached.stop_reason == "the objective stopped falling");
  CHECK(lifted_at(fall * (1.0 - 1e-9)).iterations > 2);
}

TEST_CASE("lift: a small ridge is a ridge") {
  const Bent cells(3, 100, 90, 16);
  LaotOptions options;
  options.ridge = 1e-8;
  LiftOptions lift_options;
  lift_options.landmarks = 20;
  CHECK(lifted(cells.x, cells.y, options, lift_options).lifted);
  options.ridge = 1e-11;
  CHECK_FALSE(lifted(cells.x, cells.y, options, lift_options).lifted);
}

TEST_CASE("marginals: a map is monotone, and one of equal laws stands still") {
  Rng rng(6);
  const std::size_t n = 400, m = 300;
  const arma::vec a(n, arma::fill::value(1.0 / n)), b(m, arma::fill::value(1.0 / m));
  const MarginalFit fit({a, b, {}, {}});
  const arma::mat moved = gaussian(1, n, rng), same = gaussian(1, m, rng);
  arma::mat other = gaussian(1, m, rng);
  for (double& value : other) value = (value < 0.0 ? -0.9 : 0.9) + 0.2 * value;
  // Sampling alone moves a feature by little, a change of shape by nearly all of it.
  CHECK(fit.map(moved.memptr(), same.memptr()).strength < 0.6);
  const MarginalMap map = fit.map(moved.memptr(), other.memptr());
  CHECK(map.strength > 0.85);
  for (const Ends ends : {Ends::shifted, Ends::clamped}) {
    double last = -kInfinity;
    for (double v = -6.0; v < 6.0; v += 0.01) {
      CHECK(map(v, ends) >= last);
      last = map(v, ends);
    }
  }
  CHECK(map(100.0, Ends::clamped) == map.to.back());
  CHECK(map(-100.0, Ends::clamped) == map.to.front());
  CHECK(map(100.0, Ends::shifted) - 100.0 ==
        doctest::Approx(map.strength * (map.to.back() - map.from.back())));
  for (const double v : {-9.0, -0.31, 0.47, 1.2, 9.0})
    CHECK(map.slope(v) ==
          doctest::Approx((map(v + 1e-7, Ends::shifted) - map(v - 1e-7, Ends::shifted)) / 2e-7)
              .epsilon(1e-5));
}

TEST_CASE("marginals: predicted values that are equal go to the mean of their treated quantiles") {
  const arma::vec even(60, arma::fill::value(1.0 / 60.0));
  MarginalOptions options;
  options.relabellings = 0;
  const MarginalFit fit({even, even, {}, {}}, options);
  arma::vec moved(60, arma::fill::zeros);  // twelve knots at the ranks 5 k + 2, eight of them at 0
  for (arma::uword i = 40; i < 60; ++i) moved[i] = static_cast<double>(i);
  const arma::vec treated = arma::linspace(0.0, 59.0, 60);
  const MarginalMap map = fit.map(moved.memptr(), treated.memptr());
  REQUIRE(map.from.size() == 5);
  CHECK(map.strength == 1.0);
  CHECK(map.to[0] == doctest::Approx(19.5));
  CHECK(map(0.0, Ends::clamped) == doctest::Approx(19.5));
  CHECK(map(47.0, Ends::shifted) == doctest::Approx(47.0));
}

TEST_CASE("marginals: values that differ by rounding alone are one knot") {
  // The same, where half of the zeros are 0.3 and half 0.1 + 0.2.
  const arma::vec even(60, arma::fill::value(1.0 / 60.0));
  MarginalOptions options;
  options.relabellings = 0;
  arma::vec moved(60);
  for (arma::uword i = 0; i < 60; ++i)
    moved[i] = i < 20 ? 0.3 : i < 40 ? 0.1 + 0.2 : static_cast<double>(i);
  REQUIRE(moved[0] < moved[39]);
  const arma::vec treated = arma::linspace(0.0, 59.0, 60);
  const MarginalMap map =
      MarginalFit({even, even, {}, {}}, options).map(moved.memptr(), treated.memptr());
  REQUIRE(map.from.size() == 5);
  CHECK(map.to[0] == doctest::Approx(19.5));
}

TEST_CASE("marginals: a map has at most a hundred knots, with strata and without") {
  Rng rng(17);
  const arma::mat moved = gaussian(1, 700, rng), treated = gaussian(1, 650, rng);
  MarginalCells cells{arma::vec(700, arma::fill::value(1.0 / 700.0)),
                      arma::vec(650, arma::fill::value(1.0 / 650.0)),
                      {},
                      {}};
  MarginalOptions options;
  options.relabellings = 0;
  // A fifth of the fewer cells would be 130.
  CHECK(MarginalFit(cells, options).map(moved.memptr(), treated.memptr()).from.size() == 100);
  for (std::uint32_t i = 0; i < 700; ++i) cells.strata_x.push_back(i % 2);
  for (std::uint32_t j = 0; j < 650; ++j) cells.strata_y.push_back(j % 2);
  CHECK(MarginalFit(cells, options).map(moved.memptr(), treated.memptr()).from.size() == 100);
}

TEST_CASE("marginals: the slope at a knot is that of its right side") {
  const MarginalMap map{{0.0, 1.0, 3.0}, {0.0, 2.0, 3.0}, 1.0};
  CHECK(map.slope(-0.1) == 1.0);
  CHECK(map.slope(0.0) == 2.0);
  CHECK(map.slope(1.0) == 0.5);
  CHECK(map.slope(3.0) == 1.0);
}

TEST_CASE("marginals: cells dealt anew that do not differ stay at the mean of their side") {
  // Three of 120 values are not 0, and many dealings have none of them on one side.
  constexpr std::size_t n = 60, levels = 200;
  const arma::vec even(n, arma::fill::value(1.0 / 60.0));
  MarginalOptions options;
  options.relabellings = 100;
  options.levels = levels;
  const MarginalFit fit({even, even, {}, {}}, options);
  arma::vec moved(n, arma::fill::zeros);
  const arma::vec treated(n, arma::fill::zeros);
  moved[5] = 8.0;
  moved[20] = 10.0;
  moved[41] = 12.0;
  // Quantiles at the middles of the levels: the k-th smallest of 60 values stands at k + 1/2.
  const auto quantiles = [&](const arma::vec& values) {
    const arma::vec sorted = arma::sort(values);
    arma::vec out(levels);
    for (std::size_t k = 0; k < levels; ++k) {
      const double place =
          std::clamp((static_cast<double>(k) + 0.5) / 200.0 * 60.0 - 0.5, 0.0, 59.0);
      const std::size_t low = static_cast<std::size_t>(place), high = std::min(low + 1, n - 1);
      out[k] = sorted[low] + (place - static_cast<double>(low)) * (sorted[high] - sorted[low]);
    }
    return out;
  };
  const auto brought = [&](const arma::vec& side, const arma::vec& wanted) {
    const double sd = arma::stddev(side, 1);
    const double factor = sd > 0.0 ? arma::stddev(wanted, 1) / sd : 0.0;
    return arma::vec(arma::mean(wanted) + factor * (quantiles(side) - arma::mean(side)));
  };
  arma::vec pooled(2 * n, arma::fill::zeros);
  pooled.tail(3) = arma::vec{8.0, 10.0, 12.0};
  double null = 0.0;
  std::size_t without = 0;
  for (const std::vector<char>& labels : fit.relabellings()) {
    std::vector<double> control, other;
    for (std::size_t k = 0; k < 2 * n; ++k) (labels[k] != 0 ? control : other).push_back(pooled[k]);
    const arma::vec a(control), b(other);
    without += a.max() == 0.0 || b.max() == 0.0 ? 1u : 0u;
    null += arma::mean(arma::square(brought(a, moved) - brought(b, treated))) / 100.0;
  }
  REQUIRE(without > 0);
  const double observed = arma::mean(arma::square(quantiles(moved)));
  REQUIRE(null < 0.99 * observed);
  const MarginalMap map = fit.map(moved.memptr(), treated.memptr());
  REQUIRE_FALSE(map.from.empty());
  CHECK(map.strength == doctest::Approx(1.0 - null / observed).epsilon(1e-9));
}

TEST_CASE("marginals: what has no two values is left alone") {
  const arma::vec a(20, arma::fill::value(0.05));
  const MarginalFit fit({a, a, {}, {}});
  const arma::vec constant(20, arma::fill::value(2.5));
  const arma::vec spread = arma::linspace(0.0, 1.0, 20);
  CHECK(fit.map(constant.memptr(), spread.memptr()).from.empty());
  CHECK(fit.map(constant.memptr(), spread.memptr())(0.3, Ends::shifted) == 0.3);
  // Fewer than ten cells have no two knots.
  const arma::vec few(9, arma::fill::value(1.0 / 9.0));
  CHECK(MarginalFit({few, few, {}, {}}).map(spread.memptr(), spread.memptr()).from.empty());
}

TEST_CASE("marginals: knots as matrices and back") {
  Rng rng(8);
  const arma::vec a(60, arma::fill::value(1.0 / 60.0));
  const MarginalFit fit({a, a, {}, {}});
  arma::mat moved = gaussian(3, 60, rng), treated = gaussian(3, 60, rng);
  moved.row(1).fill(1.0);
  for (std::size_t i = 0; i < 40; ++i) moved(2, i) = 0.0;  // ties: fewer knots
  Context context;
  const MarginalMaps maps = fit_marginals(fit, moved, treated, context);
  const MarginalMaps again(maps.from(), maps.to(), maps.strength());
  REQUIRE(again.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(again[k].from == maps[k].from);
    CHECK(again[k].to == maps[k].to);
    CHECK(again[k].strength == maps[k].strength);
  }
  CHECK(maps[2].from.size() < maps[0].from.size());
}

TEST_CASE("choice: parts hold every cell once, stratified or by levels") {
  Rng rng(10);
  const arma::mat x = gaussian(2, 203, rng), y = gaussian(2, 157, rng);
  std::vector<std::uint32_t> of_x, of_y;
  for (std::size_t i = 0; i < 203; ++i) of_x.push_back(static_cast<std::uint32_t>(i % 4));
  for (std::size_t i = 0; i < 157; ++i) of_y.push_back(static_cast<std::uint32_t>(i % 4));
  const ChoiceOptions options;
  const Parts whole = parts_of({Cells::dense(x), Cells::dense(y), of_x, of_y}, options);
  CHECK(whole.levels);
  CHECK(whole.count == 4);
  for (std::size_t k = 0; k < whole.control.size(); ++k) CHECK(whole.control[k] == k % 4);
  for (auto& level : of_x) level %= 2;
  for (auto& level : of_y) level %= 2;
  const Parts folds = parts_of({Cells::dense(x), Cells::dense(y), of_x, of_y}, options);
  CHECK_FALSE(folds.levels);
  CHECK(folds.count == 5);
  CHECK(folds.control_cells.size() == 203);
  for (const std::uint32_t level : {0u, 1u})
    for (std::uint32_t fold = 0; fold < 5; ++fold) {
      std::size_t count = 0;
      for (std::size_t k = 0; k < 203; ++k)
        count += of_x[folds.control_cells[k]] == level && folds.control[k] == fold ? 1u : 0u;
      CHECK(count >= 20);
      CHECK(count <= 21);
    }
  ChoiceOptions small = options;
  small.most_cells = 60;
  const Parts some = parts_of({Cells::dense(x), Cells::dense(y), of_x, of_y}, small);
  CHECK(some.control_cells.size() <= 60);
  CHECK(some.treated_cells.size() <= 60);
  CHECK(std::is_sorted(some.control_cells.begin(), some.control_cells.end()));
}

TEST_CASE("choice: from 100 cells a side on, and by the standard errors that are asked for") {
  Rng rng(12);
  Context context;
  const arma::mat x = gaussian(2, 100, rng);
  arma::mat y = gaussian(2, 140, rng);
  y.row(0) = arma::exp(0.7 * y.row(0));  // nothing that a linear map makes
  const ChoiceCells cells{Cells::dense(x), Cells::dense(y), {}, {}};
  ChoiceOptions options;
  const Choice usual = choose(cells, 0.5, options, context);
  REQUIRE(usual.candidates.size() == 4);
  options.standard_errors = 0.0;
  const Choice eager = choose(cells, 0.5, options, context);
  REQUIRE(eager.gain.min() < 0.0);
  CHECK((eager.chosen.lift || eager.chosen.marginals));
  options.standard_errors = 1e9;
  const Choice never = choose(cells, 0.5, options, context);
  CHECK_FALSE((never.chosen.lift || never.chosen.marginals));
}

TEST_CASE("choice: few cells, equal cells and exact pairs stay linear") {
  Rng rng(11);
  Context context;
  const arma::mat few = gaussian(2, 99, rng), many = gaussian(2, 300, rng);
  const Choice unasked = choose({Cells::dense(few), Cells::dense(many), {}, {}}, 1.0, {}, context);
  CHECK(unasked.candidates.empty());
  CHECK_FALSE(unasked.chosen.lift);
  CHECK(unasked.reason.find("fewer than 100") != std::string::npos);
  const Choice equal = choose({Cells::dense(many), Cells::dense(many), {}, {}}, kNaN, {}, context);
  CHECK(equal.candidates.empty());
  const arma::mat map = {{1.2, 0.1}, {-0.2, 0.9}};
  const arma::mat treated = columns_of(arma::mat(map * many), rng.permutation(300));
  const Choice exact =
      choose({Cells::dense(many), Cells::dense(treated), {}, {}}, 0.5, {}, context);
  REQUIRE(exact.candidates.size() == 4);
  CHECK_FALSE(exact.chosen.lift);
  CHECK_FALSE(exact.chosen.marginals);
}

TEST_CASE("lift: features that are computed by blocks give the bits of features that are kept") {
  // One block and a part, whole blocks, fewer cells than a block.
  for (const std::size_t n : {700u, 1024u, 90u}) {
    const Bent cells(4, n, 300, n);
    LiftOptions blocks;
    blocks.kept_bytes = 0.0;
    const LiftResult kept = lifted(cells.x, cells.y, {}, {}),
                     by_blocks = lifted(cells.x, cells.y, {}, blocks);
    REQUIRE(kept.lifted);
    REQUIRE(by_blocks.lifted);
    CHECK(kept.iterations == by_blocks.iterations);
    CHECK(arma::approx_equal(kept.map.linear, by_blocks.map.linear, "absdiff", 0.0));
    CHECK(arma::approx_equal(kept.map.weights, by_blocks.map.weights, "absdiff", 0.0));
    CHECK(arma::approx_equal(kept.map.offset, by_blocks.map.offset, "absdiff", 0.0));
    CHECK(arma::approx_equal(kept.moved, by_blocks.moved, "absdiff", 0.0));
    CHECK(kept.share == by_blocks.share);
  }
}

TEST_CASE("lift: cells are moved alike however they are split") {
  const Bent cells(4, 300, 260, 5);
  const LiftedMap map = lifted(cells.x, cells.y, {}, {}).map;
  arma::mat all, first, second;
  map.apply(cells.x, all);
  for (const arma::uword cut : {1u, 7u, 256u}) {
    map.apply(cells.x.head_cols(cut), first);
    map.apply(cells.x.tail_cols(300 - cut), second);
    CHECK(arma::approx_equal(arma::join_rows(first, second), all, "absdiff", 1e-12));
  }
}

// A sanitizer keeps what is freed, and more beside.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

// The growth of the peak of the resident memory over `body`, in bytes; negative where it is not to
// be had.
double peak_of(const std::function<void()>& body) {
  const auto field = [](const char* name) {
    std::ifstream file("/proc/self/status");
    std::string word;
    double value = -1.0;
    while (file >> word)
      if (word == name) file >> value;
    return value * 1024.0;
  };
  std::ofstream reset("/proc/self/clear_refs");
  reset << "5";
  reset.close();
  const double before = field("VmRSS:");
  body();
  const double peak = field("VmHWM:");
  return reset.fail() || before < 0.0 || peak < 0.0 ? -1.0 : peak - before;
}

}  // namespace

TEST_CASE("lift: by blocks the memory does not grow with the features of the cells") {
  // 40000 cells in levels of 200, so that transport is quick; 203 features of each: 65 MB.
  constexpr std::size_t n = 40000, levels = 200, d = 3;
  const Bent cells(d, n, n, 9);
  std::vector<std::uint32_t> batch(n);
  for (std::size_t i = 0; i < n; ++i) batch[i] = static_cast<std::uint32_t>(i % levels);
  Context context;
  LaotOptions options;
  options.max_iter = 2;
  Coupling coupling(cells.x, cells.y, batch, batch);
  const LaotResult linear = alternate(coupling, cells.x, cells.y, options, context);
  std::size_t features = 0;
  const auto peak = [&](double kept_bytes) {
    LiftOptions chosen;
    chosen.kept_bytes = kept_bytes;
    return peak_of([&] {
      features = lift(coupling, cells.x, cells.y, linear, options, chosen, context).features + d;
    });
  };
  const double by_blocks = peak(0.0), kept = peak(1e12);
  if (by_blocks < 0.0 || kept < 0.0) {
    skip_case("the system does not tell the memory of a process");
    return;
  }
  const double all = 8.0 * static_cast<double>(features) * static_cast<double>(n);
  MESSAGE("peak by blocks ", by_blocks / 1e6, " MB, kept ", kept / 1e6, " MB, all features ",
          all / 1e6, " MB");
  CHECK(by_blocks < 0.5 * all);
  CHECK(kept > 0.9 * all);
}

#endif
