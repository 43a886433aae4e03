// Methods with their settings, as the benchmarks of quality set them beside each other.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "laot/metrics.hpp"
#include "laot/models.hpp"

namespace contenders {

using namespace laot;

/// Parameters as texts, in the order in which they are set; "preset" is a preset's name.
using Settings = std::vector<std::pair<std::string, std::string>>;

struct Contender {
  std::string title, method;
  Settings settings;

  Params params() const {
    Params out(laot::method(method).spec);
    for (const auto& [key, value] : settings) {
      if (key == "preset")
        out.use_preset(value);
      else
        out.set_text(key, value);
    }
    return out;
  }
};

inline Model fitted(const Contender& contender, const Experiment& cells) {
  Context context;
  return fit_model(contender.params(), cells, context);
}

inline arma::mat predicted(const Model& model, const arma::mat& cells) {
  Context context;
  arma::mat out(cells.n_rows, cells.n_cols);
  model.predict(Cells::dense(cells), Nonnegative::no, out.memptr(), context);
  return out;
}

inline double thousandths_of_mmd2(const arma::mat& predicted, const arma::mat& observed,
                                  double gamma) {
  Context context;
  return 1e3 * mmd2(predicted, observed, {gamma}, MmdEstimator::unbiased, context)[0];
}

/// Columns first to last - 1 of an order of the cells.
inline arma::mat taken(const arma::mat& cells, const std::vector<std::size_t>& order,
                       std::size_t first, std::size_t last) {
  arma::mat out(cells.n_rows, last - first);
  for (std::size_t i = first; i < last; ++i) out.col(i - first) = cells.col(order[i]);
  return out;
}

inline double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// Divisor n - 1; 0 of a single value.
inline double sd(const std::vector<double>& values) {
  const double centre = mean(values);
  double sum = 0.0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return values.size() > 1 ? std::sqrt(sum / static_cast<double>(values.size() - 1)) : 0.0;
}

}  // namespace contenders
