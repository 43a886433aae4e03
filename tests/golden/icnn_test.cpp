// Input-convex networks and CellOT's losses against torch in float64 (tests/golden/README.md).
#include <doctest/doctest.h>

#include <cmath>

#include "laot/nets/icnn.hpp"
#include "support/fixtures.hpp"
#include "support/tensors.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

struct Case {
  std::string name;
  fixtures::Table table = fixtures::read_table(fixtures::golden("icnn/tensors.csv"));

  Icnn<double> net(const std::string& which) const {
    Icnn<double> out({4, {6, 5, 4}, name == "softplus_relu" ? 0.0 : 0.2, name != "plain_leaky"});
    load(out, "initial", which);
    return out;
  }
  void load(Icnn<double>& net, const std::string& quantity, const std::string& which) const {
    std::vector<double> values(net.size(), 0.0);
    for (const auto& [tensor, value] : expected(quantity, which))
      net.layout().set(values, tensor, value);
    net.assign(values);
  }
  std::map<std::string, arma::mat> expected(const std::string& quantity,
                                            const std::string& which) const {
    return fixtures::tensors(table, {{"case", name}, {"quantity", quantity}, {"net", which}});
  }
  arma::mat cells(const std::string& side, int i) const {
    return fixtures::read_cells(fixtures::golden(text("icnn/", name, "_", side, i, ".csv")));
  }
  void compare(const Icnn<double>& net, const std::vector<double>& values,
               const std::string& quantity, const std::string& which, double tolerance) const {
    CAPTURE(name);
    CAPTURE(quantity);
    const auto wanted = expected(quantity, which);
    CHECK(wanted.size() == net.layout().tensors().size());
    for (const auto& [tensor, value] : wanted) {
      CAPTURE(tensor);
      const arma::mat found = net.layout().get(values, tensor);
      REQUIRE(found.n_rows == value.n_rows);
      REQUIRE(found.n_cols == value.n_cols);
      double worst = 0.0;
      for (arma::uword k = 0; k < value.n_elem; ++k)
        worst = std::max(worst, std::abs(found(k) - value(k)) / std::max(1.0, std::abs(value(k))));
      CHECK(worst < tolerance);
    }
  }
};

const std::vector<std::string> kCases{"plain_leaky", "softplus_leaky", "softplus_relu"};

AdamSettings golden_adam() {
  AdamSettings settings;
  settings.rate = 1e-3;
  settings.beta1 = 0.5;
  settings.beta2 = 0.9;
  return settings;
}

}  // namespace

TEST_CASE("golden values and input gradients of an input-convex network") {
  const fixtures::Table outputs = fixtures::read_table(fixtures::golden("icnn/outputs.csv"));
  for (const std::string& name : kCases) {
    const Case c{name};
    const arma::mat x = c.cells("source", 0);
    for (const std::string which : {"f", "g"}) {
      const arma::vec value = potential(c.net(which), x);
      const arma::mat gradient = potential_gradient(c.net(which), x);
      for (std::size_t r = 0; r < outputs.rows.size(); ++r) {
        if (outputs.at(r, "case") != name || outputs.at(r, "net") != which) continue;
        const auto cell = static_cast<arma::uword>(outputs.number(r, "row"));
        const double found =
            outputs.at(r, "quantity") == "value"
                ? value(cell)
                : gradient(static_cast<arma::uword>(outputs.number(r, "col")), cell);
        CHECK(fixtures::close(found, outputs.number(r, "value"), 1e-9));
      }
    }
  }
}

TEST_CASE("golden losses of CellOT, their gradients and the penalty") {
  const fixtures::Table scalars = fixtures::read_table(fixtures::golden("icnn/scalars.csv"));
  for (const std::string& name : kCases) {
    CAPTURE(name);
    const Case c{name};
    const Icnn<double> f = c.net("f"), g = c.net("g");
    const arma::mat x = c.cells("source", 0), y = c.cells("target", 0);
    const auto expected = [&](const std::string& quantity) {
      for (std::size_t r = 0; r < scalars.rows.size(); ++r)
        if (scalars.at(r, "case") == name && scalars.at(r, "quantity") == quantity)
          return scalars.number(r, "value");
      return std::nan("");
    };
    CellotLoss<double> loss;
    std::vector<double> gradient(g.size());
    const double loss_g = loss.step_g(f, g, x.memptr(), x.n_cols, gradient.data(), true);
    CHECK(fixtures::close(loss_g, expected("loss_g"), 1e-9));
    c.compare(g, gradient, "grad_loss_g", "g", 1e-9);
    const double loss_f =
        loss.step_f(f, g, x.memptr(), x.n_cols, y.memptr(), y.n_cols, gradient.data(), true);
    CHECK(fixtures::close(loss_f, expected("loss_f"), 1e-9));
    c.compare(f, gradient, "grad_loss_f", "f", 1e-9);

    std::fill(gradient.begin(), gradient.end(), 0.0);
    CHECK(fixtures::close(g.penalty(gradient.data()), expected("penalty_g"), 1e-9));
    if (name == "plain_leaky") c.compare(g, gradient, "grad_penalty_g", "g", 1e-9);
    CHECK(fixtures::close(f.penalty(nullptr), expected("penalty_f"), 1e-9));

    // Bunne's dual of the half squared distance, of which the two losses are the moving parts.
    const arma::mat moved = potential_gradient(g, x);
    const arma::vec value = potential(f, moved), at_target = potential(f, y);
    double dual = 0.0;
    for (arma::uword i = 0; i < x.n_cols; ++i)
      dual += value(i) - arma::dot(x.col(i), moved.col(i)) - at_target(i) +
              0.5 * (arma::dot(x.col(i), x.col(i)) + arma::dot(y.col(i), y.col(i)));
    CHECK(fixtures::close(dual / 12.0, expected("half_w2_dual"), 1e-9));
  }
}

