// The Conditional Monge Gap against numpy and torch (tests/golden/README.md, cmonge/).
#include <doctest/doctest.h>

#include <cmath>

#include "laot/nets/conditional_map.hpp"
#include "laot/nets/training.hpp"
#include "laot/nets/transport_loss.hpp"
#include "support/fixtures.hpp"
#include "support/tensors.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

using Tensors = std::map<std::string, arma::mat>;
using Contexts = std::vector<std::vector<double>>;

std::string path(const std::string& file) {
  return fixtures::golden("cmonge/" + file);
}

PointCost cost_of(const std::string& name) {
  return name == "euclidean" ? PointCost::euclidean : PointCost::squared;
}

EntropicOptions tight(double epsilon) {
  return {epsilon, 1e-14, 200, true};
}

void check_close(const arma::mat& found, const arma::mat& wanted, double tolerance) {
  REQUIRE(arma::size(found) == arma::size(wanted));
  CHECK(arma::abs(found - wanted).max() <= tolerance * std::max(1.0, arma::abs(wanted).max()));
}

double tolerance_of(const std::string& name) {
  return name == "far_from_origin" ? 1e-6 : 1e-7;
}

const fixtures::Table& network_tensors() {
  static const fixtures::Table table = fixtures::read_table(path("network/tensors.csv"));
  return table;
}

ConditionalMap<double> initial_network(const std::string& architecture) {
  ConditionalMapShape shape;
  shape.features = 6;
  shape.set = architecture == "set";
  shape.contexts = shape.set ? std::vector<std::size_t>{4} : std::vector<std::size_t>{4, 1};
  shape.embedded = shape.set ? std::vector<std::size_t>{5} : std::vector<std::size_t>{5, 2};
  shape.hidden = {8, 7};
  ConditionalMap<double> net(shape);
  const Tensors initial = fixtures::tensors(
      network_tensors(), {{"architecture", architecture}, {"quantity", "initial"}});
  for (const auto& tensor : net.layout().tensors())
    net.layout().set(net.values(), tensor.name, initial.at(tensor.name));
  return net;
}

std::vector<Contexts> contexts_of(const std::string& architecture) {
  const fixtures::Table table = fixtures::read_table(path("network/conditions.csv"));
  std::vector<std::vector<double>> drug;
  std::vector<double> dose;
  for (std::size_t c = 0; c < 3; ++c) {
    drug.push_back({});
    for (const char* e : {"e0", "e1", "e2", "e3"}) drug.back().push_back(table.number(c, e));
    dose.push_back(table.number(c, "dose"));
  }
  if (architecture == "set") return {{drug[0]}, {drug[0], drug[1]}, {drug[2], drug[1], drug[0]}};
  return {{drug[0], {dose[0]}}, {drug[1], {dose[1]}}, {drug[2], {dose[2]}}};
}

CmongeLossOptions golden_loss(const std::string& cost) {
  CmongeLossOptions out;
  out.cost = cost_of(cost);
  out.epsilon = 0.8;
  out.epsilon_of_mean_cost = false;
  out.gap_weight = 0.7;
  out.gap_epsilon = 0.5;
  out.tolerance = 1e-14;
  out.max_iterations = 200;
  out.polish = true;
  return out;
}

arma::mat batch(const char* side, std::size_t number) {
  return fixtures::read_cells(path(text("network/", side, number, ".csv")));
}

// Loss, map and gradients of one batch.
struct Evaluated {
  CmongeLoss loss;
  arma::mat map, of_source;
  std::vector<double> gradient;
  Contexts of_contexts;
};

Evaluated evaluate(const ConditionalMap<double>& net, const arma::mat& x, const arma::mat& y,
                   const Contexts& contexts, const CmongeLossOptions& options) {
  Evaluated out;
  Context context;
  ConditionalMapPass<double> pass;
  out.map.set_size(arma::size(x));
  pass.forward(net, x.memptr(), x.n_cols, contexts, out.map.memptr());
  out.loss = cmonge_loss(x, out.map, y, options, true, context);
  out.gradient.assign(net.size(), 0.0);
  out.of_source.set_size(arma::size(x));
  pass.backward(net, x.memptr(), out.loss.of_t.memptr(), out.gradient.data(),
                out.of_source.memptr(), &out.of_contexts);
  out.of_source += out.loss.of_x;
  return out;
}

}  // namespace

