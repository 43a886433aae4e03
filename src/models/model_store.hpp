// One condition of a fit to each, on its own.
#pragma once

#include "laot/models.hpp"

namespace laot {

/// All that is of the condition; of its controls only where they are not known otherwise.
void store_condition_fit(const Model& model, bool with_controls, ModelFile& file);

/// The other way. `controls`: a training summary with what is kept of the controls, where the file
/// has nothing of them; else NULL.
Model load_condition_fit(const ModelFile& file, const Params& params,
                         const TrainingSummary* controls);

}  // namespace laot
