// A feature that is the same in all training cells is predicted as that value, to the bit, by every
// method of the registry.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "laot/models.hpp"
#include "support/clouds.hpp"
#include "support/fitted_models.hpp"

using namespace laot;
using namespace fitted_models;

namespace {

// Sums of these over 137, 91 or 77 cells are rounded, but for that of 0.
const arma::vec kValues = {0.0, 3.0, 0.1, 1e6, 1.0 / 3.0, -7.3e-5};

arma::mat with(arma::mat cells, const arma::vec& values) {
  for (arma::uword k = 0; k < values.n_elem; ++k) cells.row(k).fill(values[k]);
  return cells;
}

// Cells as they are, or as compressed columns.
struct Either {
  arma::mat cells;
  std::vector<std::int32_t> starts{0}, rows;
  std::vector<double> values;

  explicit Either(arma::mat given) : cells(std::move(given)) {
    for (arma::uword i = 0; i < cells.n_cols; ++i) {
      for (arma::uword k = 0; k < cells.n_rows; ++k) {
        if (cells(k, i) == 0.0) continue;
        rows.push_back(static_cast<std::int32_t>(k));
        values.push_back(cells(k, i));
      }
      starts.push_back(static_cast<std::int32_t>(rows.size()));
    }
  }
  Cells view(bool sparse) const {
    if (!sparse) return Cells::dense(cells);
    return Cells::sparse(cells.n_rows, cells.n_cols, starts.data(), rows.data(), values.data(),
                         "cells");
  }
};

struct Populations {
  Either control, treated, other, fresh;

  Populations(std::size_t features, const arma::vec& of_control, const arma::vec& of_treated)
      : control(with(clouds::counts(features, 137, 0.6, 1), of_control)),
        treated(with(1.5 * clouds::counts(features, 91, 0.7, 2), of_treated)),
        other(with(0.5 * clouds::counts(features, 77, 0.5, 3), of_treated)),
        fresh(with(clouds::counts(features, 20, 0.6, 4), of_control)) {}
};

Condition condition_of(const char* name, const char* drug, double dose) {
  return {name, {{"drug", {{}, {drug}}}, {"dose", {{dose}, {}}}}};
}

Experiment experiment_with(const MethodSpec& spec, const Populations& cells, bool sparse) {
  Experiment out = experiment_of(cells.control.view(sparse), cells.treated.view(sparse));
  if (!spec.traits.many_conditions) return out;
  out.conditions[0].condition = condition_of("a 1", "a", 1.0);
  out.conditions.push_back({condition_of("a 4", "a", 4.0), {cells.other.view(sparse), {}, {}}, 0});
  out.conditions.push_back(
      {condition_of("b 1", "b", 1.0), {cells.treated.view(sparse), {}, {}}, 0});
  return out;
}

bool has(const MethodSpec& spec, const std::string& parameter) {
  return std::any_of(spec.params.begin(), spec.params.end(),
                     [&](const ParamSpec& row) { return row.name == parameter; });
}

// As little training as there can be: the networks are wrong, and everything else is not.
Params params_of(const MethodSpec& spec, const Settings& settings) {
  Params out(spec);
  const Settings few = {{"hidden_units", "8"},   {"latent", "3"},     {"adversary_units", "4"},
                        {"epochs", "2"},         {"iterations", "6"}, {"check_every", "3"},
                        {"embedding_units", "4"}};
  if (spec.traits.trains)
    for (const auto& [name, value] : few)
      if (has(spec, name)) out.set_text(name, value);
  for (const auto& [name, value] : settings) out.set_text(name, value);
  return out;
}

std::vector<Settings> settings_of(const MethodSpec& spec) {
  std::vector<Settings> out = {{}};
  const auto add = [&](const char* name, std::initializer_list<const char*> values) {
    if (!has(spec, name)) return;
    for (const char* value : values) out.push_back({{name, value}});
  };
  add("center", {"own", "joint"});
  if (!spec.traits.trains) add("center", {"none"});  // 1e6 is too large for an untrained network
  add("scale", {"feature", "common", "none"});
  add("n_pcs", {"0", "3"});
  add("residual", {"keep", "drop"});
  add("marginals", {"yes"});
  add("balance", {"clusters"});
  if (spec.name == "laot") {
    add("restore", {"sd", "none", "marginals"});
    out.push_back({{"lift", "yes"}, {"landmarks", "20"}});
    out.push_back({{"lift", "yes"}, {"landmarks", "20"}, {"n_pcs", "0"}});
    out.push_back({{"ridge", "0"}, {"n_pcs", "0"}});
  } else if (has(spec, "restore") && !spec.traits.many_conditions) {
    add("restore", {"marginals"});
  }
  if (spec.name == "conditional_laot") out.push_back({{"lift", "yes"}, {"n_pcs", "0"}});
  return out;
}

// The largest distance of what is predicted from `values`.
double off(const arma::mat& cells, const arma::vec& values) {
  double out = 0.0;
  for (arma::uword k = 0; k < values.n_elem; ++k)
    out = std::max(out, arma::abs(cells.row(k) - values[k]).max());
  return out;
}

void check_all(const Model& model, const Populations& cells, bool sparse) {
  const Cells control = cells.control.view(sparse);
  CHECK(off(predicted(model, control), kValues) == 0.0);
  CHECK(off(predicted(model, cells.fresh.view(sparse)), kValues) == 0.0);
  const arma::vec raised = arma::clamp(kValues, 0.0, 1e9);
  for (const Nonnegative how : {Nonnegative::clip, Nonnegative::marginals})
    CHECK(off(predicted(model, control, how), raised) == 0.0);
  for (const Method* trivial : trivial_methods(false)) {
    CAPTURE(trivial->spec.name);
    CHECK(off(predicted(model.trivial(trivial->spec.name), control), kValues) == 0.0);
  }
}

Model fitted(const Params& params, const Experiment& experiment, int threads = 1) {
  Context context;
  context.num_threads = threads;
  return fit_model(params, experiment, context);
}

}  // namespace

