#include "laot/evaluation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <set>

#include "laot/data/columns.hpp"
#include "laot/pairing.hpp"

using namespace laot;

namespace {

arma::mat normal_cells(std::size_t d, std::size_t n, std::uint64_t seed, double shift = 0.0) {
  Rng rng(seed);
  arma::mat out(d, n);
  for (double& value : out) value = rng.normal() + shift;
  return out;
}

struct Small {
  arma::mat x = normal_cells(4, 40, 1), y = normal_cells(4, 50, 2, 1.0),
            control = normal_cells(4, 21, 3), observed = normal_cells(4, 17, 4, 1.0);
  Context context;

  Model fit(const std::string& name, double keep_cells = 1000.0) {
    Params params(method(name).spec);
    params.set("keep_cells", keep_cells);
    return fit_model(params, experiment_of(Cells::dense(x), Cells::dense(y)), context);
  }
  HeldOut held_out(const Model* model) const {
    HeldOut out;
    out.model = model;
    out.observed = Cells::dense(observed);
    out.control = Cells::dense(control);
    return out;
  }
};

std::set<std::string> methods_in(const Table& table) {
  const TextColumn& all = table.texts("method");
  return {all.begin(), all.end()};
}

std::string sentence_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

TEST_CASE("scores that share their sums are those that are computed alone, up to rounding") {
  Small s;
  const Model model = s.fit("laot");
  EvaluationOptions options;
  for (const MetricSpec& spec : metrics()) options.metrics.push_back(spec.name);
  options.gammas = {0.1, 0.7};
  const Table found = evaluate(s.held_out(&model), options, s.context);
  arma::mat predicted(4, 21);
  model.predict(Cells::dense(s.control), Nonnegative::no, predicted.memptr(), s.context);
  ScoreInput input;
  input.predicted = &predicted;
  input.observed = &s.observed;
  input.control = &s.control;
  std::size_t compared = 0;
  for (std::size_t r = 0; r < found.rows(); ++r) {
    if (found.texts("method")[r] != "laot") continue;
    input.gamma = found.numbers("gamma")[r];
    CAPTURE(found.texts("metric")[r]);
    const Score alone = score(found.texts("metric")[r], input, s.context);
    const double together = found.numbers("value")[r];
    CHECK((same(together, alone.value) || std::abs(together - alone.value) < 1e-13));
    CHECK(found.texts("reason")[r] == alone.reason);
    ++compared;
  }
  CHECK(compared == metrics().size() + 3);  // three of them take a bandwidth
}

TEST_CASE("W2 from the distances behind the kernels is W2, with and without components") {
  Small s;
  s.x = normal_cells(260, 40, 1);
  s.y = 0.6 * normal_cells(260, 50, 2) + 1.0;
  s.control = normal_cells(260, 300, 3);  // more than one strip of a walk
  s.observed = 0.6 * normal_cells(260, 300, 4) + 1.0;
  s.observed.col(5) = s.observed.col(11);  // cells may coincide
  EvaluationOptions options;
  options.metrics = {"w2", "mmd2"};
  options.test = true;  // which takes the same distances
  options.permutations = 99;
  CHECK(shares_distances({{&metric("w2"), 0}, {&metric("mmd2"), 0}}, {0.1}, 37, 37, 260));
  CHECK_FALSE(shares_distances({{&metric("w2"), 0}, {&metric("mmd2"), 0}}, {0.1}, 37, 36, 260));
  CHECK_FALSE(shares_distances({{&metric("w2"), 0}}, {0.1}, 37, 37, 260));
  CHECK_FALSE(shares_distances({{&metric("w2"), 0}, {&metric("mmd2"), 0}}, {kNaN}, 37, 37, 260));
  for (const double components : {5.0, 0.0}) {
    Params params(method("laot").spec);
    params.set("n_pcs", components);
    const Model model =
        fit_model(params, experiment_of(Cells::dense(s.x), Cells::dense(s.y)), s.context);
    s.context.num_threads = 1;
    const Table found = evaluate(s.held_out(&model), options, s.context);
    s.context.num_threads = 3;
    const Table three = evaluate(s.held_out(&model), options, s.context);
    std::size_t compared = 0, tests = 0;
    for (std::size_t r = 0; r < found.rows(); ++r) {
      CHECK(found.numbers("value")[r] == three.numbers("value")[r]);
      const std::string& name = found.texts("method")[r];
      if (found.texts("metric")[r] == "mmd2_p_value") {
        arma::mat predicted = s.control;
        model.predict(Cells::dense(s.control), Nonnegative::no, predicted.memptr(), s.context);
        CHECK(found.numbers("value")[r] == permutation_p_value(predicted, s.observed,
                                                               {found.numbers("gamma")[r]}, 99,
                                                               s.context));
        ++tests;
      }
      if (found.texts("metric")[r] != "w2" || name == "noise_reference") continue;
      arma::mat predicted = s.control;
      if (name != "identity")
        (name == "laot" ? model : model.trivial(name))
            .predict(Cells::dense(s.control), Nonnegative::no, predicted.memptr(), s.context);
      CAPTURE(name);
      CHECK(found.numbers("value")[r] ==
            doctest::Approx(wasserstein2(predicted, s.observed, s.context)).epsilon(1e-12));
      ++compared;
    }
    CHECK(compared >= 3);
    CHECK(tests == 1);
  }
}

TEST_CASE("a table has the same bits for any number of threads") {
  Small s;
  const Model model = s.fit("gaussian_map");
  EvaluationOptions options;
  options.test = true;
  options.permutations = 50;
  options.markers = 2;
  options.reference = Reference::halves;
  const Table one = evaluate(s.held_out(&model), options, s.context);
  s.context.num_threads = 3;
  const Table three = evaluate(s.held_out(&model), options, s.context);
  REQUIRE(one.rows() == three.rows());
  for (std::size_t r = 0; r < one.rows(); ++r) {
    CHECK(same(one.numbers("value")[r], three.numbers("value")[r]));
    CHECK(same(one.numbers("sd")[r], three.numbers("sd")[r]));
  }
  s.context.seed = 2;
  const Table other = evaluate(s.held_out(&model), options, s.context);
  std::size_t differing = 0;
  for (std::size_t r = 0; r < one.rows(); ++r)
    differing += same(one.numbers("value")[r], other.numbers("value")[r]) ? 0 : 1;
  CHECK(differing > 0);
}

TEST_CASE("rows are of what is there") {
  Small s;
  const Model model = s.fit("mean_shift");
  using Names = std::set<std::string>;
  const EvaluationOptions usual;
  CHECK(methods_in(evaluate(s.held_out(&model), usual, s.context)) ==
        Names{"mean_shift", "identity", "gaussian_map", "noise_reference"});

  HeldOut bare = s.held_out(nullptr);
  bare.predicted = Cells::dense(s.control);
  const Table of_bare = evaluate(bare, usual, s.context);
  CHECK(methods_in(of_bare) == Names{"prediction", "identity"});
  CHECK(of_bare.texts("kind")[0].empty());
  for (const std::string& name : of_bare.texts("metric")) CHECK(name != "mmd2");
  bare.control.reset();  // a metric that begins at the control cells is left out without them
  EvaluationOptions of_shifts = usual;
  of_shifts.metrics = {"pearson_mean_shift", "w2"};
  const Table without = evaluate(bare, of_shifts, s.context);
  for (const std::string& name : without.texts("metric")) CHECK(name == "w2");

  bare.model = &model;
  CHECK(methods_in(evaluate(bare, usual, s.context)) == Names{"prediction", "noise_reference"});

  const Model forgetful = s.fit("mean_shift", 0.0);
  CHECK(methods_in(evaluate(s.held_out(&forgetful), usual, s.context)) ==
        Names{"mean_shift", "identity", "gaussian_map"});
  EvaluationOptions halves;
  halves.reference = Reference::halves;
  CHECK(methods_in(evaluate(s.held_out(&forgetful), halves, s.context)).count("noise_reference") ==
        1);
  // Halves of the observed cells have moved from the same control cells as their whole.
  halves.metrics = {"pearson_mean_shift"};
  const Table moved = evaluate(s.held_out(&model), halves, s.context);
  for (std::size_t r = 0; r < moved.rows(); ++r)
    if (moved.texts("method")[r] == "noise_reference") {
      CHECK(moved.numbers("halvings")[r] > 0.0);
      CHECK(std::abs(moved.numbers("value")[r]) <= 1.0);
    }
  CHECK(methods_in(moved).count("noise_reference") == 1);
}

TEST_CASE("the test takes 1000 cells a side, evenly, and markers have their own bandwidth") {
  Small s;
  const arma::mat predicted = normal_cells(4, 1700, 5), observed = normal_cells(4, 1203, 6, 0.02);
  const auto evenly = [](const arma::mat& cells) {
    arma::uvec index(1000);
    for (arma::uword c = 0; c < 1000; ++c)
      index[c] = static_cast<arma::uword>(
          std::llround(static_cast<double>(c) * static_cast<double>(cells.n_cols - 1) / 999.0));
    return arma::mat(cells.cols(index));
  };
  HeldOut bare;
  bare.predicted = Cells::dense(predicted);
  bare.observed = Cells::dense(observed);
  EvaluationOptions options;
  options.metrics = {"r2_means"};
  options.gammas = {0.2};
  options.test = true;
  options.permutations = 400;
  const Table found = evaluate(bare, options, s.context);
  std::size_t tests = 0;
  for (std::size_t r = 0; r < found.rows(); ++r) {
    if (found.texts("metric")[r] != "mmd2_p_value") continue;
    ++tests;
    CHECK(found.numbers("cells")[r] == 1000.0);
    CHECK(found.numbers("value")[r] ==
          permutation_p_value(evenly(predicted), evenly(observed), {0.2}, 400, s.context));
  }
  CHECK(tests == 1);

  const Model model = s.fit("mean_shift");
  options = {};
  options.metrics = {"mmd2"};
  options.markers = 2;
  const auto gammas_of = [&](const EvaluationOptions& asked) {
    std::set<double> out;
    const Table table = evaluate(s.held_out(&model), asked, s.context);
    for (std::size_t r = 0; r < table.rows(); ++r)
      if (!std::isnan(table.numbers("gamma")[r])) out.insert(table.numbers("gamma")[r]);
    return out.size();
  };
  CHECK(gammas_of(options) == 2);
  options.preset = "laot";  // whose bandwidth is of all features
  options.metrics.clear();
  CHECK(gammas_of(options) == 1);
}

TEST_CASE("a bandwidth that is named twice has its rows once") {
  Small s;
  const Model model = s.fit("mean_shift");
  EvaluationOptions options;
  options.metrics = {"mmd2", "w2"};
  options.gammas = {0.1, 0.7, 0.1};
  const Table twice = evaluate(s.held_out(&model), options, s.context);
  options.gammas = {0.1, 0.7};
  CHECK(twice.texts("metric") == evaluate(s.held_out(&model), options, s.context).texts("metric"));
}

TEST_CASE("what is undefined is NaN with its reason") {
  Small s;
  const Model model = s.fit("identity");
  s.observed = s.observed.cols(0, 0);
  EvaluationOptions options;
  options.test = true;
  const Table found = evaluate(s.held_out(&model), options, s.context);
  std::size_t tests = 0;
  for (std::size_t r = 0; r < found.rows(); ++r) {
    CHECK(std::isnan(found.numbers("value")[r]) == !found.texts("reason")[r].empty());
    if (found.texts("metric")[r] != "mmd2_p_value") continue;
    CHECK(found.texts("reason")[r] == "one cell on a side");
    ++tests;
  }
  CHECK(tests == 1);
  CHECK(found.texts("reason")[0] == "one cell on a side");
}

TEST_CASE("the test at several bandwidths is of their mean, and has none of its own") {
  Small s;
  const Model model = s.fit("mean_shift");
  EvaluationOptions options;
  options.metrics = {"w2"};
  options.gammas = {0.1, 0.2};
  options.test = true;
  const Table found = evaluate(s.held_out(&model), options, s.context);
  arma::mat predicted(4, 21);
  model.predict(Cells::dense(s.control), Nonnegative::no, predicted.memptr(), s.context);
  std::size_t tests = 0;
  for (std::size_t r = 0; r < found.rows(); ++r) {
    if (found.texts("metric")[r] != "mmd2_p_value") continue;
    CHECK(std::isnan(found.numbers("gamma")[r]));
    CHECK(found.texts("metric_setting")[r] == "gamma = 0.1, gamma = 0.2; 199 relabellings");
    CHECK(found.numbers("value")[r] ==
          permutation_p_value(predicted, s.observed, {0.1, 0.2}, 199, s.context));
    ++tests;
  }
  CHECK(tests == 1);
}

TEST_CASE("beside a model that was fitted without a batch the reference is its training cells") {
  Small s;
  const Model model = s.fit("mean_shift");
  HeldOut held_out = s.held_out(&model);
  held_out.observed_batch.assign(17, "c");
  const Table found = evaluate(held_out, {}, s.context);
  CHECK(methods_in(found) ==
        std::set<std::string>{"mean_shift", "identity", "gaussian_map", "noise_reference"});
  CHECK(found.numbers("halvings") == NumberColumn(found.rows(), 0.0));
  for (const std::string& kind : found.texts("kind")) CHECK(kind == "seen");
}

TEST_CASE("wrong uses of an evaluation are told in one sentence") {
  Small s;
  const Model model = s.fit("mean_shift");
  const auto refused = [&](const HeldOut& held_out, const EvaluationOptions& options) {
    return sentence_of([&] { evaluate(held_out, options, s.context); });
  };
  const auto holds = [](const std::string& sentence, const char* words) {
    CAPTURE(sentence);
    CHECK(sentence.find(words) != std::string::npos);
  };
  HeldOut held_out = s.held_out(&model);
  EvaluationOptions options;
  options.metrics = {"mmd"};
  holds(refused(held_out, options), "did you mean \"mmd2\"");
  options.metrics.clear();
  options.markers = 5;
  holds(refused(held_out, options), "from 1 to 4, found 5");
  options.markers = 0;
  options.gammas = {-1.0};
  holds(refused(held_out, options), "gammas must be positive, found -1");
  options.gammas.clear();
  options.preset = "cello";
  holds(refused(held_out, options), "there are laot, cellot, cmonge");
  options.preset.clear();

  held_out.control.reset();
  holds(refused(held_out, options), "control is missing");
  held_out.model = nullptr;
  holds(refused(held_out, options), "a model or predicted cells");
  held_out = s.held_out(&model);
  held_out.observed_groups = {"a"};
  holds(refused(held_out, options), "observed has 1 group labels for 17 cells");
  held_out = s.held_out(&model);
  const arma::mat few = s.control.rows(0, 2);
  held_out.control = Cells::dense(few);
  holds(refused(held_out, options), "control has 3 features and observed has 4");
  s.observed(1, 2) = kNaN;
  holds(refused(s.held_out(&model), options), "observed has NaN at feature 2, cell 3");
}

TEST_CASE("pairing, transitions and partners are the plan's own") {
  Small s;
  const Model model = s.fit("laot");
  const Pairing pairing = pairing_of(model);
  CHECK(pairing.n == 40);
  CHECK(pairing.m == 50);
  arma::mat plan(40, 50, arma::fill::zeros);
  for (std::size_t e = 0; e < pairing.mass.size(); ++e)
    plan(pairing.source[e], pairing.target[e]) = pairing.mass[e];
  CHECK(arma::abs(arma::sum(plan, 1) - 1.0 / 40).max() < 1e-12);
  CHECK(arma::abs(arma::sum(plan, 0) - 1.0 / 50).max() < 1e-12);

  std::vector<std::string> from(40, "b"), to(50, "y");
  for (std::size_t i = 0; i < 40; i += 3) from[i] = "a";
  for (std::size_t j = 1; j < 50; j += 2) to[j] = "z";
  const Table found = transitions(pairing, from, to);
  REQUIRE(found.rows() == 4);
  for (std::size_t r = 0; r < 4; ++r) {
    double mass = 0.0, leaves = 0.0, arrives = 0.0;
    for (std::size_t i = 0; i < 40; ++i)
      for (std::size_t j = 0; j < 50; ++j) {
        const bool of_from = from[i] == found.texts("from")[r],
                   of_to = to[j] == found.texts("to")[r];
        if (of_from && of_to) mass += plan(i, j);
        if (of_from) leaves += plan(i, j);
        if (of_to) arrives += plan(i, j);
      }
    CHECK(std::abs(found.numbers("mass")[r] - mass) < 1e-14);
    CHECK(std::abs(found.numbers("share")[r] - mass / leaves) < 1e-13);
    CHECK(std::abs(found.numbers("expected")[r] - leaves * arrives) < 1e-13);
  }
  CHECK(found.texts("from")[0] == "a");
  CHECK(found.texts("to")[0] == "y");

  const Table next = partners(model, pairing, Direction::descendants, {4, 7, 4});
  const arma::rowvec reached = (plan.row(4) + plan.row(7)) * 20.0;
  double sum = 0.0, before = 2.0;
  for (std::size_t r = 0; r < next.rows(); ++r) {
    const double mass = next.numbers("mass")[r];
    CHECK(std::abs(mass - reached[static_cast<std::size_t>(next.numbers("cell")[r])]) < 1e-13);
    CHECK(mass <= before);
    before = mass;
    sum += mass;
  }
  CHECK(std::abs(sum - 1.0) < 1e-13);
  const Table back = partners(model, pairing, Direction::ancestors, {11});
  CHECK(std::abs(back.numbers("mass")[0] - arma::vec(plan.col(11)).max() * 50.0) < 1e-13);

  CHECK(sentence_of([&] { pairing_of(s.fit("mean_shift")); }).find("no pairing") !=
        std::string::npos);
  CHECK(sentence_of([&] { transitions(pairing, {"a"}, to); }).find("from has 1 labels") !=
        std::string::npos);
  CHECK(sentence_of([&] {
          partners(model, pairing, Direction::ancestors, {50});
        }).find("cells 0 to 49") != std::string::npos);
}

TEST_CASE("what a value is a mean over and where its bandwidth is from stand in columns") {
  Small cells;
  const Model model = cells.fit("mean_shift");
  EvaluationOptions options;
  options.metrics = {"mmd2", "w2"};
  options.methods = {"identity", "noise_reference"};
  options.reference = Reference::halves;
  const Table halves = evaluate(cells.held_out(&model), options, cells.context);
  const std::string own = halves.texts("metric_setting")[0];
  CHECK(own.find("gamma = ") == 0);
  CHECK(halves.texts("setting") ==
        TextColumn{own, "weights 1/n and 1/m", own + "; mean of 5 halvings of the observed cells",
                   "weights 1/n and 1/m; mean of 5 halvings of the observed cells"});
  CHECK(halves.texts("metric_setting") ==
        TextColumn{own, "weights 1/n and 1/m", own, "weights 1/n and 1/m"});
  CHECK(halves.numbers("halvings") == NumberColumn{0, 0, 5, 5});
  CHECK(halves.numbers("subsamples") == NumberColumn{0, 0, 0, 0});
  CHECK(halves.numbers("weighted") == NumberColumn{0, 0, 0, 0});
  CHECK(halves.texts("gamma_from") == TextColumn{"median", "", "median", ""});
  options.gammas = {0.1};
  CHECK(evaluate(cells.held_out(&model), options, cells.context).texts("gamma_from") ==
        TextColumn{"given", "", "given", ""});
  // Its subsamples are drawn with replacement, and need not fit.
  options.preset = "cmonge";
  options.methods = {"identity"};
  const Table drawn = evaluate(cells.held_out(&model), options, cells.context);
  const ScorePreset preset = score_preset("cmonge");
  const double size = static_cast<double>(subsample_size(preset, 21, 17));
  REQUIRE(size > 0.0);
  CHECK(drawn.numbers("subsample_cells") == NumberColumn{size, size});
  CHECK(drawn.numbers("subsamples") == NumberColumn(2, static_cast<double>(preset.repetitions)));
  CHECK(drawn.texts("metric_setting")[1] == "weights 1/n and 1/m");
  CHECK(drawn.texts("setting")[1] == text("weights 1/n and 1/m; mean of ", preset.repetitions,
                                          " subsamples of ", size, " cells a side"));
}
