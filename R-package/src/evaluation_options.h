// The options of an evaluation as the library takes them.
#pragma once

#include <string>
#include <vector>

#include "bridge.h"

namespace bridge {

/// options: list(condition, methods, metrics, preset, gammas, epsilon, markers, reference, test),
/// each NULL for the usual.
class EvaluationOptions {
 public:
  explicit EvaluationOptions(SEXP options) : given_(options) {
    condition_ = has("condition") ? Rcpp::as<std::string>(given_["condition"]) : "";
    methods_ = texts("methods");
    metrics_ = texts("metrics");
    preset_ = texts("preset");
    reference_ = texts("reference");
    if (has("gammas")) gammas_ = Rcpp::as<std::vector<double>>(given_["gammas"]);
    wanted_.struct_size = sizeof wanted_;
    wanted_.condition = condition_.empty() ? nullptr : condition_.c_str();
    wanted_.methods = methods_.c_str();
    wanted_.metrics = metrics_.c_str();
    wanted_.preset = preset_.c_str();
    wanted_.gammas = gammas_.data();
    wanted_.gamma_count = gammas_.size();
    if (has("epsilon")) {
      const Rcpp::NumericVector epsilon(static_cast<SEXP>(given_["epsilon"]));
      wanted_.epsilon = epsilon[0];
      wanted_.epsilon_absolute =
          Rcpp::as<std::vector<std::string>>(epsilon.names())[0] == "absolute" ? 1 : 0;
    }
    if (has("markers"))
      wanted_.markers = static_cast<std::size_t>(Rcpp::as<double>(given_["markers"]));
    wanted_.reference = reference_.c_str();
    wanted_.test = has("test") && Rcpp::as<bool>(given_["test"]) ? 1 : 0;
  }
  EvaluationOptions(const EvaluationOptions&) = delete;
  EvaluationOptions& operator=(const EvaluationOptions&) = delete;
  const laot_evaluation_options* get() const { return &wanted_; }

 private:
  bool has(const char* name) const {
    return given_.containsElementNamed(name) && static_cast<SEXP>(given_[name]) != R_NilValue;
  }
  std::string texts(const char* name) const {
    std::string out;
    if (!has(name)) return out;
    for (const std::string& text : Rcpp::as<std::vector<std::string>>(given_[name]))
      out += out.empty() ? text : "," + text;
    return out;
  }

  Rcpp::List given_;
  std::string condition_, methods_, metrics_, preset_, reference_;
  std::vector<double> gammas_;
  laot_evaluation_options wanted_ = {};
};

}  // namespace bridge
