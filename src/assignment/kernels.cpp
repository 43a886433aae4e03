// The choice among the instruction sets.
#include "kernels.hpp"

#include "laot/base.hpp"

namespace laot::detail {

namespace {

const Kernels* find(VectorPath path) {
  switch (path) {
    case VectorPath::portable:
      return &portable_kernels;
    case VectorPath::avx2:
      return avx2_kernels();
    case VectorPath::avx512:
      return avx512_kernels();
    case VectorPath::best:
      break;
  }
  for (const VectorPath wide : {VectorPath::avx512, VectorPath::avx2})
    if (const Kernels* found = find(wide)) return found;
  return &portable_kernels;
}

}  // namespace

bool available(VectorPath path) {
  return find(path) != nullptr;
}

const Kernels& kernels(VectorPath path) {
  const Kernels* found = find(path);
  require(found != nullptr, Status::not_available,
          "this machine does not have the instruction set that was asked for");
  return *found;
}

}  // namespace laot::detail
