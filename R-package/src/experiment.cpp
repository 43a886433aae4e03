// Calls on experiments of many conditions.
#include "bridge.h"
#include "calls.h"
#include "evaluation_options.h"

using namespace bridge;

namespace {

using Experiment = std::unique_ptr<laot_experiment, Freed<laot_experiment, laot_experiment_free>>;

// The values of a condition as the library takes them.
struct Covariates {
  std::vector<std::string> names, levels;
  std::vector<bool> is_level;
  std::vector<double> numbers;

  // values: a named list of numbers and strings.
  explicit Covariates(const Rcpp::List& values) {
    if (values.size() == 0) return;
    const std::vector<std::string> given = Rcpp::as<std::vector<std::string>>(values.names());
    for (R_xlen_t i = 0; i < values.size(); ++i) {
      SEXP value = values[i];
      const bool level = TYPEOF(value) == STRSXP;
      for (R_xlen_t k = 0; k < Rf_xlength(value); ++k) {
        names.push_back(given[static_cast<std::size_t>(i)]);
        is_level.push_back(level);
        levels.emplace_back(level ? Rf_translateCharUTF8(STRING_ELT(value, k)) : "");
        numbers.push_back(level ? 0.0 : Rcpp::as<Rcpp::NumericVector>(value)[k]);
      }
    }
  }
  std::vector<const char*> name_pointers() const {
    std::vector<const char*> out;
    for (const std::string& name : names) out.push_back(name.c_str());
    return out;
  }
  std::vector<const char*> level_pointers() const {
    std::vector<const char*> out;
    for (std::size_t i = 0; i < levels.size(); ++i)
      out.push_back(is_level[i] ? levels[i].c_str() : nullptr);
    return out;
  }
};

// Texts in UTF-8 as the library takes them, NA as NULL; they belong to R.
std::vector<const char*> text_pointers(SEXP texts) {
  std::vector<const char*> out;
  for (R_xlen_t i = 0; i < Rf_xlength(texts); ++i)
    out.push_back(STRING_ELT(texts, i) == NA_STRING ? nullptr : CHAR(STRING_ELT(texts, i)));
  return out;
}

// The values of columns, a row each.
struct ValuesOfCells {
  std::vector<std::size_t> at;
  std::vector<const char*> covariates, levels;
  std::vector<double> numbers;

  // columns: a named list of numbers, texts and lists of these, a value for each cell.
  explicit ValuesOfCells(SEXP columns) {
    SEXP names = Rf_getAttrib(columns, R_NamesSymbol);
    for (R_xlen_t k = 0; k < Rf_xlength(columns); ++k) {
      const char* const name = Rf_translateCharUTF8(STRING_ELT(names, k));
      SEXP column = VECTOR_ELT(columns, k);
      for (R_xlen_t cell = 0; cell < Rf_xlength(column); ++cell) {
        SEXP values = TYPEOF(column) == VECSXP ? VECTOR_ELT(column, cell) : column;
        const bool several = TYPEOF(column) == VECSXP;
        const R_xlen_t first = several ? 0 : cell, last = several ? Rf_xlength(values) : cell + 1;
        if (first == last) add(cell, name, nullptr, R_NaN);
        for (R_xlen_t i = first; i < last; ++i) {
          const bool text = TYPEOF(values) == STRSXP;
          SEXP level = text ? STRING_ELT(values, i) : NA_STRING;
          add(cell, name, level == NA_STRING ? nullptr : CHAR(level),
              text ? R_NaN : REAL(values)[i]);
        }
      }
    }
  }

 private:
  void add(R_xlen_t cell, const char* covariate, const char* level, double number) {
    at.push_back(static_cast<std::size_t>(cell));
    covariates.push_back(covariate);
    levels.push_back(level);
    numbers.push_back(number);
  }
};

// Cells of a condition that an R function reads as list(cells = ) or, since no R error may pass
// through the library, list(error = its sentence).
class Reader {
 public:
  explicit Reader(SEXP function) : function_(function) {}
  const std::string& error() const { return error_; }

  static int read(void* payload, laot_data** cells) {
    Call call{static_cast<Reader*>(payload), cells, false};
    const bool came_back = R_ToplevelExec(read_inside, &call) != FALSE;  // else Ctrl-C
    return came_back && call.done ? 0 : 1;
  }
  static void let_go(void* payload) { static_cast<Reader*>(payload)->kept_ = R_NilValue; }

