// Calls that ask whether a pairing can be recovered.
#include "bridge.h"
#include "calls.h"

using namespace bridge;

namespace {

struct FreeFindings {
  void operator()(laot_findings* findings) const { laot_findings_free(findings); }
};
using Findings = std::unique_ptr<laot_findings, FreeFindings>;

std::vector<std::string> names_of(const laot_findings* findings, const char* what) {
  return lines(text([&](char* buffer, std::size_t size, std::size_t* needed) {
    return laot_findings_names(findings, what, buffer, size, needed);
  }));
}

// list(numbers = named numbers, texts = named strings, arrays = named list of matrices,
// tables = named list of columns).
Rcpp::List as_list(const Findings& owned) {
  const laot_findings* findings = owned.get();
  const std::vector<std::string> number_names = names_of(findings, "numbers");
  Rcpp::NumericVector numbers(static_cast<R_xlen_t>(number_names.size()));
  for (std::size_t k = 0; k < number_names.size(); ++k)
    check(laot_findings_number(findings, number_names[k].c_str(),
                               &numbers[static_cast<R_xlen_t>(k)]));
  numbers.names() = Rcpp::wrap(number_names);

  const std::vector<std::string> text_names = names_of(findings, "texts");
  Rcpp::CharacterVector texts(static_cast<R_xlen_t>(text_names.size()));
  for (std::size_t k = 0; k < text_names.size(); ++k)
    texts[static_cast<R_xlen_t>(k)] =
        text([&](char* buffer, std::size_t size, std::size_t* needed) {
          return laot_findings_text(findings, text_names[k].c_str(), buffer, size, needed);
        });
  texts.names() = Rcpp::wrap(text_names);

  const std::vector<std::string> array_names = names_of(findings, "arrays");
  Rcpp::List arrays(static_cast<R_xlen_t>(array_names.size()));
  for (std::size_t k = 0; k < array_names.size(); ++k) {
    std::size_t rows = 0, cols = 0;
    check(laot_findings_array_size(findings, array_names[k].c_str(), &rows, &cols));
    Rcpp::NumericMatrix array(Rcpp::no_init(static_cast<int>(rows), static_cast<int>(cols)));
    check(laot_findings_array(findings, array_names[k].c_str(), array.begin(), rows * cols));
    arrays[static_cast<R_xlen_t>(k)] = array;
  }
  arrays.names() = Rcpp::wrap(array_names);

  const std::vector<std::string> table_names = names_of(findings, "tables");
  Rcpp::List tables(static_cast<R_xlen_t>(table_names.size()));
  for (std::size_t k = 0; k < table_names.size(); ++k) {
    laot_table* table = nullptr;
    check(laot_findings_table(findings, table_names[k].c_str(), &table));
    tables[static_cast<R_xlen_t>(k)] = columns_of(table);
  }
  tables.names() = Rcpp::wrap(table_names);
  return Rcpp::List::create(Rcpp::Named("numbers") = numbers, Rcpp::Named("texts") = texts,
                            Rcpp::Named("arrays") = arrays, Rcpp::Named("tables") = tables);
}

Data data_or_null(SEXP cells) {
  return cells == R_NilValue ? Data() : data(cells);
}

std::size_t count_of(SEXP value) {
  return static_cast<std::size_t>(Rcpp::as<double>(value));
}

}  // namespace

SEXP laot_r_isometry(SEXP cells, SEXP rate, SEXP probabilities, SEXP settings) {
  BEGIN_RCPP
  const Data x = data(cells);
  const Context call = context(settings);
  const std::vector<double> at = Rcpp::as<std::vector<double>>(probabilities);
  laot_findings* found = nullptr;
  check(laot_isometry(call.get(), x.get(), Rcpp::as<double>(rate), at.data(), at.size(), &found));
  return as_list(Findings(found));
  END_RCPP
}

SEXP laot_r_rates(SEXP populations, SEXP times, SEXP probabilities, SEXP settings) {
  BEGIN_RCPP
  const Rcpp::List given(populations);
  std::vector<Data> owned;
  std::vector<const laot_data*> cells;
  for (R_xlen_t t = 0; t < given.size(); ++t) {
    owned.push_back(data(Rcpp::List(given[t])));
    cells.push_back(owned.back().get());
  }
  const std::vector<double> at = Rcpp::as<std::vector<double>>(times);
  const std::vector<double> asked = Rcpp::as<std::vector<double>>(probabilities);
  if (at.size() != cells.size()) Rcpp::stop("one time for each population is needed");
  const Context call = context(settings);
  laot_findings* found = nullptr;
  check(laot_rates(call.get(), cells.data(), at.data(), at.size(), asked.data(), asked.size(),
                   &found));
  return as_list(Findings(found));
  END_RCPP
}

