// A screen of many conditions from the core itself, without the C interface.
//   conditions fit OUT THREADS
//   conditions load MODEL FILE
#include <algorithm>
#include <fstream>
#include <iostream>

#include "laot/conditions/simulated_screen.hpp"
#include "laot/evaluation.hpp"
#include "laot/models.hpp"

using namespace laot;

namespace {

constexpr std::uint64_t kSeed = 11;
constexpr std::size_t kPatients = 5;

Screen simulated() {
  ScreenOptions options;
  options.features = 5;
  options.drugs = 12;
  options.cells = 40;
  options.new_cells = 60;
  Context context;
  return simulate_screen(options, Rng(3), context);
}

// Pairs share the dose.
Condition condition_of(const ScreenCondition& c, const Screen& screen) {
  CovariateValue drug, dose;
  for (const Treatment& t : c.covariates.treatments) drug.levels.push_back(screen.drugs[t.level]);
  dose.numbers = {c.covariates.treatments[0].dose};
  return {c.name, {{"drug", drug}, {"dose", dose}}};
}

std::vector<ScreenCondition> by_name(std::vector<ScreenCondition> conditions) {
  std::sort(conditions.begin(), conditions.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return conditions;
}

Experiment experiment_of(const Screen& screen, bool embedded) {
  Experiment out;
  out.controls.push_back({Cells::dense(screen.control), {}, {}});
  for (const ScreenCondition& c : screen.training)
    out.conditions.push_back({condition_of(c, screen), {Cells::dense(c.treated), {}, {}}, 0});
  out.held_out = {screen.training[2].name};
  if (embedded) out.embeddings = {{"drug", screen.drugs, screen.embedding, {}}};
  return out;
}

Condition patient(const std::string& name) {
  return {"", {{"patient", {{}, {name}}}}};
}

// Cells of conditions of the screen, as control and treated cells of patients.
Experiment patients_of(const Screen& screen) {
  Experiment out;
  for (std::size_t k = 0; k < kPatients; ++k) {
    out.controls.push_back({Cells::dense(screen.training[k].treated), {}, {}});
    Condition condition = patient(text("p", k));
    condition.name = text("p", k);
    out.conditions.push_back(
        {condition, {Cells::dense(screen.training[k + kPatients].treated), {}, {}}, k});
  }
  out.embeddings = {placed_by_controls("patient")};
  return out;
}

void write_numbers(const double* values, std::size_t count, std::ofstream& file) {
  file.write(reinterpret_cast<const char*>(values),
             static_cast<std::streamsize>(count * sizeof(double)));
}

void predict(const Model& model, const std::vector<Condition>& at, const Screen& screen,
             const std::string& path, Context& context) {
  std::ofstream file(path, std::ios::binary);
  const Cells cells = Cells::dense(screen.new_control);
  arma::mat out(arma::size(screen.new_control));
  for (const Condition& condition : at) {
    model.at(condition, cells, context).predict(cells, Nonnegative::no, out.memptr(), context);
    write_numbers(out.memptr(), out.n_elem, file);
  }
}

std::vector<Condition> places_of(const Screen& screen) {
  std::vector<Condition> out;
  for (const ScreenCondition& c : screen.test) {
    out.push_back(condition_of(c, screen));
    out.back().name.clear();
  }
  return out;
}

Params small(const std::string& name) {
  Params out(method(name).spec);
  if (name != "cpa" && name != "cmonge") return out;
  out.set("iterations", 12.0);
  out.set("check_every", 6.0);
  out.set("hidden_units", 8.0);
  out.set("batch_size", 16.0);
  if (name == "cmonge") return out;
  out.set("latent", 4.0);
  out.set("adversary_units", 4.0);
  return out;
}

void evaluate_all(const std::vector<const Model*>& models, const Screen& screen,
                  const std::string& path, Context& context) {
  Experiment held_out;
  held_out.controls.push_back({Cells::dense(screen.new_control), {}, {}});
  for (const ScreenCondition& c : screen.test)
    held_out.conditions.push_back({condition_of(c, screen), {Cells::dense(c.treated), {}, {}}, 0});
  EvaluationOptions options;
  options.metrics = {"mmd2", "sd_ratio"};
  const Table table = evaluate_conditions(models, held_out, options, context);
  std::ofstream file(path, std::ios::binary);
  const auto& values = table.numbers("value");
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double value = values[row];
    write_numbers(&value, 1, file);
  }
}

void fit_all(Screen screen, const std::string& folder, Context& context) {
  std::ofstream cells(folder + "/screen.bin", std::ios::binary);
  write_numbers(screen.control.memptr(), screen.control.n_elem, cells);
  for (const ScreenCondition& c : screen.training)
    write_numbers(c.treated.memptr(), c.treated.n_elem, cells);
  screen.training = by_name(std::move(screen.training));
  std::map<std::string, Model> models;
  for (const char* name : {"conditional_laot", "conditional_gaussian", "cmonge", "cpa", "laot"}) {
    const bool many = method(name).spec.traits.many_conditions;
    const Model model = fit_model(small(name), experiment_of(screen, many), context);
    const std::string path = folder + "/" + name;
    model.store().write(path + ".safetensors");
    std::vector<Condition> at = places_of(screen);
    if (!many) {
      at.clear();
      for (const Condition& seen : model.conditions()) at.push_back({seen.name, {}});
    }
    predict(model, at, screen, path + ".bin", context);
    models.emplace(name, model);
  }
  const Model of_patients = fit_model(small("conditional_laot"), patients_of(screen), context);
  of_patients.store().write(folder + "/patients.safetensors");
  predict(of_patients, {patient("new"), patient("p1")}, screen, folder + "/patients.bin", context);
  evaluate_all({&models.at("conditional_laot"), &models.at("cmonge"), &models.at("cpa")}, screen,
               folder + "/scores.bin", context);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  try {
    Context context;
    context.seed = kSeed;
    const Screen screen = simulated();
    const std::string mode = arguments[1], path = arguments[2];
    if (mode == "fit") {
      context.num_threads = std::stoi(arguments[3]);
      fit_all(screen, path, context);
      return 0;
    }
    const Model model = Model::load(ModelFile::read(path));
    const bool of_patients = path.find("patients") != std::string::npos;
    const std::vector<Condition> asked = {patient("new"), patient("p1")};
    predict(model, of_patients ? asked : places_of(screen), screen, arguments[3], context);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
