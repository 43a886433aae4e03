// Autoencoders against torch in float64 (tests/golden/README.md).
#include <doctest/doctest.h>

#include <cmath>

#include "laot/nets/autoencoder.hpp"
#include "support/fixtures.hpp"
#include "support/tensors.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

arma::mat cells(const std::string& name) {
  return fixtures::read_cells(fixtures::golden("autoencoder/" + name + ".csv"));
}

struct Model {
  std::string name;
  fixtures::Table table = fixtures::read_table(fixtures::golden("autoencoder/tensors.csv"));
  fixtures::Table outputs = fixtures::read_table(fixtures::golden("autoencoder/outputs.csv"));

  Autoencoder<double> net() const {
    AutoencoderShape shape;
    shape.kind = name == "vae"   ? AutoencoderKind::variational
                 : name == "cae" ? AutoencoderKind::conditional
                                 : AutoencoderKind::plain;
    shape.features = 7;
    shape.hidden = {6, 5};
    shape.latent = 3;
    shape.conditions = 2;
    shape.slope = name == "vae" ? 0.01 : 0.0;
    Autoencoder<double> out(shape);
    for (const auto& [tensor, value] : expected("initial"))
      out.layout().set(out.values(), tensor, value);
    return out;
  }
  std::map<std::string, arma::mat> expected(const std::string& quantity) const {
    return fixtures::tensors(table, {{"model", name}, {"quantity", quantity}});
  }
  void compare(const Autoencoder<double>& net, const std::vector<double>& values,
               const std::string& quantity, double tolerance) const {
    const auto wanted = expected(quantity);
    CHECK(wanted.size() == net.layout().tensors().size());
    for (const auto& [tensor, value] : wanted) {
      CAPTURE(tensor);
      const arma::mat found = net.layout().get(values, tensor);
      REQUIRE(found.n_elem == value.n_elem);
      for (arma::uword k = 0; k < value.n_elem; ++k)
        CHECK(fixtures::close(found(k), value(k), tolerance));
    }
  }
  void compare_output(const arma::mat& found, const std::string& quantity) const {
    int seen = 0;
    for (std::size_t r = 0; r < outputs.rows.size(); ++r) {
      if (outputs.at(r, "model") != name || outputs.at(r, "quantity") != quantity) continue;
      const auto row = static_cast<arma::uword>(outputs.number(r, "row"));
      const auto col = static_cast<arma::uword>(outputs.number(r, "col"));
      const double value = found.n_cols == 1 ? found(row + col) : found(col, row);
      CHECK(fixtures::close(value, outputs.number(r, "value"), 1e-9));
      ++seen;
    }
    CHECK(seen == static_cast<int>(found.n_elem));
  }
};

}  // namespace

TEST_CASE("golden losses, gradients, Adam steps and predictions of the autoencoders") {
  const fixtures::Table scalars = fixtures::read_table(fixtures::golden("autoencoder/scalars.csv"));
  const arma::mat label_row = cells("labels"), fresh = cells("new_control_cells");
  const std::vector<std::uint32_t> labels(label_row.begin(), label_row.end());
  AutoencoderLossWeights weights;
  for (const std::string name : {"ae", "cae", "vae"}) {
    CAPTURE(name);
    const Model model{name};
    Autoencoder<double> net = model.net();
    const arma::mat x = cells("x0"), noise = cells("noise0");
    AutoencoderPass<double> pass;
    std::vector<double> gradient(net.size());
    const AutoencoderLoss loss = pass.train(net, weights, x.memptr(), labels.data(), noise.memptr(),
                                            x.n_cols, nullptr, gradient.data());
    for (std::size_t r = 0; r < scalars.rows.size(); ++r) {
      if (scalars.at(r, "model") != name) continue;
      const std::string& quantity = scalars.at(r, "quantity");
      const double found = quantity == "loss"                  ? loss.total
                           : quantity == "reconstruction_term" ? loss.reconstruction
                                                               : loss.regulariser;
      CHECK(fixtures::close(found, scalars.number(r, "value"), 1e-9));
    }
    model.compare(net, gradient, "gradient", 1e-9);

    arma::mat code(3, x.n_cols), back(7, x.n_cols);
    pass.encode(net, x.memptr(), labels.data(), x.n_cols, code.memptr());
    if (name == "vae") {
      model.compare_output(code, "mean");
      pass.evaluate(net, weights, x.memptr(), labels.data(), noise.memptr(), x.n_cols);
      const arma::mat sample(pass.sample().data(), 3, x.n_cols);
      model.compare_output(arma::mat(pass.variance().data(), 3, x.n_cols), "variance");
      model.compare_output(sample, "sample");
      pass.decode(net, sample.memptr(), labels.data(), x.n_cols, back.memptr());
    } else {
      model.compare_output(code, "code");
      pass.decode(net, code.memptr(), labels.data(), x.n_cols, back.memptr());
    }
    model.compare_output(back, "reconstruction");

    arma::vec shift;
    if (name != "cae") {
      arma::mat sides[2];
      for (arma::uword j = 0; j < x.n_cols; ++j)
        sides[labels[j]].insert_cols(sides[labels[j]].n_cols, x.col(j));
      shift = latent_shift(net, sides[0], sides[1]);
      model.compare_output(shift, "latent_shift");
    }
    model.compare_output(predict(net, fresh, shift), "prediction");

    AdamSettings settings;
    settings.weight_decay = 1e-5;
    Adam<double> adam(net.size(), settings);
    for (int i = 0; i < 5; ++i) {
      const arma::mat batch = cells(text("x", i)), draw = cells(text("noise", i));
      pass.train(net, weights, batch.memptr(), labels.data(), draw.memptr(), batch.n_cols, nullptr,
                 gradient.data());
      adam.step(net.values().data(), gradient.data());
    }
    model.compare(net, net.values(), "after_5_adam_steps", 1e-7);
  }
}
