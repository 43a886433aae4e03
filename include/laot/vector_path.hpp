// Which vector instructions this build and this machine can run. Rooms that have loops for an
// instruction set choose among them here, so that all of them leave the same machines out.
#pragma once

// Defined where one build can hold functions for several instruction sets (target attributes and
// intrinsics): GCC and clang on x86-64. GCC for Windows does not align its stack for vectors wider
// than SSE (GCC bug 54412). Everything else takes the portable path.
#if defined(__x86_64__) && defined(__GNUC__) && (!defined(_WIN32) || defined(__clang__))
#define LAOT_X86_VECTORS 1
#endif

namespace laot {

/// From narrow to wide. avx2 is AVX2 and fused multiply-add, avx512 the set F of AVX-512, beside
/// which loops may look for another one that they can use. `best` is the widest that can run.
/// Results have the same bits on every path.
enum class VectorPath { best, portable, avx2, avx512 };

/// Whether this build and this machine can run the path.
bool available(VectorPath path);

/// The widest path that can run, or the limit that was set; never `best`.
VectorPath widest_path();

/// The path itself where it can run, the widest one for `best`; else throws not_available.
VectorPath resolved(VectorPath path);

/// For tests and measurements: `best` stands for no wider path than this from now on, in the whole
/// process; `best` lifts the limit. Not while something is being computed. Throws not_available.
void limit_vector_path(VectorPath path);

}  // namespace laot
