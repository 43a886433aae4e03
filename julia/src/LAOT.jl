"""
    LAOT

Learns the map between unpaired control and treated single cells, and predicts how new cells
respond. Cells are columns: a matrix is features × cells.

```julia
using LAOT
fitted = fit(LAOTModel(), control, treated; seed = 1)
predicted = predict(fitted, new_control_cells)
save_model(fitted, "response.safetensors")
```

The numbers come from the shared library `liblaot`, which is looked for in the environment variable
`LAOT_LIBRARY`, then in what `Pkg.build("LAOT")` made, then on the system. With the same library
they are the same, bit for bit, as those of the R package and of every other language.
"""
module LAOT

using Libdl
using Serialization
using SparseArrays
using SparseArrays: getcolptr

export LAOTModel, CellOTModel, ScGenModel, CondAEModel
export ResponseModel, IdentityModel, MeanShiftModel, GaussianMapModel
export FittedModel, fit, predict, effects, strongest_effects, encode, choices
export composition, composition_weights, trivial
export save_model, load_model, notes
export Experiment, add_control!, add_condition!, model_at, conditions, held_out
export method_name, report, trace, linear_map, array, array_names, model_parameters
export feature_names, control_names, treated_names
export evaluate_predictions, ScoreTable, score, available_metrics, score_presets
export pairing, transitions, descendants, ancestors
export mmd2, median_gamma, wasserstein2, mmd2_test, feature_scores, cell_spearman
export variable_features, marker_features, marker_table, response_table
export trackability, stability, recovery_curve, isometry, movement_rates, change_at_cells
export simulate_populations, simulate_screen, recovery_study
export available_methods, method_parameters, method_presets, usual_settings, capabilities
export LAOTError

include("generics.jl")
include("library.jl")
include("libcalls.jl")
include("status.jl")
include("table.jl")
include("context.jl")
include("data.jl")
include("registry.jl")
include("model.jl")
include("covariates.jl")
include("experiment.jl")
include("metrics.jl")
include("scores.jl")
include("evaluation.jl")
include("pairing.jl")
include("trackability.jl")
include("screen.jl")

end
