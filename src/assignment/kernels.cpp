// The choice among the instruction sets.
#include "kernels.hpp"

namespace laot::detail {

const Kernels& kernels(VectorPath path) {
  switch (resolved(path)) {
#ifdef LAOT_X86_VECTORS
    case VectorPath::avx512:
      // Products of whole numbers; F alone has none that are faster.
      return __builtin_cpu_supports("avx512vnni") ? avx512_vnni_kernels : avx512_kernels;
    case VectorPath::avx2:
      return avx2_kernels;
#endif
    default:
      return portable_kernels;
  }
}

}  // namespace laot::detail
