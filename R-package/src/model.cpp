// Calls on models and on the registry: nothing here looks at cells.
#include "bridge.h"
#include "calls.h"
#include "late.h"

using namespace bridge;

namespace {

std::vector<std::string> names_of(const laot_model* model, const char* what) {
  return lines(text([&](char* buffer, std::size_t size, std::size_t* needed) {
    return laot_model_names(model, what, buffer, size, needed);
  }));
}

std::string model_text(const laot_model* model, const std::string& name) {
  return text([&](char* buffer, std::size_t size, std::size_t* needed) {
    return laot_model_text(model, name.c_str(), buffer, size, needed);
  });
}

Rcpp::CharacterVector utf8(const std::vector<std::string>& values) {
  Rcpp::CharacterVector out(static_cast<R_xlen_t>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i)
    SET_STRING_ELT(out, static_cast<R_xlen_t>(i), Rf_mkCharCE(values[i].c_str(), CE_UTF8));
  return out;
}

std::size_t method_number(const std::string& name) {
  for (std::size_t i = 0; i < laot_method_count(); ++i) {
    laot_method_info info = {};
    info.struct_size = sizeof info;
    check(laot_method_describe(i, &info));
    if (name == info.name) return i;
  }
  // Lets the library say which names there are.
  laot_params* params = nullptr;
  check(laot_params_new(name.c_str(), &params));
  laot_params_free(params);
  return 0;
}

laot_method_info method_info(std::size_t number) {
  laot_method_info info = {};
  info.struct_size = sizeof info;
  check(laot_method_describe(number, &info));
  return info;
}

}  // namespace

// Where the bad value stands that the sentence of the last error speaks of, counted from 1; NULL
// where it speaks of none, or is another sentence.
SEXP laot_r_error_place(SEXP sentence) {
  BEGIN_RCPP
  std::size_t feature = 0, cell = 0;
  double value = 0.0;
  const std::string argument = laot_last_error_place(&feature, &cell, &value);
  if (argument.empty() || Rcpp::as<std::string>(sentence) != laot_last_error()) return R_NilValue;
  using Rcpp::Named;
  return Rcpp::List::create(Named("argument") = argument,
                            Named("feature") = static_cast<double>(feature) + 1,
                            Named("cell") = static_cast<double>(cell) + 1, Named("value") = value);
  END_RCPP
}

// The sentence of the last error as R spells its words: keep.cells, TRUE; another as it is.
SEXP laot_r_error_in_r(SEXP sentence) {
  BEGIN_RCPP
  std::string text = Rcpp::as<std::string>(sentence);
  if (text != laot_last_error()) return sentence;
  std::size_t begin = 0, length = 0;
  for (std::size_t part = 0;; ++part) {
    const std::string kind = laot_last_error_part(part, &begin, &length);
    if (kind.empty()) return utf8({text});
    // Of the same length, so that later words stay where they are.
    for (std::size_t at = begin; at < begin + length; ++at) {
      if (kind == "flag" && text[at] >= 'a' && text[at] <= 'z')
        text[at] = static_cast<char>(text[at] - 'a' + 'A');
      if (kind == "parameter" && text[at] == '_') text[at] = '.';
    }
  }
  END_RCPP
}

SEXP laot_r_is_lost(SEXP model) {
  return Rf_ScalarLogical(TYPEOF(model) != EXTPTRSXP || R_ExternalPtrAddr(model) == nullptr);
}

SEXP laot_r_trivial(SEXP model, SEXP name) {
  BEGIN_RCPP
  laot_model* out = nullptr;
  check(laot_model_trivial(model_of(model), Rcpp::as<std::string>(name).c_str(), &out));
  return pointer_to(out);
  END_RCPP
}

SEXP laot_r_describe(SEXP pointer) {
  BEGIN_RCPP
  const laot_model* model = model_of(pointer);
  const std::vector<std::string> numbers = names_of(model, "report_numbers");
  Rcpp::List number_values(static_cast<R_xlen_t>(numbers.size()));
  for (std::size_t k = 0; k < numbers.size(); ++k)
    number_values[static_cast<R_xlen_t>(k)] =
        laot_r_late_number(pointer, Rf_mkString(numbers[k].c_str()));
  number_values.names() = utf8(numbers);

  const std::vector<std::string> texts = names_of(model, "report_texts");
  std::vector<std::string> text_values;
  for (const std::string& name : texts)
    text_values.push_back(text([&](char* buffer, std::size_t size, std::size_t* needed) {
      return laot_report_text(model, name.c_str(), buffer, size, needed);
    }));
  Rcpp::CharacterVector report_texts = utf8(text_values);
  report_texts.names() = utf8(texts);

  const std::vector<std::string> params = names_of(model, "params");
  std::vector<std::string> values;
  for (const std::string& name : params) values.push_back(model_text(model, "param." + name));
  Rcpp::CharacterVector param_values = utf8(values);
  param_values.names() = utf8(params);

  using Rcpp::Named;
  return Rcpp::List::create(Named("method") = utf8({model_text(model, "method")}),
                            Named("preset") = utf8({model_text(model, "preset")}),
                            Named("params") = param_values, Named("numbers") = number_values,
                            Named("texts") = report_texts,
                            Named("arrays") = utf8(names_of(model, "arrays")),
                            Named("feature.names") = utf8(names_of(model, "feature_names")),
                            Named("control.names") = utf8(names_of(model, "control_names")),
                            Named("treated.names") = utf8(names_of(model, "treated_names")));
  END_RCPP
}

