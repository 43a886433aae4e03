// Shares of cell types that change: what is found of them, and what single cells lose, for the
// tables of docs/composition.md. Usage: laot_composition [first seed] [last seed].
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bench/support/contenders.hpp"
#include "laot/linear_algebra.hpp"
#include "support/real_data.hpp"
#include "support/unbalanced_sinkhorn.hpp"

using namespace laot;
using namespace contenders;

namespace {

const Contender kClusters = {
    "calibrated, clusters", "laot", {{"preset", "calibrated"}, {"balance", "clusters"}}};
const Contender kTypes = {
    "calibrated, types", "laot", {{"preset", "calibrated"}, {"balance", "types"}}};
const std::vector<Contender> kContenders = {
    {"mean shift", "mean_shift", {}},
    {"Gaussian map", "gaussian_map", {}},
    {"calibrated", "laot", {{"preset", "calibrated"}}},
    kClusters,
    kTypes,
    {"adaptive", "laot", {{"preset", "adaptive"}}},
    {"adaptive, clusters", "laot", {{"preset", "adaptive"}, {"balance", "clusters"}}},
    {"adaptive, types", "laot", {{"preset", "adaptive"}, {"balance", "types"}}},
};

using Labels = std::vector<std::string>;

struct Side {
  arma::mat cells;
  Labels types;
};

arma::mat gaussian(std::size_t rows, std::size_t columns, Rng& rng) {
  arma::mat out(rows, columns);
  for (double& value : out) value = rng.normal();
  return out;
}

double largest(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

Model fitted(const Contender& contender, const Side& control, const Side& treated) {
  const auto by_types = [](const auto& setting) { return setting.second == "types"; };
  Experiment cells = experiment_of(Cells::dense(control.cells), Cells::dense(treated.cells));
  if (std::any_of(contender.settings.begin(), contender.settings.end(), by_types)) {
    cells.controls[0].types = control.types;
    cells.conditions[0].population.types = treated.types;
  }
  return fitted(contender, cells);
}

// Six clusters with one affine map; three shares change threefold, and all cells are drawn anew.
struct Simulation {
  arma::mat map, centres;
  arma::vec shift;
  std::vector<arma::mat> spreads;
  std::vector<double> before = {0.25, 0.20, 0.05, 0.10, 0.20, 0.20}, after;

  Simulation(std::size_t d, double separation, Rng& rng)
      : map(arma::mat(d, d, arma::fill::eye) +
            gaussian(d, d, rng) * (0.3 / std::sqrt(static_cast<double>(d)))),
        centres(gaussian(d, 6, rng) * separation),
        shift(gaussian(d, 1, rng)) {
    for (std::size_t c = 0; c < 6; ++c)
      spreads.push_back(0.7 * arma::mat(d, d, arma::fill::eye) +
                        gaussian(d, d, rng) * (0.3 / std::sqrt(static_cast<double>(d))));
    after = {before[0] / 3.0, before[1] / 3.0, before[2] * 3.0, 0.0, 0.0, 0.0};
    const double rest = 1.0 - after[0] - after[1] - after[2];
    for (std::size_t c = 3; c < 6; ++c) after[c] = rest * before[c] / 0.5;
  }

  Side drawn(const std::vector<double>& shares, std::size_t count, Rng& rng) const {
    Side out;
    out.cells.set_size(centres.n_rows, count);
    for (std::size_t i = 0; i < count; ++i) {
      double u = rng.uniform();
      std::size_t c = 0;
      while (c + 1 < shares.size() && u >= shares[c]) u -= shares[c++];
      out.cells.col(i) = centres.col(c) + spreads[c] * gaussian(centres.n_rows, 1, rng);
      out.types.push_back(text("type ", c + 1));
    }
    return out;
  }

  arma::mat moved(const arma::mat& cells) const {
    arma::mat out = map * cells;
    out.each_col() += shift;
    return out;
  }
};

double share_of(const Side& side, const std::string& type, const arma::vec& weights) {
  double of_type = 0.0, all = 0.0;
  for (std::size_t i = 0; i < side.types.size(); ++i) {
    all += weights[i];
    if (side.types[i] == type) of_type += weights[i];
  }
  return of_type / all;
}

// The largest error of a share of the weighted control cells, as a share of the treated ones.
double share_error(const Side& control, const arma::vec& weights, const Side& treated) {
  const arma::vec even(treated.types.size(), arma::fill::ones);
  double out = 0.0;
  for (const std::string& type : std::set<std::string>(treated.types.begin(), treated.types.end()))
    out = std::max(out, std::abs(share_of(control, type, weights) - share_of(treated, type, even)));
  return out;
}

double cell_error(const arma::mat& prediction, const arma::mat& truth, const arma::mat& before) {
  return arma::accu(arma::square(prediction - truth)) / arma::accu(arma::square(truth - before));
}

// LAOT with KL-relaxed plans in place of balanced ones: least squares with ridge 0.3 and the plan
// in turn, from the shift of the means.
struct Relaxed {
  arma::mat map;
  arma::vec mean_x, mean_y, weights;

  Relaxed(const arma::mat& x, const arma::mat& y, double relaxation)
      : map(x.n_rows, x.n_rows, arma::fill::eye),
        mean_x(arma::mean(x, 1)),
        mean_y(arma::mean(y, 1)),
        weights(x.n_cols, arma::fill::ones) {
    Context context;
    const double n = static_cast<double>(x.n_cols), m = static_cast<double>(y.n_cols);
    const arma::vec a(x.n_cols, arma::fill::value(1.0 / n)),
        b(y.n_cols, arma::fill::value(1.0 / m));
    for (int round = 0; round < 10; ++round) {
      const arma::mat z = moved(x);
      arma::mat cost(x.n_cols, y.n_cols);
      for (std::size_t j = 0; j < y.n_cols; ++j)
        for (std::size_t i = 0; i < x.n_cols; ++i)
          cost(i, j) = arma::accu(arma::square(z.col(i) - y.col(j)));
      UnbalancedOptions options;
      options.epsilon = 0.02 * arma::accu(cost) / (n * m);
      options.relaxation = relaxation * arma::accu(cost) / (n * m);
      options.tolerance = 1e-4;
      options.max_iterations = 200;
      arma::mat plan = unbalanced_sinkhorn(cost, a, b, options, context).mass;
      plan /= arma::accu(plan);
      weights = arma::sum(plan, 1);
      const arma::vec of_y = arma::sum(plan, 0).t();
      mean_x = x * weights;
      mean_y = y * of_y;
      arma::mat about_x = x, about_y = y, weighted = x;
      about_x.each_col() -= mean_x;
      about_y.each_col() -= mean_y;
      for (std::size_t i = 0; i < x.n_cols; ++i) weighted.col(i) = weights[i] * about_x.col(i);
      const arma::mat second = symmetrised(arma::mat(about_x * weighted.t()));
      const arma::mat cross = about_y * plan.t() * about_x.t();
      const double ridge = 0.3 * arma::trace(second) / static_cast<double>(x.n_rows);
      const SymmetricEigen eigen = symmetric_eigen(second);
      arma::mat along =
          (cross + ridge * arma::mat(x.n_rows, x.n_rows, arma::fill::eye)) * eigen.vectors;
      for (std::size_t k = 0; k < x.n_rows; ++k) along.col(k) /= eigen.values[k] + ridge;
      map = along * eigen.vectors.t();
    }
  }

  arma::mat moved(const arma::mat& cells) const {
    arma::mat out = cells;
    out.each_col() -= mean_x;
    out = map * out;
    out.each_col() += mean_y;
    return out;
  }
};

void simulations(std::uint64_t first, std::uint64_t last) {
  constexpr std::size_t kFeatures = 10, kCells = 1000;
  for (const double separation : {2.0, 1.5, 1.0}) {
    std::map<std::string, std::vector<double>> shares, errors;
    std::vector<std::string> titles;
    const auto note = [&](const std::string& title, double share, double error) {
      if (shares.count(title) == 0) titles.push_back(title);
      shares[title].push_back(share);
      errors[title].push_back(error);
    };
    for (std::uint64_t seed = first; seed <= last; ++seed) {
      Rng rng(seed);
      const Simulation truth(kFeatures, separation, rng);
      const Side control = truth.drawn(truth.before, kCells, rng);
      Side treated = truth.drawn(truth.after, kCells, rng);
      treated.cells = truth.moved(treated.cells);
      const Side fresh = truth.drawn(truth.before, kCells, rng);
      const arma::mat goal = truth.moved(fresh.cells);
      Context context;
      for (const Contender& contender : kContenders) {
        const Model model = fitted(contender, control, treated);
        const arma::vec weights =
            model.weights(Cells::dense(control.cells), control.types, context);
        note(contender.title, share_error(control, weights, treated),
             cell_error(predicted(model, fresh.cells), goal, fresh.cells));
      }
      for (const double relaxation : {0.05, 0.2}) {
        const Relaxed relaxed(control.cells, treated.cells, relaxation);
        note(text("KL-relaxed, rho = ", relaxation), share_error(control, relaxed.weights, treated),
             cell_error(relaxed.moved(fresh.cells), goal, fresh.cells));
      }
    }
    std::printf(
        "\n### Centres %.1f apart\n\n| method | largest error of a share: mean, worst | "
        "error of the cell |\n|---|---|---|\n",
        separation);
    for (const std::string& title : titles)
      std::printf("| %s | %.3f, %.3f | %.3f |\n", title.c_str(), mean(shares[title]),
                  largest(shares[title]), mean(errors[title]));
    std::fflush(stdout);
  }
}

// Mean, over predicted cells whose type has 20 training cells or more on either side, of the share
// of their 5 nearest observed treated cells that have the cell's type.
double own_type_share(const arma::mat& prediction, const Labels& types, const arma::mat& observed,
                      const Labels& observed_types, const std::map<std::string, int>& known) {
  std::vector<double> shares;
  for (std::size_t i = 0; i < prediction.n_cols; ++i) {
    const auto found = known.find(types[i]);
    if (found == known.end() || found->second < 20) continue;
    std::vector<std::pair<double, std::size_t>> near;
    for (std::size_t j = 0; j < observed.n_cols; ++j)
      near.emplace_back(arma::accu(arma::square(prediction.col(i) - observed.col(j))), j);
    std::partial_sort(near.begin(), near.begin() + 5, near.end());
    double own = 0.0;
    for (std::size_t k = 0; k < 5; ++k) own += observed_types[near[k].second] == types[i] ? 0.2 : 0;
    shares.push_back(own);
  }
  return mean(shares);
}

Side part(const Side& all, const std::vector<std::size_t>& order, std::size_t first,
          std::size_t count) {
  Side out;
  out.cells.set_size(all.cells.n_rows, count);
  for (std::size_t i = 0; i < count; ++i) {
    out.cells.col(i) = all.cells.col(order[first + i]);
    out.types.push_back(all.types[order[first + i]]);
  }
  return out;
}

// Without the cells of types so rare that none is among `known`, of which nothing can be said.
Side of_known_types(const Side& all, const Labels& known) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < all.types.size(); ++i)
    if (std::find(known.begin(), known.end(), all.types[i]) != known.end()) kept.push_back(i);
  return part(all, kept, 0, kept.size());
}

