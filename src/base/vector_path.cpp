#include "laot/vector_path.hpp"

#include <atomic>

#include "laot/base.hpp"

namespace laot {

namespace {

std::atomic<VectorPath> path_limit{VectorPath::best};

VectorPath widest_of_machine() {
  for (const VectorPath wide : {VectorPath::avx512, VectorPath::avx2})
    if (available(wide)) return wide;
  return VectorPath::portable;
}

void require_available(VectorPath path) {
  require(available(path), Status::not_available,
          "this machine does not have the instruction set that was asked for");
}

}  // namespace

bool available(VectorPath path) {
#ifdef LAOT_X86_VECTORS
  if (path == VectorPath::avx512) return __builtin_cpu_supports("avx512f");
  if (path == VectorPath::avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return path == VectorPath::portable || path == VectorPath::best;
}

VectorPath widest_path() {
  static const VectorPath widest = widest_of_machine();
  const VectorPath limit = path_limit.load(std::memory_order_relaxed);
  return limit == VectorPath::best ? widest : limit;
}

VectorPath resolved(VectorPath path) {
  if (path == VectorPath::best) return widest_path();
  require_available(path);
  return path;
}

void limit_vector_path(VectorPath path) {
  require_available(path);
  path_limit.store(path, std::memory_order_relaxed);
}

}  // namespace laot
