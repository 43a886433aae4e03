// The choice among the instruction sets.
#include "kernels.hpp"

namespace laot::detail {

const Kernels& kernels(VectorPath path) {
  switch (resolved(path)) {
#ifdef LAOT_X86_VECTORS
    case VectorPath::avx512:
      return avx512_kernels;
    case VectorPath::avx2:
      return avx2_kernels;
#endif
    default:
      return portable_kernels;
  }
}

}  // namespace laot::detail
