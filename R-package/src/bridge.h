// Common parts of the glue: handles that free themselves, errors, and R objects as laot_data. R
// code sees only Rcpp.h and laot.h; no algorithm lives on this side.
#ifndef LAOT_R_BRIDGE_H
#define LAOT_R_BRIDGE_H

#include <Rcpp/Lightest>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "laot.h"

namespace bridge {

template <class T, void (*free_it)(T*)>
struct Freed {
  void operator()(T* pointer) const { free_it(pointer); }
};
using Context = std::unique_ptr<laot_context, Freed<laot_context, laot_context_free>>;
using Params = std::unique_ptr<laot_params, Freed<laot_params, laot_params_free>>;
using Data = std::unique_ptr<laot_data, Freed<laot_data, laot_data_free>>;

/// Turns a failed call into an R error with the library's sentence, and a cancelled one into the
/// interrupt that R itself would have raised. Every C++ frame is unwound first.
void check(laot_status status);

/// The two-call protocol as a string.
template <class Call>
std::string text(Call call) {
  std::size_t needed = 0;
  check(call(static_cast<char*>(nullptr), std::size_t{0}, &needed));
  std::vector<char> buffer(needed);
  check(call(buffer.data(), buffer.size(), &needed));
  return std::string(buffer.data());
}

/// UTF-8 copies of R's strings, for arguments that are an array of texts.
class Strings {
 public:
  explicit Strings(SEXP values) {
    const R_xlen_t count = Rf_xlength(values);
    kept_.reserve(static_cast<std::size_t>(count));
    for (R_xlen_t i = 0; i < count; ++i)
      kept_.emplace_back(Rf_translateCharUTF8(STRING_ELT(values, i)));
    for (const std::string& value : kept_) pointers_.push_back(value.c_str());
  }
  const char* const* pointers() const { return pointers_.data(); }
  std::size_t size() const { return pointers_.size(); }

 private:
  std::vector<std::string> kept_;
  std::vector<const char*> pointers_;
};

/// A table as the columns of a data frame; the handle is freed. Undefined numbers are NA.
Rcpp::List columns_of(laot_table* table);

/// One string a line; none for an empty text.
std::vector<std::string> lines(const std::string& text);

/// settings: list(seed, threads, progress = NULL or function(stage, fraction), checkpoint = NULL or
/// a path, with checkpoint.seconds). The context asks R for Ctrl-C while it works.
Context context(const Rcpp::List& settings);

/// cells: list(values = matrix, or dgCMatrix; cells, features = NULL or numbers from 1;
/// feature.names, cell.names, batch, groups = NULL or strings). The values are read in place.
Data data(const Rcpp::List& cells);

/// data() of many populations: the structure of a matrix that several are in is checked once.
class Matrices {
 public:
  Data data(const Rcpp::List& cells);

 private:
  std::map<SEXP, Data> known_;  // by the matrix, which the caller protects
};

/// A method with a preset (or NULL) and params: a named list of numbers, strings and flags.
Params params_from(const std::string& method, SEXP preset, const Rcpp::List& values);

/// Features and cells after selection.
std::pair<std::size_t, std::size_t> size(const Data& data);

/// A model inside an external pointer, freed by R's collector.
SEXP pointer_to(laot_model* model);
laot_model* model_of(SEXP pointer);

}  // namespace bridge

#endif