TEST_CASE("golden Sinkhorn divergences: values, plans and both gradients") {
  const fixtures::Table expected = fixtures::read_table(path("ot/expected.csv"));
  const fixtures::Table tensors = fixtures::read_table(path("ot/tensors.csv"));
  CHECK(expected.rows.size() >= 40);
  for (std::size_t r = 0; r < expected.rows.size(); ++r) {
    const std::string name = expected.at(r, "case"), cost = expected.at(r, "cost");
    CAPTURE(name);
    CAPTURE(cost);
    CAPTURE(expected.at(r, "eps_factor"));
    const arma::mat t = fixtures::read_cells(path("ot/" + name + "_t.csv"));
    const arma::mat y = fixtures::read_cells(path("ot/" + name + "_y.csv"));
    const double epsilon = expected.number(r, "eps"), tolerance = tolerance_of(name);
    Context context;
    const arma::mat costs = point_costs(t, y, cost_of(cost));
    const arma::mat plan = entropic_plan(costs, tight(epsilon), context);
    const PlanValue value = value_of(plan, costs);
    CHECK(fixtures::close(value.transport, expected.number(r, "transport_ty"), tolerance));
    CHECK(fixtures::close(value.kl, expected.number(r, "kl_ty"), tolerance));
    const BatchDivergence found =
        batch_divergence(t, y, cost_of(cost), tight(epsilon), false, true, context);
    CHECK(fixtures::close(found.value, expected.number(r, "divergence"), tolerance));
    const Tensors wanted =
        fixtures::tensors(tensors, {{"case", name},
                                    {"cost", cost},
                                    {"eps_rule", expected.at(r, "eps_rule")},
                                    {"eps_factor", expected.at(r, "eps_factor")}});
    check_close(plan, wanted.at("plan_ty"), tolerance);
    CHECK(found.self_mass ==
          doctest::Approx(arma::trace(wanted.at("plan_tt"))).epsilon(10.0 * tolerance));
    check_close(found.gradient_t, wanted.at("grad_t").t(), tolerance);
    check_close(found.gradient_y, wanted.at("grad_y").t(), tolerance);
  }
}

TEST_CASE("golden Monge gaps, entropic and exact") {
  const fixtures::Table expected = fixtures::read_table(path("gap/expected.csv"));
  const fixtures::Table tensors = fixtures::read_table(path("gap/tensors.csv"));
  CHECK(expected.rows.size() == 32);
  for (std::size_t r = 0; r < expected.rows.size(); ++r) {
    const std::string name = expected.at(r, "case"), cost = expected.at(r, "cost");
    CAPTURE(name);
    CAPTURE(cost);
    CAPTURE(expected.at(r, "eps_rule"));
    const arma::mat x = fixtures::read_cells(path("gap/" + name + "_x.csv"));
    const arma::mat t = fixtures::read_cells(path("gap/" + name + "_t.csv"));
    const double epsilon = expected.number(r, "eps");
    const double tolerance = epsilon == 0.0 ? 1e-9 : 1e-7;
    Context context;
    const MongeGap found = monge_gap(x, t, cost_of(cost), tight(epsilon), context);
    CHECK(fixtures::close(found.value, expected.number(r, "gap"), tolerance));
    CHECK(fixtures::close(found.value - 2.0 * epsilon * std::log(static_cast<double>(x.n_cols)),
                          expected.number(r, "gap_kl_form"), tolerance));
    const Tensors wanted =
        fixtures::tensors(tensors, {{"case", name},
                                    {"cost", cost},
                                    {"eps_rule", expected.at(r, "eps_rule")},
                                    {"eps_factor", expected.at(r, "eps_factor")}});
    if (wanted.empty()) continue;
    check_close(found.gradient_t, wanted.at("grad_t").t(), tolerance);
    check_close(found.gradient_x, wanted.at("grad_x").t(), tolerance);
  }
}

