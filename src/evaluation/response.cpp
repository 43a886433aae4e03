#include "laot/response.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "laot/metrics/features.hpp"
#include "laot/metrics/moments.hpp"
#include "laot/metrics/student.hpp"

namespace laot {

namespace {

using Labels = std::vector<std::string>;

// The shift of one feature away from control, and half the width of its interval.
struct Shift {
  double observed = 0.0, half_width = kNaN, predicted = 0.0;
};

std::vector<std::size_t> by_decreasing_size(const NumberColumn& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(values[a]) > std::abs(values[b]);
  });
  return order;
}

NumberColumn zero_shares(const arma::mat& cells, Context& context) {
  NumberColumn out(cells.n_rows, 0.0);
  for (std::size_t i = 0; i < cells.n_cols; ++i) {
    context.poll();
    for (std::size_t k = 0; k < cells.n_rows; ++k) out[k] += cells(k, i) == 0.0 ? 1.0 : 0.0;
  }
  for (double& share : out) share /= static_cast<double>(cells.n_cols);
  return out;
}

std::vector<Shift> shifts_over_cells(const RowMoments& control, double n,
                                     const RowMoments& observed, double m,
                                     const RowMoments& predicted, double level) {
  std::vector<Shift> out(control.mean.n_elem);
  for (std::size_t k = 0; k < out.size(); ++k) {
    out[k].observed = observed.mean[k] - control.mean[k];
    out[k].predicted = predicted.mean[k] - control.mean[k];
    if (n < 2.0 || m < 2.0) continue;
    const Welch welch(control, n, observed, m, k);
    out[k].half_width =
        welch.error == 0.0 ? 0.0 : student_quantile(0.5 * (1.0 + level), welch.df) * welch.error;
  }
  return out;
}

// The mean of the cells of each level: features x levels.
arma::mat level_means(const arma::mat& cells, const Labels& batch, const Labels& levels,
                      Context& context) {
  std::map<std::string, std::size_t> number;
  for (std::size_t l = 0; l < levels.size(); ++l) number[levels[l]] = l;
  arma::mat out(cells.n_rows, levels.size(), arma::fill::zeros);
  std::vector<double> count(levels.size(), 0.0);
  for (std::size_t i = 0; i < cells.n_cols; ++i) {
    context.poll();
    const auto found = number.find(batch[i]);
    if (found == number.end()) continue;
    count[found->second] += 1.0;
    for (std::size_t k = 0; k < cells.n_rows; ++k) out(k, found->second) += cells(k, i);
  }
  for (std::size_t l = 0; l < levels.size(); ++l)
    for (std::size_t k = 0; k < cells.n_rows; ++k) out(k, l) /= count[l];
  return out;
}

// Levels that both sides have, in order of first appearance among the controls.
Labels shared_levels(const Labels& control, const Labels& observed) {
  Labels out;
  for (const std::string& level : control)
    if (!level.empty() && std::find(out.begin(), out.end(), level) == out.end() &&
        std::find(observed.begin(), observed.end(), level) != observed.end())
      out.push_back(level);
  require(
      out.size() >= 2, Status::invalid_argument,
      "an interval over donors needs at least 2 levels of batch that control and observed cells "
      "share, found ",
      out.size(), out.empty() ? "" : " (", out.empty() ? "" : out[0], out.empty() ? "" : ")");
  return out;
}

std::vector<Shift> shifts_over_levels(const arma::mat& control, const Labels& control_batch,
                                      const arma::mat& observed, const Labels& observed_batch,
                                      const arma::mat& predicted, const Labels& levels,
                                      double level, Context& context) {
  const arma::mat start = level_means(control, control_batch, levels, context),
                  end = level_means(observed, observed_batch, levels, context),
                  moved = level_means(predicted, control_batch, levels, context);
  const double count = static_cast<double>(levels.size());
  const double width = student_quantile(0.5 * (1.0 + level), count - 1.0);
  std::vector<Shift> out(control.n_rows);
  for (std::size_t k = 0; k < out.size(); ++k) {
    for (std::size_t l = 0; l < levels.size(); ++l) {
      out[k].observed += (end(k, l) - start(k, l)) / count;
      out[k].predicted += (moved(k, l) - start(k, l)) / count;
    }
    double squares = 0.0;
    for (std::size_t l = 0; l < levels.size(); ++l) {
      const double apart = end(k, l) - start(k, l) - out[k].observed;
      squares += apart * apart;
    }
    out[k].half_width = width * std::sqrt(squares / (count - 1.0) / count);
  }
  return out;
}

void require_labels_of(const Labels& batch, const Cells& cells, const char* name) {
  require(batch.empty() || batch.size() == cells.cells(), Status::dimension_mismatch, name, " has ",
          batch.size(), " batch labels for ", cells.cells(), " cells");
}

void require_response(const ResponseCells& cells, double level, Context& context) {
  require(cells.model || cells.predicted, Status::invalid_argument,
          "a model or predicted cells are needed");
  require(level > 0.0 && level < 1.0, Status::invalid_argument,
          "level must be a number between 0 and 1, found ", level);
  if (cells.model) cells.model->require_one("a table of responses");
  const auto check = [&](const Cells& one, const char* name) {
    require_valid(one, name, context);
    require(one.features() == cells.observed.features(), Status::dimension_mismatch, name, " has ",
            one.features(), " features and observed has ", cells.observed.features());
  };
  check(cells.observed, "observed");
  check(cells.control, "control");
  if (cells.predicted) {
    check(*cells.predicted, "predicted");
    require(cells.predicted->cells() == cells.control.cells(), Status::dimension_mismatch,
            "control has ", cells.control.cells(), " cells and predicted has ",
            cells.predicted->cells(), "; each predicted cell needs its control cell");
  }
  require(cells.observed_batch.empty() == cells.control_batch.empty(), Status::invalid_argument,
          "batch is given for ", cells.observed_batch.empty() ? "control" : "observed",
          " alone; give it for control and observed, or for neither");
  require_labels_of(cells.observed_batch, cells.observed, "observed");
  require_labels_of(cells.control_batch, cells.control, "control");
}