 private:
  struct Call {
    Reader* reader;
    laot_data** cells;
    bool done;
  };

  static void read_inside(void* payload) {
    Call& call = *static_cast<Call*>(payload);
    Reader& reader = *call.reader;
    SEXP expression = PROTECT(Rf_lang1(reader.function_));
    reader.kept_ = Rf_eval(expression, R_BaseEnv);
    UNPROTECT(1);
    try {
      const Rcpp::List read(reader.kept_);
      if (read.containsElementNamed("error")) {
        reader.error_ = Rcpp::as<std::string>(read["error"]);
        return;
      }
      *call.cells = data(read["cells"]).release();
      call.done = true;
    } catch (const std::exception& error) {
      reader.error_ = error.what();
    }
  }

  const Rcpp::RObject function_;
  Rcpp::RObject kept_;  // the library looks at it until it lets go
  std::string error_;
};

// Matrices and readers that an experiment looks at.
struct Kept {
  std::vector<Data> data;
  std::vector<std::unique_ptr<Reader>> readers;

  // After a call that was stopped because cells could not be read, what was wrong.
  void check_readers() const {
    for (const auto& reader : readers)
      if (!reader->error().empty()) throw Rcpp::exception(reader->error().c_str(), false);
  }
};

// controls: a list of cells; treated: a named list of cells, or of list(later = function, count = )
// where they are read when they are needed, with the number of the controls that go with each and
// its covariates; embeddings: by covariate, list(levels, coordinates x levels) or "control", or
// NULL.
Experiment experiment_from(SEXP controls, SEXP treated, SEXP which, SEXP covariates,
                           SEXP embeddings, Kept& kept) {
  std::vector<Data>& all = kept.data;
  bridge::Matrices matrices;
  laot_experiment* raw = nullptr;
  check(laot_experiment_new(&raw));
  Experiment experiment(raw);
  const Rcpp::List of_control(controls), of_treated(treated), values(covariates);
  for (R_xlen_t g = 0; g < of_control.size(); ++g) {
    all.push_back(matrices.data(of_control[g]));
    std::size_t index = 0;
    check(laot_experiment_add_control(raw, all.back().get(), &index));
  }
  const std::vector<std::string> names = Rcpp::as<std::vector<std::string>>(of_treated.names());
  const Rcpp::IntegerVector control(which);
  for (R_xlen_t c = 0; c < of_treated.size(); ++c) {
    const Covariates known(values[c]);
    const std::vector<const char*> of_values = known.name_pointers(),
                                   levels = known.level_pointers();
    const char* name = names[static_cast<std::size_t>(c)].c_str();
    const auto of_control_number = static_cast<std::size_t>(control[c] - 1);
    const Rcpp::List given(of_treated[c]);
    if (given.containsElementNamed("later")) {
      kept.readers.push_back(std::make_unique<Reader>(given["later"]));
      check(laot_experiment_add_condition_later(
          raw, name, static_cast<std::size_t>(Rcpp::as<int>(given["count"])), Reader::read,
          Reader::let_go, kept.readers.back().get(), of_control_number, of_values.data(),
          levels.data(), known.numbers.data(), known.names.size()));
      continue;
    }
    all.push_back(matrices.data(given));
    check(laot_experiment_add_condition(raw, name, all.back().get(), of_control_number,
                                        of_values.data(), levels.data(), known.numbers.data(),
                                        known.names.size()));
  }
  const Rcpp::List places = embeddings == R_NilValue ? Rcpp::List() : Rcpp::List(embeddings);
  for (R_xlen_t e = 0; e < places.size(); ++e) {
    if (TYPEOF(places[e]) == STRSXP) {
      const std::string covariate(
          Rcpp::as<std::vector<std::string>>(places.names())[static_cast<std::size_t>(e)]);
      check(laot_experiment_place_by_controls(raw, covariate.c_str()));
      continue;
    }
    const Rcpp::List one(places[e]);
    const std::vector<std::string> levels = Rcpp::as<std::vector<std::string>>(one["levels"]);
    const Rcpp::NumericMatrix coordinates = one["coordinates"];
    std::vector<const char*> pointers;
    for (const std::string& level : levels) pointers.push_back(level.c_str());
    const std::vector<std::string> covariate = Rcpp::as<std::vector<std::string>>(places.names());
    check(laot_experiment_add_embedding(raw, covariate[static_cast<std::size_t>(e)].c_str(),
                                        pointers.data(), pointers.size(), coordinates.begin(),
                                        static_cast<std::size_t>(coordinates.nrow())));
  }
  return experiment;
}

}  // namespace

