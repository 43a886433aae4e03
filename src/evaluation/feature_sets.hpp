// Which features are scored, and the bandwidths of kernels there.
#pragma once

#include <string>
#include <vector>

#include "laot/evaluation.hpp"

namespace laot {

struct FeatureSet {
  std::vector<std::size_t> rows;        // empty: all features
  std::string label;                    // "1000 features", "top 50 markers"
  std::vector<double> gammas;           // empty: none is known; NaN: no positive distance
  std::vector<std::string> bandwidths;  // each as a text
  bool median = false;                  // the one of them is the median heuristic's
};

/// All features and, where asked for, the markers among them.
std::vector<FeatureSet> feature_sets(const HeldOut& held_out, const EvaluationOptions& options,
                                     Context& context);

}  // namespace laot
