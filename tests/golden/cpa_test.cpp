// CPA against numpy (tests/golden/README.md, cpa/).
#include <doctest/doctest.h>

#include <cmath>

#include "laot/nets/cpa.hpp"
#include "support/fixtures.hpp"
#include "support/tensors.hpp"

using namespace laot;
using namespace laot::nets;

namespace {

using Tensors = std::map<std::string, arma::mat>;

std::string cpa_file(const std::string& file) {
  return fixtures::golden("cpa/" + file);
}

const fixtures::Table& cpa_tensors() {
  static const fixtures::Table table = fixtures::read_table(cpa_file("tensors.csv"));
  return table;
}

struct Case {
  std::string name;
  bool variance, batch_norm, embedded, dose_curve;
};

const std::vector<Case> kCases{{"gaussian_normalised", true, true, false, true},
                               {"gaussian_plain", true, false, true, true},
                               {"squared_normalised", false, true, true, false}};

CpaPopulations<double> populations_of(const Case& at) {
  CpaPopulations<double> out;
  const std::vector<std::vector<double>> coordinates{{0.4, -1.1}, {-0.9, 0.3}, {1.2, 0.8}};
  const std::vector<std::vector<std::pair<std::size_t, double>>> treatments{
      {}, {}, {{0, 0.8}}, {{1, 1.5}}, {{0, 0.8}, {2, 0.4}}, {{0, 2.0}}};
  const std::vector<std::vector<double>> contexts{{0.5, -1.0}, {-1.5, 0.2}, {0.5, -1.0},
                                                  {0.5, -1.0}, {-1.5, 0.2}, {-1.5, 0.2}};
  for (std::size_t p = 0; p < treatments.size(); ++p) {
    CpaCondition<double> condition;
    for (const auto& [level, dose] : treatments[p])
      condition.treatments.push_back(
          {level, at.embedded ? coordinates[level] : std::vector<double>(), dose});
    condition.context = contexts[p];
    out.conditions.push_back(condition);
  }
  out.classes = {{0, 0, 1, 2, 3, 1}, {0, 1, 0, 0, 1, 1}};
  out.weights = {{0.7, 2.0, 3.5, 4.0}, {1.0, 1.0}};
  return out;
}

template <class Network>
void set_tensors(Network& net, const Tensors& values) {
  for (const auto& tensor : net.layout().tensors())
    net.layout().set(net.values(), tensor.name, values.at(tensor.name));
}

struct Golden {
  Case at;
  Cpa<double> net;
  CpaAdversary<double> adversary;
  CpaPopulations<double> populations;

  explicit Golden(const Case& which) : at(which), populations(populations_of(which)) {
    CpaShape shape;
    shape.features = 4;
    shape.latent = 3;
    shape.hidden = {5, 4};
    shape.batch_norm = at.batch_norm;
    shape.variance = at.variance;
    shape.levels = 3;
    shape.coordinates = at.embedded ? 2 : 0;
    shape.contexts = 2;
    shape.dose_curve = at.dose_curve;
    net = Cpa<double>(shape);
    adversary = CpaAdversary<double>(3, {4, 2}, {0, 0, {4, 3}, 0.0, at.batch_norm, 0.0});
    const Tensors initial =
        fixtures::tensors(cpa_tensors(), {{"case", at.name}, {"quantity", "initial"}});
    set_tensors(net, initial);
    set_tensors(adversary, initial);
  }

  Tensors wanted(const std::string& quantity) const {
    return fixtures::tensors(cpa_tensors(), {{"case", at.name}, {"quantity", quantity}});
  }
};

struct GoldenBatch {
  arma::mat cells;
  std::vector<std::size_t> population;

  explicit GoldenBatch(std::size_t number)
      : cells(fixtures::read_cells(cpa_file(text("cells", number, ".csv")))) {
    const fixtures::Table table =
        fixtures::read_table(cpa_file(text("populations", number, ".csv")));
    for (std::size_t r = 0; r < table.rows.size(); ++r)
      population.push_back(static_cast<std::size_t>(table.number(r, "population")));
  }
  CpaBatch<double> view() const { return {cells.memptr(), cells.n_cols, population}; }
};

double scalar(const std::string& name, const std::string& quantity) {
  const fixtures::Table table = fixtures::read_table(cpa_file("scalars.csv"));
  for (std::size_t r = 0; r < table.rows.size(); ++r)
    if (table.at(r, "case") == name && table.at(r, "quantity") == quantity)
      return table.number(r, "value");
  return kNaN;
}

void check_tensors(const Layout& layout, const std::vector<double>& found, const Tensors& wanted,
                   double tolerance) {
  for (const auto& tensor : layout.tensors()) {
    CAPTURE(tensor.name);
    const arma::mat value = layout.get(found, tensor.name), right = wanted.at(tensor.name);
    REQUIRE(arma::size(value) == arma::size(right));
    CHECK(arma::abs(value - right).max() <= tolerance * std::max(1.0, arma::abs(right).max()));
  }
}

constexpr double kAdversaryWeight = 0.7, kPenaltyWeight = 1.3;

}  // namespace

