// Composition: shares of types, weights that balance them, clusters found in both populations.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "laot/balance.hpp"
#include "laot/choice.hpp"
#include "laot/evaluation.hpp"
#include "laot/metrics/mmd.hpp"
#include "laot/metrics/weighted.hpp"
#include "laot/model_file.hpp"
#include "laot/models.hpp"
#include "laot/transport.hpp"
#include "support/clouds.hpp"

using namespace laot;

namespace {

using Labels = std::vector<std::string>;

Labels labels_of(const std::vector<std::uint32_t>& types) {
  Labels out;
  for (const std::uint32_t type : types) out.push_back(text("type ", type));
  return out;
}

// Six clusters, three of whose shares change threefold; the treated are other cells, moved by one
// affine map.
struct Changed {
  arma::mat control, treated, map;
  arma::vec shift;
  std::vector<std::uint32_t> of_control, of_treated;

  explicit Changed(std::uint64_t seed, std::size_t cells = 800, double separation = 2.0) {
    constexpr std::size_t d = 8;
    Rng rng(seed);
    const auto gaussian = [&](std::size_t rows, std::size_t columns) {
      arma::mat out(rows, columns);
      for (double& value : out) value = rng.normal();
      return out;
    };
    map = arma::mat(d, d, arma::fill::eye) + 0.1 * gaussian(d, d);
    shift = gaussian(d, 1);
    const arma::mat centres = separation * gaussian(d, 6);
    const std::vector<double> before = {0.25, 0.20, 0.05, 0.10, 0.20, 0.20};
    const std::vector<double> after = {0.25 / 3, 0.20 / 3, 0.15, 0.14, 0.28, 0.28};
    const auto draw = [&](const std::vector<double>& shares, std::vector<std::uint32_t>& types) {
      arma::mat out(d, cells);
      for (std::size_t i = 0; i < cells; ++i) {
        double u = rng.uniform();
        std::uint32_t c = 0;
        while (c < 5 && u >= shares[c]) u -= shares[c++];
        out.col(i) = centres.col(c) + 0.7 * gaussian(d, 1);
        types.push_back(c);
      }
      return out;
    };
    control = draw(before, of_control);
    treated = moved(draw(after, of_treated));
  }

  arma::mat moved(const arma::mat& cells) const {
    arma::mat out = map * cells;
    out.each_col() += shift;
    return out;
  }

  // The largest error of a share of the weighted control cells.
  double share_error(const arma::vec& weights) const {
    arma::vec got(6, arma::fill::zeros), wanted(6, arma::fill::zeros);
    for (std::size_t i = 0; i < of_control.size(); ++i) got[of_control[i]] += weights[i];
    for (const std::uint32_t type : of_treated) wanted[type] += 1.0;
    return arma::abs(got / arma::accu(got) - wanted / arma::accu(wanted)).max();
  }
};

Model fitted(const Changed& cells, const std::string& balance, bool types) {
  Params params(method("laot").spec);
  params.use_preset("calibrated");
  params.set_text("balance", balance);
  Experiment experiment = experiment_of(Cells::dense(cells.control), Cells::dense(cells.treated));
  if (types) {
    experiment.controls[0].types = labels_of(cells.of_control);
    experiment.conditions[0].population.types = labels_of(cells.of_treated);
  }
  Context context;
  return fit_model(params, experiment, context);
}

double cell_error(const Model& model, const Changed& cells) {
  arma::mat out(cells.control.n_rows, cells.control.n_cols);
  Context context;
  model.predict(Cells::dense(cells.control), Nonnegative::no, out.memptr(), context);
  const arma::mat goal = cells.moved(cells.control);
  return arma::accu(arma::square(out - goal)) / arma::accu(arma::square(goal - cells.control));
}

std::string text_of(const Model& model, const std::string& name) {
  for (const auto& [key, value] : model.report.texts)
    if (key == name) return value;
  return "";
}

}  // namespace

