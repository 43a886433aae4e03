// Maps that bend, and marginals, of the conditions that were seen.
#pragma once

#include "laot/models.hpp"

namespace laot {

enum class Bend { no, yes, automatic };

struct BendSettings {
  Bend lift = Bend::no, marginals = Bend::no;

  bool asked() const { return lift != Bend::no || marginals != Bend::no; }
};

/// For each condition its lift, in the space of all about the means of its own populations, where
/// that is asked for, and whether its marginals are restored. Automatic: held-out cells of the
/// condition decide between these and its own linear map, as choose() says. A lift needs
/// kFewestLifted cells a side. To `reports`, one for each condition: what was decided, and why.
/// Conditions go over the threads of the context.
constexpr std::size_t kFewestLifted = 20;
std::vector<OwnResponse> own_responses(const ExperimentInput& input, const BendSettings& settings,
                                       const arma::mat& own_shift, std::vector<Report>& reports,
                                       Context& context);

}  // namespace laot
