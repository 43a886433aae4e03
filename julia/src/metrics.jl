# Distances between populations of cells, features × cells each.

"""
    median_gamma(x[, y]; seed = 1, num_threads = 1) -> Float64

1 / median of the positive squared distances over all pairs of the pooled cells; a seeded subsample
beyond 4000 cells. `NaN` if there is no positive distance.
"""
function median_gamma(x, y = nothing; seed::Integer = 1, num_threads::Integer = 1, progress = nothing)
    value = Ref{Cdouble}(NaN)
    with_data(x) do a
        with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
            y === nothing ? check(laot_median_gamma(context, a, C_NULL, value)) :
                with_data(b -> check(laot_median_gamma(context, a, b, value)), y)
        end
    end
    return value[]
end

"""
    mmd2(x, y; gammas = median_gamma(x, y), estimator = "unbiased") -> Float64

Squared maximum mean discrepancy with the kernel `exp(-gamma |u - v|²)`, averaged over `gammas`. The
unbiased estimate is not clipped, and so is negative about half the time when the populations are
alike.
"""
function mmd2(x, y; gammas = median_gamma(x, y), estimator = "unbiased", seed::Integer = 1,
              num_threads::Integer = 1, progress = nothing)
    value = Ref{Cdouble}(NaN)
    list = Float64[gammas...]
    with_data(x) do a
        with_data(y) do b
            with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
                check(laot_mmd2(context, a, b, list, length(list), String(estimator), value))
            end
        end
    end
    return value[]
end

"""
    wasserstein2(x, y; num_threads = 1) -> (value, gap)

The exact 2-Wasserstein distance between the populations with uniform weights, and the relative
duality gap that proves it.
"""
function wasserstein2(x, y; seed::Integer = 1, num_threads::Integer = 1, progress = nothing)
    value, gap = Ref{Cdouble}(NaN), Ref{Cdouble}(NaN)
    with_data(x) do a
        with_data(y) do b
            with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
                check(laot_wasserstein2(context, a, b, value, gap))
            end
        end
    end
    return (value = value[], gap = gap[])
end

"""
    variable_features(control, treated, count) -> Vector{Int}

Rows of largest variance over the pooled cells, in decreasing order, ties by position.
"""
variable_features(control, treated, count::Integer; num_threads::Integer = 1, progress = nothing) =
    chosen_features(laot_variable_features, control, treated, count, num_threads, progress)

# Rows count from 1 here.
function chosen_features(call, control, treated, count, num_threads, progress)
    index = Vector{Csize_t}(undef, count)
    with_data(control) do a
        with_data(treated) do b
            with_context(; num_threads = num_threads, progress = progress) do context
                check(call(context, a, b, count, index))
            end
        end
    end
    return Int.(index) .+ 1
end

"""
    available_metrics() -> Vector{NamedTuple}

Every metric that `score` and `evaluate_predictions` know, with its definition.
"""
function available_metrics()
    rows = [described(laot_metric_describe, laot_metric_info(), i) for i in 0:laot_metric_count()-1]
    return [(name = unsafe_string(m.name), title = unsafe_string(m.title),
             estimator = unsafe_string(m.estimator), setting = unsafe_string(m.setting),
             doc = unsafe_string(m.doc), source = unsafe_string(m.source),
             undefined = unsafe_string(m.undefined), perfect = m.perfect,
             larger_is_better = m.larger_is_better != 0, needs_gamma = m.needs_gamma != 0,
             needs_control = m.needs_control != 0, takes_epsilon = m.takes_epsilon != 0) for m in rows]
end

