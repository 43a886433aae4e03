// The core itself, without the C interface.
//   worker fit CASES DATA OUT THREADS
//   worker load CASES DATA OUT MODELS...
#include <cmath>
#include <fstream>
#include <iostream>
#include <sstream>

#include "laot/evaluation.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/models.hpp"
#include "laot/response.hpp"

namespace {

arma::mat read_matrix(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::int64_t size[2];
  file.read(reinterpret_cast<char*>(size), sizeof size);
  arma::mat out(static_cast<arma::uword>(size[0]), static_cast<arma::uword>(size[1]));
  file.read(reinterpret_cast<char*>(out.memptr()),
            static_cast<std::streamsize>(out.n_elem * sizeof(double)));
  laot::require(file.good(), laot::Status::io_error, "cannot read ", path);
  return out;
}

void write_numbers(const std::string& path, const arma::mat& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.memptr()),
             static_cast<std::streamsize>(values.n_elem * sizeof(double)));
}

struct Case {
  std::string name, method, preset, settings;
};

std::vector<Case> read_cases(const std::string& path) {
  std::vector<Case> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    Case row;
    std::istringstream(line) >> row.name >> row.method >> row.preset >> row.settings;
    out.push_back(row);
  }
  return out;
}

laot::Params params_of(const Case& row) {
  laot::Params params(laot::method(row.method).spec);
  if (row.preset != "-") params.use_preset(row.preset);
  std::istringstream settings(row.settings == "-" ? "" : row.settings);
  for (std::string setting; std::getline(settings, setting, ',');) {
    const auto equals = setting.find('=');
    params.set_text(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return params;
}

void predict(const laot::Model& model, const arma::mat& cells, const std::string& path,
             laot::Context& context) {
  arma::mat out(cells.n_rows, cells.n_cols);
  model.predict(laot::Cells::dense(cells), laot::Nonnegative::no, out.memptr(), context);
  write_numbers(path, out);
}

std::vector<std::string> groups_of(const arma::mat& cells, const std::string& letters = "abc") {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < cells.n_cols; ++i)
    out.push_back(std::string(1, letters[i % letters.size()]));
  return out;
}

// Every row of an evaluation: numbers, NaN as -12345, then texts, each with its final 0.
void evaluate(const laot::Model& model, const arma::mat& observed, const arma::mat& control,
              const std::string& path, laot::Context& context) {
  laot::HeldOut held_out;
  held_out.model = &model;
  held_out.observed = laot::Cells::dense(observed);
  held_out.control = laot::Cells::dense(control);
  held_out.observed_groups = groups_of(observed);
  held_out.control_groups = groups_of(control);
  laot::EvaluationOptions options;
  options.markers = 5;
  options.reference = laot::Reference::halves;
  const laot::Table table = laot::evaluate(held_out, options, context);
  std::ofstream file(path, std::ios::binary);
  for (const char* name : {"value", "sd", "gamma", "cells", "observed", "left_out"})
    for (const double value : table.numbers(name)) {
      const double written = std::isnan(value) ? -12345.0 : value;
      file.write(reinterpret_cast<const char*>(&written), sizeof written);
    }
  for (const char* name :
       {"group", "kind", "method", "metric", "estimator", "setting", "features", "reason"})
    for (const std::string& text : table.texts(name)) file << text << '\0';
}

// Every row of a table of responses over three donors.
void respond(const laot::Model& model, const arma::mat& observed, const arma::mat& control,
             const std::string& path, laot::Context& context) {
  laot::ResponseCells cells;
  cells.model = &model;
  cells.observed = laot::Cells::dense(observed);
  cells.control = laot::Cells::dense(control);
  cells.observed_batch = groups_of(observed);
  cells.control_batch = groups_of(control);
  const laot::Table table = laot::response_table(cells, laot::kResponseLevel, context);
  std::ofstream file(path, std::ios::binary);
  for (const char* name :
       {"observed", "low", "high", "predicted", "sd_predicted", "zeros_control", "ks"})
    for (const double value : table.numbers(name))
      file.write(reinterpret_cast<const char*>(&value), sizeof value);
}

int run(int count, char** arguments) {
  const std::string mode = arguments[1], data = arguments[3], out = arguments[4];
  const arma::mat cells = read_matrix(data + "/new.bin");
  laot::Context context;
  context.seed = 11;
  if (mode == "load") {
    for (int k = 5; k < count; ++k)
      for (const Case& row : read_cases(arguments[2])) {
        const std::string from = arguments[k];
        predict(laot::Model::load(laot::ModelFile::read(from + "/" + row.name + ".safetensors")),
                cells, out + from.substr(from.rfind('/')) + "/" + row.name + ".bin", context);
      }
    return 0;
  }
  const arma::mat control = read_matrix(data + "/control.bin");
  const arma::mat treated = read_matrix(data + "/treated.bin");
  context.num_threads = std::stoi(arguments[5]);
  std::ofstream(out + "/blas.txt") << laot::blas_description();
  for (const Case& row : read_cases(arguments[2])) {
    laot::Experiment training =
        laot::experiment_of(laot::Cells::dense(control), laot::Cells::dense(treated));
    if (row.settings == "balance=types") {
      training.controls[0].types = groups_of(control);
      training.conditions[0].population.types = groups_of(treated, "abbc");
    }
    const laot::Model model = laot::fit_model(params_of(row), training, context);
    model.store().write(out + "/" + row.name + ".safetensors");
    predict(model, cells, out + "/" + row.name + ".bin", context);
    evaluate(model, treated, cells, out + "/" + row.name + "_scores.bin", context);
    respond(model, treated, cells, out + "/" + row.name + "_responses.bin", context);
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
