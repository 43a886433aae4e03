// A simulated drug screen by name, for hosts to show.
#pragma once

#include "laot/conditions/simulated_screen.hpp"
#include "laot/trackability/findings.hpp"

namespace laot {

/// Tables drugs (drug), training and test (condition, kind, drug, dose); cells of the training and
/// of the test conditions side by side, in the order of these.
Findings findings_of(const Screen& screen);

}  // namespace laot
