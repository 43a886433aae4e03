# A fit and held-out cells in, one table of scores out: the library's own, the same in every language.

comma_separated(::Nothing) = ""
comma_separated(name::AbstractString) = String(name)
comma_separated(names) = join(names, ',')

"""
    evaluate_predictions(fitted, observed; control, ...) -> NamedTuple of vectors
    evaluate_predictions(predicted, observed; control = nothing, training = nothing, ...)

Scores the predictions of a fit for the `control` cells, or `predicted` cells as they are, against the
treated cells that were `observed`, best ones that no fit has seen. Beside them stand identity, mean
shift and Gaussian map of the same training cells (those of the fit, or of `training`), and the noise
reference: what true treated cells score. A prediction that has lost spread can beat the noise
reference in `w2`: read it beside `sd_ratio`.

A table with one row for each method and metric: `condition`, `kind`, `group`, `method`, `metric`,
`estimator`, `setting`, `features`, `gamma`, `cells`, `observed`, `value`, `sd`, `left_out`, `reason`.
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
  predicted cells stay within theirs.
- `test = true`: a permutation test of the prediction against the observed cells.
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
    asked = (String(condition), comma_separated(methods), comma_separated(metrics), comma_separated(preset),
             String(reference))
    gammas = Float64[gamma...]
    GC.@preserve asked gammas begin
        condition_text, method_text, metric_text, preset_text, reference_text = Base.unsafe_convert.(Cstring, asked)
        options = Ref(laot_evaluation_options(sizeof(laot_evaluation_options), condition_text, method_text,
                                              metric_text, preset_text, pointer(gammas), length(gammas), epsilon,
                                              epsilon_absolute, markers, reference_text, test, 0))
        with_optional_data(predicted) do p
            with_data(observed; batch = batch, groups = groups.observed) do o
                with_optional_data(control; groups = groups.control) do c
                    with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
                        model = fitted === nothing ? C_NULL : fitted
                        table(out -> laot_evaluate(context, model, p, o, c, options, out))
                    end
                end
            end
        end
    end
end
