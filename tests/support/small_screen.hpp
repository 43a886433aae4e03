// A small simulated screen as an experiment of the registry, and what tests of methods of many
// conditions ask of it.
#pragma once

#include <algorithm>
#include <string>

#include "laot/conditions/simulated_screen.hpp"
#include "laot/models.hpp"

namespace small_screen {

using namespace laot;

inline const Screen& screen() {
  static const Screen out = [] {
    ScreenOptions options;
    options.features = 6;
    options.drugs = 8;
    options.cells = 60;
    options.new_cells = 80;
    options.unseen_drugs = 1;
    options.unseen_doses = options.pairs = options.unseen_pairs = options.seen_tests = 3;
    return simulate_screen(options, Rng(3));
  }();
  return out;
}

inline Condition named_covariates(const ScreenCondition& c) {
  Condition out;
  CovariateValue drug, dose;
  for (const Treatment& t : c.covariates.treatments) {
    drug.levels.push_back(screen().drugs[t.level]);
    dose.numbers.push_back(t.dose);
  }
  out.covariates = {{"drug", drug}, {"dose", dose}};
  return out;
}

inline Experiment experiment(bool embedded = true) {
  Experiment out;
  out.controls.push_back({Cells::dense(screen().control), {}, {}});
  for (const ScreenCondition& c : screen().training) {
    Condition condition = named_covariates(c);
    condition.name = c.name;
    out.conditions.push_back({condition, {Cells::dense(c.treated), {}, {}}, 0});
  }
  if (embedded) out.embeddings = {{"drug", screen().drugs, screen().embedding, {}}};
  return out;
}

inline Model fitted(const std::string& name, const Experiment& experiment, int threads = 1) {
  Context context;
  context.num_threads = threads;
  return fit_model(Params(method(name).spec), experiment, context);
}

inline arma::mat predicted(const Model& model, const Condition& condition, const arma::mat& x) {
  Context context;
  arma::mat out(x.n_rows, x.n_cols);
  model.at(condition).predict(Cells::dense(x), Nonnegative::no, out.memptr(), context);
  return out;
}

inline bool same(const arma::mat& a, const arma::mat& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

inline std::string warning_of(const Model& model) {
  for (const auto& [name, value] : model.report.texts)
    if (name == "warning") return value;
  return "none was reported";
}

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline Condition at(const std::string& drug, double dose) {
  return {"", {{"drug", {{}, {drug}}}, {"dose", {{dose}, {}}}}};
}

}  // namespace small_screen
