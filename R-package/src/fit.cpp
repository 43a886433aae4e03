// Calls on cells: fit, predict, choose features and a bandwidth.
#include "bridge.h"
#include "calls.h"

using namespace bridge;

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

SEXP laot_r_predict(SEXP model, SEXP cells, SEXP nonnegative, SEXP settings) {
  BEGIN_RCPP
  const Data x = data(cells);
  const auto shape = size(x);
  Rcpp::NumericMatrix out(
      Rcpp::no_init(static_cast<int>(shape.first), static_cast<int>(shape.second)));
  const Context call = context(settings);
  check(laot_predict(call.get(), model_of(model), x.get(),
                     Rcpp::as<std::string>(nonnegative).c_str(), out.begin(),
                     static_cast<std::size_t>(out.size())));
  return out;
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
