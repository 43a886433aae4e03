// libFuzzer: the bytes choose an experiment of several conditions (covariates, embeddings, what is
// held out, cells that come later), fit it, and ask the model, the tables and the findings.
#include "arguments.hpp"

namespace {

using fuzz::Bytes;
using fuzz::known;
using fuzz::Population;

// Cells that most methods can use, with a few entries that are the fuzzer's.
void fill(Bytes& in, std::size_t features, Population& out) {
  out.features = in.below(12) == 0 ? in.below(4) : features;
  out.cells = in.below(16) + (in.below(8) == 0 ? 0 : 4);
  out.values.resize(out.features * out.cells + 1);
  std::uint32_t state = in.byte();
  for (double& value : out.values) {
    state = 1664525U * state + 1013904223U;
    value = static_cast<double>(state >> 20) / 1024.0;
  }
  for (std::size_t left = in.below(4); left > 0; --left)
    out.values[in.byte() % out.values.size()] = in.number();
  known(laot_data_dense(out.values.data(), out.features, out.cells, out.features, &out.data));
}

// Mostly an answer that goes on; now and then one that stops the call, or other cells.
struct Later {
  Population cells;
  int answer = 0;
  static int read(void* payload, laot_data** out) {
    const Later& later = *static_cast<Later*>(payload);
    if (later.answer != 0) return later.answer;
    return laot_data_dense(later.cells.values.data(), later.cells.features, later.cells.cells,
                           later.cells.features, out) == LAOT_OK
               ? 0
               : 1;
  }
};

const char* const kDrugs[] = {"a", "b", "c", ""};
const char* const kNames[] = {"one", "two", "three", "", "one"};

struct Covariates {
  const char* names[3];
  const char* levels[3];
  double numbers[3];
  std::size_t count = 0;

  void add(const char* name, const char* level, double number) {
    names[count] = name;
    levels[count] = level;
    numbers[count] = number;
    ++count;
  }
  explicit Covariates(Bytes& in) {
    const std::size_t kind = in.below(8);
    if (kind != 0) add("drug", kDrugs[in.below(4)], 0.0);
    if (kind > 2) add("dose", nullptr, in.number());
    if (kind == 6) add("drug", kDrugs[in.below(4)], 0.0);
    if (kind == 7) add("patient", kDrugs[in.below(4)], 0.0);
  }
};

struct Experiment {
  Population controls[2], treated[4];
  Later later[4];
  laot_experiment* handle = nullptr;

