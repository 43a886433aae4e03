// One coupling, or one and the warm ones after it, in a process of its own: what instruction counts
// and processor seconds are taken of. couple n m d [kind [warm [threads]]]
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "laot/base.hpp"
#include "laot/transport.hpp"

namespace {

double processor_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

arma::mat normal(std::size_t d, std::size_t n, laot::Rng& rng) {
  arma::mat out(d, n);
  for (double& value : out) value = rng.normal();
  return out;
}

// Gaussian: W near the identity; clustered: twelve groups of unequal size that are spread wide.
arma::mat cells(std::size_t d, std::size_t n, const std::string& kind, const arma::mat& centres,
                laot::Rng& rng) {
  arma::mat out = normal(d, n, rng);
  if (kind != "clustered") return out;
  for (std::size_t i = 0; i < n; ++i) {
    const double u = rng.uniform();
    out.col(i) *= 0.4;
    out.col(i) += 3.0 * centres.col(static_cast<std::size_t>(u * u * 12.0));
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: couple n m d [gaussian|clustered [warm [threads]]]\n");
    return 2;
  }
  const std::size_t n = std::strtoull(argv[1], nullptr, 10),
                    m = std::strtoull(argv[2], nullptr, 10),
                    d = std::strtoull(argv[3], nullptr, 10);
  const std::string kind = argc > 4 ? argv[4] : "gaussian";
  const int warm = argc > 5 ? std::atoi(argv[5]) : 0;
  laot::Context context;
  context.num_threads = argc > 6 ? std::atoi(argv[6]) : 1;
  laot::Rng rng(7);
  const arma::mat centres = normal(d, 12, rng);
  const arma::mat x = cells(d, n, kind, centres, rng);
  arma::mat w = normal(d, d, rng);
  w *= 0.3 / std::sqrt(static_cast<double>(d));
  w.diag() += 1.0;
  const arma::mat y = w * cells(d, m, kind, centres, rng) + 0.5;

  const double start = processor_seconds();
  laot::Coupling coupling(x, y);
  arma::mat moved = x;
  for (int iteration = 0; iteration <= warm; ++iteration) {
    const double before = processor_seconds();
    const laot::Plan& plan = coupling.solve(moved, context);
    std::printf("%2d %8.4f s, cost %.15g, gap %.2g, %zu pairs\n", iteration,
                processor_seconds() - before, plan.certificate.primal, plan.certificate.gap,
                plan.mass.size());
    // A step towards the least squares map of the plan.
    const double step = 0.5 / (1.0 + iteration);
    arma::mat a(d, d, arma::fill::zeros), b(d, d, arma::fill::zeros);
    for (std::size_t k = 0; k < plan.mass.size(); ++k) {
      const arma::vec xi = x.col(plan.source[k]), yj = y.col(plan.target[k]);
      a += plan.mass[k] * xi * xi.t();
      b += plan.mass[k] * yj * xi.t();
    }
    const arma::mat map = b * arma::inv(a + 1e-3 * arma::eye(d, d));
    if (iteration < warm) moved = (1.0 - step) * moved + step * (map * x);
  }
  std::printf("all %.4f processor seconds\n", processor_seconds() - start);
  return 0;
}