SEXP laot_r_simulate(SEXP features, SEXP cells, SEXP gap, SEXP noise, SEXP entries, SEXP settings) {
  BEGIN_RCPP
  const int d = Rcpp::as<int>(features), n = Rcpp::as<int>(cells);
  Rcpp::NumericMatrix control(d, n), treated(d, n), map(d, d);
  std::vector<std::size_t> partner(static_cast<std::size_t>(n));
  const Context call = context(settings);
  check(laot_simulate_populations(call.get(), static_cast<std::size_t>(d),
                                  static_cast<std::size_t>(n), Rcpp::as<double>(gap),
                                  Rcpp::as<double>(noise), Rcpp::as<std::string>(entries).c_str(),
                                  control.begin(), treated.begin(), map.begin(), partner.data()));
  Rcpp::IntegerVector partners(n);
  for (int i = 0; i < n; ++i)
    partners[i] = static_cast<int>(partner[static_cast<std::size_t>(i)]) + 1;
  return Rcpp::List::create(Rcpp::Named("control") = control, Rcpp::Named("treated") = treated,
                            Rcpp::Named("map") = map, Rcpp::Named("partner") = partners);
  END_RCPP
}

SEXP laot_r_simulate_screen(SEXP features, SEXP drugs, SEXP cells, SEXP new_cells, SEXP kappa,
                            SEXP noise, SEXP settings) {
  BEGIN_RCPP
  const Context call = context(settings);
  laot_findings* found = nullptr;
  check(laot_simulate_screen(call.get(), count_of(features), count_of(drugs), count_of(cells),
                             count_of(new_cells), Rcpp::as<double>(kappa), Rcpp::as<double>(noise),
                             &found));
  return as_list(Findings(found));
  END_RCPP
}

SEXP laot_r_recovery_study(SEXP features, SEXP gaps, SEXP counts, SEXP noise, SEXP entries,
                           SEXP cost, SEXP settings) {
  BEGIN_RCPP
  std::vector<std::size_t> d;
  for (const double value : Rcpp::as<std::vector<double>>(features))
    d.push_back(static_cast<std::size_t>(value));
  const std::vector<double> at = Rcpp::as<std::vector<double>>(gaps);
  const std::vector<double> sizes = Rcpp::as<std::vector<double>>(counts);
  Rcpp::NumericMatrix mean(static_cast<int>(d.size()), static_cast<int>(at.size()));
  Rcpp::NumericMatrix sd(mean.nrow(), mean.ncol());
  const Context call = context(settings);
  check(laot_recovery_study(
      call.get(), d.data(), d.size(), at.data(), at.size(), static_cast<std::size_t>(sizes.at(0)),
      static_cast<std::size_t>(sizes.at(1)), static_cast<std::size_t>(sizes.at(2)),
      Rcpp::as<double>(noise), Rcpp::as<std::string>(entries).c_str(),
      Rcpp::as<std::string>(cost).c_str(), mean.begin(), sd.begin()));
  return Rcpp::List::create(Rcpp::Named("mean") = mean, Rcpp::Named("sd") = sd);
  END_RCPP
}

SEXP laot_r_change_at_cells(SEXP model, SEXP control, SEXP most_cells, SEXP settings) {
  BEGIN_RCPP
  const Data x = data_or_null(control);
  const Context call = context(settings);
  laot_table* table = nullptr;
  check(laot_change_at_cells(call.get(), model_of(model), x.get(), count_of(most_cells), &table));
  return columns_of(table);
  END_RCPP
}

SEXP laot_r_stability(SEXP model, SEXP control, SEXP treated, SEXP counts, SEXP resample,
                      SEXP settings) {
  BEGIN_RCPP
  const Data x = data_or_null(control), y = data_or_null(treated);
  const std::vector<double> sizes = Rcpp::as<std::vector<double>>(counts);
  const Context call = context(settings);
  laot_findings* found = nullptr;
  check(laot_stability(call.get(), model_of(model), x.get(), y.get(),
                       static_cast<std::size_t>(sizes.at(0)), static_cast<std::size_t>(sizes.at(1)),
                       static_cast<std::size_t>(sizes.at(2)),
                       Rcpp::as<std::string>(resample).c_str(), &found));
  return as_list(Findings(found));
  END_RCPP
}

SEXP laot_r_recovery_curve(SEXP model, SEXP control, SEXP treated, SEXP design, SEXP gaps,
                           SEXP repeats, SEXP most_cells, SEXP settings) {
  BEGIN_RCPP
  const Data x = data_or_null(control), y = data_or_null(treated);
  const std::vector<double> at = Rcpp::as<std::vector<double>>(gaps);
  const Context call = context(settings);
  laot_findings* found = nullptr;
  check(laot_recovery_curve(call.get(), model_of(model), x.get(), y.get(),
                            Rcpp::as<std::string>(design).c_str(), at.data(), at.size(),
                            count_of(repeats), count_of(most_cells), &found));
  return as_list(Findings(found));
  END_RCPP
}

SEXP laot_r_verdict(SEXP recovery, SEXP residual) {
  BEGIN_RCPP
  return Rf_mkString(
      laot_trackability_verdict(Rcpp::as<double>(recovery), Rcpp::as<double>(residual)));
  END_RCPP
}