TEST_CASE("weights give types their treated shares, and levels keep their mass") {
  const CellTypes types = types_of({"a", "a", "a", "b", "c"}, 5, {"b", "b", "b", "a", "d"}, 5);
  CHECK(types.names == Labels{"a", "b", "c", "d"});
  const arma::vec even(5, arma::fill::value(0.2));
  const Composition found = composition_of(types, even, even);
  CHECK(found.treated[1] == doctest::Approx(0.6));
  CHECK(found.ratio[2] == 0.0);
  // A fifth of the treated cells is of a type without control cells: the others share the rest.
  CHECK(found.ratio[0] == doctest::Approx(0.2 / 0.8 / 0.6));
  const arma::vec weights = balanced(even, found.ratios(types.control), {});
  CHECK(arma::accu(weights) == doctest::Approx(1.0));
  CHECK(weights[0] + weights[1] + weights[2] == doctest::Approx(0.2 / 0.8));
  CHECK(weights[3] == doctest::Approx(0.6 / 0.8));
  // Wilson's interval of 3 of 5 by its formula.
  CHECK(found.low[1] == doctest::Approx(0.230724).epsilon(1e-5));
  CHECK(found.high[1] == doctest::Approx(0.882379).epsilon(1e-5));
  const arma::vec in_levels = balanced(even, found.ratios(types.control), {0, 0, 1, 1, 1});
  CHECK(in_levels[0] + in_levels[1] == doctest::Approx(0.4));
  CHECK_THROWS_WITH_AS(balanced(even, arma::vec(5, arma::fill::zeros), {}),
                       doctest::Contains("no type of the control cells"), Error);
}

TEST_CASE("a level and a type have one number") {
  using Numbers = std::vector<std::uint32_t>;
  CHECK(strata_of({0, 0, 1, 1}, {0, 1, 0, 1}, 2) == Numbers{0, 1, 2, 3});
  CHECK(strata_of({}, {0, 1, 0}, 2) == Numbers{0, 1, 0});
}

TEST_CASE("a plan has the weights that were given") {
  const arma::mat x = clouds::gaussian(2, 30, 1), y = clouds::gaussian(2, 20, 2);
  Rng rng(3);
  arma::vec wanted(30);
  for (double& value : wanted) value = rng.uniform(0.1, 2.0);
  wanted /= arma::accu(wanted);
  Coupling coupling(x, y, wanted, {}, {});
  Context context;
  const Plan& plan = coupling.solve(x, context);
  arma::vec rows(30, arma::fill::zeros), columns(20, arma::fill::zeros);
  for (std::size_t e = 0; e < plan.mass.size(); ++e) {
    rows[plan.source[e]] += plan.mass[e];
    columns[plan.target[e]] += plan.mass[e];
  }
  CHECK(arma::abs(rows - wanted).max() < 2e-5);
  CHECK(arma::abs(rows - coupling.source_weights()).max() < 1e-15);
  CHECK(arma::abs(columns - 0.05).max() < 1e-15);
  CHECK(plan.certificate.primal - plan.certificate.dual < 1e-9);
}

TEST_CASE("a weighted MMD^2 counts a cell of weight two as two independent ones would be") {
  const arma::mat x = clouds::gaussian(3, 12, 4), y = clouds::gaussian(3, 15, 5);
  Context context;
  const arma::vec even(12, arma::fill::ones);
  CHECK(weighted_mmd2(x, even, y, 0.3, context) ==
        doctest::Approx(mmd2(x, y, {0.3}, MmdEstimator::unbiased, context)[0]).epsilon(1e-12));
  arma::vec first = even;
  first.tail(5).zeros();
  CHECK(
      weighted_mmd2(x, first, y, 0.3, context) ==
      doctest::Approx(mmd2(arma::mat(x.head_cols(7)), y, {0.3}, MmdEstimator::unbiased, context)[0])
          .epsilon(1e-12));
}

TEST_CASE("a change of shares is seen where it is there, and not by chance") {
  const Changed cells(1, 400);
  CellTypes types;
  types.names = {"0", "1", "2", "3", "4", "5"};
  types.control = cells.of_control;
  types.treated = cells.of_treated;
  Context context;
  const auto changed = changed_types(types, {}, {}, {}, context);
  const auto has = [&](std::size_t t) {
    return std::find(changed.begin(), changed.end(), t) != changed.end();
  };
  CHECK((has(0) && has(1) && has(2)));
  int alarms = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Rng rng(seed);
    CellTypes same;
    same.names = {"a", "b", "c"};
    for (int i = 0; i < 100; ++i) {
      same.control.push_back(static_cast<std::uint32_t>(rng.below(3)));
      same.treated.push_back(static_cast<std::uint32_t>(rng.below(3)));
    }
    PermutationOptions options;
    options.permutations = 199;
    alarms += changed_types(same, {}, {}, options, context).empty() ? 0 : 1;
  }
  CHECK(alarms <= 5);  // of 100 at 1%: more than 5 have a chance of 0.05%
}

