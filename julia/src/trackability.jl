# Can the pairing be recovered from these data?

# Findings of an analysis: one NamedTuple of Dicts, and the handle is gone.
function findings(call)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    check(call(out))
    handle = out[]
    try
        names(what) = text_lines((b, s, n) -> laot_findings_names(handle, what, b, s, n))
        return (numbers = Dict(name => finding_number(handle, name) for name in names("numbers")),
                texts = Dict(name => text((b, s, n) -> laot_findings_text(handle, name, b, s, n))
                             for name in names("texts")),
                arrays = Dict(name => finding_array(handle, name) for name in names("arrays")),
                tables = Dict(name => table(out -> laot_findings_table(handle, name, out)) for name in names("tables")))
    finally
        laot_findings_free(handle)
    end
end

function finding_number(handle, name)
    value = Ref{Cdouble}(NaN)
    check(laot_findings_number(handle, name, value))
    return value[]
end

function finding_array(handle, name)
    rows, columns = Ref{Csize_t}(0), Ref{Csize_t}(0)
    check(laot_findings_array_size(handle, name, rows, columns))
    out = Matrix{Float64}(undef, rows[], columns[])
    check(laot_findings_array(handle, name, out, length(out)))
    return out
end

# The training cells of an analysis: given, or (nothing) the ones that the model kept.
function with_training(f, control, treated, batch_control, batch_treated)
    control === nothing && treated === nothing && return f(C_NULL, C_NULL)
    with_data(control; batch = batch_control) do x
        with_data(y -> f(x, y), treated; batch = batch_treated)
    end
end

"""
    isometry(cells; rate = NaN, probabilities) -> (numbers, texts, arrays, tables)

The (2, δ)-restricted isometry constant over all pairs of cells and the critical gap of the paper,
for three scalings, in `tables["constants"]`, `["worst"]` and `["quantiles"]`; `rate` is the speed of the cells in
units of the data over time. The reference page of the C interface (`laot_isometry`) lists the columns. Cell
numbers in `worst` count from 0.
"""
function isometry(cells; rate::Real = NaN, probabilities = usual("isometry", "probabilities"), seed::Integer = 1,
                  num_threads::Integer = 1, progress = nothing)
    at = Float64[probabilities...]
    with_data(cells) do x
        with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
            findings(out -> laot_isometry(context, x, rate, at, length(at), out))
        end
    end
end

"""
    stability(fitted; control, treated, resamples, halves, restarts, resample = "cells")
        -> (numbers, texts, arrays, tables)

How far the matching and the map of a LAOT fit depend on the cells at hand. Without `control` and
`treated`, the training cells that the fit kept are used, with their batch. `resample = "levels"`
draws whole levels of the batch (donors) instead of cells. Numbers that are not given are those of
`usual_settings()`. Names: `laot_stability` in the reference
page of the C interface; features in `tables["effects"]` count from 0.
"""
function stability(fitted::FittedModel; control = nothing, treated = nothing, batch_control = nothing,
                   batch_treated = nothing, resamples::Integer = usual("stability", "resamples"),
                   halves::Integer = usual("stability", "halves"), restarts::Integer = usual("stability", "restarts"),
                   resample = "cells", seed::Integer = 1,
                   num_threads::Integer = 1, progress = nothing)
    with_training(control, treated, batch_control, batch_treated) do x, y
        with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
            findings(out -> laot_stability(context, fitted, x, y, resamples, halves, restarts, String(resample), out))
        end
    end
end

"""
    change_at_cells(fitted; control = nothing, most_cells, feature_names = nothing, num_threads = 1) -> NamedTuple

How far the map is from the identity at up to `most_cells` control cells, evenly taken (without
`control`: of those that the fit kept): `cell` (from 1), `change`, the largest singular value of the
derivative of the prediction in the feature space less I, and `length`, the norm of the cell there.
Everywhere the same `change` for a linear map without marginals; networks have no such derivative and throw.
"""
function change_at_cells(fitted::FittedModel; control = nothing,
                         most_cells::Integer = usual("change_at_cells", "most_cells"), feature_names = nothing,
                         num_threads::Integer = 1)
    ask(data) = with_context(; num_threads = num_threads) do context
        table(out -> laot_change_at_cells(context, fitted, data, most_cells, out))
    end
    found = control === nothing ? ask(C_NULL) : with_data(ask, control; features = feature_names)
    return (cell = Int.(found.cell) .+ 1, change = found.change, length = found.length)
end

"""
    recovery_curve(fitted; design = "counterpart", gaps, repeats, most_cells)
        -> (numbers, texts, arrays, tables)

Controls moved by `I + s (W - I)` for each `s` of `gaps`, the pairing forgotten, and fitted again:
how much of the pairing comes back, in the tables `curve` and `simulations`. `design` is `"counterpart"` or `"anew"`. Names:
`laot_recovery_curve` in the reference page of the C interface.
"""
function recovery_curve(fitted::FittedModel; design = "counterpart", control = nothing, treated = nothing,
                        batch_control = nothing, batch_treated = nothing, gaps = usual("recovery_curve", "gaps"),
                        repeats::Integer = usual("recovery_curve", "repeats"),
                        most_cells::Integer = usual("recovery_curve", "most_cells"), seed::Integer = 1,
                        num_threads::Integer = 1, progress = nothing)
    grid = Float64[gaps...]
    with_training(control, treated, batch_control, batch_treated) do x, y
        with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
            findings(out -> laot_recovery_curve(context, fitted, x, y, String(design), grid, length(grid), repeats,
                                                most_cells, out))
        end
    end
