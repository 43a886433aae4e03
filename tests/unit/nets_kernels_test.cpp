// The element-wise loops against their definition, bit for bit, whatever the processor offers.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "laot/nets/kernels.hpp"
#include "laot/nets/parameters.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

std::vector<float> draws(Rng& rng, std::size_t n) {
  std::vector<float> out(n);
  for (float& value : out) value = static_cast<float>(rng.normal());
  return out;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

}  // namespace

TEST_CASE("fused loops have the bits of the plain ones") {
  Rng rng(21);
  const std::size_t rows = 37, cols = 5, ld = 40;  // neither a multiple of a lane nor contiguous
  const Block block{rows, cols, ld};
  const float slope = 0.2F;
  for (const bool squared : {false, true}) {
    std::vector<float> z = draws(rng, ld * cols), gate(ld * cols, 7.0F);
    const std::vector<float> bias = draws(rng, rows);
    std::vector<float> z_plain = z, gate_plain = gate;
    for (std::size_t j = 0; j < cols; ++j)
      for (std::size_t i = 0; i < rows; ++i) {
        float& at = z_plain[i + j * ld];
        const float a = at + bias[i], g = a > 0 ? 1.0F : slope, s = a * g;
        at = squared ? s * s : s;
        gate_plain[i + j * ld] = squared ? 2.0F * s * g : g;
      }
    if (squared)
      activate_squared(z.data(), gate.data(), bias.data(), block, slope);
    else
      activate(z.data(), gate.data(), bias.data(), block, slope);
    CHECK(same_bits(z, z_plain));
    CHECK(same_bits(gate, gate_plain));

    std::vector<float> tangent = draws(rng, ld * cols), curved(rows * cols);
    const std::vector<float> back = draws(rng, rows * cols);
    std::vector<float> tangent_plain = tangent, curved_plain = curved;
    for (std::size_t j = 0; j < cols; ++j)
      for (std::size_t i = 0; i < rows; ++i) {
        const float g = gate[i + j * ld], second = g > 0 ? 2.0F : 2.0F * slope * slope;
        float& t = tangent_plain[i + j * ld];
        curved_plain[i + j * rows] = back[i + j * rows] * second * t;
        t *= g;
      }
    bend(curved.data(), tangent.data(), back.data(), gate.data(), block, slope);
    CHECK(same_bits(tangent, tangent_plain));
    CHECK(same_bits(curved, curved_plain));

    std::vector<float> out(ld * cols, 0.0F), plain = out, sums(rows, 0.0F), sums_plain = sums;
    const std::vector<float> c = draws(rng, cols);
    gated_outer(out.data(), gate.data(), bias.data(), c.data(), block);
    add_row_sums(sums.data(), gate.data(), block);
    for (std::size_t j = 0; j < cols; ++j)
      for (std::size_t i = 0; i < rows; ++i) {
        plain[i + j * ld] = gate[i + j * ld] * bias[i] * c[j];
        sums_plain[i] += gate[i + j * ld];
      }
    CHECK(same_bits(out, plain));
    CHECK(same_bits(sums, sums_plain));

    for (std::size_t j = 0; j < cols; ++j) {
      add_squares(sums.data(), gate.data() + j * ld, c[j], rows);
      for (std::size_t i = 0; i < rows; ++i) {
        const float gap = gate[i + j * ld] - c[j];
        sums_plain[i] += gap * gap;
      }
    }
    CHECK(same_bits(sums, sums_plain));
  }
}

TEST_CASE("Adam in lanes has the bits of Adam one by one") {
  Rng rng(22);
  const std::size_t n = 61;
  AdamSettings settings;
  settings.weight_decay = 1e-3;
  std::vector<float> together = draws(rng, n), alone = together;
  Adam<float> adam(n, settings);
  std::vector<Adam<float>> each(n, Adam<float>(1, settings));
  for (int step = 0; step < 5; ++step) {
    std::vector<float> gradient = draws(rng, n), copy = gradient;
    adam.step(together.data(), gradient.data());
    for (std::size_t i = 0; i < n; ++i) each[i].step(&alone[i], &copy[i]);
  }
  CHECK(same_bits(together, alone));
}

TEST_CASE("a gradient over the clipping norm is scaled to it") {
  AdamSettings settings;
  settings.clip_norm = 0.5;
  Adam<double> adam(2, settings);
  std::vector<double> value{0.0, 0.0}, gradient{3.0, 4.0};
  adam.step(value.data(), gradient.data());
  CHECK(std::sqrt(sum_of_squares(gradient.data(), 2)) == doctest::Approx(0.5).epsilon(1e-5));
  CHECK(gradient[0] / gradient[1] == doctest::Approx(0.75));
}