TEST_CASE("many types are no reason for an alarm, and few relabellings for none") {
  Context context;
  PermutationOptions options;
  options.permutations = 99;
  options.level = 0.05;
  int alarms = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Rng rng(seed);
    CellTypes same;
    for (int t = 0; t < 12; ++t) same.names.push_back(text(t));
    for (int i = 0; i < 100; ++i) {
      same.control.push_back(static_cast<std::uint32_t>(rng.below(12)));
      same.treated.push_back(static_cast<std::uint32_t>(rng.below(12)));
    }
    alarms += changed_types(same, {}, {}, options, context).empty() ? 0 : 1;
  }
  CHECK(alarms <= 10);  // of 60 at 5%: more than 10 have a chance of 0.02%
  CellTypes apart;
  apart.names = {"a", "b"};
  apart.control.assign(50, 0);
  apart.treated.assign(50, 1);
  options.level = 0.01;
  CHECK(changed_types(apart, {}, {}, options, context).size() == 2);
  options.permutations = 49;  // no p-value below 1 in 50
  CHECK(changed_types(apart, {}, {}, options, context).empty());
}

TEST_CASE("clusters are found wherever they lie, one centre each") {
  Rng rng(3);
  arma::mat x(2, 120), y(2, 90);
  const arma::mat at = {{0.0, 30.0, -20.0}, {0.0, 10.0, 40.0}};
  for (arma::uword i = 0; i < 120; ++i)
    for (arma::uword k = 0; k < 2; ++k) x(k, i) = at(k, i % 3) + 0.1 * rng.normal();
  for (arma::uword j = 0; j < 90; ++j)
    for (arma::uword k = 0; k < 2; ++k) y(k, j) = at(k, j % 3) + 0.1 * rng.normal();
  ClusterOptions options;
  CellTypes types;
  Context context;
  const Composition found =
      clustered(x, y, arma::vec(120, arma::fill::value(1.0 / 120.0)),
                arma::vec(90, arma::fill::value(1.0 / 90.0)), options, types, context);
  REQUIRE(found.centres.n_cols == 3);
  for (arma::uword c = 0; c < 3; ++c) {
    const arma::uword of =
        arma::index_min(arma::sum(arma::square(at - arma::repmat(found.centres.col(c), 1, 3)), 0));
    arma::uvec members = arma::regspace<arma::uvec>(of, 3, 119);
    CHECK(arma::abs(found.centres.col(c) - arma::mean(x.cols(members), 1)).max() < 1e-12);
    CHECK(found.treated[c] == doctest::Approx(1.0 / 3.0).epsilon(1e-6));
  }
}

TEST_CASE("shares of clusters are those of the mixture, computed anew along a line") {
  Rng rng(4);
  arma::mat x(1, 80), y(1, 100);
  for (arma::uword i = 0; i < 80; ++i) x[i] = (i < 40 ? 0.0 : 2.5) + 0.8 * rng.normal();
  for (arma::uword j = 0; j < 100; ++j) y[j] = 1.0 + (j < 30 ? 0.0 : 2.0) + 0.8 * rng.normal();
  ClusterOptions options;
  options.most = 2;
  CellTypes types;
  Context context;
  const Composition found =
      clustered(x, y, arma::vec(80, arma::fill::value(1.0 / 80.0)),
                arma::vec(100, arma::fill::value(0.01)), options, types, context);
  REQUIRE(found.centres.n_cols == 2);
  const double c[2] = {found.centres[0], found.centres[1]}, mean = arma::mean(arma::vectorise(y));
  double q[2] = {found.control[0], found.control[1]}, variance = arma::var(y.t(), 1).eval()[0];
  const double shift = mean - arma::mean(arma::vectorise(x));
  double moved[2] = {c[0] + shift, c[1] + shift};
  for (double change = 1.0; change >= options.tol;) {
    arma::mat member(2, 100);
    for (arma::uword j = 0; j < 100; ++j) {
      for (int k = 0; k < 2; ++k)
        member(k, j) = q[k] * std::exp(-std::pow(y[j] - moved[k], 2) / (2.0 * variance));
      member.col(j) /= arma::accu(member.col(j));
    }
    const arma::vec next = arma::mean(member, 1);
    change = std::max(std::abs(next[0] - q[0]), std::abs(next[1] - q[1]));
    q[0] = next[0], q[1] = next[1];
    const double centre = q[0] * c[0] + q[1] * c[1];
    double second = 0.0, cross = 0.0;
    for (int k = 0; k < 2; ++k) {
      second += q[k] * std::pow(c[k] - centre, 2);
      for (arma::uword j = 0; j < 100; ++j)
        cross += 0.01 * member(k, j) * (y[j] - mean) * (c[k] - centre);
    }
    const double w = (cross + options.ridge * second) / ((1.0 + options.ridge) * second);
    variance = 0.0;
    for (int k = 0; k < 2; ++k) {
      moved[k] = mean + w * (c[k] - centre);
      for (arma::uword j = 0; j < 100; ++j)
        variance += 0.01 * member(k, j) * std::pow(y[j] - moved[k], 2);
    }
  }
  CHECK(found.treated[0] == doctest::Approx(q[0]).epsilon(1e-9));
  CHECK(found.treated[1] == doctest::Approx(q[1]).epsilon(1e-9));
}

