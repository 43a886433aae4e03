#include "laot/conditions/nearest_condition.hpp"

#include <algorithm>
#include <limits>

namespace laot {

namespace {

double distance(const CovariateFeatures& features, const Treatment& a, const arma::vec& context_a,
                const Treatment& b, const arma::vec& context_b) {
  const arma::vec gap = features.coordinates(a, context_a) - features.coordinates(b, context_b);
  const double coordinates = static_cast<double>(std::max<arma::uword>(1, gap.n_elem - 1));
  double out = arma::dot(gap, gap) / coordinates + (a.level == b.level ? 0.0 : 1.0);
  if (features.has_dose()) {
    const double step = features.dose_curve(a.dose)[0] - features.dose_curve(b.dose)[0];
    out += 4.0 * step * step;
  }
  return out;
}

// From treatments to the nearest treatment of a condition each, added up.
double distance(const CovariateFeatures& features, const std::vector<Treatment>& wanted,
                const arma::vec& context, const ConditionCovariates& known) {
  double sum = 0.0;
  for (const Treatment& treatment : wanted) {
    double least = kInfinity;
    for (const Treatment& t : known.treatments)
      least = std::min(least, distance(features, treatment, context, t, known.context));
    sum += least;
  }
  return sum;
}

std::size_t nearest(const CovariateFeatures& features, const std::vector<Treatment>& wanted,
                    const arma::vec& context, std::size_t most_treatments) {
  const std::vector<ConditionCovariates>& known = features.conditions();
  std::size_t best = 0;
  double least = kInfinity;
  for (std::size_t c = 0; c < known.size(); ++c) {
    if (known[c].treatments.size() > most_treatments) continue;
    const double at = distance(features, wanted, context, known[c]);
    if (at >= least) continue;
    least = at;
    best = c;
  }
  return best;
}

}  // namespace

std::vector<std::size_t> nearest_conditions(const CovariateFeatures& features,
                                            const ConditionCovariates& condition) {
  const std::vector<ConditionCovariates>& known = features.conditions();
  const std::size_t own = features.find(condition);
  if (own < known.size()) return {own};
  const bool singles = std::any_of(known.begin(), known.end(),
                                   [](const auto& c) { return c.treatments.size() == 1; });
  if (!singles)
    return {nearest(features, condition.treatments, condition.context,
                    std::numeric_limits<std::size_t>::max())};
  std::vector<std::size_t> out;
  for (const Treatment& wanted : condition.treatments)
    out.push_back(nearest(features, {wanted}, condition.context, 1));
  return out;
}

}  // namespace laot