arma::mat predicted_cells(const ResponseCells& cells, Context& context) {
  if (cells.predicted) return cells.predicted->as_matrix();
  arma::mat out(cells.control.features(), cells.control.cells(), arma::fill::none);
  cells.model->predict(cells.control, Nonnegative::no, out.memptr(), context);
  return out;
}

TextColumn chosen_names(const std::vector<std::string>& names,
                        const std::vector<std::size_t>& order) {
  TextColumn out;
  for (const std::size_t k : order) out.push_back(k < names.size() ? names[k] : std::string());
  return out;
}

template <class Value>
NumberColumn chosen_values(const std::vector<std::size_t>& order, const Value& value) {
  NumberColumn out;
  for (const std::size_t k : order) out.push_back(value(k));
  return out;
}

}  // namespace

Table response_table(const ResponseCells& cells, double level, Context& context) {
  const SingleThreadedBlas blas;
  if (cells.model && cells.model->parts.size() == 1) {
    const Model only = cells.model->at(cells.model->parts[0]->condition);
    ResponseCells of_one = cells;
    of_one.model = &only;
    return response_table(of_one, level, context);
  }
  require_response(cells, level, context);
  const arma::mat control = cells.control.as_matrix(), observed = cells.observed.as_matrix();
  const arma::mat predicted = predicted_cells(cells, context);

  const RowMoments x = row_moments(control, context), y = row_moments(observed, context),
                   p = row_moments(predicted, context);
  const bool by_level = !cells.control_batch.empty();
  const Labels levels =
      by_level ? shared_levels(cells.control_batch, cells.observed_batch) : Labels();
  const std::vector<Shift> shifts =
      by_level ? shifts_over_levels(control, cells.control_batch, observed, cells.observed_batch,
                                    predicted, levels, level, context)
               : shifts_over_cells(x, static_cast<double>(control.n_cols), y,
                                   static_cast<double>(observed.n_cols), p, level);
  const arma::vec ks = feature_scores(predicted, observed, context).ks;
  const NumberColumn zeros_x = zero_shares(control, context),
                     zeros_y = zero_shares(observed, context),
                     zeros_p = zero_shares(predicted, context);
  NumberColumn sizes;
  for (const Shift& shift : shifts) sizes.push_back(shift.observed);
  const std::vector<std::size_t> order = by_decreasing_size(sizes);
  const auto& names =
      cells.feature_names.empty() && cells.model ? cells.model->feature_names : cells.feature_names;
  const auto add = [&](Table& table, const char* name, const auto& value) {
    table.add(name, chosen_values(order, value));
  };
  Table out;
  add(out, "position", [](std::size_t k) { return static_cast<double>(k); });
  out.add("feature", chosen_names(names, order));
  add(out, "mean_control", [&](std::size_t k) { return x.mean[k]; });
  add(out, "observed", [&](std::size_t k) { return shifts[k].observed; });
  add(out, "low", [&](std::size_t k) { return shifts[k].observed - shifts[k].half_width; });
  add(out, "high", [&](std::size_t k) { return shifts[k].observed + shifts[k].half_width; });
  add(out, "predicted", [&](std::size_t k) { return shifts[k].predicted; });
  add(out, "sd_control", [&](std::size_t k) { return x.sd[k]; });
  add(out, "sd_observed", [&](std::size_t k) { return y.sd[k]; });
  add(out, "sd_predicted", [&](std::size_t k) { return p.sd[k]; });
  add(out, "zeros_control", [&](std::size_t k) { return zeros_x[k]; });
  add(out, "zeros_observed", [&](std::size_t k) { return zeros_y[k]; });
  add(out, "zeros_predicted", [&](std::size_t k) { return zeros_p[k]; });
  add(out, "ks", [&](std::size_t k) { return ks[k]; });
  const double units = static_cast<double>(by_level ? levels.size() : observed.n_cols);
  add(out, "units", [&](std::size_t) { return units; });
  return out;
}

Table marker_table(const Cells& control, const Cells& treated, std::size_t count,
                   const std::vector<std::string>& feature_names, Context& context) {
  require_valid(control, "control", context);
  require_valid(treated, "treated", context);
  const arma::mat x = control.as_matrix(), y = treated.as_matrix();
  const std::vector<std::size_t> order = marker_features(x, y, count, context);
  const RowMoments a = row_moments(x, context), b = row_moments(y, context);
  const double n = static_cast<double>(x.n_cols), m = static_cast<double>(y.n_cols);
  const auto shift = [&](std::size_t k) { return b.mean[k] - a.mean[k]; };
  Table out;
  out.add("position", chosen_values(order, [](std::size_t k) { return static_cast<double>(k); }));
  out.add("feature", chosen_names(feature_names, order));
  out.add("t", chosen_values(order, [&](std::size_t k) { return Welch(a, n, b, m, k).t(); }));
  out.add("shift", chosen_values(order, shift));
  out.add("mean_control", chosen_values(order, [&](std::size_t k) { return a.mean[k]; }));
  out.add("mean_treated", chosen_values(order, [&](std::size_t k) { return b.mean[k]; }));
  return out;
}

}  // namespace laot