TEST_CASE("golden conditional maps: outputs, losses and every gradient") {
  const fixtures::Table outputs = fixtures::read_table(path("network/outputs.csv"));
  const fixtures::Table losses = fixtures::read_table(path("network/losses.csv"));
  for (std::size_t r = 0; r < losses.rows.size(); ++r) {
    const std::string architecture = losses.at(r, "architecture"), cost = losses.at(r, "cost"),
                      condition = losses.at(r, "condition");
    CAPTURE(architecture);
    CAPTURE(cost);
    CAPTURE(condition);
    const std::size_t c = std::stoul(condition);
    const ConditionalMap<double> net = initial_network(architecture);
    const Evaluated found = evaluate(net, batch("source", c), batch("target", c),
                                     contexts_of(architecture)[c], golden_loss(cost));
    CHECK(fixtures::close(found.loss.fitting, losses.number(r, "fitting"), 1e-7));
    CHECK(fixtures::close(found.loss.gap, losses.number(r, "gap"), 1e-7));
    CHECK(fixtures::close(found.loss.total, losses.number(r, "loss"), 1e-7));
    const Tensors map =
        fixtures::tensors(outputs, {{"architecture", architecture}, {"condition", condition}});
    check_close(found.map, map.at("map").t(), 1e-9);
    const Tensors wanted = fixtures::tensors(
        network_tensors(),
        {{"architecture", architecture}, {"quantity", "grad_" + cost}, {"condition", condition}});
    for (const auto& tensor : net.layout().tensors())
      check_close(net.layout().get(found.gradient, tensor.name), wanted.at(tensor.name), 1e-7);
    check_close(found.loss.of_t, wanted.at("map").t(), 1e-7);
    check_close(found.of_source, wanted.at("source").t(), 1e-7);
    check_close(found.loss.of_y, wanted.at("target").t(), 1e-7);
    for (std::size_t k = 0; k < found.of_contexts.size(); ++k)
      check_close(arma::vec(found.of_contexts[k]), wanted.at(text("context", k)), 1e-7);
  }
}

TEST_CASE("golden training: five steps of AdamW, with and without the cosine") {
  const fixtures::Table losses = fixtures::read_table(path("train/losses.csv"));
  const fixtures::Table after = fixtures::read_table(path("train/after_5_steps.csv"));
  const std::size_t order[] = {0, 1, 2, 1, 0};
  for (const std::string architecture : {"separate", "set"})
    for (const std::string mode :
         {"one_condition_constant_lr", "one_condition_cosine", "mean_of_conditions"}) {
      CAPTURE(architecture);
      CAPTURE(mode);
      const bool cosine = mode == "one_condition_cosine", mean = mode == "mean_of_conditions";
      ConditionalMap<double> net = initial_network(architecture);
      Adam<double> adam(net.size(), {0.01, 0.9, 0.999, 1e-8, 0.0, 0.0, 0.01});
      const auto contexts = contexts_of(architecture);
      const CmongeLossOptions options = golden_loss(cosine ? "sqeuclidean" : "euclidean");
      for (std::size_t step = 0; step < 5; ++step) {
        std::vector<double> gradient(net.size(), 0.0);
        double loss = 0.0;
        const std::size_t many = mean ? 3 : 1;
        for (std::size_t k = 0; k < many; ++k) {
          const std::size_t c = mean ? k : order[step];
          const Evaluated at =
              evaluate(net, batch("source", c), batch("target", mean ? c : (c + step) % 6),
                       contexts[c], options);
          loss += at.loss.total / static_cast<double>(many);
          for (std::size_t i = 0; i < gradient.size(); ++i)
            gradient[i] += at.gradient[i] / static_cast<double>(many);
        }
        const double factor = cosine ? cosine_factor(0.01, step, 11) : 1.0;
        bool found = false;
        for (std::size_t r = 0; r < losses.rows.size(); ++r) {
          if (losses.at(r, "architecture") != architecture || losses.at(r, "mode") != mode ||
              losses.at(r, "step") != text(step))
            continue;
          found = true;
          CHECK(fixtures::close(loss, losses.number(r, "loss_before_step"), 1e-7));
          CHECK(fixtures::close(0.01 * factor, losses.number(r, "learning_rate"), 1e-12));
        }
        CHECK(found);
        adam.step(net.values().data(), gradient.data(), factor);
      }
      const Tensors wanted =
          fixtures::tensors(after, {{"architecture", architecture}, {"mode", mode}});
      for (const auto& tensor : net.layout().tensors())
        check_close(net.layout().get(net.values(), tensor.name), wanted.at(tensor.name), 1e-7);
    }
}
