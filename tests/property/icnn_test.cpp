// Laws of an input-convex network and its closed forms, whatever the weights.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "laot/nets/icnn.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

arma::mat normal_cells(Rng& rng, std::size_t d, std::size_t n, double scale = 1.0) {
  arma::mat out(d, n);
  for (double& value : out) value = scale * rng.normal();
  return out;
}

std::vector<double> finite_differences(const Icnn<double>& net,
                                       const std::function<double(const Icnn<double>&)>& loss) {
  std::vector<double> out(net.size());
  const double h = 1e-6;
  for (std::size_t k = 0; k < net.size(); ++k) {
    Icnn<double> shifted = net;
    shifted.change([&](double* v) { v[k] += h; });
    const double above = loss(shifted);
    shifted.change([&](double* v) { v[k] -= 2 * h; });
    out[k] = (above - loss(shifted)) / (2 * h);
  }
  return out;
}

void check_close(const std::vector<double>& found, const std::vector<double>& wanted) {
  REQUIRE(found.size() == wanted.size());
  // Differences of a loss cancel digits in proportion to the loss, so the largest entry sets the
  // scale.
  double worst = 0.0, scale = 1.0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    worst = std::max(worst, std::abs(found[k] - wanted[k]));
    scale = std::max(scale, std::abs(wanted[k]));
  }
  CHECK(worst < 1e-6 * scale);
}

}  // namespace

TEST_CASE("gradients of both losses agree with finite differences, for any depth") {
  Rng rng(11);
  const std::vector<std::vector<std::size_t>> depths{{5}, {7, 3}, {4, 17, 5}, {3, 4, 5, 6}};
  for (const auto& hidden : depths)
    for (const bool softplus : {false, true}) {
      CAPTURE(hidden.size());
      CAPTURE(softplus);
      const IcnnShape shape{3, hidden, softplus ? 0.0 : 0.2, softplus};
      Icnn<double> f(shape), g(shape);
      f.initialise(rng, -0.3, 0.6);
      g.initialise(rng, -0.3, 0.6);
      g.change([&](double* v) {
        for (std::size_t i = 0; i < g.size(); ++i) v[i] += 0.1 * rng.normal();
      });
      const arma::mat x = normal_cells(rng, 3, 9), y = normal_cells(rng, 3, 7);
      CellotLoss<double> loss;
      std::vector<double> gradient(f.size()), unused(f.size());
      loss.step_g(f, g, x.memptr(), 9, gradient.data(), false);
      check_close(gradient, finite_differences(g, [&](const Icnn<double>& at) {
                    return loss.step_g(f, at, x.memptr(), 9, unused.data(), true);
                  }));
      loss.step_f(f, g, x.memptr(), 9, y.memptr(), 7, gradient.data(), false);
      check_close(gradient, finite_differences(f, [&](const Icnn<double>& at) {
                    return loss.step_f(at, g, x.memptr(), 9, y.memptr(), 7, unused.data(), true);
                  }));
      std::fill(gradient.begin(), gradient.end(), 0.0);
      g.penalty(gradient.data(), 0.7);
      check_close(gradient, finite_differences(g, [&](const Icnn<double>& at) {
                    return at.penalty(nullptr, 0.7);
                  }));
    }
}

TEST_CASE("nonnegative kernels make the potential convex and its gradient monotone") {
  Rng rng(12);
  for (const bool softplus : {false, true}) {
    Icnn<double> net({6, {16, 8, 8}, softplus ? 0.0 : 0.2, softplus});
    net.initialise(rng, -1.0, 1.0);
    net.clamp();
    CHECK(net.penalty(nullptr) == 0.0);
    const arma::mat a = normal_cells(rng, 6, 200, 2.0), b = normal_cells(rng, 6, 200, 2.0);
    const arma::vec at_a = potential(net, a), at_b = potential(net, b);
    const arma::mat slope_a = potential_gradient(net, a), slope_b = potential_gradient(net, b);
    for (const double t : {0.1, 0.5, 0.8}) {
      const arma::vec between = potential(net, arma::mat((1 - t) * a + t * b));
      int above = 0;
      for (arma::uword i = 0; i < a.n_cols; ++i)
        above += between(i) > (1 - t) * at_a(i) + t * at_b(i) + 1e-9 * std::abs(at_a(i));
      CHECK(above == 0);
    }
    int falling = 0;
    for (arma::uword i = 0; i < a.n_cols; ++i)
      falling += arma::dot(slope_b.col(i) - slope_a.col(i), b.col(i) - a.col(i)) < -1e-9;
    CHECK(falling == 0);
  }
}

TEST_CASE("a negative kernel breaks convexity, and the clamp mends it") {
  Icnn<double> net({1, {1, 1}, 0.2, false});
  std::vector<double> values(net.size(), 0.0);
  net.layout().set(values, "A0.weight", arma::mat(1, 1, arma::fill::ones));
  net.layout().set(values, "W1.weight", arma::mat(1, 1, arma::fill::ones));
  net.layout().set(values, "W2.weight", -arma::mat(1, 1, arma::fill::ones));
  net.assign(values);
  const arma::mat line{{-1.0, 0.0, 1.0}};
  arma::vec u = potential(net, line);
  CHECK(u(1) > 0.5 * (u(0) + u(2)));
  net.clamp();
  u = potential(net, line);
  CHECK(u(1) <= 0.5 * (u(0) + u(2)));
}

TEST_CASE("single precision follows double precision") {
  Rng rng(13);
  const IcnnShape shape{10, {32, 32, 32}, 0.2, false};
  Icnn<double> f(shape), g(shape);
  f.initialise(rng, 0.0, 0.1);
  g.initialise(rng, 0.0, 0.1);
  Icnn<float> f32(shape), g32(shape);
  f32.assign(std::vector<float>(f.values().begin(), f.values().end()));
  g32.assign(std::vector<float>(g.values().begin(), g.values().end()));
  const arma::mat x = normal_cells(rng, 10, 64);
  const arma::fmat x32 = arma::conv_to<arma::fmat>::from(x);
  std::vector<double> gradient(g.size());
  std::vector<float> gradient32(g.size());
  CellotLoss<double> loss;
  CellotLoss<float> loss32;
  const double a = loss.step_g(f, g, x.memptr(), 64, gradient.data(), true);
  const double b = loss32.step_g(f32, g32, x32.memptr(), 64, gradient32.data(), true);
  CHECK(std::abs(a - b) < 1e-4 * std::abs(a));
  double norm = 0.0, gap = 0.0;
  for (std::size_t k = 0; k < gradient.size(); ++k) {
    norm += gradient[k] * gradient[k];
    gap += std::pow(gradient[k] - static_cast<double>(gradient32[k]), 2);
  }
  CHECK(std::sqrt(gap / norm) < 1e-4);
}
