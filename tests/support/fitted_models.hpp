// Models of two populations as tests fit, use and read them.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "laot/models.hpp"

namespace fitted_models {

using namespace laot;

// "preset" is the name of a row of parameters, anything else a parameter.
using Settings = std::vector<std::pair<std::string, std::string>>;

inline Params params_of(const std::string& name, const Settings& settings) {
  Params params(method(name).spec);
  for (const auto& [key, value] : settings) {
    if (key == "preset")
      params.use_preset(value);
    else
      params.set_text(key, value);
  }
  return params;
}

inline Experiment cells_of(const arma::mat& x, const arma::mat& y) {
  return experiment_of(Cells::dense(x), Cells::dense(y));
}

inline Model fitted(const arma::mat& x, const arma::mat& y, const Settings& settings = {},
                    const std::string& name = "laot", int threads = 1) {
  Context context;
  context.num_threads = threads;
  return fit_model(params_of(name, settings), cells_of(x, y), context);
}

inline arma::mat predicted(const Model& model, const Cells& cells,
                           Nonnegative how = Nonnegative::no) {
  Context context;
  arma::mat out(cells.features(), cells.cells());
  model.predict(cells, how, out.memptr(), context);
  return out;
}

inline arma::mat predicted(const Model& model, const arma::mat& cells,
                           Nonnegative how = Nonnegative::no) {
  return predicted(model, Cells::dense(cells), how);
}

inline double report(const Model& model, const std::string& name) {
  for (const auto& [key, value] : model.report.numbers)
    if (key == name) return value;
  FAIL("the report has no ", name);
  return 0.0;
}

inline std::string report_text(const Model& model, const std::string& name) {
  for (const auto& [key, value] : model.report.texts)
    if (key == name) return value;
  FAIL("the report has no ", name);
  return {};
}

inline double largest(const arma::mat& a) {
  return a.is_empty() ? 0.0 : arma::abs(a).max();
}

}  // namespace fitted_models
