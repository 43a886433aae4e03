// The one door to Armadillo. Every setting that changes object layout or behaviour is fixed here,
// because Debian's configuration and RcppArmadillo's differ in all of them, and two layouts of
// arma::mat in one process crash.
#pragma once

#define ARMA_64BIT_WORD 1
#define ARMA_DONT_USE_OPENMP 1
#define ARMA_DONT_USE_WRAPPER 1
#define ARMA_DONT_USE_HDF5 1
#define ARMA_DONT_USE_ARPACK 1
#define ARMA_DONT_USE_SUPERLU 1
#define ARMA_DONT_USE_NEWARP 1
#define ARMA_WARN_LEVEL 0

#include <ostream>

namespace laot {
// Swallows whatever Armadillo would print: nothing is printed from the core.
std::ostream& silent_stream();
}  // namespace laot

#define ARMA_COUT_STREAM ::laot::silent_stream()
#define ARMA_CERR_STREAM ::laot::silent_stream()

// RcppArmadillo from 15 on keeps the bare headers one folder down.
#if __has_include(<current/armadillo>)
#include <current/armadillo>
#else
#include <armadillo>
#endif