TEST_CASE("clusters without labels have the treated shares, and single cells gain") {
  std::vector<double> shares, errors, plain;
  for (std::uint64_t seed = 11; seed <= 14; ++seed) {
    const Changed cells(seed);
    const Model model = fitted(cells, "clusters", false);
    Context context;
    shares.push_back(cells.share_error(model.weights(Cells::dense(cells.control), {}, context)));
    errors.push_back(cell_error(model, cells));
    plain.push_back(cell_error(fitted(cells, "none", false), cells));
    CAPTURE(seed);
    CAPTURE(shares.back());
    CHECK(shares.back() < 0.03);
    CHECK(errors.back() < 0.5 * plain.back());
  }
}

TEST_CASE("a network and its types warn in one text, and the model is read again") {
  const Changed cells(1, 200);
  Params params(method("scgen").spec);
  params.set_text("epochs", "1");
  params.set_text("hidden_units", "4");
  params.set_text("latent", "2");
  Experiment experiment = experiment_of(Cells::dense(cells.control), Cells::dense(cells.treated));
  experiment.controls[0].types = labels_of(cells.of_control);
  experiment.conditions[0].population.types = labels_of(cells.of_treated);
  Context context;
  const Model model = fit_model(params, experiment, context);
  CHECK(text_of(model, "warning").find("shares of types change") != std::string::npos);
  CHECK(std::count_if(model.report.texts.begin(), model.report.texts.end(),
                      [](const auto& entry) { return entry.first == "warning"; }) == 1);
  const std::string bytes = model.store().bytes();
  const Model again = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
  CHECK(text_of(again, "warning") == text_of(model, "warning"));
  Report first, second;
  first.warn("one");
  second.warn("two");
  first.append(second);
  CHECK(first.texts == std::vector<std::pair<std::string, std::string>>{{"warning", "one; two"}});
}

TEST_CASE("balance by types: warning without it, one weight a type, saved and loaded") {
  const Changed cells(5, 300);
  const Model none = fitted(cells, "none", true);
  CHECK(text_of(none, "warning").find("type 0") != std::string::npos);
  // The shares in words, the treated one with its interval.
  const auto percent = [](double share) { return text(std::round(1000.0 * share) / 10.0, "%"); };
  const Composition& shares = none.composition;
  CHECK(text_of(none, "composition")
            .find(text(shares.names[0], ": ", percent(shares.control[0]), " to ",
                       percent(shares.treated[0]), " (", percent(shares.low[0]), " to ",
                       percent(shares.high[0]), ")")) != std::string::npos);
  CHECK_FALSE(none.balanced);
  const Model model = fitted(cells, "types", true);
  CHECK(text_of(model, "warning").empty());
  Context context;
  const Labels labels = labels_of(cells.of_control);
  const arma::vec weights = model.weights(Cells::dense(cells.control), labels, context);
  CHECK(cells.share_error(weights) < 1e-12);
  CHECK(cell_error(model, cells) < 0.5 * cell_error(none, cells));
  CHECK_THROWS_WITH_AS(model.weights(Cells::dense(cells.control), {}, context),
                       doctest::Contains("give one for each of 300 cells"), Error);
  CHECK_THROWS_WITH_AS(fitted(cells, "types", false), doctest::Contains("have no types"), Error);
  ModelFile file = model.store();
  const Model again = Model::load(file);
  CHECK(arma::all(again.weights(Cells::dense(cells.control), labels, context) == weights));
  file.put("composition.ratio", arma::vec(2, arma::fill::ones));
  CHECK_THROWS_WITH_AS(Model::load(file), doctest::Contains("composition"), Error);
}

