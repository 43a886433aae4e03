// Evaluation beside single scores: presets, features, markers, a bandwidth, a test.
#include "bridge.h"
#include "calls.h"
#include "evaluation_options.h"

using namespace bridge;

SEXP laot_r_score_presets(void) {
  BEGIN_RCPP
  const R_xlen_t count = static_cast<R_xlen_t>(laot_score_preset_count());
  Rcpp::CharacterVector name(count), doc(count), source(count), metrics(count), cells(count);
  Rcpp::NumericVector repetitions(count);
  Rcpp::LogicalVector all_features(count), with_replacement(count);
  for (R_xlen_t k = 0; k < count; ++k) {
    laot_score_preset_info info = {};
    info.struct_size = sizeof info;
    check(laot_score_preset_describe(static_cast<std::size_t>(k), &info));
    name[k] = info.name;
    doc[k] = info.doc;
    source[k] = info.source;
    metrics[k] = info.metrics;
    cells[k] = info.cells;
    repetitions[k] = static_cast<double>(info.repetitions);
    all_features[k] = info.gamma_from_all_features != 0;
    with_replacement[k] = info.with_replacement != 0;
  }
  using Rcpp::Named;
  return Rcpp::List::create(
      Named("name") = name, Named("metrics") = metrics, Named("cells") = cells,
      Named("repetitions") = repetitions, Named("gamma.from.all.features") = all_features,
      Named("with.replacement") = with_replacement, Named("doc") = doc, Named("source") = source);
  END_RCPP
}

namespace {

Data data_or_none(SEXP cells) {
  return cells == R_NilValue ? Data() : data(cells);
}

}  // namespace

SEXP laot_r_evaluate(SEXP model, SEXP predicted, SEXP observed, SEXP control, SEXP options,
                     SEXP settings) {
  BEGIN_RCPP
  const Data p = data_or_none(predicted), t = data(observed), x = data_or_none(control);
  const Context call = context(settings);
  const EvaluationOptions wanted(options);
  laot_table* table = nullptr;
  check(laot_evaluate(call.get(), model == R_NilValue ? nullptr : model_of(model), p.get(), t.get(),
                      x.get(), wanted.get(), &table));
  return columns_of(table);
  END_RCPP
}

SEXP laot_r_response_table(SEXP model, SEXP predicted, SEXP observed, SEXP control, SEXP level,
                           SEXP settings) {
  BEGIN_RCPP
  const Data p = data_or_none(predicted), t = data(observed), x = data(control);
  const Context call = context(settings);
  laot_table* table = nullptr;
  check(laot_response_table(call.get(), model == R_NilValue ? nullptr : model_of(model), p.get(),
                            t.get(), x.get(), Rcpp::as<double>(level), &table));
  return columns_of(table);
  END_RCPP
}

SEXP laot_r_marker_table(SEXP control, SEXP treated, SEXP count, SEXP settings) {
  BEGIN_RCPP
  const Data x = data(control), y = data(treated);
  const Context call = context(settings);
  laot_table* table = nullptr;
  check(laot_marker_table(call.get(), x.get(), y.get(),
                          static_cast<std::size_t>(Rcpp::as<double>(count)), &table));
  return columns_of(table);
  END_RCPP
}

SEXP laot_r_feature_scores(SEXP predicted, SEXP observed, SEXP settings) {
  BEGIN_RCPP
  const Data p = data(predicted), t = data(observed);
  const Context call = context(settings);
  const std::size_t features = size(p).first;
  const R_xlen_t length = static_cast<R_xlen_t>(features);
  Rcpp::NumericVector ks(length), w1(length), difference(length);
  check(laot_feature_scores(call.get(), p.get(), t.get(), ks.begin(), w1.begin(),
                            difference.begin(), features));
  return Rcpp::List::create(Rcpp::Named("ks") = ks, Rcpp::Named("w1") = w1,
                            Rcpp::Named("mean.difference") = difference);
  END_RCPP
}

