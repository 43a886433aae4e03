// Time and memory of the restricted isometry constant. Usage: laot_isometry_timing [cells]
// [features] [threads]
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "laot/trackability.hpp"

int main(int argc, char** argv) {
  const std::size_t cells = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 20000;
  const std::size_t features = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 50;
  laot::Context context;
  context.num_threads = argc > 3 ? std::atoi(argv[3]) : 1;
  laot::PopulationOptions options;
  options.cells = cells;
  options.features = features;
  const arma::mat x = laot::simulate_populations(options, laot::Rng(1), context).control;
  const auto start = std::chrono::steady_clock::now();
  const auto constants = laot::isometry_constants(x, {}, context);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  for (const laot::IsometryConstant& c : constants)
    std::printf("%-12s delta %.6f, median pair %.6f\n", laot::name_of(c.scaling), c.delta,
                c.quantiles[3]);
  std::printf("%zu cells x %zu features, %d threads: %.2f s, peak %.0f MB\n", cells, features,
              context.num_threads, seconds, static_cast<double>(usage.ru_maxrss) / 1024.0);
  return 0;
}