TEST_CASE(
    "a fit that is balanced tells the MMD^2 of its training cells with their weights and without") {
  const Changed cells(5, 150);
  const Model model = fitted(cells, "types", true);
  arma::mat predicted(arma::size(cells.control));
  Context context;
  model.predict(Cells::dense(cells.control), Nonnegative::no, predicted.memptr(), context);
  const double gamma = model.training.median_gamma;
  const arma::mat& observed = cells.treated;
  const auto kernel = [gamma](const arma::vec& a, const arma::vec& b) {
    return std::exp(-gamma * arma::accu(arma::square(a - b)));
  };
  // As many cells on either side: a type's share after over that before is the one of its counts.
  arma::vec before(6, arma::fill::zeros), after(6, arma::fill::zeros);
  for (const std::uint32_t type : cells.of_control) before[type] += 1.0;
  for (const std::uint32_t type : cells.of_treated) after[type] += 1.0;
  arma::vec ratio(150);
  for (std::size_t i = 0; i < 150; ++i)
    ratio[i] = after[cells.of_control[i]] / before[cells.of_control[i]];
  const auto mmd2_with = [&](arma::vec w) {
    w /= arma::accu(w);
    double within = 0.0, across = 0.0, of_observed = 0.0;
    for (arma::uword i = 0; i < 150; ++i)
      for (arma::uword j = 0; j < 150; ++j) {
        across += w[i] * kernel(predicted.col(i), observed.col(j)) / 150.0;
        if (i == j) continue;
        within += w[i] * w[j] * kernel(predicted.col(i), predicted.col(j));
        of_observed += kernel(observed.col(i), observed.col(j)) / (150.0 * 149.0);
      }
    return within / (1.0 - arma::dot(w, w)) + of_observed - 2.0 * across;
  };
  double balanced_score = kNaN, unbalanced_score = kNaN;
  for (const auto& [name, value] : model.report.numbers) {
    if (name == "training_mmd2_balanced") balanced_score = value;
    if (name == "training_mmd2_unbalanced") unbalanced_score = value;
  }
  const double with = mmd2_with(ratio), without = mmd2_with(arma::vec(150, arma::fill::ones));
  REQUIRE(std::abs(with - without) > 1e-4);
  CHECK(balanced_score == doctest::Approx(with).epsilon(1e-8));
  CHECK(unbalanced_score == doctest::Approx(without).epsilon(1e-8));
}

TEST_CASE("of the shares of types the five that change most are told, the largest change first") {
  const std::vector<std::pair<std::size_t, std::size_t>> counts{
      {20, 21}, {20, 6}, {20, 29}, {10, 4}, {10, 22}, {10, 7}, {10, 11}};
  const arma::mat x = clouds::gaussian(2, 100, 1), y = clouds::gaussian(2, 100, 2);
  Experiment experiment = experiment_of(Cells::dense(x), Cells::dense(y));
  Labels &of_control = experiment.controls[0].types,
         &of_treated = experiment.conditions[0].population.types;
  for (std::size_t type = 0; type < counts.size(); ++type) {
    const std::string name(1, "abcdefg"[type]);
    of_control.insert(of_control.end(), counts[type].first, name);
    of_treated.insert(of_treated.end(), counts[type].second, name);
  }
  Context context;
  const std::string told =
      text_of(fit_model(Params(method("mean_shift").spec), experiment, context), "composition");
  CAPTURE(told);
  std::size_t next = 0;
  for (const char* change : {"b: 20% to 6% (", "e: 10% to 22% (", "c: 20% to 29% (",
                             "d: 10% to 4% (", "f: 10% to 7% ("}) {
    const std::size_t place = told.find(change);
    REQUIRE(place != std::string::npos);
    CHECK(place >= next);
    next = place + 1;
  }
  CHECK(told.find("a: ") == std::string::npos);
  CHECK(told.find("g: ") == std::string::npos);
}

