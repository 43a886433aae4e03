// Small products: every path has the bits of the plain triple loop.
#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "../../src/nets/products.hpp"
#include "laot/base.hpp"
#include "laot/nets/kernels.hpp"
#include "support/vector_paths.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

std::vector<float> draws(Rng& rng, std::size_t n) {
  std::vector<float> out(n);
  for (float& value : out) value = static_cast<float>(rng.normal());
  return out;
}

// Each sum over its terms in their order; volatile, so that nothing is fused or reordered.
void plain(const Product& t, float* c) {
  for (std::size_t j = 0; j < t.n; ++j)
    for (std::size_t i = 0; i < t.m; ++i) {
      volatile float sum = t.add ? c[i + j * t.ldc] : 0.0F;
      for (std::size_t p = 0; p < t.k; ++p) {
        const volatile float term = t.a[i + p * t.lda] * t.b[p * t.step_p + j * t.step_j];
        sum = sum + term;
      }
      c[i + j * t.ldc] = sum;
    }
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("a small product has the bits of the plain loops on every path") {
  Rng rng(5);
  const std::size_t sizes[] = {1, 2, 5, 8, 15, 16, 17, 31, 32, 33, 64, 70};
  const std::size_t depths[] = {1, 3, 64, 127, 128, 129, 300};
  std::size_t compared = 0;
  for (int round = 0; round < 200; ++round) {
    const std::size_t m = sizes[rng.below(12)], n = sizes[rng.below(12)], k = depths[rng.below(7)];
    // Columns of a near each other are read in place, far ones are packed.
    const std::size_t lda = m + (rng.below(2) ? 0 : 90), ldc = m + rng.below(4);
    const bool turned = rng.below(2) == 1;
    const std::size_t ldb = (turned ? n : k) + rng.below(3);
    const std::vector<float> a = draws(rng, lda * k), b = draws(rng, ldb * (turned ? k : n));
    const std::vector<float> start = draws(rng, ldc * n);
    std::vector<float> expected = start;
    Product product{m,
                    n,
                    k,
                    a.data(),
                    lda,
                    b.data(),
                    turned ? ldb : 1,
                    turned ? 1 : ldb,
                    nullptr,
                    ldc,
                    rng.below(2) == 1};
    plain(product, expected.data());
    for (const VectorPath path : vector_paths::all()) {
      CAPTURE(m);
      CAPTURE(n);
      CAPTURE(k);
      CAPTURE(static_cast<int>(path));
      std::vector<float> out = start;  // what lies between the columns stays
      product.c = out.data();
      products::run(product, path);
      REQUIRE(same_bits(out, expected));
      ++compared;
    }
  }
  CHECK(compared >= 200);
}

TEST_CASE("single and double precision take the same product, and a transpose is one") {
  Rng rng(6);
  const std::size_t m = 19, n = 21, k = 23;
  const std::vector<float> a = draws(rng, m * k), b = draws(rng, n * k);
  const std::vector<double> a2(a.begin(), a.end()), b2(b.begin(), b.end());
  std::vector<float> c(m * n);
  std::vector<double> c2(m * n);
  product(true, m, n, k, a.data(), m, b.data(), n, false, c.data(), m);
  product(true, m, n, k, a2.data(), m, b2.data(), n, false, c2.data(), m);
  for (std::size_t i = 0; i < m * n; ++i)
    CHECK(static_cast<double>(c[i]) == doctest::Approx(c2[i]).epsilon(1e-5));
  std::vector<float> turned(n * k), back(n * k);
  transpose(b.data(), n, k, turned.data());
  for (std::size_t j = 0; j < k; ++j)
    for (std::size_t i = 0; i < n; ++i) REQUIRE(turned[j + i * k] == b[i + j * n]);
  transpose(turned.data(), k, n, back.data());
  CHECK(back == b);
}