// list(conditions, covariates): the names of both.
SEXP laot_r_conditions(SEXP pointer) {
  BEGIN_RCPP
  const laot_model* model = model_of(pointer);
  return Rcpp::List::create(
      Rcpp::Named("conditions") = utf8(names_of(model, "conditions")),
      Rcpp::Named("covariates") = utf8(names_of(model, "covariates")),
      Rcpp::Named("held.out") = utf8(names_of(model, "held_out")),
      Rcpp::Named("by.control") = utf8(names_of(model, "placed_by_controls")));
  END_RCPP
}

// The covariates of the conditions: list(condition, covariate, value, number), a row each value.
SEXP laot_r_covariates(SEXP pointer) {
  BEGIN_RCPP
  laot_table* table = nullptr;
  check(laot_covariates(model_of(pointer), &table));
  return columns_of(table);
  END_RCPP
}

SEXP laot_r_trace(SEXP pointer) {
  BEGIN_RCPP
  const laot_model* model = model_of(pointer);
  std::size_t length = 0;
  check(laot_trace_length(model, &length));
  const std::vector<std::string> columns = names_of(model, "trace");
  Rcpp::List out(static_cast<R_xlen_t>(columns.size()));
  for (std::size_t k = 0; k < columns.size(); ++k) {
    Rcpp::NumericVector values(static_cast<R_xlen_t>(length));
    check(laot_trace_column(model, columns[k].c_str(), values.begin(), length));
    out[static_cast<R_xlen_t>(k)] = values;
  }
  out.names() = utf8(columns);
  return out;
  END_RCPP
}

SEXP laot_r_array(SEXP pointer, SEXP name) {
  BEGIN_RCPP
  const laot_model* model = model_of(pointer);
  const std::string wanted = Rcpp::as<std::string>(name);
  std::size_t rows = 0, cols = 0;
  check(laot_array_size(model, wanted.c_str(), &rows, &cols));
  Rcpp::NumericMatrix out(static_cast<int>(rows), static_cast<int>(cols));
  check(laot_array(model, wanted.c_str(), out.begin(), rows * cols));
  return out;
  END_RCPP
}

SEXP laot_r_from_bytes(SEXP bytes) {
  BEGIN_RCPP
  laot_model* model = nullptr;
  check(laot_from_bytes(RAW(bytes), static_cast<std::size_t>(Rf_xlength(bytes)), &model));
  return pointer_to(model);
  END_RCPP
}

// notes: texts with names, in UTF-8.
SEXP laot_r_save(SEXP model, SEXP path, SEXP notes) {
  BEGIN_RCPP
  const auto values = Rcpp::as<std::vector<std::string>>(notes);
  const auto names = Rcpp::as<std::vector<std::string>>(Rf_getAttrib(notes, R_NamesSymbol));
  std::vector<const char*> texts, keys;
  for (const std::string& value : values) texts.push_back(value.c_str());
  for (const std::string& name : names) keys.push_back(name.c_str());
  check(laot_save_with_notes(model_of(model), Rcpp::as<std::string>(path).c_str(), keys.data(),
                             texts.data(), keys.size()));
  return R_NilValue;
  END_RCPP
}

SEXP laot_r_notes(SEXP pointer) {
  BEGIN_RCPP
  const laot_model* model = model_of(pointer);
  const std::vector<std::string> names = names_of(model, "notes");
  std::vector<std::string> values;
  for (const std::string& name : names) values.push_back(model_text(model, "note." + name));
  Rcpp::CharacterVector out = utf8(values);
  out.names() = utf8(names);
  return out;
  END_RCPP
}

// NULL where it is no checkpoint: the fit that was to go on from it says why.
SEXP laot_r_checkpoint_seed(SEXP path) {
  BEGIN_RCPP
  std::uint64_t seed = 0;
  if (laot_checkpoint_seed(Rcpp::as<std::string>(path).c_str(), &seed) != LAOT_OK)
    return R_NilValue;
  return Rf_ScalarReal(static_cast<double>(seed));
  END_RCPP
}

SEXP laot_r_load(SEXP path) {
  BEGIN_RCPP
  laot_model* model = nullptr;
  check(laot_load(Rcpp::as<std::string>(path).c_str(), &model));
  return pointer_to(model);
  END_RCPP
}

