#include "shared_params.hpp"

namespace laot {

std::vector<ParamSpec> space_params() {
  using Space = FeatureSpaceOptions;
  return {
      choice("center", in(&MethodOptions::space, &Space::center),
             {{"own", Center::own}, {"joint", Center::joint}, {"none", Center::none}})
          .doc("Each population on its own mean (an intercept), one mean for both, or no centring")
          .source("own"),
      choice("scale", in(&MethodOptions::space, &Space::scale),
             {{"auto", Scale::automatic},
              {"feature", Scale::feature},
              {"common", Scale::common},
              {"none", Scale::none}})
          .doc("Joint sd of each feature, one number for all, or none; auto: feature without "
               "components, common with them")
          .source("own"),
      integer("n_pcs", in(&MethodOptions::space, &Space::components))
          .to(100000)
          .word("auto", Space::kAutomatic)
          .doc("Principal components to work in, 0 for none; auto: min(50, floor(min(n, m)/8)), at "
               "least 2, where features > min(n, m)/8, else none. What they leave out of a cell is "
               "kept")
          .source("own"),
      keep_cells_param(),
  };
}

ParamSpec keep_cells_param() {
  return integer("keep_cells", &MethodOptions::keep_cells)
      .to(kMany)
      .doc(
          "Training cells of each population kept in the model for the noise reference, plots and "
          "nonnegative = marginals")
      .source("own");
}

}  // namespace laot
