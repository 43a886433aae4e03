// Which instruction set the assignment kernels use. Chosen at run time; tests may name one.
#pragma once

namespace laot::detail {

/// `best` is the widest path that this machine offers. The result of a solve has the same bits on
/// every path: the kernels only choose candidates (see candidate_rows.hpp).
enum class VectorPath { best, portable, avx2, avx512 };

/// Whether this build and this machine can run the path.
bool available(VectorPath path);

}  // namespace laot::detail