SEXP laot_r_read_conditions(SEXP labels, SEXP control, SEXP targets, SEXP columns, SEXP combine) {
  BEGIN_RCPP
  const std::vector<const char*> of_cells = text_pointers(labels), wanted = text_pointers(targets);
  const ValuesOfCells values(columns);
  std::vector<std::size_t> control_of(wanted.size());
  laot_table *conditions = nullptr, *controls = nullptr;
  check(laot_read_conditions(
      of_cells.data(), of_cells.size(), text_pointers(control)[0], wanted.data(), wanted.size(),
      values.at.data(), values.covariates.data(), values.levels.data(), values.numbers.data(),
      values.at.size(), combine == R_NilValue ? nullptr : text_pointers(combine)[0], "NA",
      &conditions, &controls, control_of.data()));
  const Rcpp::List of_conditions = columns_of(conditions), of_controls = columns_of(controls);
  const Rcpp::NumericVector which(control_of.begin(), control_of.end());
  using Rcpp::Named;
  return Rcpp::List::create(Named("conditions") = of_conditions, Named("controls") = of_controls,
                            Named("control.of") = which);
  END_RCPP
}

SEXP laot_r_fit_experiment(SEXP method, SEXP preset, SEXP params, SEXP controls, SEXP treated,
                           SEXP which, SEXP covariates, SEXP embeddings, SEXP held_out,
                           SEXP settings) {
  BEGIN_RCPP
  const Params asked = params_from(Rcpp::as<std::string>(method), preset, params);
  Kept kept;
  const Experiment experiment =
      experiment_from(controls, treated, which, covariates, embeddings, kept);
  for (const std::string& name : Rcpp::as<std::vector<std::string>>(held_out))
    check(laot_experiment_hold_out(experiment.get(), name.c_str()));
  const Context call = context(settings);
  laot_model* model = nullptr;
  const laot_status status = laot_fit_experiment(call.get(), asked.get(), experiment.get(), &model);
  kept.check_readers();
  check(status);
  return pointer_to(model);
  END_RCPP
}

// models: a list of pointers; the rest as above, and the options of laot_r_evaluate.
SEXP laot_r_evaluate_experiment(SEXP models, SEXP controls, SEXP treated, SEXP which,
                                SEXP covariates, SEXP options, SEXP settings) {
  BEGIN_RCPP
  Kept kept;
  const Experiment experiment =
      experiment_from(controls, treated, which, covariates, R_NilValue, kept);
  const Rcpp::List given(models);
  std::vector<const laot_model*> asked;
  for (R_xlen_t k = 0; k < given.size(); ++k) asked.push_back(model_of(given[k]));
  const EvaluationOptions wanted(options);
  const Context call = context(settings);
  laot_table* table = nullptr;
  check(laot_evaluate_experiment(call.get(), asked.data(), asked.size(), experiment.get(),
                                 wanted.get(), &table));
  return columns_of(table);
  END_RCPP
}

// controls: cells of a level that was not seen, or NULL; the settings go with them.
SEXP laot_r_model_at(SEXP model, SEXP condition, SEXP covariates, SEXP controls, SEXP settings) {
  BEGIN_RCPP
  const Covariates known{Rcpp::List(covariates)};
  const std::string name =
      condition == R_NilValue ? std::string() : Rcpp::as<std::string>(condition);
  laot_model* out = nullptr;
  if (controls != R_NilValue) {
    const Data cells = data(controls);
    const Context call = context(settings);
    check(laot_model_at_controls(call.get(), model_of(model), cells.get(), name.c_str(),
                                 known.name_pointers().data(), known.level_pointers().data(),
                                 known.numbers.data(), known.names.size(), &out));
    return pointer_to(out);
  }
  check(laot_model_at(model_of(model), name.c_str(), known.name_pointers().data(),
                      known.level_pointers().data(), known.numbers.data(), known.names.size(),
                      &out));
  return pointer_to(out);
  END_RCPP
}
