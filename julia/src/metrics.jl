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

Every metric that `score` and `evaluate_predictions` know, with its definition; `usual` are those of an
evaluation that asks for none.
"""
function available_metrics()
    rows = [described(laot_metric_describe, laot_metric_info(), i) for i in 0:laot_metric_count()-1]
    return [(name = unsafe_string(m.name), title = unsafe_string(m.title),
             estimator = unsafe_string(m.estimator), setting = unsafe_string(m.setting),
             doc = unsafe_string(m.doc), source = unsafe_string(m.source),
             undefined = unsafe_string(m.undefined), perfect = m.perfect,
             larger_is_better = m.larger_is_better != 0, needs_gamma = m.needs_gamma != 0,
             needs_control = m.needs_control != 0, takes_epsilon = m.takes_epsilon != 0,
             usual = m.usual != 0) for m in rows]
end

"""
    score_presets() -> Vector{NamedTuple}

The settings under which published code prints its scores: `name`, `doc`, `source`, `metrics`,
`cells` (sizes of the subsamples, of which the largest that fits is used; none: all cells),
`repetitions`, `gamma_from_all_features`, `with_replacement` (of the subsamples).
"""
function score_presets()
    rows = [described(laot_score_preset_describe, laot_score_preset_info(), i)
            for i in 0:laot_score_preset_count()-1]
    items(list) = filter(!isempty, String.(strip.(split(unsafe_string(list), ','))))
    return [(name = unsafe_string(p.name), doc = unsafe_string(p.doc), source = unsafe_string(p.source),
             metrics = items(p.metrics), cells = parse.(Int, items(p.cells)),
             repetitions = Int(p.repetitions), gamma_from_all_features = p.gamma_from_all_features != 0,
             with_replacement = p.with_replacement != 0)
            for p in rows]
end

# f(C_NULL) without cells: an argument that may be left out.
with_optional_data(f, ::Nothing; labels...) = f(C_NULL)
with_optional_data(f, x; labels...) = with_data(f, x; labels...)

"""
    score(metric, predicted, observed; control = nothing, gamma = NaN, epsilon,
          epsilon_absolute = false, cells = 0, repetitions = 1, seed = 1, num_threads = 1) -> (value, sd, features_left_out)

The score of predicted against observed cells by the name of a metric. `cells > 0`: the mean and sd
over `repetitions` seeded subsamples of as many cells a side. `NaN` is what is undefined;
`available_metrics()` says when. `features_left_out` counts the features that do not vary and that the
metric leaves out. `epsilon` is the entropy of Sinkhorn scores: a share of the mean
squared distance between the two, or with `epsilon_absolute` a number in squared units.
"""
function score(metric::Union{AbstractString,Symbol}, predicted, observed; control = nothing, gamma::Real = NaN,
               epsilon::Real = usual("evaluate", "epsilon"),
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

"""
    marker_features(control, treated, count) -> Vector{Int}

Rows that respond most, by |t| of Welch's test, in decreasing order, ties by position.
"""
marker_features(control, treated, count::Integer; num_threads::Integer = 1, progress = nothing) =
    chosen_features(laot_marker_features, control, treated, count, num_threads, progress)

"""
    mmd2_test(x, y; gammas, permutations, seed = 1) -> (mmd2, p_value)

Permutation test of equal laws by the unbiased MMD², mean over `gammas`.
"""
function mmd2_test(x, y; gammas = median_gamma(x, y), permutations::Integer = usual("mmd2_test", "permutations"), seed::Integer = 1,
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