TEST_CASE("a feature that is constant in all cells is predicted as its value, by every method") {
  for (const std::size_t features : {9, 30}) {  // without components, and with
    const Populations cells(features, kValues, kValues);
    for (const Method& method : methods())
      for (const Settings& settings : settings_of(method.spec)) {
        CAPTURE(features);
        CAPTURE(method.spec.name);
        std::string how;
        for (const auto& [name, value] : settings) how += name + " = " + value + " ";
        CAPTURE(how);
        const Params params = params_of(method.spec, settings);
        arma::mat dense;
        for (const bool sparse : {false, true}) {
          CAPTURE(sparse);
          const Model model = fitted(params, experiment_with(method.spec, cells, sparse));
          const std::vector<Condition> conditions = model.conditions();
          for (const Condition& condition : conditions)
            check_all(model.at(condition), cells, sparse);
          const Model first = model.at(conditions[0]);
          const arma::mat here = predicted(first, cells.control.view(sparse));
          if (!sparse) dense = here;
          CHECK(std::equal(here.begin(), here.end(), dense.begin()));
          CHECK(here.is_finite());
          if (!method.spec.traits.many_conditions) continue;
          CHECK(off(predicted(model.at(condition_of("", "b", 2.0)), cells.fresh.view(sparse)),
                    kValues) == 0.0);
        }
      }
  }
}

TEST_CASE("a constant feature keeps its value in a file, on threads, and where weights differ") {
  const Populations cells(9, kValues, kValues);
  for (const Method& method : methods()) {
    CAPTURE(method.spec.name);
    Experiment experiment = experiment_with(method.spec, cells, false);
    if (method.spec.traits.uses_batch) {  // levels of unequal shares: cells of unequal weights
      for (std::size_t i = 0; i < 137; ++i)
        experiment.controls[0].batch.push_back(i < 40 ? "p" : "q");
      for (std::size_t i = 0; i < 91; ++i)
        experiment.conditions[0].population.batch.push_back(i < 70 ? "p" : "q");
    }
    const Model model = fitted(params_of(method.spec, {}), experiment, 2);
    const std::string bytes = model.store().bytes();
    const Model again = Model::load(ModelFile::parse(bytes.data(), bytes.size()));
    for (const Model* one : {&model, &again})
      check_all(one->at(one->conditions()[0]), cells, false);
  }
}