SEXP laot_r_methods(void) {
  BEGIN_RCPP
  std::vector<std::string> names, labels, titles, sources;
  std::vector<bool> affine, trains, batch, conditions, trivial, pairs, raw;
  std::vector<int> fewest;
  for (std::size_t i = 0; i < laot_method_count(); ++i) {
    const laot_method_info info = method_info(i);
    names.push_back(info.name);
    labels.push_back(laot_method_label(i));
    titles.push_back(info.title);
    sources.push_back(info.source);
    affine.push_back(info.affine != 0);
    trains.push_back(info.trains != 0);
    batch.push_back(info.uses_batch != 0);
    conditions.push_back(info.many_conditions != 0);
    trivial.push_back(info.trivial != 0);
    pairs.push_back(info.pairs != 0);
    raw.push_back(info.raw_space != 0);
    fewest.push_back(static_cast<int>(info.fewest_cells));
  }
  using Rcpp::Named;
  return Rcpp::List::create(
      Named("name") = utf8(names), Named("label") = utf8(labels), Named("title") = utf8(titles),
      Named("source") = utf8(sources), Named("affine") = affine, Named("trains") = trains,
      Named("batch") = batch, Named("conditions") = conditions, Named("trivial") = trivial,
      Named("pairs") = pairs, Named("raw") = raw, Named("fewest.cells") = fewest);
  END_RCPP
}

// Fails where the method has no parameter of that name.
SEXP laot_r_check_parameter(SEXP method, SEXP name) {
  BEGIN_RCPP
  laot_params* raw = nullptr;
  check(laot_params_new(Rcpp::as<std::string>(method).c_str(), &raw));
  const Params params(raw);
  std::size_t needed = 0;
  check(laot_params_get_text(raw, Rcpp::as<std::string>(name).c_str(), nullptr, 0, &needed));
  return R_NilValue;
  END_RCPP
}

// The place of the candidate that was probably meant, from 1; none where there is no such.
SEXP laot_r_nearest(SEXP name, SEXP candidates) {
  BEGIN_RCPP
  const bridge::Strings wanted(name), all(candidates);
  std::size_t at = 0;
  check(laot_nearest_name(wanted.pointers()[0], all.pointers(), all.size(), &at));
  return at < all.size() ? Rf_ScalarReal(static_cast<double>(at) + 1) : Rf_allocVector(REALSXP, 0);
  END_RCPP
}

SEXP laot_r_params(SEXP method, SEXP preset) {
  BEGIN_RCPP
  const std::string name = Rcpp::as<std::string>(method);
  const std::size_t number = method_number(name);
  laot_params* raw = nullptr;
  check(laot_params_new(name.c_str(), &raw));
  const Params params(raw);
  if (preset != R_NilValue)
    check(laot_params_use_preset(raw, Rcpp::as<std::string>(preset).c_str()));
  const std::size_t count = method_info(number).param_count;
  std::vector<std::string> names, values, words, docs, sources;
  std::vector<int> types;
  std::vector<double> minima, maxima;
  for (std::size_t k = 0; k < count; ++k) {
    laot_param_info info = {};
    info.struct_size = sizeof info;
    check(laot_param_describe(number, k, &info));
    names.push_back(info.name);
    values.push_back(text([&](char* buffer, std::size_t size, std::size_t* needed) {
      return laot_params_get_text(raw, info.name, buffer, size, needed);
    }));
    types.push_back(info.type);
    minima.push_back(info.minimum);
    maxima.push_back(info.maximum);
    words.push_back(info.words);
    docs.push_back(info.doc);
    sources.push_back(info.source);
  }
  using Rcpp::Named;
  return Rcpp::List::create(Named("name") = utf8(names), Named("type") = types,
                            Named("default") = utf8(values), Named("minimum") = minima,
                            Named("maximum") = maxima, Named("words") = utf8(words),
                            Named("doc") = utf8(docs), Named("source") = utf8(sources));
  END_RCPP
}

SEXP laot_r_presets(SEXP method) {
  BEGIN_RCPP
  const std::size_t number = method_number(Rcpp::as<std::string>(method));
  std::vector<std::string> names, docs;
  for (std::size_t k = 0; k < method_info(number).preset_count; ++k) {
    laot_preset_info info = {};
    info.struct_size = sizeof info;
    check(laot_preset_describe(number, k, &info));
    names.push_back(info.name);
    docs.push_back(info.doc);
  }
  return Rcpp::List::create(Rcpp::Named("name") = utf8(names), Rcpp::Named("doc") = utf8(docs));
  END_RCPP
}

SEXP laot_r_capabilities(void) {
  BEGIN_RCPP
  return utf8(lines(text([](char* buffer, std::size_t size, std::size_t* needed) {
    return laot_capabilities(buffer, size, needed);
  })));
  END_RCPP
}
