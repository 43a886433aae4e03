#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "laot/evaluation.hpp"
#include "laot/metrics.hpp"
#include "support/fixtures.hpp"

using namespace laot;

namespace {

arma::mat normal_cells(std::size_t d, std::size_t n, std::uint64_t seed, double shift = 0.0) {
  Rng rng(seed);
  arma::mat out(d, n);
  for (std::size_t i = 0; i < out.n_elem; ++i) out[i] = rng.normal() + shift;
  return out;
}

Table scored_by_preset(const std::string& preset, const arma::mat& predicted,
                       const arma::mat& observed, const std::vector<double>& gammas,
                       Context& context) {
  HeldOut cells;
  cells.predicted = Cells::dense(predicted);
  cells.observed = Cells::dense(observed);
  EvaluationOptions options;
  options.preset = preset;
  options.gammas = gammas;
  return evaluate(cells, options, context);
}

}  // namespace

TEST_CASE("every metric has a definition, and its perfect value where predicted is observed") {
  Context context;
  const arma::mat cells = normal_cells(6, 130, 1);
  const arma::mat control = cells - 1.0 + 0.1 * normal_cells(6, 130, 2);
  ScoreInput input;
  input.predicted = input.observed = &cells;
  input.control = &control;
  input.gamma = 0.1;
  std::set<std::string> names;
  for (const MetricSpec& spec : metrics()) {
    CAPTURE(spec.name);
    CHECK(names.insert(spec.name).second);
    CHECK(!spec.title.empty());
    CHECK(!spec.estimator.empty());
    CHECK(!spec.doc.empty());
    CHECK(!spec.source.empty());
    const Score found = score(spec.name, input, context);
    CHECK(std::isfinite(found.value));
    CHECK(found.reason.empty());
    if (spec.name == "cell_spearman") continue;  // compares with the control
    // Never 0: the entropy spreads the coupling.
    if (spec.name == "sinkhorn_cost" || spec.name == "sinkhorn_regularised" ||
        spec.name == "sinkhorn_euclidean")
      continue;
    // U-statistics of a cloud with itself leave out the pairs that are 0 apart within, not across.
    const bool u_statistic = spec.name == "mmd2" || spec.name == "energy_distance";
    const bool mixes = spec.name.rfind("knn", 0) == 0;
    CHECK(std::abs(found.value - spec.perfect) < (u_statistic || mixes ? 0.06 : 1e-7));
  }
}

TEST_CASE("the entropy of a score, relative and absolute") {
  Context context;
  const arma::mat p = normal_cells(4, 40, 1), t = normal_cells(4, 50, 2, 0.5);
  double mean_cost = 0.0;
  for (std::size_t i = 0; i < p.n_cols; ++i)
    for (std::size_t j = 0; j < t.n_cols; ++j)
      mean_cost += arma::accu(arma::square(p.col(i) - t.col(j))) / 2000.0;
  ScoreInput relative, absolute;
  relative.predicted = absolute.predicted = &p;
  relative.observed = absolute.observed = &t;
  relative.epsilon.value = 0.2;
  absolute.epsilon = {0.2 * mean_cost, true};
  std::size_t entropic = 0;
  for (const MetricSpec& spec : metrics()) {
    if (!spec.takes_epsilon) continue;
    CAPTURE(spec.name);
    ++entropic;
    const double value = score(spec.name, relative, context).value;
    CHECK(score(spec.name, absolute, context).value == doctest::Approx(value).epsilon(1e-9));
    ScoreInput usual = relative;
    usual.epsilon = EntropyStrength();
    CHECK(std::abs(score(spec.name, usual, context).value - value) > 1e-3);
    for (const double bad : {0.0, -1.0, std::nan("")}) {
      usual.epsilon.value = bad;
      CHECK_THROWS_AS(score(spec.name, usual, context), Error);
    }
  }
  CHECK(entropic == 3);
}

TEST_CASE("the entropic cost with Euclidean distances has an epsilon of 0.1, by hand") {
  Context context;
  const arma::mat cells = {{0.0, 1.0}};
  ScoreInput input;
  input.predicted = input.observed = &cells;
  // The plan has a on the diagonal and b beside it: b / a = exp(-1 / 0.1) and a + b = 1/2, so that
  // a log(4 a) + b log(4 b) + 10 b is log 2 - log(1 + exp(-10)).
  CHECK(score("sinkhorn_euclidean", input, context).value ==
        doctest::Approx(0.1 * (std::log(2.0) - std::log1p(std::exp(-10.0)))).epsilon(1e-9));
}

TEST_CASE("the page on metrics has every metric and preset") {
  std::ifstream file(fixtures::golden("../../docs/metrics.md"));
  std::stringstream page;
  page << file.rdbuf();
  for (const MetricSpec& spec : metrics()) {
    CAPTURE(spec.name);
    CHECK(page.str().find("| `" + spec.name + "` | " + spec.estimator) != std::string::npos);
  }
  for (const ScorePreset& preset : score_presets()) {
    CAPTURE(preset.name);
    CHECK(page.str().find("| `" + preset.name + "` |") != std::string::npos);
  }
}

