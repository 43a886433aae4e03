// Every metric against independent numpy, scipy, POT and scikit-learn code
// (tests/golden/README.md).
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <map>

#include "laot/assignment.hpp"
#include "laot/metrics.hpp"
#include "laot/sinkhorn.hpp"
#include "support/fixtures.hpp"

using namespace laot;

namespace {

struct Case {
  arma::mat control, predicted, treated;
};

Case read_case(const std::string& name) {
  const auto part = [&](const char* which) {
    return fixtures::read_cells(fixtures::golden("metrics/" + name + "_" + which + ".csv"));
  };
  return {part("control"), part("predicted"), part("treated")};
}

using Metric = std::function<double(const Case&, Context&)>;

double entropic(const char* name, const Case& c, EntropyStrength epsilon, Context& context) {
  ScoreInput input;
  input.predicted = &c.predicted;
  input.observed = &c.treated;
  input.epsilon = epsilon;
  return score(name, input, context).value;
}

const std::map<std::string, Metric>& golden_metrics() {
  static const std::map<std::string, Metric> table = {
      {"energy_distance_biased",
       [](const Case& c, Context& x) { return energy_distance(c.predicted, c.treated, x).biased; }},
      {"energy_distance_unbiased",
       [](const Case& c, Context& x) {
         return energy_distance(c.predicted, c.treated, x).unbiased;
       }},
      {"w2_exact",
       [](const Case& c, Context& x) { return wasserstein2(c.predicted, c.treated, x); }},
      {"w1_exact",
       [](const Case& c, Context& x) { return wasserstein1(c.predicted, c.treated, x); }},
      {"l2_drug_signature",
       [](const Case& c, Context&) { return moment_scores(c.predicted, c.treated).l2_means; }},
      {"l2_means",
       [](const Case& c, Context&) { return moment_scores(c.predicted, c.treated).l2_means; }},
      {"pearson_means",
       [](const Case& c, Context&) { return moment_scores(c.predicted, c.treated).pearson_means; }},
      {"pearson_mean_shift_from_control",
       [](const Case& c, Context&) {
         return pearson_mean_shift(c.control, c.predicted, c.treated);
       }},
      {"R2_means",
       [](const Case& c, Context&) { return moment_scores(c.predicted, c.treated).r2_means; }},
      {"l2_stds_ddof0",
       [](const Case& c, Context&) { return moment_scores(c.predicted, c.treated).l2_sds; }},
      {"l2_stds_ddof1",
       [](const Case& c, Context&) { return moment_scores(c.predicted, c.treated).l2_sds_ddof1; }},
      {"pearson_stds",
       [](const Case& c, Context&) { return moment_scores(c.predicted, c.treated).pearson_sds; }},
      {"features_used_for_correlations",
       [](const Case& c, Context& x) {
         return static_cast<double>(correlation_scores(c.predicted, c.treated, x).features_used);
       }},
      {"l2_pairwise_correlations",
       [](const Case& c, Context& x) { return correlation_scores(c.predicted, c.treated, x).l2; }},
      {"pearson_pairwise_correlations",
       [](const Case& c, Context& x) {
         return correlation_scores(c.predicted, c.treated, x).pearson;
       }},
      {"cost_mean",
       [](const Case& c, Context&) { return epsilon_of_mean_cost(c.predicted, c.treated, 1.0); }},
      {"cost_max", [](const Case& c,
                      Context& x) { return squared_distances(c.predicted, c.treated, x).max(); }},
      {"knn_enrichment_k50",
       [](const Case& c, Context& x) { return knn_enrichment(c.predicted, c.treated, 50, x); }},
      {"knn_enrichment_k100",
       [](const Case& c, Context& x) { return knn_enrichment(c.predicted, c.treated, 100, x); }},
  };
  return table;
}

// "sinkhorn_eps0.05_mean_cost_transport_cost", "sinkhorn_divergence_eps0.5_mean_cost"
Metric entropic_metric(const std::string& quantity) {
  const std::size_t at = quantity.find("_eps");
  if (quantity.rfind("sinkhorn", 0) != 0 || at == std::string::npos) return nullptr;
  const bool absolute = quantity.find("_absolute") != std::string::npos;
  if (!absolute && quantity.find("_mean_cost") == std::string::npos) return nullptr;
  const EntropyStrength epsilon = {std::stod(quantity.substr(at + 4)), absolute};
  const auto ends_with = [&](const std::string& end) {
    return quantity.size() > end.size() &&
           quantity.compare(quantity.size() - end.size(), end.size(), end) == 0;
  };
  const char* name = quantity.rfind("sinkhorn_divergence", 0) == 0 ? "sinkhorn_divergence"
                     : ends_with("_cost_plus_eps_kl")              ? "sinkhorn_regularised"
                     : ends_with("_transport_cost")                ? "sinkhorn_cost"
                                                                   : nullptr;
  if (!name) return nullptr;
  return [=](const Case& c, Context& x) { return entropic(name, c, epsilon, x); };
}

Metric metric_of(const std::string& quantity) {
  const auto direct = golden_metrics().find(quantity);
  return direct != golden_metrics().end() ? direct->second : entropic_metric(quantity);
}

}  // namespace

TEST_CASE("golden metrics") {
  const fixtures::Table expected = fixtures::read_table(fixtures::golden("metrics/expected.csv"));
  Context context;
  std::map<std::string, Case> cases;
  for (std::size_t r = 0; r < expected.rows.size(); ++r) {
    const std::string name = expected.at(r, "case"), quantity = expected.at(r, "quantity");
    CAPTURE(name);
    CAPTURE(quantity);
    const Metric metric = metric_of(quantity);
    REQUIRE_MESSAGE(metric, "no test reads this row");
    if (cases.count(name) == 0) cases[name] = read_case(name);
    const double value = expected.number(r, "value"), found = metric(cases[name], context);
    const double tolerance = quantity.rfind("sinkhorn", 0) == 0 ? 1e-6 : 1e-9;  // iterated
    CHECK(std::abs(found - value) <= tolerance * std::abs(value) + 1e-14);
  }
  CHECK(cases.size() == 3);
}

TEST_CASE("golden Kolmogorov-Smirnov statistics") {
  const fixtures::Table expected = fixtures::read_table(fixtures::golden("metrics/ks.csv"));
  Context context;
  std::map<std::string, FeatureScores> scores;
  for (std::size_t r = 0; r < expected.rows.size(); ++r) {
    const std::string name = expected.at(r, "case");
    if (scores.count(name) == 0) {
      const Case c = read_case(name);
      scores[name] = feature_scores(c.predicted, c.treated, context);
    }
    CAPTURE(name);
    CHECK(std::abs(scores[name].ks[static_cast<std::size_t>(expected.number(r, "feature"))] -
                   expected.number(r, "ks_statistic")) < 1e-12);
  }
}
