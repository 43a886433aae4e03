// A shared library for bench/assignment/*.py: times the solver from points to permutation.
#include <chrono>
#include <cstdint>
#include <cstring>

#include "laot/assignment.hpp"
#include "laot/detail/point_assignment.hpp"
#include "laot/transport.hpp"

namespace {
arma::mat borrowed(const double* data, std::int64_t rows, std::int64_t columns) {
  return arma::mat(const_cast<double*>(data), static_cast<arma::uword>(rows),
                   static_cast<arma::uword>(columns), false, true);
}
laot::detail::VectorPath path_of(int path) { return static_cast<laot::detail::VectorPath>(path); }
}  // namespace

#define LAOT_EXPORT extern "C" __attribute__((visibility("default")))

/// store: bytes for single-precision costs, negative for the default.
LAOT_EXPORT void* bench_new(const double* y, std::int64_t d, std::int64_t m, int path,
                            double store) {
  laot::detail::SolverOptions options;
  options.path = path_of(path);
  options.store_bytes = store;
  return new laot::detail::PointAssignment(borrowed(y, d, m), options);
}
LAOT_EXPORT void bench_free(void* solver) {
  delete static_cast<laot::detail::PointAssignment*>(solver);
}
/// out: primal, dual, gap, bids, scans, augmentations.
LAOT_EXPORT int bench_solve(void* solver, const double* x, std::int64_t d, std::int64_t n,
                            int threads, std::uint32_t* column_of_row, double* out) {
  laot::Context context;
  context.num_threads = threads;
  const laot::Assignment& a =
      static_cast<laot::detail::PointAssignment*>(solver)->solve(borrowed(x, d, n), context);
  std::copy(a.column_of_row.begin(), a.column_of_row.end(), column_of_row);
  out[0] = a.certificate.primal;
  out[1] = a.certificate.dual;
  out[2] = a.certificate.gap;
  out[3] = static_cast<double>(a.statistics.bids);
  out[4] = static_cast<double>(a.statistics.scans);
  out[5] = static_cast<double>(a.statistics.augmentations);
  return 0;
}

/// Coupling of n and m cells: a new one for each handle; flows are not copied out.
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
/// out: primal, dual, gap, entries.
LAOT_EXPORT void bench_coupling_solve(void* coupling, const double* x, std::int64_t d,
                                      std::int64_t n, int threads, double* out) {
  laot::Context context;
  context.num_threads = threads;
  const laot::Plan& plan =
      static_cast<laot::Coupling*>(coupling)->solve(borrowed(x, d, n), context);
  out[0] = plan.certificate.primal;
  out[1] = plan.certificate.dual;
  out[2] = plan.certificate.gap;
  out[3] = static_cast<double>(plan.mass.size());
}
