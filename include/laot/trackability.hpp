// Whether the pairing of an experiment can be recovered: the restricted isometry constant and the
// critical gap of the paper, what still informs where that bound says nothing, and the recovery
// curve simulated from a fit. Matrices are features x cells.
#pragma once

#include "laot/trackability/critical_gap.hpp"
#include "laot/trackability/isometry.hpp"
#include "laot/trackability/populations.hpp"
#include "laot/trackability/recovery_curve.hpp"
#include "laot/trackability/stability.hpp"