TEST_CASE("a feature that is constant at one value, then at another, moves from one to the other") {
  const arma::vec to = {3.0, 0.1, 1e6, 1.0 / 3.0, 0.0, 2.0};
  const std::vector<std::pair<const char*, Settings>> about_own_means = {
      {"laot", {}},
      {"laot", {{"lift", "yes"}, {"landmarks", "20"}}},
      {"laot", {{"restore", "marginals"}}},
      {"gaussian_map", {}},
      {"mean_shift", {}},
      {"cellot", {{"center", "own"}}},
      {"scgen", {{"center", "own"}}},
      {"cae", {{"center", "own"}}}};
  for (const std::size_t features : {9, 30}) {
    const Populations cells(features, kValues, to);
    for (const auto& [name, settings] : about_own_means) {
      CAPTURE(features);
      CAPTURE(name);
      const MethodSpec& spec = method(name).spec;
      const Model model = fitted(params_of(spec, settings), experiment_with(spec, cells, false));
      CHECK(off(predicted(model, cells.control.view(false)), to) == 0.0);
      CHECK(off(predicted(model.trivial("mean_shift"), cells.fresh.view(false)), to) == 0.0);
      CHECK(off(predicted(model.trivial("gaussian_map"), cells.fresh.view(false)), to) == 0.0);
    }
    // About a common mean the shift is the map's.
    const MethodSpec& spec = method("gaussian_map").spec;
    const Model joint =
        fitted(params_of(spec, {{"center", "joint"}}), experiment_with(spec, cells, false));
    CHECK(joint.space.constant.empty());
    CHECK(off(predicted(joint, cells.control.view(false)), to) < 1e-3);
  }
}

TEST_CASE("map, offset and effects of a constant feature are those of the prediction") {
  const arma::vec to = {3.0, 0.1, 1e6, 1.0 / 3.0, 0.0, 2.0};
  for (const std::size_t features : {9, 30})
    for (const char* ridge : {"auto", "0"}) {
      CAPTURE(features);
      CAPTURE(ridge);
      const Populations cells(features, kValues, to);
      const MethodSpec& spec = method("laot").spec;
      const Model model =
          fitted(params_of(spec, {{"ridge", ridge}}), experiment_with(spec, cells, false));
      // Cells in which these features are not what they were.
      const arma::mat x = clouds::gaussian(features, 5, 8);
      const arma::mat moved = predicted(model, Cells::dense(x));
      for (arma::uword k = 0; k < to.n_elem; ++k)
        for (arma::uword i = 0; i < x.n_cols; ++i)
          CHECK(moved(k, i) == x(k, i) + (to[k] - kValues[k]));
      const arma::mat map = model.array("map").matrix();
      const arma::vec offset = model.array("offset").matrix();
      arma::mat by_hand = map * x;
      by_hand.each_col() += offset;
      CHECK(arma::approx_equal(by_hand, moved, "reldiff", 1e-9));
      CHECK(arma::approx_equal(map.rows(0, 5), arma::eye(6, features), "absdiff", 0.0));
      std::vector<double> effects(features * features);
      Context context;
      model.effects(Cells::dense(x.memptr(), features, 1, features), effects.data(), context);
      CHECK(std::equal(map.begin(), map.end(), effects.begin()));
    }
}

TEST_CASE("moments of a feature that is the same in all cells are its value and 0") {
  arma::mat x(7, 1000);
  const arma::vec values = {0.0, 3.0, 0.1, 1e6, 1.0 / 3.0, 1e300, 5.0};
  x.each_col() = values;
  x(6, 999) = std::nextafter(5.0, 6.0);
  Rng rng(1);
  arma::vec weights(1000);
  for (double& weight : weights) weight = rng.uniform();
  weights /= arma::accu(weights);
  Context context;
  const Moments found = weighted_moments(Cells::dense(x), weights, context);
  for (arma::uword k = 0; k < 6; ++k) {
    CHECK(found.mean[k] == values[k]);
    CHECK(found.variance[k] == 0.0);
  }
  // One cell differs by the last bit.
  CHECK(found.variance[6] > 0.0);
}
