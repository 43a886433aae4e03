// Times the metrics on the matrices that compare.py wrote: `mmd_timing n m d x.bin y.bin`, raw
// doubles, cells one after another. Prints `name seconds value` lines.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

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

void report(const char* name, const std::function<double()>& work) {
  const auto start = std::chrono::steady_clock::now();
  const double value = work();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%s %.6f %.17g\n", name, seconds.count(), value);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 6) {
    std::fprintf(stderr, "usage: mmd_timing n m d x.bin y.bin\n");
    return 2;
  }
  const std::size_t n = std::strtoull(arguments[1], nullptr, 10);
  const std::size_t m = std::strtoull(arguments[2], nullptr, 10);
  const std::size_t d = std::strtoull(arguments[3], nullptr, 10);
  const arma::mat x = read_cells(arguments[4], d, n), y = read_cells(arguments[5], d, m);
  laot::Context context;
  const auto unbiased = laot::MmdEstimator::unbiased;
  double gamma = 0.0;
  report("median_gamma",
         [&] { return gamma = laot::median_gamma(x, y, context).gamma; });
  report("mmd2_unbiased", [&] { return laot::mmd2(x, y, {0.01}, unbiased, context)[0]; });
  report("mmd2_mean_50", [&] {
    return laot::mmd2_mean(x, y, laot::logspace(1.0, -3.0, 50), unbiased, context);
  });
  return 0;
}