"""
    score_presets() -> Vector{NamedTuple}

The settings under which published code prints its scores: `name`, `doc`, `source`, `metrics`,
`cells` (sizes of the subsamples, of which the largest that fits is used; none: all cells),
`repetitions`, `gamma_from_all_features`.
"""
function score_presets()
    rows = [described(laot_score_preset_describe, laot_score_preset_info(), i)
            for i in 0:laot_score_preset_count()-1]
    items(list) = filter(!isempty, String.(strip.(split(unsafe_string(list), ','))))
    return [(name = unsafe_string(p.name), doc = unsafe_string(p.doc), source = unsafe_string(p.source),
             metrics = items(p.metrics), cells = parse.(Int, items(p.cells)),
             repetitions = Int(p.repetitions), gamma_from_all_features = p.gamma_from_all_features != 0)
            for p in rows]
end

# f(C_NULL) without cells: an argument that may be left out.
with_optional_data(f, ::Nothing) = f(C_NULL)
with_optional_data(f, x) = with_data(f, x)

"""
    score(metric, predicted, observed; control = nothing, gamma = NaN, epsilon = 0.05,
          epsilon_absolute = false, cells = 0, repetitions = 1, seed = 1, num_threads = 1) -> (value, sd, features_left_out)

The score of predicted against observed cells by the name of a metric. `cells > 0`: the mean and sd
over `repetitions` seeded subsamples of as many cells a side. `NaN` is what is undefined;
`available_metrics()` says when. `features_left_out` counts the features that do not vary and that the
metric leaves out. `epsilon` is the entropy of Sinkhorn scores: a share of the mean
squared distance between the two, or with `epsilon_absolute` a number in squared units.
"""
function score(metric::Union{AbstractString,Symbol}, predicted, observed; control = nothing, gamma::Real = NaN, epsilon::Real = 0.05,
               epsilon_absolute::Bool = false, cells::Integer = 0, repetitions::Integer = 1,
               seed::Integer = 1, num_threads::Integer = 1, progress = nothing)
    result = Ref(laot_score_result())
    options = Ref(laot_score_options(sizeof(laot_score_options), gamma, epsilon, epsilon_absolute, cells,
                                     repetitions))
    with_data(predicted) do p
        with_data(observed) do o
            with_optional_data(control) do c
                with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
                    check(laot_score_with(context, String(metric), p, o, c, options, result))
                end
            end
        end
    end
    return (value = result[].value, sd = result[].sd,
            features_left_out = Int(result[].features_left_out))
end

const DEFAULT_METRICS = ["mmd2", "w2", "l2_drug_signature", "pearson_means", "r2_means", "pearson_sds",
                         "sd_ratio", "sd_ratio_median"]

"""
    evaluate_predictions(fitted, observed; control, metrics, gamma, seed = 1, num_threads = 1)

Predicts from the `control` cells and scores against the treated cells that were `observed`, best
ones that no fit has seen. Beside the fit stand identity, mean shift and Gaussian map of the same
training cells, and the noise reference: what true treated cells score (as many of the kept training
ones as there are observed cells). A prediction that has lost spread can beat the noise reference in
`w2`: read it beside `sd_ratio`.

Gives one `NamedTuple` (`method`, `metric`, `estimator`, `setting`, `gamma`, `cells`, `value`) for
each method and metric. `gamma` is the bandwidth of kernel metrics, by default 1 / median of the
positive squared distances between the training cells.
"""
function evaluate_predictions(fitted::FittedModel, observed; control, metrics = DEFAULT_METRICS,
                              gamma::Real = report_number(fitted, "median_gamma"), seed::Integer = 1,
                              num_threads::Integer = 1)
    known = Dict(m.name => m for m in available_metrics())
    for name in metrics
        haskey(known, name) || throw(ArgumentError("there is no metric \"$name\"; there are " *
            join(sort!(collect(keys(known))), ", ")))
    end
    rows = NamedTuple[]
    for (method, cells) in predictions_to_compare(fitted, observed, control, seed, num_threads)
        for metric in (known[name] for name in metrics)
            # The reference cells are no prediction of the control cells, one for one.
            method == "noise_reference" && metric.name == "cell_spearman" && continue
            value = score(metric.name, cells, observed; control = control, seed = seed,
                          gamma = metric.needs_gamma ? gamma : NaN, num_threads = num_threads).value
            push!(rows, (method = method, metric = metric.name, estimator = metric.estimator,
                         setting = metric.setting, gamma = metric.needs_gamma ? Float64(gamma) : NaN,
                         cells = size(observed, 2), value = value))
        end
    end
    return rows