TEST_CASE("golden CPA: losses, offsets and the moments of a batch") {
  for (const Case& at : kCases) {
    CAPTURE(at.name);
    Golden golden(at);
    const GoldenBatch batch(0);
    CpaPass<double> pass;
    std::vector<double> gradient(golden.net.size()), of_adversary(golden.adversary.size());
    const CpaLoss loss =
        pass.train_autoencoder(golden.net, golden.adversary, golden.populations, batch.view(),
                               kAdversaryWeight, nullptr, gradient.data());
    CHECK(loss.reconstruction == doctest::Approx(scalar(at.name, "reconstruction")).epsilon(1e-11));
    CHECK(loss.adversary == doctest::Approx(scalar(at.name, "adversary")).epsilon(1e-11));
    const arma::mat offsets = golden.wanted("offsets").at("offsets");
    for (std::size_t p = 0; p < golden.populations.conditions.size(); ++p) {
      const arma::rowvec found(golden.net.offset(golden.populations.conditions[p]));
      CHECK(arma::abs(found - offsets.row(p)).max() < 1e-13);
    }
    if (at.batch_norm) {  // 1% of the batch's moments has entered the running ones, from 0
      const Tensors moments = golden.wanted("moments");
      for (const auto& tensor : golden.net.running_layout().tensors()) {
        const arma::mat found = golden.net.running_layout().get(golden.net.running(), tensor.name);
        CHECK(arma::abs(found - 0.01 * moments.at(tensor.name)).max() < 1e-12);
      }
    }
    const CpaLoss opponent =
        pass.train_adversary(golden.net, golden.adversary, golden.populations, batch.view(),
                             kPenaltyWeight, nullptr, of_adversary.data());
    CHECK(opponent.adversary == doctest::Approx(scalar(at.name, "adversary")).epsilon(1e-11));
    CHECK(opponent.penalty == doctest::Approx(scalar(at.name, "penalty")).epsilon(1e-11));
  }
}

TEST_CASE("golden CPA: gradients of both losses, that of the penalty's among them") {
  for (const Case& at : kCases) {
    CAPTURE(at.name);
    Golden golden(at);
    const GoldenBatch batch(0);
    CpaPass<double> pass;
    std::vector<double> gradient(golden.net.size()), of_adversary(golden.adversary.size());
    pass.train_autoencoder(golden.net, golden.adversary, golden.populations, batch.view(),
                           kAdversaryWeight, nullptr, gradient.data());
    pass.train_adversary(golden.net, golden.adversary, golden.populations, batch.view(),
                         kPenaltyWeight, nullptr, of_adversary.data());
    const Tensors wanted = golden.wanted("gradient");
    check_tensors(golden.net.layout(), gradient, wanted, 1e-11);
    check_tensors(golden.adversary.layout(), of_adversary, wanted, 1e-8);
  }
}

TEST_CASE("golden CPA: five steps, of which the first and the fourth train the autoencoder") {
  for (const Case& at : kCases) {
    CAPTURE(at.name);
    Golden golden(at);
    CpaPass<double> pass;
    std::vector<double> gradient(golden.net.size()), of_adversary(golden.adversary.size());
    const std::size_t doses = golden.net.of_doses();
    Adam<double> adam(doses, {5e-3, 0.9, 0.999, 1e-8, 1e-6});
    Adam<double> of_doses(golden.net.size() - doses, {3e-3, 0.9, 0.999, 1e-8, 4e-7});
    Adam<double> opponent(golden.adversary.size(), {3e-3, 0.9, 0.999, 1e-8, 4e-7});
    for (std::size_t step = 0; step < 5; ++step) {
      const GoldenBatch batch(step);
      if (step % 3 != 0) {
        pass.train_adversary(golden.net, golden.adversary, golden.populations, batch.view(),
                             kPenaltyWeight, nullptr, of_adversary.data());
        opponent.step(golden.adversary.values().data(), of_adversary.data());
        continue;
      }
      pass.train_autoencoder(golden.net, golden.adversary, golden.populations, batch.view(),
                             kAdversaryWeight, nullptr, gradient.data());
      adam.step(golden.net.values().data(), gradient.data());
      of_doses.step(golden.net.values().data() + doses, gradient.data() + doses);
    }
    const Tensors wanted = golden.wanted("after_5_steps");
    check_tensors(golden.net.layout(), golden.net.values(), wanted, 1e-7);
    check_tensors(golden.adversary.layout(), golden.adversary.values(), wanted, 1e-7);
  }
}
