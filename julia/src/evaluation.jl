# A fit and held-out cells in, one table of scores out: the library's own, the same in every language.

comma_separated(::Nothing) = ""
comma_separated(name::AbstractString) = String(name)
comma_separated(names) = join(names, ',')

"""
    evaluate_predictions(fitted, observed; control, ...) -> ScoreTable
    evaluate_predictions(predicted, observed; control = nothing, training = nothing, ...)
    evaluate_predictions(fitted, held_out::Experiment; beside = [], ...)

Scores the predictions of a fit for the `control` cells, or `predicted` cells as they are, against the
treated cells that were `observed`, best ones that no fit has seen. Beside them stand identity, mean
shift and Gaussian map of the same training cells (those of the fit, or of `training`), and the noise
reference: what true treated cells score. A prediction that has lost spread can beat the noise
reference in `w2`: read it beside `sd_ratio`.

A table ([`ScoreTable`](@ref)) with one row for each method and metric: `condition`, `kind`, `group`, `method`, `metric`,
`estimator`, `setting`, `features`, `gamma`, `cells`, `observed`, `value`, `sd`, `left_out`, `reason`, `weighted`, `gamma_from`,
`metric_setting`, `halvings`, `subsamples`, `subsample_cells`.
`laot_evaluate` in the reference page of the C interface says what each is.

- `metrics`: names (see `available_metrics`); `preset`: a name of `score_presets`; `methods`: those
  that have rows, `"prediction"` being the model's own.
- `gamma`: bandwidths of kernel metrics, by default 1 / median of the positive squared distances
  between the training cells. `epsilon`: of entropic metrics, as in `score`.
- `markers`: score on so many markers of the training cells as well.
- `reference`: `"training"` (treated cells of the training), `"halves"` (observed cells, half against
  half: for a donor or line that was held out) or `"auto"`: halves where `batch`, the labels of the
  observed cells, has none of the training's.
- `groups = (observed = labels, control = labels)`: rows for each group (cell type), and how far
  predicted cells stay within theirs. A fit that was balanced by types needs the types of the control
  cells, `groups = (observed = nothing, control = types)`. Of a balanced fit every method that starts from
  the control cells has a second row of each metric with such a form, `weighted` 1: with
  what each cell counts (`composition_weights`).
- `test = true`: a permutation test of the prediction against the observed cells.
- `condition`: what the rows say they are of; of a fit of many conditions the one that it is asked at.

Held-out cells of several conditions are an [`Experiment`](@ref) of ones that were seen and, with a method
of many conditions, not seen: one condition after the other. Of a condition that was seen the name is
enough, of another its covariates say what it is. The predictions of the fits `beside`, of other methods,
stand beside, and beside a model of many conditions its trivial predictors by themselves:
`conditional_gaussian`, `regressed_shift` and `nearest_shift` of the training cells that it keeps. `kind` is then `"seen"`, `"unseen dose"`, `"unseen level"`, `"unseen combination"`, `"unseen
context"`, or `"unseen"` where the method does not tell. Of a condition that was not seen there are no
training cells: identity is its only trivial predictor, and the noise reference is of halves of the
observed cells.
"""
function evaluate_predictions(fitted::FittedModel, observed; control, options...)
    return evaluation(fitted, nothing, observed, control; options...)
end

function evaluate_predictions(predicted, observed; control = nothing,
                              training::Union{FittedModel,Nothing} = nothing, options...)
    return evaluation(training, predicted, observed, control; options...)
end

function evaluation(fitted, predicted, observed, control; metrics = nothing, methods = nothing, preset = nothing,
                    gamma = Float64[], epsilon::Real = 0, epsilon_absolute::Bool = false, markers::Integer = 0,
                    reference = "auto", batch = nothing, groups = (observed = nothing, control = nothing),
                    test::Bool = false, condition = "", seed::Integer = 1, num_threads::Integer = 1,
                    progress = nothing)
    with_evaluation_options(metrics, methods, preset, gamma, epsilon, epsilon_absolute, markers, reference, test,
                            condition) do options
        with_optional_data(predicted) do p
            with_data(observed; batch = batch, groups = groups.observed) do o
                with_optional_data(control; groups = groups.control) do c
                    with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
                        model = fitted === nothing ? C_NULL : fitted
                        ScoreTable(table(out -> laot_evaluate(context, model, p, o, c, options, out)))
                    end
                end
            end
        end
    end
