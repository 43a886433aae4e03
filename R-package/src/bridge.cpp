#include "bridge.h"

#include <cstdint>
#include <cstring>

namespace bridge {

namespace {

void check_interrupt(void*) {
  R_CheckUserInterrupt();
}

// R_CheckUserInterrupt jumps over every frame; inside R_ToplevelExec the jump ends here, and the
// library unwinds by itself.
int interrupt_wanted(void*) {
  return R_ToplevelExec(check_interrupt, nullptr) == FALSE ? 1 : 0;
}

struct ProgressCall {
  SEXP function;
  const char* stage;
  double fraction;
};

void call_progress(void* payload) {
  const ProgressCall& call = *static_cast<ProgressCall*>(payload);
  SEXP stage = PROTECT(Rf_mkString(call.stage));
  SEXP fraction = PROTECT(Rf_ScalarReal(call.fraction));
  SEXP expression = PROTECT(Rf_lang3(call.function, stage, fraction));
  Rf_eval(expression, R_BaseEnv);
  UNPROTECT(3);
}

// The R function catches its own errors, so only Ctrl-C ends it early.
int show_progress(const char* stage, double fraction, void* payload) {
  ProgressCall call{static_cast<SEXP>(payload), stage, fraction};
  return R_ToplevelExec(call_progress, &call) == FALSE ? 1 : 0;
}

// NULL where the list has no such element, as in R.
SEXP element(const Rcpp::List& list, const char* name) {
  return list.containsElementNamed(name) ? static_cast<SEXP>(list[name]) : R_NilValue;
}

std::vector<std::size_t> from_zero(SEXP index) {
  const Rcpp::IntegerVector numbers(index);
  std::vector<std::size_t> out;
  out.reserve(static_cast<std::size_t>(numbers.size()));
  for (const int number : numbers) out.push_back(static_cast<std::size_t>(number) - 1);
  return out;
}

laot_data* new_data(SEXP values) {
  laot_data* out = nullptr;
  if (Rf_isS4(values)) {
    const SEXP dim = R_do_slot(values, Rf_install("Dim"));
    const SEXP starts = R_do_slot(values, Rf_install("p"));
    const SEXP rows = R_do_slot(values, Rf_install("i"));
    const SEXP entries = R_do_slot(values, Rf_install("x"));
    check(laot_data_csc(static_cast<std::size_t>(INTEGER(dim)[0]),
                        static_cast<std::size_t>(INTEGER(dim)[1]), INTEGER(starts), INTEGER(rows),
                        REAL(entries), &out));
  } else {
    const std::size_t features = static_cast<std::size_t>(Rf_nrows(values));
    check(laot_data_dense(REAL(values), features, static_cast<std::size_t>(Rf_ncols(values)),
                          features, &out));
  }
  return out;
}

void free_model(SEXP pointer) {
  laot_model_free(static_cast<laot_model*>(R_ExternalPtrAddr(pointer)));
  R_ClearExternalPtr(pointer);
}

}  // namespace

void check(laot_status status) {
  if (status == LAOT_OK) return;
  if (status == LAOT_CANCELLED) throw Rcpp::internal::InterruptedException();
  throw Rcpp::exception(laot_last_error(), false);
}

SEXP utf8(const char* value) {
  return Rf_mkCharCE(value, CE_UTF8);
}

Rcpp::NumericVector numbers_of(const laot_table* table, const char* name, std::size_t rows) {
  Rcpp::NumericVector out(static_cast<R_xlen_t>(rows));
  check(laot_table_numbers(table, name, out.begin(), rows));
  for (double& value : out)
    if (R_IsNaN(value)) value = NA_REAL;
  return out;
}

Rcpp::CharacterVector texts_of(const laot_table* table, const char* name, std::size_t rows) {
  std::size_t needed = 0;
  check(laot_table_texts(table, name, nullptr, 0, &needed));
  std::vector<char> buffer(needed + 1);
  check(laot_table_texts(table, name, buffer.data(), buffer.size(), &needed));
  Rcpp::CharacterVector out(static_cast<R_xlen_t>(rows));
  const char* next = buffer.data();
  for (std::size_t r = 0; r < rows; ++r, next += std::strlen(next) + 1)
    SET_STRING_ELT(out, static_cast<R_xlen_t>(r), utf8(next));
  return out;
}

Rcpp::List columns_of(laot_table* table) {
  const std::unique_ptr<laot_table, Freed<laot_table, laot_table_free>> owned(table);
  std::size_t rows = 0, columns = 0;
  check(laot_table_size(table, &rows, &columns));
  const std::vector<std::string> names =
      lines(text([&](char* buffer, std::size_t size, std::size_t* needed) {
        return laot_table_names(table, buffer, size, needed);
      }));
  Rcpp::List out(static_cast<R_xlen_t>(columns));
  for (std::size_t c = 0; c < columns; ++c) {
    int type = 0;
    const char* name = names[c].c_str();
    check(laot_table_column_type(table, name, &type));
    if (type == LAOT_COLUMN_TEXT)
      out[static_cast<R_xlen_t>(c)] = texts_of(table, name, rows);
    else
      out[static_cast<R_xlen_t>(c)] = numbers_of(table, name, rows);
  }
  out.names() = Rcpp::wrap(names);
  return out;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  if (text.empty()) return out;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    out.push_back(text.substr(begin, end - begin));
  out.push_back(text.substr(begin));
  return out;
}

Context context(const Rcpp::List& settings) {
  laot_context* raw = nullptr;
  check(laot_context_new(&raw));
  Context out(raw);
  check(laot_context_set_seed(raw, static_cast<std::uint64_t>(Rcpp::as<double>(settings["seed"]))));
  check(laot_context_set_threads(raw, Rcpp::as<int>(settings["threads"])));
  check(laot_context_set_cancel(raw, interrupt_wanted, nullptr));
  SEXP checkpoint = element(settings, "checkpoint");
  if (checkpoint != R_NilValue)
    check(laot_context_set_checkpoint(raw, Rcpp::as<std::string>(checkpoint).c_str(),
                                      Rcpp::as<double>(settings["checkpoint.seconds"])));
  SEXP progress = element(settings, "progress");
  if (progress != R_NilValue) check(laot_context_set_progress(raw, show_progress, progress));
  return out;
}

namespace {

// With the selection, the names and the labels that stand beside the values.
Data selected(Data out, const Rcpp::List& cells) {
  SEXP index = element(cells, "cells");
  if (index != R_NilValue) {
    const std::vector<std::size_t> chosen = from_zero(index);
    check(laot_data_select_cells(out.get(), chosen.data(), chosen.size()));
  }
  index = element(cells, "features");
  if (index != R_NilValue) {
    const std::vector<std::size_t> chosen = from_zero(index);
    check(laot_data_select_features(out.get(), chosen.data(), chosen.size()));
  }
  SEXP names = element(cells, "feature.names");
  if (names != R_NilValue) {
    const Strings strings(names);
    check(laot_data_set_feature_names(out.get(), strings.pointers(), strings.size()));
  }
  names = element(cells, "cell.names");
  if (names != R_NilValue) {
    const Strings strings(names);
    check(laot_data_set_cell_names(out.get(), strings.pointers(), strings.size()));
  }
  names = element(cells, "batch");
  if (names != R_NilValue) {
    const Strings strings(names);
    check(laot_data_set_batch(out.get(), strings.pointers(), strings.size()));
  }
  names = element(cells, "groups");
  if (names != R_NilValue) {
    const Strings strings(names);
    check(laot_data_set_groups(out.get(), strings.pointers(), strings.size()));
  }
  return out;
}

}  // namespace

Data data(const Rcpp::List& cells) {
  return selected(Data(new_data(cells["values"])), cells);
}

Data Matrices::data(const Rcpp::List& cells) {
  SEXP values = cells["values"];
  auto at = known_.find(values);
  if (at == known_.end()) at = known_.emplace(values, Data(new_data(values))).first;
  laot_data* view = nullptr;
  check(laot_data_view(at->second.get(), &view));
  return selected(Data(view), cells);
}

std::pair<std::size_t, std::size_t> size(const Data& data) {
  std::size_t features = 0, cells = 0;
  check(laot_data_size(data.get(), &features, &cells));
  return {features, cells};
}

SEXP pointer_to(laot_model* model) {
  SEXP pointer = PROTECT(R_MakeExternalPtr(model, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(pointer, free_model, FALSE);
  UNPROTECT(1);
  return pointer;
}

laot_model* model_of(SEXP pointer) {
  return static_cast<laot_model*>(R_ExternalPtrAddr(pointer));
}

Params params_from(const std::string& method, SEXP preset, const Rcpp::List& values) {
  laot_params* raw = nullptr;
  check(laot_params_new(method.c_str(), &raw));
  Params out(raw);
  if (preset != R_NilValue)
    check(laot_params_use_preset(raw, Rcpp::as<std::string>(preset).c_str()));
  if (values.size() == 0) return out;
  const std::vector<std::string> names = Rcpp::as<std::vector<std::string>>(values.names());
  for (R_xlen_t k = 0; k < values.size(); ++k) {
    const std::string& name = names[static_cast<std::size_t>(k)];
    SEXP value = values[k];
    if (TYPEOF(value) == STRSXP)
      check(laot_params_set_text(raw, name.c_str(), Rcpp::as<std::string>(value).c_str()));
    else if (TYPEOF(value) == LGLSXP)
      check(laot_params_set_text(raw, name.c_str(), Rcpp::as<bool>(value) ? "true" : "false"));
    else
      check(laot_params_set_number(raw, name.c_str(), Rcpp::as<double>(value)));
  }
  return out;
}

}  // namespace bridge