TEST_CASE("an undefined score says why") {
  Context context;
  const arma::mat one = normal_cells(4, 1, 1), many = normal_cells(4, 30, 2);
  ScoreInput input;
  input.predicted = &one;
  input.observed = &many;
  for (const MetricSpec& spec : metrics()) {
    if (spec.needs_control) continue;
    CAPTURE(spec.name);
    const Score found = score(spec.name, input, context);
    CHECK(std::isnan(found.value) == !found.reason.empty());
  }
  CHECK(score("mmd2", input, context).reason.find("gamma") != std::string::npos);
  input.gamma = 0.1;
  CHECK(score("mmd2", input, context).reason == "one cell on a side");
}

TEST_CASE("wrong use of scores") {
  Context context;
  const arma::mat x = normal_cells(4, 30, 2);
  ScoreInput input;
  CHECK_THROWS_AS(score("w2", input, context), Error);
  input.predicted = input.observed = &x;
  CHECK_THROWS_AS(score("cell_spearman", input, context), Error);
  CHECK_THROWS_AS(score_subsampled("w2", input, 31, 2, context), Error);
  CHECK_THROWS_AS(score_subsampled("w2", input, 10, 0, context), Error);
  CHECK_THROWS_AS(score_preset("cello"), Error);
  try {
    metric("mmd_2");
    CHECK(false);
  } catch (const Error& error) {
    CHECK(error.status() == Status::unknown_name);
    CHECK(std::string(error.what()).find("did you mean \"mmd2\"") != std::string::npos);
  }
}

TEST_CASE("subsampled scores: the mean over seeded draws") {
  Context context;
  const arma::mat p = normal_cells(5, 140, 1), t = normal_cells(5, 300, 2, 0.4);
  ScoreInput input;
  input.predicted = &p;
  input.observed = &t;
  const Score all = score("l2_drug_signature", input, context);
  const Score same = score_subsampled("l2_drug_signature", input, 100, 10, context);
  CHECK(same.value == doctest::Approx(all.value).scale(0).epsilon(0.2));
  CHECK(same.sd > 0.0);
  CHECK(same.repetitions == 10);
  CHECK(score_subsampled("l2_drug_signature", input, 100, 10, context).value == same.value);
  Context other;
  other.seed = 5;
  CHECK(score_subsampled("l2_drug_signature", input, 100, 10, other).value != same.value);

  const Table scores = scored_by_preset("cellot", p, t, {}, context);
  CHECK(scores.texts("metric") == score_preset("cellot").metrics);
  CHECK(scores.numbers("value")[1] == same.value);
}

TEST_CASE("a mean over subsamples is undefined where one of them is, with that one's reason") {
  Score defined, undefined;
  defined.value = 1.0;
  undefined.reason = "one cell on a side";
  for (const auto& subsamples :
       std::vector<std::vector<Score>>{{defined, undefined}, {undefined, defined}}) {
    const Score found = over_repetitions(subsamples);
    CHECK(std::isnan(found.value));
    CHECK(found.reason == "one cell on a side");
  }
}

TEST_CASE("of subsamples the largest marginal error is told, with its reason") {
  std::vector<Score> subsamples(3);
  for (std::size_t r = 0; r < 3; ++r) {
    subsamples[r].value = static_cast<double>(r + 1);
    subsamples[r].reason = text("number ", r);
  }
  subsamples[0].marginal_error = 2e-7;
  subsamples[1].marginal_error = 5e-7;
  subsamples[2].marginal_error = 1e-7;
  const Score found = over_repetitions(subsamples);
  CHECK(found.marginal_error == 5e-7);
  CHECK(found.reason == "number 1");
  CHECK(found.value == doctest::Approx(2.0));
  CHECK(found.sd == doctest::Approx(1.0));
}

TEST_CASE("cells without a correlation of their own are left out of the mean over cells") {
  Context context;
  // Of the cells (columns) the first has r = 1, the second none, the third 1/2: places 0, 1, 2
  // against 0, 2, 1.
  const arma::mat control = {{1, 5, 1}, {2, 5, 2}, {3, 5, 3}},
                  predicted = {{1, 1, 1}, {2, 2, 3}, {3, 3, 2}};
  ScoreInput input;
  input.predicted = input.observed = &predicted;
  input.control = &control;
  const Score found = score("cell_spearman", input, context);
  CHECK(found.value == doctest::Approx(0.75));
  CHECK(found.reason.empty());
}

TEST_CASE("a drawn control cell stays with its prediction") {
  Context context;
  const arma::mat control = normal_cells(40, 60, 1), predicted = control + 3.0;
  ScoreInput input;
  input.predicted = input.observed = &predicted;
  input.control = &control;
  CHECK(score_subsampled("cell_spearman", input, 20, 3, context).value == doctest::Approx(1.0));
}

TEST_CASE("the laot preset: clipped at 0") {
  Context context;
  ScoreInput input;
  input.gamma = 0.1;
  bool negative = false;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const arma::mat p = normal_cells(5, 40, 2 * seed), t = normal_cells(5, 50, 2 * seed + 1);
    input.predicted = &p;
    input.observed = &t;
    const double raw = score("mmd2", input, context).value;
    negative |= raw < 0.0;
    const Table scores = scored_by_preset("laot", p, t, {input.gamma}, context);
    CHECK(scores.texts("metric")[0] == "mmd2_clipped");
    CHECK(scores.numbers("value")[0] == std::max(0.0, raw));
  }
  CHECK(negative);
}
