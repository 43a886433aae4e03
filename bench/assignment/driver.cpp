// Entry points for compare.py: the solvers of the core, from points to permutation, without copies.
#include <algorithm>
#include <cstdint>

#include "laot/assignment.hpp"
#include "laot/assignment/point_assignment.hpp"
#include "laot/data/columns.hpp"
#include "laot/laot.hpp"
#include "laot/transport.hpp"

#define LAOT_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

// Cells x features in row-major order, as numpy has them, is features x cells in ours.
arma::mat borrowed(const double* data, std::int64_t features, std::int64_t cells) {
  return laot::borrowed(data, static_cast<std::size_t>(features), static_cast<std::size_t>(cells));
}

void write(const laot::Certificate& certificate, double* out) {
  out[0] = certificate.primal;
  out[1] = certificate.dual;
  out[2] = certificate.gap;
}

}  // namespace

/// path: 0 best, 1 portable, 2 AVX2, 3 AVX-512; whether this machine has it.
LAOT_EXPORT int bench_available(int path) {
  return laot::available(static_cast<laot::VectorPath>(path)) ? 1 : 0;
}

/// store: bytes for single-precision costs, negative for the default.
LAOT_EXPORT void* bench_assignment_new(const double* y, std::int64_t d, std::int64_t m, int path,
                                       double store) {
  laot::detail::SolverOptions options;
  options.path = static_cast<laot::VectorPath>(path);
  options.store_bytes = store;
  return new laot::detail::PointAssignment(borrowed(y, d, m), options);
}

LAOT_EXPORT void bench_assignment_free(void* solver) {
  delete static_cast<laot::detail::PointAssignment*>(solver);
}

/// out: primal, dual, gap, bids, scans, augmentations.
LAOT_EXPORT void bench_assignment_solve(void* solver, const double* x, std::int64_t d,
                                        std::int64_t n, int threads, std::uint32_t* column_of_row,
                                        double* out) {
  laot::Context context;
  context.num_threads = threads;
  const laot::Assignment& a =
      static_cast<laot::detail::PointAssignment*>(solver)->solve(borrowed(x, d, n), context);
  std::copy(a.column_of_row.begin(), a.column_of_row.end(), column_of_row);
  write(a.certificate, out);
  out[3] = static_cast<double>(a.statistics.bids);
  out[4] = static_cast<double>(a.statistics.scans);
  out[5] = static_cast<double>(a.statistics.augmentations);
}

/// A given cost of n rows and m columns, row after row. out: primal, dual, gap.
LAOT_EXPORT void bench_assignment_given(const double* cost, std::int64_t n, std::int64_t m,
                                        double* out) {
  laot::Context context;
  write(laot::solve_assignment(borrowed(cost, m, n), context).certificate, out);
}

/// mode: 0 automatic, 1 exact, 2 hierarchical; leaf and sweeps: 0 and negative for the defaults.
LAOT_EXPORT void* bench_coupling_new(const double* x, std::int64_t d, std::int64_t n,
                                     const double* y, std::int64_t m, int mode, std::int64_t leaf,
                                     int sweeps) {
  laot::CouplingOptions options;
  options.mode = static_cast<laot::CouplingMode>(mode);
  if (leaf > 0) options.leaf = static_cast<std::size_t>(leaf);
  if (sweeps >= 0) options.sweeps = sweeps;
  return new laot::Coupling(borrowed(x, d, n), borrowed(y, d, m), {}, {}, options);
}

LAOT_EXPORT void bench_coupling_free(void* coupling) {
  delete static_cast<laot::Coupling*>(coupling);
}

/// out: primal, dual, gap, entries of the plan.
LAOT_EXPORT void bench_coupling_solve(void* coupling, const double* x, std::int64_t d,
                                      std::int64_t n, int threads, double* out) {
  laot::Context context;
  context.num_threads = threads;
  const laot::Plan& plan =
      static_cast<laot::Coupling*>(coupling)->solve(borrowed(x, d, n), context);
  write(plan.certificate, out);
  out[3] = static_cast<double>(plan.mass.size());
}

/// A whole fit with ridge 0 and no restoration. out: iterations, last residual, seconds in the
/// transport. map: d x d.
LAOT_EXPORT void bench_fit(const double* x, std::int64_t d, std::int64_t n, const double* y,
                           std::int64_t m, int adam, int iterations, int threads, double* map,
                           double* out) {
  laot::Context context;
  context.num_threads = threads;
  laot::LaotOptions options;
  options.update = adam != 0 ? laot::Update::adam : laot::Update::least_squares;
  options.ridge = 0.0;
  options.restore = laot::Restore::none;
  options.max_iter = options.epochs = iterations;
  const laot::LaotResult fit =
      laot::alternate(borrowed(x, d, n), borrowed(y, d, m), {}, {}, options, context);
  std::copy(fit.map.begin(), fit.map.end(), map);
  out[0] = fit.iterations;
  out[1] = fit.trace.residual_after_update.back();
  out[2] = fit.seconds_transport;
}
