#include <cmath>
#include <functional>
#include <vector>

#include "lanes.hpp"
#include "laot/metrics/weighted.hpp"
#include "pair_sums.hpp"

namespace laot {

namespace {

// Writes one function of the squared distances t[count] to out.
using Write = std::function<void(const double* t, std::size_t count, double* out)>;

double weighted_sum(const double* values, const double* weights, std::size_t count) {
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) sum += weights[i] * values[i];
  return sum;
}

// The functions summed over the pairs of one walk; the cells of columns weigh w too, or 1.
std::vector<double> summed_with_weights(const PairWalk& walk, bool across, const arma::vec& w,
                                        const std::vector<Write>& functions, Context& context) {
  const std::size_t count = functions.size();
  StripSums sums(walk.strips(), count);
  const auto visit = [&](const PairTile& tile) {
    std::vector<double> values(tile.rows);
    for (std::size_t j = 0; j < tile.columns; ++j) {
      const std::size_t height = tile.height(j);
      const double of_column = across ? 1.0 : w[tile.first_column + j];
      for (std::size_t f = 0; f < count; ++f) {
        functions[f](tile.column(j), height, values.data());
        sums.at(tile.strip, f) +=
            of_column * weighted_sum(values.data(), w.memptr() + tile.first_row, height);
      }
    }
  };
  if (across)
    walk.run_across(context, visit);
  else
    walk.run(context, visit);
  return sums.total(0, count);
}

std::vector<WeightedSums> sums_of(const arma::mat& x, const arma::vec& w, const arma::mat& y,
                                  const std::vector<Write>& functions, Context& context) {
  const arma::mat none(x.n_rows, 0);
  const std::vector<double> within =
      summed_with_weights(PairWalk(x, none), false, w, functions, context);
  std::vector<WeightedSums> out(functions.size());
  for (std::size_t f = 0; f < functions.size(); ++f) out[f].within = within[f];
  if (y.n_cols == 0) return out;
  const std::vector<double> across =
      summed_with_weights(PairWalk(x, y), true, w, functions, context);
  for (std::size_t f = 0; f < functions.size(); ++f)
    out[f].across = across[f] / static_cast<double>(y.n_cols);
  return out;
}

}  // namespace

std::vector<WeightedSums> weighted_kernel_sums(const arma::mat& x, const arma::vec& w,
                                               const arma::mat& y,
                                               const std::vector<double>& gammas,
                                               Context& context) {
  std::vector<Write> functions;
  for (const double gamma : gammas)
    functions.push_back([gamma](const double* t, std::size_t count, double* out) {
      lanes::kernels().write_exp(t, count, gamma, out);
    });
  return sums_of(x, w, y, functions, context);
}

WeightedSums weighted_distance_sums(const arma::mat& x, const arma::vec& w, const arma::mat& y,
                                    Context& context) {
  const Write root = [](const double* t, std::size_t count, double* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = std::sqrt(t[i]);
  };
  return sums_of(x, w, y, {root}, context)[0];
}

double weighted_mmd2(const arma::mat& x, const arma::vec& weights, const arma::mat& y, double gamma,
                     Context& context) {
  ScoredCells observed(y);
  ScoreSettings settings;
  settings.gammas = {gamma};
  return score_weighted({{&metric("mmd2"), 0}}, x, weights, observed, nullptr, settings, context)[0]
      .value;
}

}  // namespace laot
