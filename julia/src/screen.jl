# A simulated screen with known truth.

"""
    simulate_screen(; features, drugs, cells, new_cells, kappa, noise, seed = 1)

A simulated drug screen: drugs at the doses 1, 3, 7 and 15 and pairs of drugs, in cells of three
clusters. Four drugs are in no training condition, of eight others one dose is left out, and eight pairs
are left out; `laot_simulate_screen` in the reference page of the C interface has the formulas. `kappa`
is the size of effects that switch with the cell (0: effects are linear in the cell), `noise` the sd of
what is added to each treated value; what is not given is as `usual_settings()` has it (20 features and
drugs, 200 and 300 cells).

A named tuple of `cells` (features × cells) with `info`, their condition, drug ("A+B" for a pair, ""
for controls) and dose, for `Experiment(cells, info.condition; combine = "+", ...)`; `embedding`
(coordinates by drug); `new_control`; `test`, a table of condition, kind, drug and dose of what was left
out; and by its names `observed`, fresh treated cells, and `truth`, `new_control` moved.
"""
function simulate_screen(; features::Integer = usual("simulate_screen", "features"),
                         drugs::Integer = usual("simulate_screen", "drugs"),
                         cells::Integer = usual("simulate_screen", "cells"),
                         new_cells::Integer = usual("simulate_screen", "new_cells"),
                         kappa::Real = usual("simulate_screen", "kappa"),
                         noise::Real = usual("simulate_screen", "noise"), seed::Integer = 1)
    found = with_context(; seed = seed) do context
        findings(out -> laot_simulate_screen(context, features, drugs, cells, new_cells, kappa, noise, out))
    end
    arrays, training, test = found.arrays, found.tables["training"], found.tables["test"]
    column(first, values) = repeat([first; values]; inner = cells)
    by_condition(values) = Dict(name => values[:, (k - 1) * new_cells .+ (1:new_cells)]
                                for (k, name) in enumerate(test.condition))
    return (cells = [arrays["control"] arrays["treated"]],
            info = (condition = column("control", training.condition), drug = column("", training.drug),
                    dose = column(0.0, training.dose)),
            embedding = Dict(zip(found.tables["drugs"].drug, eachcol(arrays["embedding"]))),
            new_control = arrays["new_control"], test = test,
            observed = by_condition(arrays["test_treated"]), truth = by_condition(arrays["test_truth"]))
end
