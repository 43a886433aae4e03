// Scores by name: the library holds every metric with its definition.
#include "bridge.h"
#include "calls.h"

using namespace bridge;

SEXP laot_r_metrics(void) {
  BEGIN_RCPP
  const R_xlen_t count = static_cast<R_xlen_t>(laot_metric_count());
  Rcpp::CharacterVector name(count), title(count), estimator(count), setting(count), doc(count),
      source(count), undefined(count);
  Rcpp::NumericVector perfect(count);
  Rcpp::LogicalVector larger(count), needs_gamma(count), needs_control(count), takes_epsilon(count),
      usual(count);
  for (R_xlen_t k = 0; k < count; ++k) {
    laot_metric_info info = {};
    info.struct_size = sizeof info;
    check(laot_metric_describe(static_cast<std::size_t>(k), &info));
    name[k] = info.name;
    title[k] = info.title;
    estimator[k] = info.estimator;
    setting[k] = info.setting;
    doc[k] = info.doc;
    source[k] = info.source;
    undefined[k] = info.undefined;
    perfect[k] = info.perfect;
    larger[k] = info.larger_is_better != 0;
    needs_gamma[k] = info.needs_gamma != 0;
    needs_control[k] = info.needs_control != 0;
    takes_epsilon[k] = info.takes_epsilon != 0;
    usual[k] = info.usual != 0;
  }
  using Rcpp::Named;
  return Rcpp::List::create(Named("name") = name, Named("title") = title,
                            Named("estimator") = estimator, Named("setting") = setting,
                            Named("doc") = doc, Named("source") = source,
                            Named("undefined") = undefined, Named("perfect") = perfect,
                            Named("larger.is.better") = larger, Named("needs.gamma") = needs_gamma,
                            Named("needs.control") = needs_control,
                            Named("takes.epsilon") = takes_epsilon, Named("usual") = usual);
  END_RCPP
}

SEXP laot_r_settings(void) {
  BEGIN_RCPP
  const R_xlen_t count = static_cast<R_xlen_t>(laot_setting_count());
  Rcpp::CharacterVector call(count), name(count), usual(count), doc(count);
  Rcpp::LogicalVector numeric(count), list(count);
  for (R_xlen_t k = 0; k < count; ++k) {
    laot_setting_info info = {};
    info.struct_size = sizeof info;
    check(laot_setting_describe(static_cast<std::size_t>(k), &info));
    call[k] = info.call;
    name[k] = info.name;
    usual[k] = info.usual_text;
    doc[k] = info.doc;
    numeric[k] = info.type == LAOT_NUMBER || info.type == LAOT_INTEGER;
    list[k] = info.list != 0;
  }
  using Rcpp::Named;
  return Rcpp::List::create(Named("call") = call, Named("name") = name, Named("usual") = usual,
                            Named("numeric") = numeric, Named("list") = list, Named("doc") = doc);
  END_RCPP
}
