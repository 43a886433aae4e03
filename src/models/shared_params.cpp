#include "shared_params.hpp"

#include <limits>

namespace laot {

std::vector<ParamSpec> shared_params(const std::string& center) {
  return {
      {"center",
       ParamType::choice,
       center,
       0,
       0,
       {"own", "joint", "none"},
       "Each population on its own mean (an intercept), one mean for both, or no centring",
       "DESIGN, feature space"},
      {"scale",
       ParamType::choice,
       std::string("auto"),
       0,
       0,
       {"auto", "feature", "common", "none"},
       "Joint sd of each feature, one number for all, or none; auto: feature without components, "
       "common with them",
       "DESIGN, feature space"},
      {"n_pcs",
       ParamType::integer,
       std::string("auto"),
       0,
       100000,
       {"auto"},
       "Principal components to work in, 0 for none; auto: min(50, floor(min(n, m)/8)), at least "
       "2, "
       "where features > min(n, m)/8, else none. What they leave out of a cell is kept",
       "DESIGN, feature space"},
      {"keep_cells",
       ParamType::integer,
       1000.0,
       0,
       1e9,
       {},
       "Training cells of each population kept in the model for the noise reference, plots and "
       "nonnegative = marginals",
       "DESIGN, R"},
  };
}

FeatureSpaceOptions space_options(const Params& params) {
  FeatureSpaceOptions options;
  const std::string& center = params.choice("center");
  options.center = center == "own" ? Center::own : center == "joint" ? Center::joint : Center::none;
  const std::string& scale = params.choice("scale");
  options.scale = scale == "auto"      ? Scale::automatic
                  : scale == "feature" ? Scale::feature
                  : scale == "common"  ? Scale::common
                                       : Scale::none;
  options.components =
      params.is_word("n_pcs") ? FeatureSpaceOptions::kAutomatic : params.integer("n_pcs");
  return options;
}

}  // namespace laot
