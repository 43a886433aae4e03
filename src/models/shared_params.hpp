#pragma once

#include <vector>

#include "laot/feature_space.hpp"
#include "laot/params.hpp"

namespace laot {

/// The end of ranges that have none.
constexpr double kMany = 1e9;

/// Rows of the registry that every method has: the feature space and what is kept.
std::vector<ParamSpec> shared_params(const std::string& center);
FeatureSpaceOptions space_options(const Params& params);

}  // namespace laot
