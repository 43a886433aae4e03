// The verdict on simulations whose truth is known. Each row is one experiment: a design, a cloud, a
// dimension, a gap and a noise; a fit by the defaults; the truth (share of the true pairs that the
// fit's plan found; 0 where treated cells were drawn anew, since no cell has a counterpart) and
// what can be seen without it. Prints a table of the verdict against the truth; with a file name,
// writes the rows there as CSV for the figure. Usage: laot_trackability_calibration [replicates]
// [threads] [csv file]
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "laot/trackability.hpp"

using namespace laot;

namespace {

struct Setting {
  Design design;
  bool clusters;
  std::size_t cells;
  std::size_t features;
  double gap;  // |W - I|_F / sqrt(features): the size of a typical displacement
  double noise;
};

struct Row {
  Setting setting;
  double truth, score, unexplained, residual_over_spacing, halves;
};

std::vector<Setting> settings() {
  std::vector<Setting> out;
  for (const Design design : {Design::counterpart, Design::anew})
    for (const bool clusters : {false, true})
      for (const std::size_t cells : {150, 300})
        for (const std::size_t features : {5, 10, 30}) {
          if (8 * features > cells) continue;
          for (const double gap : {0.1, 0.3, 0.6, 1.0, 2.0})
            for (const double noise : {0.0, 0.1, 0.2, 0.35, 0.5})
              out.push_back({design, clusters, cells, features, gap, noise});
        }
  return out;
}

// Unit variance in every feature, or eight clusters whose centres have three times the sd of the
// cells within.
arma::mat cloud(const Setting& s, std::size_t cells, Rng& rng) {
  arma::mat out(s.features, cells);
  for (double& value : out) value = rng.normal();
  if (!s.clusters) return out;
  arma::mat centres(s.features, 8);
  for (double& value : centres) value = 3.0 * rng.normal();
  for (std::size_t i = 0; i < cells; ++i)
    for (std::size_t k = 0; k < s.features; ++k) out(k, i) += centres(k, i % 8);
  return out;
}

Row experiment(const Setting& s, Rng rng, std::uint64_t seed, Context& outer) {
  Context context(outer);
  context.seed = seed;
  const bool anew = s.design == Design::anew;
  const arma::mat cells = cloud(s, anew ? 2 * s.cells : s.cells, rng);
  arma::mat change(s.features, s.features);
  for (double& value : change)
    value = s.gap * rng.normal() / std::sqrt(static_cast<double>(s.features));
  arma::mat x = cells.head_cols(s.cells);
  const arma::mat source = cells.tail_cols(s.cells);
  arma::mat y = source + change * source;
  double spread = 0.0;
  for (const double value : x) spread += value * value;
  spread = std::sqrt(spread / static_cast<double>(x.n_elem));
  for (double& value : y) value += s.noise * spread * rng.normal();
  const std::vector<std::size_t> order = rng.permutation(s.cells);
  arma::mat shuffled(y.n_rows, y.n_cols);
  for (std::size_t i = 0; i < s.cells; ++i) shuffled.col(order[i]) = y.col(i);
  y = shuffled;
  x.each_col() -= arma::vec(arma::mean(x, 1));
  y.each_col() -= arma::vec(arma::mean(y, 1));

  StabilityOptions options;
  options.resamples = 0;
  options.restarts = 0;
  options.halves = 3;
  const Stability stable = stability(x, y, {}, {}, options, context);
  Row row{s, 0.0, 0.0, 0.0, stable.residual_over_spacing, stable.halves.overlap};
  const Plan& plan = stable.fit.plan;
  if (!anew)
    for (std::size_t e = 0; e < plan.mass.size(); ++e)
      if (plan.target[e] == order[plan.source[e]]) row.truth += plan.mass[e];
  RecoveryCurveOptions curve;
  curve.gaps = {1.0};
  curve.repeats = 4;
  const RecoverySource from = recovery_source(x, y, {}, stable.fit);
  row.score = recovery_curve(from, Design::counterpart, curve, context).recovery_at_one;
  row.unexplained = arma::trace(from.residual) * static_cast<double>(s.cells) / arma::accu(y % y);
  return row;
}

void print_table(const std::vector<Row>& rows) {
  // Truth: at least nine pairs in ten found, less than half, or between.
  std::size_t count[3][3] = {};
  const char* truths[] = {"9 in 10 pairs or more", "half or more", "less than half"};
  for (const Row& row : rows) {
    const int truth = row.truth >= 0.9 ? 0 : (row.truth >= 0.5 ? 1 : 2);
    ++count[truth][static_cast<int>(trackability_verdict(row.score, row.residual_over_spacing))];
  }
  std::printf("%-24s%14s%14s%18s\n", "truth \\ verdict", "recoverable", "borderline",
              "not recoverable");
  for (int t = 0; t < 3; ++t)
    std::printf("%-24s%14zu%14zu%18zu\n", truths[t], count[t][0], count[t][1], count[t][2]);
  const auto share = [](std::size_t part, std::size_t whole) {
    return whole ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0;
  };
  const std::size_t said_yes = count[0][0] + count[1][0] + count[2][0];
  const std::size_t said_no = count[0][2] + count[1][2] + count[2][2];
  std::printf("said recoverable, less than half found: %.1f%% of %zu\n",
              share(count[2][0], said_yes), said_yes);
  std::printf("said not recoverable, half or more found: %.1f%% of %zu\n",
              share(count[0][2] + count[1][2], said_no), said_no);
  std::printf("called recoverable although less than half was found: %.1f%% of %zu\n",
              share(count[2][0], count[2][0] + count[2][1] + count[2][2]),
              count[2][0] + count[2][1] + count[2][2]);
  std::printf("called not recoverable although 9 in 10 were found: %.1f%% of %zu\n",
              share(count[0][2], count[0][0] + count[0][1] + count[0][2]),
              count[0][0] + count[0][1] + count[0][2]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t replicates = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 2;
  Context context;
  context.num_threads = argc > 2 ? std::atoi(argv[2]) : 2;
  const std::uint64_t seed = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 20260303;
  const auto start = std::chrono::steady_clock::now();
  const SingleThreadedBlas blas;
  std::vector<Row> rows;
  const Rng root(seed);
  std::uint64_t number = 0;
  for (const Setting& s : settings())
    for (std::size_t r = 0; r < replicates; ++r, ++number)
      rows.push_back(experiment(s, root.stream(number), number, context));
  print_table(rows);
  std::printf("%zu experiments of 150 or 300 cells, %.0f s\n", rows.size(),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (argc > 4) {
    std::FILE* file = std::fopen(argv[4], "w");
    if (!file) return 1;
    std::fprintf(file,
                 "design,cloud,cells,features,gap,noise,truth,score,unexplained,"
                 "residual_over_spacing,halves_overlap\n");
    for (const Row& r : rows)
      std::fprintf(file, "%s,%s,%zu,%zu,%g,%g,%.6f,%.6f,%.6f,%.6f,%.6f\n",
                   name_of(r.setting.design), r.setting.clusters ? "clusters" : "gaussian",
                   r.setting.cells, r.setting.features, r.setting.gap, r.setting.noise, r.truth,
                   r.score, r.unexplained, r.residual_over_spacing, r.halves);
    std::fclose(file);
  }
  return 0;
}