// Cells drawn with these weights, with their types.
Side drawn(const Side& from, const arma::vec& weights, std::size_t count, Rng& rng) {
  const arma::vec until = arma::cumsum(weights);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; ++i) {
    const double place = rng.uniform() * until[until.n_elem - 1];
    chosen.push_back(static_cast<std::size_t>(std::upper_bound(until.begin(), until.end(), place) -
                                              until.begin()));
  }
  return part(from, chosen, 0, count);
}

// The largest error of a gated share of these cells, with the weights of clusters and without.
void note_shares(const Side& control, const Side& treated, std::vector<double>& clusters,
                 std::vector<double>& without) {
  Context context;
  const Model found = fitted(kClusters, control, treated);
  const arma::vec even(control.types.size(), arma::fill::ones);
  clusters.push_back(
      share_error(control, found.weights(Cells::dense(control.cells), {}, context), treated));
  without.push_back(share_error(control, even, treated));
}

// Other control cells with the treated shares, moved by one affine map: that of the fit by types.
Side made_affine(const Side& control, const Side& treated, const Side& others, Rng& rng) {
  const Model affine = fitted(kTypes, control, treated);
  Context context;
  const arma::vec ratio = affine.weights(Cells::dense(others.cells), others.types, context);
  Side out = drawn(others, ratio, treated.types.size(), rng);
  out.cells = predicted(affine, out.cells);
  return out;
}