end

function predictions_to_compare(fitted, observed, control, seed, num_threads)
    own = method_name(fitted)
    out = Pair{String,Any}[own => predict(fitted, control; num_threads = num_threads)]
    for name in ("identity", "mean_shift", "gaussian_map")
        name == own || push!(out, name => predict(trivial(fitted, name), control; num_threads = num_threads))
    end
    return push!(out, "noise_reference" => some_cells(array(fitted, "kept_treated"), size(observed, 2), seed))
end

# A seeded choice of columns, in their order, the same on every version of Julia: the lowest of one
# hash a column (splitmix64).
function some_cells(cells, count, seed)
    count >= size(cells, 2) && return cells
    key = map(1:size(cells, 2)) do i
        z = (seed % UInt64) * 0x9e3779b97f4a7c15 + (i % UInt64) * 0xbf58476d1ce4e5b9
        z = xor(z, z >> 30) * 0xbf58476d1ce4e5b9
        z = xor(z, z >> 27) * 0x94d049bb133111eb
        xor(z, z >> 31)
    end
    return cells[:, sort!(partialsortperm(key, 1:count))]
end

"""
    marker_features(control, treated, count) -> Vector{Int}

Rows that respond most, by |t| of Welch's test, in decreasing order, ties by position.
"""
marker_features(control, treated, count::Integer; num_threads::Integer = 1, progress = nothing) =
    chosen_features(laot_marker_features, control, treated, count, num_threads, progress)

"""
    mmd2_test(x, y; gammas, permutations = 999, seed = 1) -> (mmd2, p_value)

Permutation test of equal laws by the unbiased MMD², mean over `gammas`.
"""
function mmd2_test(x, y; gammas = median_gamma(x, y), permutations::Integer = 999, seed::Integer = 1,
                   num_threads::Integer = 1, progress = nothing)
    value, p = Ref{Cdouble}(NaN), Ref{Cdouble}(NaN)
    list = Float64[gammas...]
    with_data(x) do a
        with_data(y) do b
            with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
                check(laot_mmd2_test(context, a, b, list, length(list), permutations, value, p))
            end
        end
    end
    return (mmd2 = value[], p_value = p[])
end

"""
    feature_scores(predicted, observed) -> (ks, w1, mean_difference)

Feature by feature: Kolmogorov-Smirnov statistic, one-dimensional Wasserstein distance, difference
of the means.
"""
function feature_scores(predicted, observed; num_threads::Integer = 1, progress = nothing)
    count = size(predicted, 1)
    ks, w1, difference = (Vector{Float64}(undef, count) for _ in 1:3)
    with_data(predicted) do p
        with_data(observed) do o
            with_context(; num_threads = num_threads, progress = progress) do context
                check(laot_feature_scores(context, p, o, ks, w1, difference, count))
            end
        end
    end
    return (ks = ks, w1 = w1, mean_difference = difference)
end

"""
    cell_spearman(control, predicted; num_threads = 1) -> Vector{Float64}

Spearman's correlation, over features, of each cell's control state with its predicted state: low
values mean that the map loses the cell's identity. `NaN` where a cell's values are all the same.
"""
function cell_spearman(control, predicted; num_threads::Integer = 1, progress = nothing)
    out = Vector{Float64}(undef, size(control, 2))
    with_data(control) do c
        with_data(predicted) do p
            with_context(; num_threads = num_threads, progress = progress) do context
                check(laot_cell_spearman(context, c, p, out, length(out)))
            end
        end
    end
    return out
end