end

"""
    trackability(fitted; control, treated, resamples, resample = "cells", repeats, ...)
        -> (verdict, stability, curve)

Can the pairing of a LAOT fit be trusted? The keywords are those of `stability` and `recovery_curve`. `verdict` is `"recoverable"`, `"borderline"`,
`"not recoverable"` or `"undefined"`, from the recovery at the experiment's own gap and from the
residual over the spacing of the cells.
"""
function trackability(fitted::FittedModel; resamples::Integer = usual("stability", "resamples"),
                      halves::Integer = usual("stability", "halves"),
                      restarts::Integer = usual("stability", "restarts"), resample = "cells",
                      gaps = usual("recovery_curve", "gaps"), repeats::Integer = usual("recovery_curve", "repeats"),
                      most_cells::Integer = usual("recovery_curve", "most_cells"), shared...)
    1 in gaps || throw(ArgumentError("gaps must have 1, the experiment itself, among its values"))
    stable = stability(fitted; resamples = resamples, halves = halves, restarts = restarts, resample = resample,
                       shared...)
    curve = recovery_curve(fitted; gaps = gaps, repeats = repeats, most_cells = most_cells, shared...)
    verdict = unsafe_string(laot_trackability_verdict(curve.numbers["recovery_at_one"],
                                                      stable.numbers["residual_over_spacing"]))
    return (verdict = verdict, stability = stable, curve = curve)
end

"""
    simulate_populations(features, cells, gap; noise = 0, entries = "uniform", seed = 1)
        -> (control, treated, map, partner)

The paper's synthetic populations; `partner[i]` is the treated column of control cell `i`.
"""
function simulate_populations(features::Integer, cells::Integer, gap::Real; noise::Real = 0,
                              entries = "uniform", seed::Integer = 1)
    control, treated = (Matrix{Float64}(undef, features, cells) for _ in 1:2)
    map = Matrix{Float64}(undef, features, features)
    partner = Vector{Csize_t}(undef, cells)
    with_context(; seed = seed) do context
        check(laot_simulate_populations(context, features, cells, gap, noise, String(entries), control, treated,
                                        map, partner))
    end
    return (control = control, treated = treated, map = map, partner = Int.(partner) .+ 1)
end

"""
    recovery_study(; features, gaps, cells, trials, iterations, noise = 0,
                   entries = "uniform", cost = "euclidean", seed = 1, num_threads = 1)
        -> (features, gaps, mean, sd)

The paper's phase transition: the share of cells of synthetic populations whose partner is found by
exact assignment and raw least squares in turn. `mean` and `sd` (over the trials; `NaN` with one)
are features × gaps. `cost` is `"euclidean"` (the published notebook) or `"squared"` (Algorithm 1);
`noise` and `entries` are those of `simulate_populations`.
"""
function recovery_study(; features = usual("recovery_study", "features"), gaps = usual("recovery_study", "gaps"),
                        cells::Integer = usual("recovery_study", "cells"),
                        trials::Integer = usual("recovery_study", "trials"),
                        iterations::Integer = usual("recovery_study", "iterations"), noise::Real = 0,
                        entries = "uniform", cost = "euclidean", seed::Integer = 1,
                        num_threads::Integer = 1, progress = nothing)
    sizes, grid = Csize_t[features...], Float64[gaps...]
    mean, sd = (Matrix{Float64}(undef, length(sizes), length(grid)) for _ in 1:2)
    with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
        check(laot_recovery_study(context, sizes, length(sizes), grid, length(grid), cells, trials, iterations,
                                  noise, String(entries), String(cost), mean, sd))
    end
    return (features = Int.(sizes), gaps = grid, mean = mean, sd = sd)
end

# f with the handles of all populations, which live as long as it runs.
function with_all_data(f, populations, handles = Ptr{Cvoid}[])
    length(handles) == length(populations) && return f(handles)
    with_data(x -> with_all_data(f, populations, push!(handles, x)), populations[length(handles)+1])
end

"""
    movement_rates(populations, times; probabilities, seed = 1, num_threads = 1)
        -> NamedTuple of vectors

How fast cells move in a time course, coupled exactly between successive `times`: a table with one
row a step, in units of the cells over time, with the columns `from`, `to`, `mean`, `largest`,
`quantile_<p>` for each of `probabilities` (`var"quantile_0.5"`), the bootstrap's 95% limits of the
mean and of the last quantile (`mean_low`, `mean_high`, `last_low`, `last_high`), and `floor`, the
rate between two random halves of the cells at `from`: movement that is sampling alone.
"""
function movement_rates(populations, times; probabilities = usual("rates", "probabilities"), seed::Integer = 1,
                        num_threads::Integer = 1, progress = nothing)
    length(populations) == length(times) || throw(ArgumentError(
        "each population needs its time: found $(length(populations)) populations and $(length(times)) times"))
    at, clock = Float64[probabilities...], Float64[times...]
    found = with_all_data(collect(Any, populations)) do handles
        with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
            findings(out -> laot_rates(context, handles, clock, length(clock), at, length(at), out))
        end
    end
    return found.tables["rates"]
end
