// What all methods of many conditions begin with: roles and features of the covariates, and the
// mean shifts regressed on them.
#pragma once

#include <string>

#include "covariate_roles.hpp"
#include "laot/conditions/conditional_laot.hpp"
#include "laot/models.hpp"

namespace laot {

struct ConditionalStart {
  CovariateRoles roles;
  CovariateFeatures features;
  ConditionalLaotOptions options;
  arma::mat own_shift;  // features x C, original units

  /// by_level: all conditions of the same levels are left out together, not each on its own.
  ConditionalStart(const ExperimentInput& input, const CovariateOptions& covariates,
                   const ConditionalLaotOptions& how, bool by_level);
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

/// What a user should know of a fit of these conditions; empty where all is well.
std::string warnings_of(const ConditionalStart& start, const RegressedShifts& shifts);

}  // namespace laot
