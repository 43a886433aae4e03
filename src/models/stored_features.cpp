#include "stored_features.hpp"

#include <cmath>

namespace laot {

namespace {

// One row a treatment: its condition, its level and its dose, -1 for none.
arma::mat treatments_of(const CovariateFeatures& features) {
  std::vector<arma::rowvec> rows;
  for (std::size_t c = 0; c < features.conditions().size(); ++c)
    for (const Treatment& t : features.conditions()[c].treatments)
      rows.push_back({static_cast<double>(c),
                      t.level == Treatment::kNoLevel ? -1.0 : static_cast<double>(t.level),
                      features.has_dose() ? t.dose : -1.0});
  arma::mat out(rows.size(), 3);
  for (std::size_t r = 0; r < rows.size(); ++r) out.row(r) = rows[r];
  return out;
}

std::vector<ConditionCovariates> conditions_from(const ModelFile& file, std::size_t levels) {
  const arma::mat rows = file.matrix("response.treatments");
  require(rows.n_cols == 3 && rows.n_rows > 0, Status::bad_format,
          "the treatments of the model file are ", rows.n_rows, " x ", rows.n_cols);
  std::vector<ConditionCovariates> out;
  for (arma::uword r = 0; r < rows.n_rows; ++r) {
    const double c = rows(r, 0), level = rows(r, 1), dose = rows(r, 2);
    const double next = static_cast<double>(out.size());
    require((c == next || c == next - 1.0) && level >= -1.0 && level == std::floor(level) &&
                level < static_cast<double>(levels) && c >= 0.0 &&
                (dose == -1.0 || (dose >= 0.0 && std::isfinite(dose))),
            Status::bad_format, "row ", r + 1, " of the model file's treatments is damaged");
    if (c == next) out.push_back({});
    Treatment t;
    if (level >= 0.0) t.level = static_cast<std::size_t>(level);
    if (dose >= 0.0) t.dose = dose;
    out.back().treatments.push_back(t);
  }
  if (file.has("response.context_levels")) {
    const arma::mat of_contexts = file.matrix("response.context_levels");
    require(of_contexts.n_cols == out.size(), Status::bad_format, "the model file has levels of ",
            of_contexts.n_cols, " contexts of ", out.size(), " conditions");
    const double most = static_cast<double>(of_contexts.n_elem);
    for (arma::uword c = 0; c < of_contexts.n_cols; ++c)
      for (const double level : arma::vec(of_contexts.col(c))) {
        require(level >= 0.0 && level < most && level == std::floor(level), Status::bad_format,
                "a context of the model file has the level ", level, " of at most ", most);
        out[c].context_levels.push_back(static_cast<std::size_t>(level));
      }
  }
  if (!file.has("response.context_values")) return out;
  const arma::mat values = file.matrix("response.context_values");
  require(values.n_cols == out.size(), Status::bad_format, "the model file has ", values.n_cols,
          " contexts of ", out.size(), " conditions");
  for (std::size_t c = 0; c < out.size(); ++c) out[c].context = values.col(c);
  return out;
}

}  // namespace

void store_features(const CovariateFeatures& features, ModelFile& file) {
  file.put("response.treatments", treatments_of(features));
  arma::mat contexts;
  for (const ConditionCovariates& c : features.conditions())
    contexts = arma::join_rows(contexts, c.context);
  if (contexts.n_elem > 0) file.put("response.context_values", contexts);
  if (features.context_levels() > 0) {
    arma::mat levels;
    for (const ConditionCovariates& c : features.conditions())
      levels = arma::join_rows(levels, arma::conv_to<arma::vec>::from(c.context_levels));
    file.put("response.context_levels", levels);
  }
  file.put_number("response.level_weight", features.options().level_weight);
  file.put_number("response.condition_weight", features.options().condition_weight);
}

CovariateFeatures load_features(const ModelFile& file, const CovariateRoles& roles) {
  std::vector<ConditionCovariates> conditions = conditions_from(file, roles.embedding().n_cols);
  const auto weight = [&](const char* name) {
    const double value = file.usable_number(name);
    require(value >= 0.0, Status::bad_format, "\"", name, "\" of the model file is ", value,
            ", which is negative");
    return value;
  };
  const double of_levels = weight("response.level_weight");
  const double of_conditions = weight("response.condition_weight");
  try {
    return CovariateFeatures(std::move(conditions), roles.embedding(), {of_levels, of_conditions});
  } catch (const Error& error) {
    fail(Status::bad_format, "the model file's conditions: ", error);
  }
}

}  // namespace laot
