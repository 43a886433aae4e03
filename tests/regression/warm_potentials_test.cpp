// Potentials of the network simplex grew fourfold from one warm solve to the next, until they
// overflowed after some thirty of them.
#include <doctest/doctest.h>

#include "laot/transport.hpp"

using namespace laot;

TEST_CASE("two hundred warm solves of unequal sizes stay exact") {
  Rng rng(1);
  arma::mat x(8, 20), y(8, 25);
  for (double& value : x) value = rng.normal();
  for (double& value : y) value = rng.normal();
  Context context;
  Coupling warm(x, y);
  for (int k = 0; k < 200; ++k) {
    for (double& value : x) value += 0.02 * rng.normal();
    const double cost = warm.solve(x, context).certificate.primal;
    if (k % 20 == 0) {
      Coupling cold(x, y);
      CHECK(cost == doctest::Approx(cold.solve(x, context).certificate.primal).epsilon(1e-12));
    }
  }
}
