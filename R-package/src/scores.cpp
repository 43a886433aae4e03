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
  Rcpp::LogicalVector larger(count), needs_gamma(count), needs_control(count), takes_epsilon(count);
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
  }
  using Rcpp::Named;
  return Rcpp::List::create(
      Named("name") = name, Named("title") = title, Named("estimator") = estimator,
      Named("setting") = setting, Named("doc") = doc, Named("source") = source,
      Named("undefined") = undefined, Named("perfect") = perfect,
      Named("larger.is.better") = larger, Named("needs.gamma") = needs_gamma,
      Named("needs.control") = needs_control, Named("takes.epsilon") = takes_epsilon);
  END_RCPP
}

// options: list(gamma, epsilon, epsilon.absolute, cells, repetitions).
SEXP laot_r_score(SEXP metric, SEXP predicted, SEXP observed, SEXP control, SEXP options,
                  SEXP settings) {
  BEGIN_RCPP
  const Data p = data(predicted), t = data(observed);
  const Data x = control == R_NilValue ? Data() : data(control);
  const Context call = context(settings);
  const Rcpp::List given(options);
  laot_score_options wanted = {};
  wanted.struct_size = sizeof wanted;
  wanted.gamma = Rcpp::as<double>(given["gamma"]);
  wanted.epsilon = Rcpp::as<double>(given["epsilon"]);
  wanted.epsilon_absolute = Rcpp::as<bool>(given["epsilon.absolute"]) ? 1 : 0;
  wanted.cells = static_cast<std::size_t>(Rcpp::as<double>(given["cells"]));
  wanted.repetitions = static_cast<std::size_t>(Rcpp::as<double>(given["repetitions"]));
  laot_score_result result = {};
  result.struct_size = sizeof result;
  check(laot_score_with(call.get(), Rcpp::as<std::string>(metric).c_str(), p.get(), t.get(),
                        x.get(), &wanted, &result));
  return Rcpp::NumericVector::create(
      Rcpp::Named("value") = result.value, Rcpp::Named("sd") = result.sd,
      Rcpp::Named("left.out") = static_cast<double>(result.features_left_out));
  END_RCPP
}
