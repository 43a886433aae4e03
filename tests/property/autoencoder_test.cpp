// Laws of an autoencoder's loss, normalisation, dropout and shift.
#include <doctest/doctest.h>

#include <cmath>

#include "laot/nets/autoencoder.hpp"
#include "laot/nets/dense.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

arma::mat normal_cells(Rng& rng, std::size_t d, std::size_t n) {
  arma::mat out(d, n);
  for (double& value : out) value = rng.normal();
  return out;
}

AutoencoderShape shape_of(AutoencoderKind kind, bool batch_norm) {
  AutoencoderShape shape;
  shape.kind = kind;
  shape.features = 5;
  shape.hidden = {9, 4};
  shape.latent = 3;
  shape.conditions = 2;
  shape.slope = 0.1;
  shape.batch_norm = batch_norm;
  return shape;
}

}  // namespace

TEST_CASE("gradients of an autoencoder agree with finite differences, normalised or not") {
  Rng rng(31);
  for (const AutoencoderKind kind :
       {AutoencoderKind::plain, AutoencoderKind::conditional, AutoencoderKind::variational})
    for (const bool batch_norm : {false, true}) {
      CAPTURE(static_cast<int>(kind));
      CAPTURE(batch_norm);
      AutoencoderShape shape = shape_of(kind, batch_norm);
      shape.dropout = 0.3;
      Autoencoder<double> net(shape);
      net.initialise(rng);
      for (double& value : net.values()) value += 0.1 * rng.normal();
      const arma::mat x = normal_cells(rng, 5, 8), noise = normal_cells(rng, 3, 8);
      const std::vector<std::uint32_t> labels{0, 1, 1, 0, 1, 0, 0, 1};
      AutoencoderLossWeights weights;
      weights.kl_weight = 0.3;
      AutoencoderPass<double> pass;
      std::vector<double> gradient(net.size()), unused(net.size());
      // The same seed gives the same dropout, so the loss is one function.
      const auto loss = [&](Autoencoder<double>& at, std::vector<double>& out) {
        Rng dropout(5);
        return pass
            .train(at, weights, x.memptr(), labels.data(), noise.memptr(), 8, &dropout, out.data())
            .total;
      };
      loss(net, gradient);
      double worst = 0.0;
      const double h = 1e-6;
      for (std::size_t k = 0; k < net.size(); ++k) {
        const double before = net.values()[k];
        net.values()[k] = before + h;
        const double above = loss(net, unused);
        net.values()[k] = before - h;
        const double below = loss(net, unused);
        net.values()[k] = before;
        worst = std::max(worst, std::abs((above - below) / (2 * h) - gradient[k]));
      }
      CHECK(worst < 1e-6);
    }
}

TEST_CASE("running moments converge to those of the data") {
  Rng rng(32);
  Autoencoder<double> net(shape_of(AutoencoderKind::plain, true));
  net.initialise(rng);
  const arma::mat x = normal_cells(rng, 5, 64);
  AutoencoderPass<double> pass;
  std::vector<double> gradient(net.size());
  for (int i = 0; i < 2000; ++i)
    pass.train(net, {}, x.memptr(), nullptr, nullptr, 64, nullptr, gradient.data());
  const arma::mat weight = net.layout().get(net.values(), "enc0.weight");
  const arma::mat bias = net.layout().get(net.values(), "enc0.bias");
  arma::mat a = weight * x;
  a.each_col() += bias.col(0);
  const arma::mat mean = net.running_layout().get(net.running(), "enc0.mean");
  const arma::mat variance = net.running_layout().get(net.running(), "enc0.variance");
  CHECK(arma::abs(mean - arma::mean(a, 1)).max() < 1e-6);
  CHECK(arma::abs(variance - arma::var(a, 0, 1)).max() < 1e-6);
}

TEST_CASE("dropout acts while training only") {
  Rng rng(33);
  AutoencoderShape shape = shape_of(AutoencoderKind::plain, false);
  shape.hidden = {40};
  shape.dropout = 0.2;
  Autoencoder<double> net(shape);
  net.initialise(rng);
  const arma::mat x = normal_cells(rng, 5, 1);
  AutoencoderPass<double> pass;
  std::vector<double> gradient(net.size());
  Rng dropout(7);
  const arma::mat exact = encode(net, x);
  const arma::mat whole = decode(net, exact);
  double loss = 0.0;
  for (int i = 0; i < 50; ++i)
    loss += pass.train(net, {}, x.memptr(), nullptr, nullptr, 1, &dropout, gradient.data()).total;
  // Dropped units make the reconstruction vary around the exact one, so the loss is larger.
  CHECK(loss / 50 > pass.evaluate(net, {}, x.memptr(), nullptr, nullptr, 1).total);
  CHECK(decode(net, exact)(0) == whole(0));
}

TEST_CASE("a unit that dropout leaves is raised by as much as keeps the mean of all") {
  Rng rng(35);
  Layout layout, moments;
  const DenseLayer layer = dense_layer("layer", 3, 50, false, layout, moments);
  std::vector<double> values(layout.size()), none;
  initialise(layer, false, rng, values, none);
  const arma::mat x = normal_cells(rng, 3, 80);
  DenseShape rules;
  rules.slope = 0.5;  // so that no unit is 0 by itself
  rules.dropout = 0.25;
  DenseScratch<double> scratch;
  HiddenState<double> whole, dropped;
  Rng draws(36);
  for (const bool drops : {false, true})
    hidden_forward<double>(rules, layer, values.data(), nullptr, x.memptr(), 80,
                           drops ? dropped : whole, nullptr, drops ? &draws : nullptr, scratch);
  REQUIRE(dropped.z.size() == 4000);
  std::size_t kept = 0;
  for (std::size_t k = 0; k < dropped.z.size(); ++k) {
    const bool stays = dropped.z[k] != 0.0;
    const double factor = stays ? 4.0 / 3.0 : 0.0;  // 1 / (1 - 1/4)
    kept += stays;
    CHECK(dropped.z[k] == doctest::Approx(factor * whole.z[k]).epsilon(1e-12));
    CHECK(dropped.gate[k] == doctest::Approx(factor * whole.gate[k]).epsilon(1e-12));
  }
  // Of 4000 with a chance of 3/4, 3000 +- 27.
  CHECK(kept > 2850);
  CHECK(kept < 3150);
}

TEST_CASE("the latent shift is balanced by cell type where types are given") {
  Rng rng(34);
  Autoencoder<double> net(shape_of(AutoencoderKind::plain, false));
  net.initialise(rng);
  const arma::mat control = normal_cells(rng, 5, 6), treated = normal_cells(rng, 5, 7);
  const std::vector<std::uint32_t> a{0, 0, 0, 0, 1, 2}, b{0, 1, 1, 1, 1, 1, 3};
  const arma::mat za = encode(net, control), zb = encode(net, treated);
  const arma::vec of_0 = zb.col(0) - arma::mean(za.cols(0, 3), 1);
  const arma::vec of_1 = arma::mean(zb.cols(1, 5), 1) - za.col(4);
  const arma::vec shift = latent_shift(net, control, treated, a, b);
  CHECK(arma::abs(shift - (of_0 + of_1) / 2).max() < 1e-12);
  const arma::vec plain = latent_shift(net, control, treated);
  CHECK(arma::abs(plain - (arma::mean(zb, 1) - arma::mean(za, 1))).max() < 1e-12);
  CHECK_THROWS_AS(latent_shift(net, control, treated, std::vector<std::uint32_t>(6, 8), b), Error);
}