TEST_CASE("a score says in a column of its own that cells count what they weigh") {
  const Changed cells(5, 60);
  const Model model = fitted(cells, "types", true);
  Context context;
  HeldOut held_out;
  held_out.model = &model;
  held_out.observed = Cells::dense(cells.treated);
  held_out.control = Cells::dense(cells.control);
  held_out.control_groups = labels_of(cells.of_control);
  EvaluationOptions options;
  options.methods = {"prediction"};
  options.metrics = {"w2", "mmd2"};
  options.gammas = {0.1};
  const Table scores = evaluate(held_out, options, context);
  CHECK(scores.numbers("weighted") == NumberColumn{0, 0, 1, 1});
  CHECK(scores.texts("estimator") ==
        TextColumn{"exact", "unbiased", "exact, weighted", "unbiased, weighted"});
  CHECK(scores.texts("metric_setting") == TextColumn{"weights 1/n and 1/m", "gamma = 0.1",
                                                     "cells weighted by type",
                                                     "gamma = 0.1; cells weighted by type"});
  CHECK(scores.texts("setting") == scores.texts("metric_setting"));
}

TEST_CASE("weights that bring the prediction no nearer are warned of") {
  // Two clusters of equal shares on both sides; wrong labels say that one grows.
  Rng rng(8);
  const auto draw = [&](double shift) {
    arma::mat out(2, 300);
    for (arma::uword i = 0; i < 300; ++i)
      for (arma::uword k = 0; k < 2; ++k)
        out(k, i) = rng.normal() + (i % 2 == 0 ? 0.0 : 8.0) + shift;
    return out;
  };
  const arma::mat control = draw(0.0), treated = draw(1.0);
  const auto warning = [&](const Labels& of_treated) {
    Params params(method("laot").spec);
    params.use_preset("calibrated");
    params.set_text("balance", "types");
    // The cells stay about where they are, so that wrong weights are not made up for by the map.
    params.set_text("center", "none");
    params.set_text("restore", "none");
    params.set_text("ridge", "1000");
    Experiment experiment = experiment_of(Cells::dense(control), Cells::dense(treated));
    for (std::size_t i = 0; i < 300; ++i)
      experiment.controls[0].types.push_back(i % 2 == 0 ? "A" : "B");
    experiment.conditions[0].population.types = of_treated;
    Context context;
    return text_of(fit_model(params, experiment, context), "warning");
  };
  Labels right, wrong, lone;
  for (std::size_t i = 0; i < 300; ++i) {
    right.push_back(i % 2 == 0 ? "A" : "B");
    wrong.push_back(i % 10 == 1 ? "B" : "A");
    lone.push_back(i % 10 == 1 ? "B" : (i == 0 ? "C" : "A"));
  }
  CHECK(warning(right).empty());
  CHECK(warning(wrong).find("do not trust this balance") != std::string::npos);
  // Two warnings are two sentences.
  CHECK(warning(lone).find("no control cell has the type C") != std::string::npos);
  CHECK(warning(lone).find("do not trust this balance") != std::string::npos);
}

TEST_CASE("a choice scores held-out control cells with their ratios") {
  const arma::mat x = clouds::gaussian(3, 120, 21), y = clouds::gaussian(3, 130, 22) + 0.7;
  ChoiceCells cells{Cells::dense(x), Cells::dense(y), {}, {}};
  cells.ratio_control.set_size(120);
  for (arma::uword i = 0; i < 120; ++i) cells.ratio_control[i] = x(0, i) > 0.0 ? 3.0 : 0.25;
  ChoiceOptions options;
  options.candidates = {Candidate{}};
  options.space.center = Center::none;
  options.space.components = 0;
  options.laot.restore = Restore::none;
  options.laot.ridge = 1e12;  // the cells stay where they are
  Context context;
  const Choice found = choose(cells, 0.4, options, context);
  const Parts parts = parts_of(cells, options);
  REQUIRE(found.scores.n_rows == parts.count);
  CHECK(found.reason == "linear is the only candidate");
  const auto held = [](const std::vector<std::size_t>& of, const std::vector<std::uint32_t>& part,
                       std::uint32_t which) {
    std::vector<arma::uword> out;
    for (std::size_t k = 0; k < of.size(); ++k)
      if (part[k] == which) out.push_back(of[k]);
    return arma::uvec(out);
  };
  for (std::uint32_t p = 0; p < parts.count; ++p) {
    const arma::uvec of_x = held(parts.control_cells, parts.control, p),
                     of_y = held(parts.treated_cells, parts.treated, p);
    CHECK(found.scores(p, 0) ==
          doctest::Approx(weighted_mmd2(x.cols(of_x), cells.ratio_control.elem(of_x), y.cols(of_y),
                                        0.4, context))
              .epsilon(1e-8));
  }
}
