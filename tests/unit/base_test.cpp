#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "laot/base.hpp"
#include "laot/linear_algebra.hpp"

using namespace laot;

TEST_CASE("the generator's first words are fixed for ever") {
  // Computed by an independent implementation of splitmix64 and xoshiro256++ (tests/golden/rng.py).
  Rng rng(42);
  CHECK(rng.bits() == 0xd0764d4f4476689fULL);
  CHECK(rng.bits() == 0x519e4174576f3791ULL);
}

TEST_CASE("streams depend on seed and number only") {
  Rng a(7), b(7);
  b.bits();
  CHECK(a.stream(3).bits() == b.stream(3).bits());
  CHECK(a.stream(3).bits() != a.stream(4).bits());
}

TEST_CASE("distributions have their moments") {
  Rng rng(1);
  const int n = 200000;
  double mean = 0, square = 0, fourth = 0, uniform_mean = 0;
  for (int i = 0; i < n; ++i) {
    const double z = rng.normal();
    mean += z;
    square += z * z;
    fourth += z * z * z * z;
    uniform_mean += rng.uniform();
  }
  CHECK(std::abs(mean / n) < 0.01);
  CHECK(std::abs(square / n - 1) < 0.02);
  CHECK(std::abs(fourth / n - 3) < 0.1);
  CHECK(std::abs(uniform_mean / n - 0.5) < 0.005);
}

TEST_CASE("permutation and sample hold each index once") {
  Rng rng(5);
  const auto p = rng.permutation(1000);
  CHECK(std::set<std::size_t>(p.begin(), p.end()).size() == 1000);
  CHECK(*std::max_element(p.begin(), p.end()) == 999);
  CHECK_THROWS_AS(rng.sample(3, 4), Error);
}

TEST_CASE("a state that is put back gives the same numbers") {
  Rng rng(9);
  rng.normal();
  const auto state = rng.state();
  const double next = rng.normal();
  const double after = rng.normal();
  rng.restore(state);
  CHECK(rng.normal() == next);
  CHECK(rng.normal() == after);
}

TEST_CASE("the nearest name is found, a far one is not") {
  CHECK(nearest_name("ridgee", {"ridge", "restore", "tol"}) == "ridge");
  CHECK(nearest_name("zzzzzzzz", {"ridge", "restore"}).empty());
  CHECK(nearest_name("ridge", {}).empty());
  // One letter off comes before one that holds the name, and that before one that looks like it.
  CHECK(nearest_name("cells", {"keep_cells", "cell"}) == "cell");
  CHECK(nearest_name("iter", {"items", "max_iterations", "max_iter"}) == "max_iter");
  CHECK(nearest_name("ITER", {"items", "max_iter"}) == "max_iter");
  // Another case is nearer than another letter.
  CHECK(nearest_name("Dose", {"dosE", "Dost", "dose"}) == "dosE");
  CHECK(nearest_name("dosE", {"dose", "dosE"}) == "dosE");
  // Half of the letters, and of a short name not all.
  CHECK(nearest_name("abcdef", {"abcxyz"}) == "abcxyz");
  CHECK(nearest_name("abcdef", {"abwxyz"}).empty());
  CHECK(nearest_name("ab", {"xb"}) == "xb");
  CHECK(nearest_name("ab", {"xy"}).empty());
  CHECK(nearest_name("a", {"x"}).empty());
  CHECK(nearest_name("a", {"A"}) == "A");
}

TEST_CASE("one item more than are named is named as well") {
  CHECK(some_of({"a", "b"}, 2) == "a, b");
  CHECK(some_of({"a", "b", "c"}, 2) == "a, b, c");
  CHECK(some_of({"a", "b", "c", "d"}, 2) == "a, b and 2 more");
}

TEST_CASE("the Gaussian map of cells that differ by rounding alone is the identity") {
  const arma::mat some(3, 3, arma::fill::eye);
  CHECK(arma::abs(gaussian_map(1e-26 * some, some) - some).max() == 0.0);
  CHECK(gaussian_map(1e-20 * some, some)(0, 0) == doctest::Approx(1e10));
}
