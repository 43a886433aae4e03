// A small simulated screen as an experiment of the registry, and what tests of methods of many
// conditions ask of it.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "laot/conditions/simulated_screen.hpp"
#include "laot/metrics/mmd.hpp"
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
    Context context;
    return simulate_screen(options, Rng(3), context);
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

using Settings = std::vector<std::pair<std::string, std::string>>;

inline Params params_of(const std::string& name, const char* preset, const Settings& settings) {
  Params out(method(name).spec);
  out.use_preset(preset);
  for (const auto& [key, value] : settings) out.set_text(key, value);
  return out;
}

inline Model trained(const Params& params, const Experiment& cells = experiment(),
                     int threads = 1) {
  Context context;
  context.num_threads = threads;
  return fit_model(params, cells, context);
}

inline Model fitted(const std::string& name, const Experiment& experiment, int threads = 1) {
  return trained(Params(method(name).spec), experiment, threads);
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

inline std::string text_in(const Model& model, const std::string& wanted,
                           const std::string& otherwise = "") {
  for (const auto& [name, value] : model.report.texts)
    if (name == wanted) return value;
  return otherwise;
}

inline std::string warning_of(const Model& model) {
  return text_in(model, "warning", "none was reported");
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

// MMD^2 of what is predicted of the new control cells to the treated cells of a test condition.
inline double error_of(const Model& model, const ScreenCondition& c) {
  Context context;
  return mmd2(predicted(model, named_covariates(c), screen().new_control), c.treated, {0.05},
              MmdEstimator::unbiased, context)[0];
}

inline bool all_same(const Model& a, const Model& b, bool unseen_levels = true) {
  return std::all_of(screen().test.begin(), screen().test.end(), [&](const ScreenCondition& c) {
    if (!unseen_levels && c.kind == ConditionKind::unseen_level) return true;
    const arma::mat of_a = predicted(a, named_covariates(c), screen().new_control);
    return of_a.is_finite() && same(of_a, predicted(b, named_covariates(c), screen().new_control));
  });
}

// The same bits on two threads and after a file; and at dose 0 cells stay where they are.
inline void check_survives_file(const Params& params, bool embedded) {
  const Experiment cells = experiment(embedded);
  const Model model = trained(params, cells);
  const std::string bytes = model.store().bytes();
  CHECK(all_same(model, Model::load(ModelFile::parse(bytes.data(), bytes.size())), embedded));
  CHECK(all_same(model, trained(params, cells, 2), embedded));
  CHECK(same(predicted(model, at(screen().drugs[2], 0.0), screen().new_control),
             screen().new_control));
}

struct TemporaryFile {
  std::string path =
      text("small_screen_", std::chrono::steady_clock::now().time_since_epoch().count(), ".ckpt");
  ~TemporaryFile() { std::remove(path.c_str()); }
};

// Asks for the end once training has begun, and knows when that was.
struct Cancelled {
  using Clock = std::chrono::steady_clock;
  Clock::time_point asked;
  Context context;

  Cancelled() {
    context.progress = [this](const std::string& stage, double) {
      if (stage == "training" && asked == Clock::time_point()) asked = Clock::now();
    };
    context.cancel = [this] { return asked != Clock::time_point(); };
  }
  Cancelled(const Cancelled&) = delete;
  double seconds() const { return std::chrono::duration<double>(Clock::now() - asked).count(); }
};

// A training that is cancelled with a checkpoint goes on from there, with the bits of `whole`.
inline void check_goes_on(const Params& params, const Model& whole, const std::string& path) {
  Cancelled stopped;
  stopped.context.checkpoint = path;
  CHECK_THROWS_WITH_AS(fit_model(params, experiment(), stopped.context),
                       doctest::Contains("the same call goes on from there"), Error);
  Context again;
  again.checkpoint = path;
  const Model resumed = fit_model(params, experiment(), again);
  CHECK(all_same(resumed, whole));
  CHECK(text_in(resumed, "stop_reason") == text_in(whole, "stop_reason"));
}

inline void check_settings(const Params& params, const Settings& wanted) {
  for (const auto& [name, value] : wanted) {
    CAPTURE(name);
    CHECK(params.text_of(name) == value);
  }
}

}  // namespace small_screen
