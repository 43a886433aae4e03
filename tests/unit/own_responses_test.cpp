// Conditions that were seen and bend: the lift and the marginals of conditional LAOT.
#include <doctest/doctest.h>

#include <cmath>
#include <deque>

#include "laot/models.hpp"
#include "support/clouds.hpp"
#include "support/small_screen.hpp"

using namespace laot;
using namespace small_screen;

namespace {

constexpr std::size_t kFeatures = 4;

// Experiments look at their cells.
const arma::mat& kept(arma::mat cells) {
  static std::deque<arma::mat> all;
  return all.emplace_back(std::move(cells));
}

// Two drugs: of one the first feature opens in two, the other moves all cells alike.
Experiment bent_experiment(std::size_t conditions = 2, std::size_t cells = 240) {
  Experiment out;
  out.controls.push_back({Cells::dense(kept(clouds::gaussian(kFeatures, cells, 1))), {}, {}});
  for (std::size_t c = 0; c < conditions; ++c) {
    arma::mat treated = clouds::gaussian(kFeatures, cells + 20, 10 + c);
    for (std::size_t i = 0; i < treated.n_cols; ++i) {
      if (c == 0) treated(0, i) += treated(1, i) > 0.0 ? 4.0 : -1.0;
      treated(2, i) += 0.7;
    }
    CovariateValue drug;
    drug.levels = {c == 0 ? "splits" : "shifts"};
    out.conditions.push_back({{c == 0 ? "splits" : "shifts", {{"drug", drug}}},
                              {Cells::dense(kept(treated)), {}, {}},
                              0});
  }
  return out;
}

Model fitted_with(const std::string& name, const Experiment& experiment,
                  const std::vector<std::pair<std::string, std::string>>& settings,
                  int threads = 1) {
  Params params(method(name).spec);
  for (const auto& [key, value] : settings)
    key == "preset" ? params.use_preset(value) : params.set_text(key, value);
  Context context;
  context.num_threads = threads;
  return fit_model(params, experiment, context);
}

std::string reported(const Model& model, const std::string& wanted) {
  for (const auto& [name, value] : model.report.texts)
    if (name == wanted) return value;
  return "none";
}

const arma::mat& fresh() {
  static const arma::mat out = clouds::gaussian(kFeatures, 50, 77);
  return out;
}

}  // namespace

TEST_CASE("a single condition that bends is the lift and the marginals of laot") {
  const Experiment one = bent_experiment(1);
  for (const bool lift : {true, false})
    for (const bool marginals : {true, false}) {
      if (!lift && !marginals) continue;
      CAPTURE(lift);
      CAPTURE(marginals);
      const Model many = fitted_with("conditional_laot", one,
                                     {{"lift", lift ? "yes" : "no"},
                                      {"marginals", marginals ? "yes" : "no"},
                                      {"own_share", "1"},
                                      {"n_pcs", "0"}});
      const Model pair = fitted_with("laot", one,
                                     {{"preset", "calibrated"},
                                      {"lift", lift ? "yes" : "no"},
                                      {"restore", marginals ? "marginals" : "covariance"},
                                      {"scale", "common"},
                                      {"n_pcs", "0"}});
      const arma::mat wanted = predicted(pair, pair.condition, fresh());
      const arma::mat got = predicted(many, {"splits", {}}, fresh());
      CHECK(arma::abs(got - wanted).max() < 1e-8);
      CHECK(arma::abs(got - fresh()).max() > 0.5);
    }
}

TEST_CASE("what bends of a condition survives its file, and has the bits of one thread") {
  const Experiment both = bent_experiment();
  const std::vector<std::pair<std::string, std::string>> bent = {{"lift", "yes"},
                                                                 {"marginals", "yes"}};
  const Model model = fitted_with("conditional_laot", both, bent);
  const Model other = fitted_with("conditional_laot", both, bent, 2);
  const Model plain = fitted_with("conditional_laot", both, {});
  const std::string bytes = model.store().bytes();
  const Model loaded = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
  for (const char* name : {"splits", "shifts"}) {
    CAPTURE(name);
    const arma::mat wanted = predicted(model, {name, {}}, fresh());
    CHECK(same(predicted(loaded, {name, {}}, fresh()), wanted));
    CHECK(same(predicted(other, {name, {}}, fresh()), wanted));
    CHECK(!same(predicted(plain, {name, {}}, fresh()), wanted));
    CHECK(reported(model.at({name, {}}), "lift") == "yes");
    CHECK(reported(model.at({name, {}}), "marginals") == "yes");
    CHECK(!model.at({name, {}}).marginals.empty());
  }
  // A combination that was not seen has the pooled map, whatever those that were seen do.
  CovariateValue drug;
  drug.levels = {"splits", "shifts"};
  const Condition unseen{"", {{"drug", drug}}};
  CHECK(same(predicted(model, unseen, fresh()), predicted(plain, unseen, fresh())));
}

TEST_CASE("held-out cells of a condition decide whether it bends") {
  const Experiment both = bent_experiment(2, 500);
  const Model model = fitted_with("conditional_laot", both, {{"preset", "adaptive"}});
  CHECK(reported(model.at({"splits", {}}), "choice") != "linear");
  CHECK(reported(model.at({"shifts", {}}), "choice") == "linear");
  const Model plain = fitted_with("conditional_laot", both, {});
  CHECK(same(predicted(model, {"shifts", {}}, fresh()), predicted(plain, {"shifts", {}}, fresh())));
  // Under 100 cells a side nothing is asked.
  const Model few = fitted_with("conditional_laot", bent_experiment(2, 60), {{"lift", "auto"}});
  CHECK(reported(few.at({"splits", {}}), "lift") == "no");
  CHECK(reported(few.at({"splits", {}}), "choice_reason").find("fewer than 100") !=
        std::string::npos);
}

TEST_CASE("marginals of the conditional Gaussian map give the observed quantiles") {
  const Experiment both = bent_experiment();
  const Model model = fitted_with("conditional_gaussian", both, {{"marginals", "yes"}});
  const Model plain = fitted_with("conditional_gaussian", both, {});
  const arma::mat control = both.controls[0].cells.gather_all();
  const arma::rowvec observed = arma::sort(both.conditions[0].population.cells.gather_all().row(0));
  const auto far = [&](const Model& of) {
    const arma::rowvec sorted = arma::sort(predicted(of, {"splits", {}}, control).row(0));
    double sum = 0.0;
    for (std::size_t k = 5; k < 95; ++k) {
      const double gap = sorted[k * sorted.n_elem / 100] - observed[k * observed.n_elem / 100];
      sum += gap * gap;
    }
    return sum / 90.0;
  };
  CHECK(far(model) < 0.1 * far(plain));
}
