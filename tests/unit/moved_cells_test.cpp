#include "laot/metrics/moved_cells.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "laot/metrics/distances.hpp"
#include "laot/metrics/mmd.hpp"

using namespace laot;

namespace {

arma::mat normal_matrix(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Rng rng(seed);
  arma::mat out(rows, columns);
  for (double& value : out) value = rng.normal();
  return out;
}

// Three directions among 20 features, and cells that are moved along them.
struct Example {
  arma::mat start = normal_matrix(20, 70, 1), observed = normal_matrix(20, 45, 2) + 0.5, basis;
  arma::vec shift = normal_matrix(20, 1, 3);
  std::vector<double> gammas = {0.02, 0.1};
  Context context;

  Example() {
    arma::mat triangular;
    arma::qr_econ(basis, triangular, normal_matrix(20, 3, 4));
  }
  arma::mat moved(double along, double apart) const {
    arma::mat out = start + along * basis * normal_matrix(3, 70, 5);
    out.each_col() += apart * shift;
    return out;
  }
  void check(const KernelSums& found, const arma::mat& cells) {
    const std::vector<double> within = kernel_sums_within(cells, gammas, context);
    const std::vector<double> across = kernel_sums_across(cells, observed, gammas, context);
    REQUIRE(found.within.size() == gammas.size());
    for (std::size_t g = 0; g < gammas.size(); ++g) {
      CHECK(found.within[g] == doctest::Approx(within[g]).epsilon(1e-12));
      CHECK(found.across[g] == doctest::Approx(across[g]).epsilon(1e-12));
    }
  }
};

}  // namespace

TEST_CASE("sums of moved cells are those of the cells themselves") {
  Example e;
  const arma::mat turned = e.moved(2.0, 1.0), along = e.moved(0.5, 0.0), apart = e.moved(0.0, 3.0);
  const std::vector<KernelSums> found = kernel_sums_of_moved(
      e.start, e.basis, {&turned, &along, &apart, &e.start}, e.observed, e.gammas, e.context);
  REQUIRE(found.size() == 5);
  e.check(found[0], e.start);
  e.check(found[1], turned);
  e.check(found[2], along);
  e.check(found[3], apart);
  e.check(found[4], e.start);
  for (const KernelSums& one : found) CHECK(one.squared.is_empty());
  const auto kept = kernel_sums_of_moved(e.start, e.basis, {&turned, &apart, &e.start}, e.observed,
                                         e.gammas, e.context, KeptDistances::within_first_too);
  const std::vector<const arma::mat*> cells = {&e.start, &turned, &apart, &e.start};
  for (std::size_t p = 0; p < cells.size(); ++p) {
    const arma::mat direct = squared_distances(e.observed, *cells[p], e.context);
    CHECK(arma::approx_equal(kept[p].squared, direct, "reldiff", 1e-12));
    CHECK(kept[p].within_squared.is_empty() == (p != 1));
  }
  // Above the diagonal; of cells that were only shifted, those where they started.
  const arma::mat shifted = e.start + 0.5;
  for (const arma::mat* first : {&turned, &shifted, &apart}) {
    const arma::mat within = kernel_sums_of_moved(e.start, e.basis, {first}, e.observed, e.gammas,
                                                  e.context, KeptDistances::within_first_too)[1]
                                 .within_squared;
    CHECK(within.is_empty() == (first == &apart && found[3].within.empty()));
    const arma::mat direct = squared_distances(*first, *first, e.context);
    for (arma::uword j = 0; j < within.n_cols; ++j)
      for (arma::uword i = 0; i < j; ++i)
        CHECK(within(i, j) == doctest::Approx(direct(i, j)).epsilon(1e-11));
  }
  Context three;
  three.num_threads = 3;
  const auto again = kernel_sums_of_moved(e.start, e.basis, {&turned}, e.observed, e.gammas, three);
  CHECK(again[1].within == found[1].within);
  CHECK(again[1].across == found[1].across);
}

TEST_CASE("moved cells that coincide with others keep their digits") {
  Example e;
  // All cells on one point of the three directions: what is left of a distance is small beside the
  // squares that it comes from.
  e.start = 1e-6 * e.start + 300.0 * e.basis * normal_matrix(3, 70, 6);
  const arma::mat onto = e.start - e.basis * (e.basis.t() * e.start);
  e.observed = onto.head_cols(45);
  e.gammas = {1e10};
  const auto found =
      kernel_sums_of_moved(e.start, e.basis, {&onto}, e.observed, e.gammas, e.context);
  e.check(found[1], onto);
}

TEST_CASE("cells that were moved in other directions have no sums") {
  Example e;
  arma::mat other = e.moved(1.0, 1.0);
  other(7, 69) += 1e-6;
  const auto found =
      kernel_sums_of_moved(e.start, e.basis, {&other}, e.observed, e.gammas, e.context);
  CHECK(found[1].within.empty());
  CHECK(found[1].across.empty());
}

TEST_CASE("W2 by a coupling that is used again is W2") {
  Example e;
  Coupling coupling(e.start, e.observed);
  for (const double along : {0.0, 1.0, 0.3}) {
    const arma::mat cells = e.moved(along, 0.7);
    CHECK(wasserstein2(cells, e.observed, coupling, e.context) ==
          doctest::Approx(wasserstein2(cells, e.observed, e.context)).epsilon(1e-12));
  }
}
