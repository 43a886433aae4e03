// The beginning of all methods of many conditions: roles and features of the covariates, and the
// mean shifts regressed on them.
#pragma once

#include <string>

#include "bind.hpp"
#include "covariate_roles.hpp"
#include "laot/conditions/conditional_laot.hpp"
#include "laot/models.hpp"

namespace laot {

/// Where the treatment's levels lie: as the experiment says, one-hot without an embedding; or by
/// what they do: classical scaling of the exact W2 between the treated cells of conditions of one
/// treatment, at most 10 coordinates, a level at the mean of its conditions.
enum class EmbeddingChoice { given, effect };

/// The row of the registry. `without`: what a level has where no embedding is given.
template <class Own>
ParamSpec embedding_row(const char* without, const char* source) {
  return choice("embedding", &Own::embedding,
                {{"given", EmbeddingChoice::given}, {"effect", EmbeddingChoice::effect}})
      .doc(text("Where levels lie: as the experiment says (", without,
                "), or by what they do: classical scaling of the exact W2 between treated "
                "populations, at most 10 coordinates"))
      .source(source);
}

struct ConditionalStart {
  CovariateRoles roles;
  CovariateFeatures features;
  ConditionalLaotOptions options;
  arma::mat own_shift;  // features x C, original units

  /// by_level: all conditions of the same levels are left out together, not each on its own.
  ConditionalStart(const ExperimentInput& input, const CovariateOptions& covariates,
                   const ConditionalLaotOptions& how, bool by_level, EmbeddingChoice embedding,
                   Context& context);
  /// The same conditions, of other cells.
  ConditionalStart of_cells(const ExperimentInput& input) const;
};

/// The cells in the space of the fit, and phi.
ConditionalCells cells_of(const ExperimentInput& input, const CovariateFeatures& features);

/// The shifts of all features on phi, with the ridge and the error of leaving conditions out.
struct RegressedShifts {
  arma::mat coefficients;  // features x K
  double ridge = 0.0, error = kNaN, size = 0.0;

  explicit RegressedShifts(const ConditionalStart& start);
  void add_to(Report& report) const;
};

/// Whether an error of leaving conditions out is about as large as the effect, so that the others
/// say next to nothing of a condition; and the sentence.
bool says_nothing(double error, double size);
std::string nothing_sentence(double error, double size);

/// Warnings about a fit of these conditions, for its user; empty where all is well.
std::string warnings_of(const ConditionalStart& start, const RegressedShifts& shifts);

}  // namespace laot