void protein_panel(std::uint64_t first, std::uint64_t last) {
  const std::string file = "pbmcstim_cells.csv.gz";
  const auto side = [&](const char* condition) {
    return Side{real_data::cells_where(file, "condition", condition, {"cell_type"}),
                real_data::labels_where(file, "condition", condition, "cell_type")};
  };
  const Side all_control = side("reference"), all_treated = side("PMA/Ionomycin");
  std::map<std::string, std::vector<double>> own, plain, weighted, shares;
  std::vector<double> found, before_it, found_affine, before_affine;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    Rng rng(seed);
    const auto x = rng.permutation(all_control.cells.n_cols);
    const auto y = rng.permutation(all_treated.cells.n_cols);
    const Side control = part(all_control, x, 0, 1200), treated = part(all_treated, y, 0, 1200);
    const Side test = of_known_types(part(all_control, x, 1200, 1500), control.types);
    const Side goal = part(all_treated, y, 1200, 1500);
    std::map<std::string, int> before, known;
    for (const std::string& type : control.types) ++before[type];
    for (const std::string& type : treated.types) ++known[type];
    for (auto& [type, count] : known) count = std::min(count, before[type]);
    Context context;
    const double gamma = median_gamma(control.cells, treated.cells, context).gamma;
    note_shares(control, treated, found, before_it);
    note_shares(control, made_affine(control, treated, test, rng), found_affine, before_affine);
    for (const Contender& contender : kContenders) {
      const Model model = fitted(contender, control, treated);
      const arma::mat prediction = predicted(model, test.cells);
      own[contender.title].push_back(
          own_type_share(prediction, test.types, goal.cells, goal.types, known));
      const arma::vec weights = model.weights(Cells::dense(test.cells), test.types, context);
      shares[contender.title].push_back(share_error(test, weights, goal));
      const arma::vec even(weights.n_elem, arma::fill::ones);
      plain[contender.title].push_back(1e3 *
                                       weighted_mmd2(prediction, even, goal.cells, gamma, context));
      weighted[contender.title].push_back(
          1e3 * weighted_mmd2(prediction, weights, goal.cells, gamma, context));
    }
  }
  std::printf(
      "\n### Protein panel, PMA/Ionomycin\n\n| method | own-type share | MMD^2 x 1e-3, "
      "cells alike | weighted | largest error of a gated share |\n|---|---|---|---|---|\n");
  for (const Contender& contender : kContenders)
    std::printf("| %s | %.3f | %.2f | %.2f | %.3f |\n", contender.title.c_str(),
                mean(own[contender.title]), mean(plain[contender.title]),
                mean(weighted[contender.title]), mean(shares[contender.title]));
  std::printf(
      "\nLargest error of a gated share of the cells of the fit, by clusters and without balance: "
      "%.3f, %.3f; where the response is made affine: %.3f, %.3f\n",
      mean(found), mean(before_it), mean(found_affine), mean(before_affine));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t first = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const std::uint64_t last = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10;
  if (real_data::available()) protein_panel(first, last);
  simulations(first, last);
  return 0;
}
