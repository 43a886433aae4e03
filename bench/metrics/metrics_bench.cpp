// Scores the matrices that compare.py wrote, for its comparison with numpy and scikit-learn:
//   laot_metrics_bench time|digits|presets n m d predicted.bin observed.bin
// Raw doubles, cells one after another. Prints lines "name seconds value"; before those of presets,
// one line "draw" with the predicted, and one with the observed cells of each subsample.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

#include "laot/evaluation.hpp"
#include "laot/metrics.hpp"

namespace {

arma::mat read_cells(const char* path, std::size_t d, std::size_t n) {
  arma::mat out(d, n);
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(out.memptr()),
          static_cast<std::streamsize>(d * n * sizeof(double)));
  if (!in) {
    std::fprintf(stderr, "cannot read %s\n", path);
    std::exit(1);
  }
  return out;
}

void report(const std::string& name, const std::function<double()>& work) {
  const auto start = std::chrono::steady_clock::now();
  const double value = work();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%s %.6f %.17g\n", name.c_str(), seconds.count(), value);
}

// Of this process, cells included; 0 where the system does not tell.
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.rfind("VmHWM:", 0) == 0) return std::strtod(line.c_str() + 6, nullptr) / 1024.0;
  return 0.0;
}

// Preset laot as the notebooks score: gamma from all features, the score from the first half of
// them. Preset cellot on all features; the cells of repetition r are drawn by stream r of the seed.
void score_presets_on(const arma::mat& x, const arma::mat& y) {
  laot::Context context;
  const arma::mat p = x.rows(0, x.n_rows / 2 - 1), t = y.rows(0, y.n_rows / 2 - 1);
  const auto print = [&](const std::string& preset, const arma::mat& predicted,
                         const arma::mat& observed) {
    laot::HeldOut cells;
    cells.predicted = laot::Cells::dense(predicted);
    cells.observed = laot::Cells::dense(observed);
    laot::EvaluationOptions options;
    options.preset = preset;
    options.gammas = {laot::median_gamma(x, y, context).gamma};
    const laot::Table scores = laot::evaluate(cells, options, context);
    for (std::size_t k = 0; k < scores.rows(); ++k)
      std::printf("%s:%s 0 %.17g\n", preset.c_str(), scores.texts("metric")[k].c_str(),
                  scores.numbers("value")[k]);
  };
  print("laot", p, t);
  print("cellot", x, y);
  const laot::ScorePreset& drawn = laot::score_preset("cellot");
  const std::size_t cells = laot::subsample_size(drawn, x.n_cols, y.n_cols);
  for (std::size_t r = 0; r < drawn.repetitions; ++r) {
    laot::Rng own = laot::Rng(context.seed).stream(r);
    for (const std::size_t count : {x.n_cols, y.n_cols}) {
      std::printf("draw");
      for (const std::size_t cell : own.sample(count, cells)) std::printf(" %zu", cell);
      std::printf("\n");
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) {
    std::fprintf(
        stderr, "usage: laot_metrics_bench time|digits|presets n m d predicted.bin observed.bin\n");
    return 2;
  }
  const bool timing = std::string(arguments[1]) == "time";
  const std::size_t n = std::strtoull(arguments[2], nullptr, 10);
  const std::size_t m = std::strtoull(arguments[3], nullptr, 10);
  const std::size_t d = std::strtoull(arguments[4], nullptr, 10);
  const arma::mat x = read_cells(arguments[5], d, n), y = read_cells(arguments[6], d, m);
  if (std::string(arguments[1]) == "presets") {
    score_presets_on(x, y);
    return 0;
  }
  laot::Context context;
  laot::ScoreInput input;
  input.predicted = &x;
  input.observed = &y;
  if (timing) {
    input.gamma = 0.01;
    for (const char* name : {"mmd2", "mmd2_mean50", "energy_distance"})
      report(name, [&] { return laot::score(name, input, context).value; });
    report("peak_megabytes", peak_megabytes);
    return 0;
  }
  report("median_gamma", [&] { return input.gamma = laot::median_gamma(x, y, context).gamma; });
  for (const laot::MetricSpec& spec : laot::metrics())
    if (!spec.needs_control)
      report(spec.name, [&] { return laot::score(spec.name, input, context).value; });
  return 0;
}
