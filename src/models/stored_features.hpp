// The covariates of the training conditions in a model file: phi is made from them again.
#pragma once

#include "covariate_roles.hpp"

namespace laot {

void store_features(const CovariateFeatures& features, ModelFile& file);
/// Throws bad_format where the conditions are damaged.
CovariateFeatures load_features(const ModelFile& file, const CovariateRoles& roles);

}  // namespace laot