  explicit Experiment(Bytes& in) {
    FUZZ_REQUIRE(laot_experiment_new(&handle) == LAOT_OK);
    const std::size_t features = 1 + in.below(5);
    for (std::size_t g = 0; g < 1 + in.below(2); ++g) {
      fill(in, features, controls[g]);
      if (in.below(6) == 0) fuzz::label(in, controls[g]);
      std::size_t index = 0;
      known(laot_experiment_add_control(handle, controls[g].data, &index));
    }
    for (std::size_t c = 0; c < 1 + in.below(4); ++c) {
      const Covariates with(in);
      const char* name = kNames[in.below(16) == 0 ? in.below(5) : c % 3];
      if (in.below(4) == 0) {
        fill(in, features, later[c].cells);
        later[c].answer = in.below(8) == 0 ? 1 : 0;
        const std::size_t told = later[c].cells.cells + (in.below(8) == 0 ? 1 : 0);
        known(laot_experiment_add_condition_later(handle, name, told, Later::read, nullptr,
                                                  &later[c], in.below(2), with.names, with.levels,
                                                  with.numbers, with.count));
        continue;
      }
      fill(in, features, treated[c]);
      if (in.below(6) == 0) fuzz::label(in, treated[c]);
      known(laot_experiment_add_condition(handle, name, treated[c].data, in.below(2), with.names,
                                          with.levels, with.numbers, with.count));
    }
    if (in.below(4) == 0) {
      const std::size_t rows = in.below(3), count = in.below(5);
      std::vector<double> coordinates(rows * count + 1);
      for (double& value : coordinates) value = in.number();
      known(laot_experiment_add_embedding(handle, "drug", kDrugs, count % 5, coordinates.data(),
                                          rows));
    }
    if (in.below(4) == 0)
      known(laot_experiment_place_by_controls(handle, in.below(2) ? "patient" : "drug"));
    if (in.below(4) == 0) known(laot_experiment_hold_out(handle, kNames[in.below(5)]));
  }
  Experiment(const Experiment&) = delete;
  Experiment& operator=(const Experiment&) = delete;
  ~Experiment() { laot_experiment_free(handle); }
};

void look_at(const laot_table* table) {
  std::size_t rows = 0, columns = 0, needed = 0;
  FUZZ_REQUIRE(laot_table_size(table, &rows, &columns) == LAOT_OK);
  FUZZ_REQUIRE(laot_table_names(table, nullptr, 0, &needed) == LAOT_OK);
  std::vector<char> text(needed);
  FUZZ_REQUIRE(laot_table_names(table, text.data(), text.size(), &needed) == LAOT_OK);
  std::vector<double> numbers(rows);
  const std::string names(text.data());
  for (std::size_t begin = 0, end; begin < names.size(); begin = end + 1) {
    end = std::min(names.find('\n', begin), names.size());
    const std::string name = names.substr(begin, end - begin);
    int type = 0;
    FUZZ_REQUIRE(laot_table_column_type(table, name.c_str(), &type) == LAOT_OK);
    if (known(laot_table_numbers(table, name.c_str(), numbers.data(), numbers.size()))) continue;
    FUZZ_REQUIRE(laot_table_texts(table, name.c_str(), nullptr, 0, &needed) == LAOT_OK);
    text.resize(needed);
    FUZZ_REQUIRE(laot_table_texts(table, name.c_str(), text.data(), text.size(), &needed) ==
                 LAOT_OK);
  }
}

void look_at(const laot_findings* findings) {
  for (const char* what : {"numbers", "texts", "arrays", "tables"}) {
    std::size_t needed = 0;
    FUZZ_REQUIRE(laot_findings_names(findings, what, nullptr, 0, &needed) == LAOT_OK);
  }
}

void predict(Bytes& in, const fuzz::Context& context, const laot_model* model,
             const Population& cells) {
  const Covariates at(in);
  const bool named = in.below(2) == 0;
  std::vector<double> out(cells.features * cells.cells + 1);
  if (known(laot_predict_at(context.get(), model, cells.data, named ? kNames[in.below(5)] : "",
                            at.names, at.levels, at.numbers, named ? 0 : at.count,
                            in.below(2) ? "no" : "marginals", out.data(), out.size() - 1)))
    for (std::size_t k = 0; k + 1 < out.size(); ++k) FUZZ_REQUIRE(out[k] == out[k]);
  laot_model* one = nullptr;
  if (!known(laot_model_at(model, "", at.names, at.levels, at.numbers, at.count, &one))) return;
  known(laot_weights(context.get(), one, cells.data, out.data(), out.size()));
  laot_model_free(one);
}

void evaluate(Bytes& in, const fuzz::Context& context, const laot_model* model,
              const Experiment& held_out) {
  laot_evaluation_options options = {};
  options.struct_size = sizeof options;
  const double gamma = in.number();
  if (in.below(3) == 0) {
    options.gammas = &gamma;
    options.gamma_count = 1;
  }
  options.metrics = in.below(2) ? nullptr : "mmd2,w2,r2_means,no";
  options.epsilon = in.below(3) == 0 ? in.number() : 0.0;
  options.markers = in.below(4);
  options.reference = in.below(3) == 0 ? "halves" : nullptr;
  options.test = in.below(4) == 0;
  options.permutations = in.below(8);
  laot_table* table = nullptr;
  if (!known(laot_evaluate_experiment(context.get(), &model, 1, held_out.handle, &options, &table)))
    return;
  look_at(table);
  laot_table_free(table);
}

void track(Bytes& in, const fuzz::Context& context, const laot_model* model,
           const Experiment& experiment) {
  laot_findings* findings = nullptr;
  const double gaps[] = {0.0, 1.0, in.number()};
  const bool done =
      in.below(2) == 0
          ? known(laot_recovery_curve(context.get(), model, experiment.controls[0].data,
                                      experiment.treated[0].data,
                                      in.below(2) ? "counterpart" : "anew", gaps, in.below(4),
                                      in.below(4), in.below(12), &findings))
          : known(laot_stability(context.get(), model, experiment.controls[0].data,
                                 experiment.treated[0].data, in.below(4), in.below(3), in.below(3),
                                 in.below(2) ? "cells" : "batch", &findings));
  if (!done) return;
  look_at(findings);
  laot_findings_free(findings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Bytes in(bytes, size);
  const fuzz::Context context;
  const Experiment experiment(in);
  laot_params* params = fuzz::make_params(in);
  laot_model* model = nullptr;
  const bool fitted = known(laot_fit_experiment(context.get(), params, experiment.handle, &model));
  laot_params_free(params);
  if (!fitted) {
    FUZZ_REQUIRE(model == nullptr);
    return 0;
  }
  for (int steps = 0; steps < 3 && !in.empty(); ++steps) switch (in.below(3)) {
      case 0:
        predict(in, context, model, experiment.controls[0]);
        break;
      case 1:
        evaluate(in, context, model, experiment);
        break;
      default:
        track(in, context, model, experiment);
    }
  laot_model_free(model);
  return 0;
}
