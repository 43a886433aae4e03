// Calls on cells: fit, predict, choose features and a bandwidth.
#include "bridge.h"
#include "calls.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#ifdef __linux__
#include <sys/mman.h>
#endif

using namespace bridge;

namespace {

// Memory that R has just taken is cleared by the system as it is written to: for a large matrix of
// numbers that takes three times as long as to predict them, and half of that in large pages.
void prefer_large_pages(double* begin, std::size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20;
  const std::uintptr_t from = (reinterpret_cast<std::uintptr_t>(begin) + page - 1) & ~(page - 1);
  const std::uintptr_t to = reinterpret_cast<std::uintptr_t>(begin + size) & ~(page - 1);
  // Advice only: a refusal changes the time and nothing else.
  if (from < to) (void)madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
#else
  (void)begin, (void)size;
#endif
}

}  // namespace

SEXP laot_r_fit(SEXP method, SEXP preset, SEXP params, SEXP control, SEXP treated, SEXP settings) {
  BEGIN_RCPP
  const Params asked = params_from(Rcpp::as<std::string>(method), preset, params);
  const Data x = data(control), y = data(treated);
  const Context call = context(settings);
  laot_model* model = nullptr;
  check(laot_fit(call.get(), asked.get(), x.get(), y.get(), &model));
  return pointer_to(model);
  END_RCPP
}

SEXP laot_r_predict(SEXP model, SEXP cells, SEXP nonnegative, SEXP settings, SEXP dimnames) {
  BEGIN_RCPP
  const Data x = data(cells);
  const auto shape = size(x);
  Rcpp::NumericMatrix out(
      Rcpp::no_init(static_cast<int>(shape.first), static_cast<int>(shape.second)));
  prefer_large_pages(out.begin(), static_cast<std::size_t>(out.size()));
  const Context call = context(settings);
  check(laot_predict(call.get(), model_of(model), x.get(),
                     Rcpp::as<std::string>(nonnegative).c_str(), out.begin(),
                     static_cast<std::size_t>(out.size())));
  if (dimnames != R_NilValue &&
      (VECTOR_ELT(dimnames, 0) != R_NilValue || VECTOR_ELT(dimnames, 1) != R_NilValue))
    Rf_setAttrib(out, R_DimNamesSymbol, dimnames);
  return out;
  END_RCPP
}

// The slots of a dgCMatrix with the values of a matrix, which are counted first; NULL where there
// are more than it can hold.
SEXP laot_r_compressed(SEXP values) {
  BEGIN_RCPP
  const Rcpp::NumericMatrix dense(values);
  const double* const begin = dense.begin();
  const R_xlen_t size = dense.size(), rows = dense.nrow();
  const R_xlen_t stored = size - std::count(begin, begin + size, 0.0);
  if (stored > std::numeric_limits<int>::max()) return R_NilValue;
  Rcpp::IntegerVector starts(dense.ncol() + 1), at{Rcpp::no_init(stored)};
  Rcpp::NumericVector x{Rcpp::no_init(stored)};
  prefer_large_pages(x.begin(), static_cast<std::size_t>(stored));
  int* row_of = at.begin();
  double* next = x.begin();
  for (int j = 0; j < dense.ncol(); ++j) {
    const double* const column = begin + j * rows;
    for (int i = 0; i < dense.nrow(); ++i)
      if (column[i] != 0.0) {
        *next++ = column[i];
        *row_of++ = i;
      }
    starts[j + 1] = static_cast<int>(next - x.begin());
  }
  using Rcpp::Named;
  return Rcpp::List::create(Named("p") = starts, Named("i") = at, Named("x") = x);
  END_RCPP
}

SEXP laot_r_effects(SEXP model, SEXP cells, SEXP settings) {
  BEGIN_RCPP
  const Data x = data(cells);
  const auto shape = size(x);
  const int d = static_cast<int>(shape.first), count = static_cast<int>(shape.second);
  Rcpp::NumericVector out(Rcpp::no_init(static_cast<R_xlen_t>(shape.first * shape.first) * count));
  out.attr("dim") = Rcpp::IntegerVector::create(d, d, count);
  const Context call = context(settings);
  check(laot_effects(call.get(), model_of(model), x.get(), out.begin(),
                     static_cast<std::size_t>(out.size())));
  return out;
  END_RCPP
}

SEXP laot_r_strongest_effects(SEXP model, SEXP count) {
  BEGIN_RCPP
  laot_table* table = nullptr;
  check(laot_strongest_effects(model_of(model), static_cast<std::size_t>(Rcpp::as<double>(count)),
                               &table));
  return columns_of(table);
  END_RCPP
}

SEXP laot_r_encode(SEXP model, SEXP cells, SEXP about, SEXP settings) {
  BEGIN_RCPP
  const Data x = data(cells);
  std::size_t dimension = 0, columns = 0;
  check(laot_array_size(model_of(model), "scale", &dimension, &columns));
  Rcpp::NumericMatrix out(
      Rcpp::no_init(static_cast<int>(dimension), static_cast<int>(size(x).second)));
  const Context call = context(settings);
  check(laot_encode(call.get(), model_of(model), x.get(), Rcpp::as<std::string>(about).c_str(),
                    out.begin(), static_cast<std::size_t>(out.size())));
  return out;
  END_RCPP
}

SEXP laot_r_variable_features(SEXP control, SEXP treated, SEXP count, SEXP settings) {
  BEGIN_RCPP
  const Data x = data(control), y = data(treated);
  const Context call = context(settings);
  std::vector<std::size_t> chosen(static_cast<std::size_t>(Rcpp::as<int>(count)));
  check(laot_variable_features(call.get(), x.get(), y.get(), chosen.size(), chosen.data()));
  Rcpp::IntegerVector out(Rcpp::no_init(static_cast<R_xlen_t>(chosen.size())));
  for (std::size_t k = 0; k < chosen.size(); ++k)
    out[static_cast<R_xlen_t>(k)] = static_cast<int>(chosen[k]) + 1;
  return out;
  END_RCPP
}