end

function with_evaluation_options(f, metrics, methods, preset, gamma, epsilon, epsilon_absolute, markers, reference,
                                 test, condition)
    asked = (String(condition), comma_separated(methods), comma_separated(metrics), comma_separated(preset),
             String(reference))
    gammas = Float64[gamma...]
    GC.@preserve asked gammas begin
        condition_text, method_text, metric_text, preset_text, reference_text = Base.unsafe_convert.(Cstring, asked)
        options = Ref(laot_evaluation_options(sizeof(laot_evaluation_options), condition_text, method_text,
                                              metric_text, preset_text, pointer(gammas), length(gammas), epsilon,
                                              epsilon_absolute, markers, reference_text, test, 0))
        return f(options)
    end
end

function evaluate_predictions(fitted::FittedModel, held_out::Experiment; beside = FittedModel[], metrics = nothing,
                              methods = nothing, preset = nothing, gamma = Float64[], epsilon::Real = 0,
                              epsilon_absolute::Bool = false, markers::Integer = 0, reference = "auto",
                              seed::Integer = 1, num_threads::Integer = 1, progress = nothing)
    models = FittedModel[fitted; collect(FittedModel, beside)]
    with_evaluation_options(metrics, methods, preset, gamma, epsilon, epsilon_absolute, markers, reference, false,
                            "") do options
        with_experiment(held_out) do experiment
            with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
                GC.@preserve models begin
                    handles = Ptr{Cvoid}[model.handle for model in models]
                    ScoreTable(table(
                        out -> laot_evaluate_experiment(context, handles, length(handles), experiment, options, out)))
                end
            end
        end
    end
end

"""
    response_table(fitted, observed; control, batch = nothing, level) -> NamedTuple of vectors
    response_table(predicted, observed; control, ...)

What a paper shows of each feature: the shift of the means that was observed, with an interval, and
the one that was predicted, for the `control` cells; the largest first. Columns `position` (from 1),
`feature`, `mean_control`, `observed`, `low`, `high`, `predicted`, `sd_control`, `sd_observed`,
`sd_predicted`, `zeros_control`, `zeros_observed`, `zeros_predicted`, `ks`, `units`.

Without `batch` the interval is Welch's t over cells; with `batch = (observed = labels, control =
labels)` (donors) it is Student's t over the levels that both have, of the shifts of their means.
"""
response_table(fitted::FittedModel, observed; control, options...) =
    responses(fitted, nothing, observed, control; options...)
response_table(predicted, observed; control, options...) = responses(nothing, predicted, observed, control; options...)

function responses(fitted, predicted, observed, control; batch = (observed = nothing, control = nothing),
                   level::Real = 0, num_threads::Integer = 1, progress = nothing)
    found = with_optional_data(predicted) do p
        with_data(observed; batch = batch.observed) do o
            with_data(control; batch = batch.control) do c
                with_context(; num_threads = num_threads, progress = progress) do context
                    model = fitted === nothing ? C_NULL : fitted
                    table(out -> laot_response_table(context, model, p, o, c, level, out))
                end
            end
        end
    end
    return merge(found, (position = Int.(found.position) .+ 1,))
end

"""
    marker_table(control, treated, count) -> NamedTuple of vectors

The features that respond most, as `marker_features` ranks them: `position` (from 1), `feature`, `t`,
`shift`, `mean_control`, `mean_treated`.
"""
function marker_table(control, treated, count::Integer; num_threads::Integer = 1)
    found = with_data(control) do x
        with_data(treated) do y
            with_context(; num_threads = num_threads) do context
                table(out -> laot_marker_table(context, x, y, count, out))
            end
        end
    end
    return merge(found, (position = Int.(found.position) .+ 1,))
end