SEXP laot_r_cell_spearman(SEXP control, SEXP predicted, SEXP settings) {
  BEGIN_RCPP
  const Data x = data(control), p = data(predicted);
  const Context call = context(settings);
  Rcpp::NumericVector out(static_cast<R_xlen_t>(size(x).second));
  check(laot_cell_spearman(call.get(), x.get(), p.get(), out.begin(),
                           static_cast<std::size_t>(out.size())));
  return out;
  END_RCPP
}

SEXP laot_r_mmd2(SEXP x, SEXP y, SEXP gammas, SEXP estimator, SEXP settings) {
  BEGIN_RCPP
  const Data a = data(x), b = data(y);
  const Context call = context(settings);
  const std::vector<double> wanted = Rcpp::as<std::vector<double>>(gammas);
  double value = 0.0;
  check(laot_mmd2(call.get(), a.get(), b.get(), wanted.data(), wanted.size(),
                  Rcpp::as<std::string>(estimator).c_str(), &value));
  return Rf_ScalarReal(value);
  END_RCPP
}

SEXP laot_r_mmd2_test(SEXP x, SEXP y, SEXP gammas, SEXP permutations, SEXP settings) {
  BEGIN_RCPP
  const Data a = data(x), b = data(y);
  const Context call = context(settings);
  const std::vector<double> wanted = Rcpp::as<std::vector<double>>(gammas);
  double mmd2 = 0.0, p_value = 0.0;
  check(laot_mmd2_test(call.get(), a.get(), b.get(), wanted.data(), wanted.size(),
                       static_cast<std::size_t>(Rcpp::as<double>(permutations)), &mmd2, &p_value));
  return Rcpp::NumericVector::create(Rcpp::Named("mmd2") = mmd2, Rcpp::Named("p.value") = p_value);
  END_RCPP
}

SEXP laot_r_median_gamma(SEXP x, SEXP y, SEXP settings) {
  BEGIN_RCPP
  const Data a = data(x), b = data(y);
  const Context call = context(settings);
  double value = 0.0;
  check(laot_median_gamma(call.get(), a.get(), b.get(), &value));
  return Rf_ScalarReal(value);
  END_RCPP
}

SEXP laot_r_transitions(SEXP model, SEXP from, SEXP to) {
  BEGIN_RCPP
  const std::vector<std::string> a = Rcpp::as<std::vector<std::string>>(from),
                                 b = Rcpp::as<std::vector<std::string>>(to);
  std::vector<const char*> labels_a, labels_b;
  for (const std::string& label : a) labels_a.push_back(label.c_str());
  for (const std::string& label : b) labels_b.push_back(label.c_str());
  laot_table* table = nullptr;
  check(laot_transitions(model_of(model), labels_a.data(), labels_a.size(), labels_b.data(),
                         labels_b.size(), &table));
  return columns_of(table);
  END_RCPP
}

SEXP laot_r_composition(SEXP model) {
  BEGIN_RCPP
  laot_table* table = nullptr;
  check(laot_composition(model_of(model), &table));
  return columns_of(table);
  END_RCPP
}

SEXP laot_r_choices(SEXP model) {
  BEGIN_RCPP
  laot_table* table = nullptr;
  check(laot_choices(model_of(model), &table));
  return columns_of(table);
  END_RCPP
}

SEXP laot_r_weights(SEXP model, SEXP cells, SEXP settings) {
  BEGIN_RCPP
  const Data of_cells = data(cells);
  const Context call = context(settings);
  Rcpp::NumericVector out(static_cast<R_xlen_t>(size(of_cells).second));
  check(laot_weights(call.get(), model_of(model), of_cells.get(), out.begin(),
                     static_cast<std::size_t>(out.size())));
  return out;
  END_RCPP
}

SEXP laot_r_partners(SEXP model, SEXP direction, SEXP cells) {
  BEGIN_RCPP
  std::vector<std::size_t> chosen;
  for (const double cell : Rcpp::as<std::vector<double>>(cells))
    chosen.push_back(static_cast<std::size_t>(cell) - 1);
  laot_table* table = nullptr;
  check(laot_partners(model_of(model), Rcpp::as<std::string>(direction).c_str(), chosen.data(),
                      chosen.size(), &table));
  return columns_of(table);
  END_RCPP
}
