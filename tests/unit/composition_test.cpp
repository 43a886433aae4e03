// Shares of types by their weights, the exact law of the test that tells of a change, and clusters
// by what they are by hand.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "laot/balance.hpp"
#include "support/clouds.hpp"
#include "support/fitted_models.hpp"

using namespace laot;

namespace {

using Numbers = std::vector<std::uint32_t>;

// `counts` of types 0, 1, ..., one after the other.
Numbers cells_of(const std::vector<std::size_t>& counts) {
  Numbers out;
  for (std::size_t type = 0; type < counts.size(); ++type)
    out.insert(out.end(), counts[type], static_cast<std::uint32_t>(type));
  return out;
}

Numbers joined(Numbers first, const Numbers& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

CellTypes types_named(const std::vector<std::string>& names, const Numbers& control,
                      const Numbers& treated) {
  CellTypes out;
  out.names = names;
  out.control = control;
  out.treated = treated;
  return out;
}

arma::vec even(std::size_t cells) {
  return arma::vec(cells, arma::fill::value(1.0 / static_cast<double>(cells)));
}

// Cells about the columns of `at` by turns.
arma::mat about(const arma::mat& at, std::size_t cells, double sd, std::uint64_t seed) {
  arma::mat out = sd * clouds::gaussian(at.n_rows, cells, seed);
  for (arma::uword i = 0; i < out.n_cols; ++i) out.col(i) += at.col(i % at.n_cols);
  return out;
}

// Shares of clusters among treated cells, by expectation and maximisation from the definition.
arma::vec mixture_shares(const arma::mat& centres, arma::vec shares, const arma::vec& mean_x,
                         const arma::mat& y, const arma::vec& weights, double ridge_share,
                         const ClusterOptions& options) {
  const arma::uword d = y.n_rows, m = y.n_cols, count = centres.n_cols;
  const double dimensions = static_cast<double>(d);
  const arma::vec mean_y = y * weights;
  arma::mat moved = centres.each_col() + (mean_y - mean_x);
  double variance = 0.0;
  for (arma::uword j = 0; j < m; ++j)
    variance += weights[j] * arma::accu(arma::square(y.col(j) - mean_y)) / dimensions;
  for (int k = 0; k < options.max_iter; ++k) {
    arma::mat member(count, m);
    for (arma::uword j = 0; j < m; ++j) {
      for (arma::uword c = 0; c < count; ++c)
        member(c, j) = shares[c] * std::exp(-arma::accu(arma::square(y.col(j) - moved.col(c))) /
                                            (2.0 * variance));
      member.col(j) /= arma::accu(member.col(j));
    }
    const arma::vec next = member * weights;
    const double change = arma::abs(next - shares).max();
    shares = next;
    const arma::vec middle = centres * shares;
    arma::mat second(d, d, arma::fill::zeros), cross(d, d, arma::fill::zeros);
    for (arma::uword c = 0; c < count; ++c) {
      const arma::vec apart = centres.col(c) - middle;
      second += shares[c] * apart * apart.t();
      for (arma::uword j = 0; j < m; ++j)
        cross += weights[j] * member(c, j) * (y.col(j) - mean_y) * apart.t();
    }
    const arma::mat ridge =
        ridge_share * arma::trace(second) / dimensions * arma::mat(d, d, arma::fill::eye);
    const arma::mat map = (cross + ridge) * arma::inv(second + ridge);
    moved = map * (centres.each_col() - middle);
    moved.each_col() += mean_y;
    variance = 0.0;
    for (arma::uword j = 0; j < m; ++j)
      for (arma::uword c = 0; c < count; ++c)
        variance += weights[j] * member(c, j) * arma::accu(arma::square(y.col(j) - moved.col(c))) /
                    dimensions;
    if (change < options.tol) break;
  }
  return shares;
}

}  // namespace

TEST_CASE("shares are of the weights of cells, and so are ratios") {
  const CellTypes types = types_named({"a", "b"}, {0, 0, 1}, {0, 1, 1});
  const Composition found = composition_of(types, {0.5, 0.25, 0.25}, {0.6, 0.1, 0.3});
  CHECK(found.control[0] == doctest::Approx(0.75).epsilon(1e-12));
  CHECK(found.treated[0] == doctest::Approx(0.6).epsilon(1e-12));
  CHECK(found.ratio[0] == doctest::Approx(0.8).epsilon(1e-12));
  CHECK(found.ratio[1] == doctest::Approx(1.6).epsilon(1e-12));
}

TEST_CASE("the interval of a share is of the number of treated cells") {
  const CellTypes types = types_named({"a", "b"}, cells_of({2, 2}), cells_of({30, 70}));
  const Composition found = composition_of(types, even(4), even(100));
  // Wilson's ends are the shares that lie z of their own standard deviations from the one observed.
  constexpr double z = 1.959963984540054;
  for (const double end : {found.low[0], found.high[0]}) {
    const double apart = std::abs(end - 0.3);
    CHECK(apart == doctest::Approx(z * std::sqrt(end * (1.0 - end) / 100.0)).epsilon(1e-9));
  }
  CHECK(found.low[0] < 0.3);
  CHECK(found.high[0] > 0.3);
}

TEST_CASE("types whose shares differ between levels alone have not changed") {
  // Of each level the same share is of type 0, 90% and 10%; the sides have unequal shares of
  // levels.
  const CellTypes types = types_named({"a", "b"}, joined(cells_of({72, 8}), cells_of({2, 18})),
                                      joined(cells_of({18, 2}), cells_of({8, 72})));
  Context context;
  CHECK(changed_types(types, cells_of({80, 20}), cells_of({20, 80}), {}, context).empty());
  // Without levels 74 of 100 have become 26.
  CHECK(changed_types(types, {}, {}, {}, context).size() == 2);
}

TEST_CASE("a difference that chance makes as large counts as one that is reached") {
  // Two of the six ways to deal these cells give the same difference, and none a larger one.
  const CellTypes types = types_named({"a", "b"}, {0, 0}, {1, 1});
  PermutationOptions options;
  options.permutations = 99;
  options.level = 0.1;
  Context context;
  CHECK(changed_types(types, {}, {}, options, context).empty());
  options.level = 0.6;
  CHECK(changed_types(types, {}, {}, options, context).size() == 2);
}

TEST_CASE("changed types come by their difference over the deviation that chance gives it") {
  // Type 1 falls by 0.2 of 0.8, the others by 0.1 of 0.1: 0.2 / sqrt(0.8 0.2) is 0.5, and
  // 0.1 / sqrt(0.1 0.9) a third.
  const CellTypes types =
      types_named({"b", "a", "c"}, cells_of({15, 70, 15}), cells_of({5, 90, 5}));
  PermutationOptions options;
  options.level = 1.0;  // every type
  Context context;
  CHECK(changed_types(types, {}, {}, options, context) == std::vector<std::size_t>{1, 0, 2});
}

TEST_CASE("there are as many clusters as cells allow, up to the most that are asked for") {
  const arma::mat y = clouds::gaussian(2, 50, 2);
  const auto count = [&](std::size_t cells, const ClusterOptions& options) {
    CellTypes types;
    Context context;
    const Composition found =
        clustered(clouds::gaussian(2, cells, 1), y, even(cells), even(50), options, types, context);
    CHECK(types.names.size() == found.centres.n_cols);
    return found.centres.n_cols;
  };
  ClusterOptions few;
  few.most = 2;
  few.fewest_of = 10;
  CHECK(count(120, few) == 2);
  CHECK(count(1000, {}) == 20);  // 25 by their number of cells
  CHECK(count(799, {}) == 19);
}

TEST_CASE("clusters begin with the cell that is nearest to the mean") {
  // The mean is 3.25: from 2 the farthest cell is 10, and the other three are nearer to 2.
  const arma::mat x = {{0.0, 1.0, 2.0, 10.0}};
  ClusterOptions options;
  options.most = 2;
  options.fewest_of = 1;
  CellTypes types;
  Context context;
  const Composition found = clustered(x, x, even(4), even(4), options, types, context);
  REQUIRE(found.centres.n_cols == 2);
  CHECK(found.centres[0] == doctest::Approx(1.0).epsilon(1e-12));
  CHECK(found.centres[1] == doctest::Approx(10.0).epsilon(1e-12));
  CHECK(types.control == Numbers{0, 0, 0, 1});
}

TEST_CASE("a treated cell belongs to the cluster that it most likely comes from") {
  const arma::mat at = {{0.0, 30.0, -20.0}, {0.0, 10.0, 40.0}};
  const arma::mat x = about(at, 120, 0.1, 3), y = about(at, 90, 0.1, 4);
  CellTypes types;
  Context context;
  const Composition found = clustered(x, y, even(120), even(90), {}, types, context);
  REQUIRE(found.centres.n_cols == 3);
  REQUIRE(types.treated.size() == 90);
  for (std::size_t j = 0; j < 90; ++j) CHECK(types.treated[j] == types.control[j % 3]);
}

TEST_CASE("a treated cell of weight three counts as three cells for the shares of clusters") {
  const arma::mat at = {{0.0, 2.5}, {0.0, 0.5}};
  const arma::mat x = about(at, 80, 0.8, 5), y = about(at, 60, 0.8, 6) + 0.4;
  arma::vec weights(60);
  std::vector<arma::uword> copies;
  for (arma::uword j = 0; j < 60; ++j) {
    const int times = j % 4 == 0 ? 1 : 3;
    weights[j] = times;
    copies.insert(copies.end(), static_cast<std::size_t>(times), j);
  }
  weights /= arma::accu(weights);
  const arma::mat repeated = y.cols(arma::uvec(copies));
  ClusterOptions options;
  options.most = 2;
  options.tol = 1e-12;  // both to the end
  options.max_iter = 5000;
  CellTypes types;
  Context context;
  const arma::vec weighted = clustered(x, y, even(80), weights, options, types, context).treated;
  const arma::vec counted =
      clustered(x, repeated, even(80), even(repeated.n_cols), options, types, context).treated;
  REQUIRE(weighted.n_elem == 2);
  CHECK(arma::abs(weighted - counted).max() < 1e-9);
}

TEST_CASE("shares of clusters are those of the mixture, computed anew in a plane") {
  const arma::mat at = {{0.0, 2.5, 1.0}, {0.0, 0.5, 2.5}};
  const arma::mat x = about(at, 90, 0.7, 7), y = about(1.2 * at, 100, 0.8, 8) + 0.5;
  ClusterOptions options;
  options.most = 3;
  options.fewest_of = 10;
  options.tol = 1e-10;
  options.max_iter = 1000;
  CellTypes types;
  Context context;
  const Composition found = clustered(x, y, even(90), even(100), options, types, context);
  REQUIRE(found.centres.n_cols == 3);
  const arma::vec expected =
      mixture_shares(found.centres, found.control, arma::mean(x, 1), y, even(100), 0.3, options);
  CHECK(arma::abs(found.treated - expected).max() < 1e-9);
}

TEST_CASE("treated cells that are all the same are told of where clusters are asked for") {
  const arma::mat x = clouds::gaussian(3, 90, 9);
  // A mean of the second value may be rounded: spread that is none.
  for (const double value : {0.0, 0.1}) {
    CAPTURE(value);
    const arma::mat y(3, 30, arma::fill::value(value));
    CellTypes types;
    Context context;
    CHECK_THROWS_WITH_AS(clustered(x, y, even(90), even(30), {}, types, context),
                         "the treated cells are all the same and show no shares of clusters; set "
                         "balance to \"none\"",
                         Error);
    CHECK_THROWS_WITH_AS(fitted_models::fitted(x, y, {{"balance", "clusters"}}),
                         doctest::Contains("the treated cells are all the same"), Error);
  }
}