TEST_CASE("the golden gradients of each loss in the other network") {
  for (const std::string& name : kCases) {
    const Case c{name};
    const Icnn<double> f = c.net("f"), g = c.net("g");
    const arma::mat x = c.cells("source", 0);
    const std::vector<double> ones(x.n_cols, 1.0);
    const std::vector<double> share(x.n_cols, 1.0 / static_cast<double>(x.n_cols));
    const arma::mat moved = potential_gradient(g, x);
    arma::mat slope = potential_gradient(f, moved);
    std::vector<double> gradient(f.size(), 0.0);
    IcnnPass<double> pass;
    pass.forward(f, moved.memptr(), moved.n_cols);
    pass.backward(f, share.data());
    pass.value_gradient(f, moved.memptr(), share.data(), gradient.data());
    gradient[f.last_bias_offset()] += 1.0;
    f.through_softplus(gradient.data());
    c.compare(f, gradient, "grad_loss_g", "f", 1e-9);
    slope *= -1.0 / static_cast<double>(x.n_cols);
    std::fill(gradient.begin(), gradient.end(), 0.0);
    pass.forward(g, x.memptr(), x.n_cols);
    pass.backward(g, ones.data());
    pass.directional_gradient(g, x.memptr(), slope.memptr(), gradient.data());
    g.through_softplus(gradient.data());
    c.compare(g, gradient, "grad_loss_f", "g", 1e-9);
  }
}

TEST_CASE("golden parameters after Adam steps on CellOT's losses") {
  for (const std::string& name : kCases) {
    const Case c{name};
    CellotLoss<double> loss;
    std::vector<double> gradient(c.net("g").size());
    const auto step_g = [&](const Icnn<double>& f, Icnn<double>& g, Adam<double>& adam,
                            int source) {
      const arma::mat x = c.cells("source", source);
      loss.step_g(f, g, x.memptr(), x.n_cols, gradient.data(), false);
      g.penalty(gradient.data());
      g.change([&](double* values) { adam.step(values, gradient.data()); });
    };
    const auto step_f = [&](Icnn<double>& f, const Icnn<double>& g, Adam<double>& adam, int source,
                            int target) {
      const arma::mat x = c.cells("source", source), y = c.cells("target", target);
      loss.step_f(f, g, x.memptr(), x.n_cols, y.memptr(), y.n_cols, gradient.data(), false);
      f.change([&](double* values) { adam.step(values, gradient.data()); });
    };

    Icnn<double> f = c.net("f"), g = c.net("g");
    Adam<double> adam_f(f.size(), golden_adam()), adam_g(g.size(), golden_adam());
    for (int i = 0; i < 5; ++i) step_g(f, g, adam_g, i);
    c.compare(g, g.values(), "after_5_steps_g_only", "g", 1e-7);

    g = c.net("g");
    for (int i = 0; i < 5; ++i) step_f(f, g, adam_f, i, i);
    c.compare(f, f.values(), "after_5_steps_f_only_no_clamp", "f", 1e-7);

    f = c.net("f");
    adam_f = Adam<double>(f.size(), golden_adam());
    adam_g = Adam<double>(g.size(), golden_adam());
    for (int i = 0; i < 5; ++i) {
      step_g(f, g, adam_g, 3 * i);
      step_g(f, g, adam_g, 3 * i + 1);
      step_f(f, g, adam_f, 3 * i + 2, i);
      f.clamp();
    }
    c.compare(f, f.values(), "after_5_outer_2_inner", "f", 1e-7);
    c.compare(g, g.values(), "after_5_outer_2_inner", "g", 1e-7);
  }
}
