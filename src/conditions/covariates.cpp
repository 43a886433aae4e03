#include "laot/conditions/covariates.hpp"

#include <algorithm>
#include <cmath>

namespace laot {

namespace {

std::vector<std::pair<std::size_t, double>> sorted(const std::vector<Treatment>& treatments) {
  std::vector<std::pair<std::size_t, double>> out;
  for (const Treatment& t : treatments) out.emplace_back(t.level, std::isnan(t.dose) ? -1 : t.dose);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::size_t> treatment_levels(const ConditionCovariates& condition) {
  std::vector<std::size_t> out;
  for (const Treatment& t : condition.treatments) out.push_back(t.level);
  std::sort(out.begin(), out.end());
  return out;
}

bool same_context(const ConditionCovariates& a, const ConditionCovariates& b) {
  return a.context_levels == b.context_levels &&
         std::equal(a.context.begin(), a.context.end(), b.context.begin(), b.context.end());
}

}  // namespace

const char* name_of(ConditionKind kind) {
  switch (kind) {
    case ConditionKind::seen:
      return "seen";
    case ConditionKind::unseen_dose:
      return "unseen_dose";
    case ConditionKind::unseen_level:
      return "unseen_level";
    case ConditionKind::unseen_combination:
      return "unseen_combination";
    case ConditionKind::unseen_context:
      break;
  }
  return "unseen_context";
}

// Checked conditions have no NaN but that of a dose that is not there.
CovariateFeatures::Key CovariateFeatures::key_of(const ConditionCovariates& condition) {
  return {sorted(condition.treatments), condition.context_levels,
          arma::conv_to<std::vector<double>>::from(condition.context)};
}

CovariateFeatures::CovariateFeatures(std::vector<ConditionCovariates> training, arma::mat embedding,
                                     const CovariateOptions& options)
    : training_(std::move(training)), embedding_(std::move(embedding)), options_(options) {
  require(!training_.empty() && !training_[0].treatments.empty(), Status::invalid_argument,
          "an experiment needs at least one condition");
  require(embedding_.is_finite(), Status::not_finite, "the embedding has a NaN or Inf");
  has_dose_ = !std::isnan(training_[0].treatments[0].dose);
  level_seen_.assign(embedding_.n_cols, false);
  for (std::size_t c = 0; c < training_.size(); ++c) {
    for (const std::size_t level : training_[c].context_levels)
      context_levels_ = std::max(context_levels_, level + 1);
    check(training_[c]);
    const auto [other, is_new] = number_of_.emplace(key_of(training_[c]), c);
    require(is_new, Status::invalid_argument, "conditions ", other->second + 1, " and ", c + 1,
            " (counted from 1) have the same covariates; pool their cells, or add the covariate "
            "that tells them apart");
    level_sets_.push_back(treatment_levels(training_[c]));
    for (const Treatment& t : training_[c].treatments)
      if (t.level != Treatment::kNoLevel) level_seen_[t.level] = true;
  }
  learn_doses();
  learn_scale();
}

void CovariateFeatures::check(const ConditionCovariates& condition) const {
  require(!condition.treatments.empty(), Status::invalid_argument,
          "a condition needs at least one treatment");
  require(condition.context.n_elem == training_[0].context.n_elem, Status::dimension_mismatch,
          "a context has ", condition.context.n_elem, " coordinates where others have ",
          training_[0].context.n_elem);
  require(condition.context.is_finite(), Status::not_finite, "a context has a NaN or Inf");
  for (const std::size_t level : condition.context_levels)
    require(level < context_levels_, Status::invalid_argument, "level ", level + 1,
            " (counted from 1) of the context has no effect of its own: there are ",
            context_levels_);
  for (const Treatment& t : condition.treatments) {
    require(t.level == Treatment::kNoLevel ? embedding_.n_cols == 0 : t.level < embedding_.n_cols,
            Status::invalid_argument, "a level has no column in the embedding of ",
            embedding_.n_cols, " levels");
    require(std::isnan(t.dose) != has_dose_, Status::invalid_argument,
            "some treatments have a dose and others have none");
    require(!has_dose_ || (t.dose >= 0.0 && std::isfinite(t.dose)), Status::invalid_argument,
            "a dose must be 0 or a positive number, found ", t.dose);
  }
}

void CovariateFeatures::learn_doses() {
  if (!has_dose_) return;
  smallest_dose_ = kInfinity;
  for (const ConditionCovariates& condition : training_)
    for (const Treatment& t : condition.treatments)
      if (t.dose > 0.0) {
        smallest_dose_ = std::min(smallest_dose_, t.dose);
        largest_dose_ = std::max(largest_dose_, t.dose);
      }
  require(largest_dose_ > 0.0, Status::invalid_argument,
          "all training doses are 0: nothing can be learnt of a dose");
  single_dose_ = smallest_dose_ == largest_dose_;
}

void CovariateFeatures::learn_scale() {
  const std::size_t q = embedding_.n_rows, total = q + training_[0].context.n_elem;
  arma::vec sum(total, arma::fill::zeros), squares(total, arma::fill::zeros);
  double count = 0.0;
  const auto for_each = [&](const auto& take) {
    for (const ConditionCovariates& condition : training_)
      for (const Treatment& t : condition.treatments)
        for (std::size_t k = 0; k < total; ++k)
          take(k, k < q ? embedding_(k, t.level) : condition.context[k - q]);
  };
  for (const ConditionCovariates& condition : training_)
    count += static_cast<double>(condition.treatments.size());
  for_each([&](std::size_t k, double value) { sum[k] += value / count; });
  for_each([&](std::size_t k, double value) {
    squares[k] += (value - sum[k]) * (value - sum[k]) / count;
  });
  std::vector<double> mean, scale;
  for (std::size_t k = 0; k < total; ++k) {
    // Rounding of equal values is no variation.
    if (!(squares[k] > 1e-24 * std::max(sum[k] * sum[k], 1e-280))) continue;
    kept_.push_back(k);
    mean.push_back(sum[k]);
    scale.push_back(std::sqrt(squares[k]));
  }
  mean_ = arma::vec(mean);
  scale_ = arma::vec(scale);
}

arma::vec CovariateFeatures::coordinates(const Treatment& treatment,
                                         const arma::vec& context) const {
  const std::size_t q = embedding_.n_rows;
  arma::vec out(1 + kept_.size());
  out[0] = 1.0;
  for (std::size_t k = 0; k < kept_.size(); ++k) {
    const double value =
        kept_[k] < q ? embedding_(kept_[k], treatment.level) : context[kept_[k] - q];
    out[1 + k] = (value - mean_[k]) / scale_[k];
  }
  return out;
}

std::vector<double> CovariateFeatures::dose_curve(double dose) const {
  if (!has_dose_) return {1.0};
  const double u = std::log1p(dose / smallest_dose_) / std::log1p(largest_dose_ / smallest_dose_);
  if (single_dose_) return {u};
  return {u, u * u};
}

std::size_t CovariateFeatures::size() const {
  const std::size_t curve = has_dose_ && !single_dose_ ? 2 : 1;
  return curve * (1 + kept_.size() + level_seen_.size() + context_levels_) + training_.size();
}

arma::vec CovariateFeatures::operator()(const ConditionCovariates& condition) const {
  check(condition);
  arma::vec phi(size(), arma::fill::zeros);
  bool any_dose = !has_dose_;
  for (const Treatment& t : condition.treatments) {
    any_dose = any_dose || t.dose > 0.0;
    const arma::vec e = coordinates(t, condition.context);
    std::size_t at = 0;
    for (const double h : dose_curve(t.dose)) {
      for (const double value : e) phi[at++] += h * value;
      if (t.level != Treatment::kNoLevel && level_seen_[t.level])
        phi[at + t.level] += options_.level_weight * h;
      at += level_seen_.size();
      for (const std::size_t level : condition.context_levels)
        phi[at + level] += options_.level_weight * h;
      at += context_levels_;
    }
    require(t.level == Treatment::kNoLevel || level_seen_[t.level] || embedding_.n_rows > 0,
            Status::unknown_name, "level ", t.level + 1,
            " (counted from 1) was not seen, and a one-hot embedding knows only levels that were");
  }
  const std::size_t own = find(condition);
  if (own < training_.size() && any_dose)
    phi[phi.n_elem - training_.size() + own] = options_.condition_weight;
  return phi;
}

arma::mat CovariateFeatures::training() const {
  arma::mat out(size(), training_.size());
  for (std::size_t c = 0; c < training_.size(); ++c) out.col(c) = (*this)(training_[c]);
  return out;
}

std::size_t CovariateFeatures::find(const ConditionCovariates& condition) const {
  const auto at = number_of_.find(key_of(condition));
  return at == number_of_.end() ? training_.size() : at->second;
}

ConditionKind CovariateFeatures::kind(const ConditionCovariates& condition) const {
  check(condition);
  if (find(condition) < training_.size()) return ConditionKind::seen;
  for (const Treatment& t : condition.treatments)
    if (t.level != Treatment::kNoLevel && !level_seen_[t.level]) return ConditionKind::unseen_level;
  const auto levels = treatment_levels(condition);
  bool context_seen = false, levels_seen_there = false;
  for (std::size_t c = 0; c < training_.size(); ++c) {
    if (!same_context(training_[c], condition)) continue;
    context_seen = true;
    levels_seen_there = levels_seen_there || level_sets_[c] == levels;
  }
  if (!context_seen) return ConditionKind::unseen_context;
  return levels_seen_there ? ConditionKind::unseen_dose : ConditionKind::unseen_combination;
}

std::string CovariateFeatures::beyond_doses(const ConditionCovariates& condition) const {
  if (!has_dose_) return {};
  for (const Treatment& t : condition.treatments)
    if (t.dose > largest_dose_)
      return text("a dose of ", t.dose, " lies beyond those that were seen, ",
                  single_dose_ ? std::string() : text(smallest_dose_, " to "), largest_dose_,
                  ": the prediction is an extrapolation");
  return {};
}

}  // namespace laot
