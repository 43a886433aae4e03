# Fitting, predicting, and what a fitted model holds.

"""
    FittedModel

What `fit` and `load_model` give. It never changes; several tasks may predict from one at once.
Its memory is freed by the garbage collector.
"""
mutable struct FittedModel
    handle::Ptr{Cvoid}
    function FittedModel(handle::Ptr{Cvoid})
        model = new(handle)
        return finalizer(free, model)
    end
end

function free(model::FittedModel)
    pointer, model.handle = model.handle, C_NULL
    pointer == C_NULL || laot_model_free(pointer)
    return nothing
end

new_model(call) = (out = Ref{Ptr{Cvoid}}(C_NULL); check(call(out)); FittedModel(out[]))

Base.unsafe_convert(::Type{Ptr{Cvoid}}, model::FittedModel) = model.handle
Base.cconvert(::Type{Ptr{Cvoid}}, model::FittedModel) = model

"""
    fit(model, control, treated; seed = 1, num_threads = 1, progress = nothing, ...) -> FittedModel

Fits `model` (a `LAOTModel()` or another `ResponseModel`) to control and treated cells: matrices
with the same features in rows and one cell a column, dense or `SparseMatrixCSC`. The numbers of
cells may differ, and all are used.

# Keywords
- `batch_control`, `batch_treated`: one label per cell; cells are paired within a label only.
- `types_control`, `types_treated`: the cell type of each cell: see `composition`.
- `feature_names`, `control_names`, `treated_names`: kept with the model.
- `seed`: fixes the result for any number of threads.
- `progress`: a function of `(stage, fraction)`, called from this task at most every 100 ms. What it
  throws stops the fit and comes out of `fit`.
- `checkpoint`: a file that keeps the state of a training of `cellot`, `scgen` or `cae`, replaced
  every `checkpoint_seconds` and when the training ends or is stopped. Where it exists, the fit goes
  on from it, and ends with the bits of one that was never interrupted.

`LAOTModel(coupling = "hierarchical")` pairs the cells by parts, nearly optimally; `"exact"` is proven
optimal, and `"auto"`, the default, is exact up to 100,000 cells. The report's `"coupling"` says which
one ran, and `"plan_bound"` whether `"plan_cost_lower_bound"` is proven or estimated.

Ctrl-C stops a fit with an `InterruptException`, within a second. Whether the fit converged is in
`report(fitted)["outcome"]`.

# Examples
```julia
fitted = fit(LAOTModel(ridge = 0.1), control, treated)
fitted = fit(ResponseModel("gaussian_map"), control, treated)
```
"""
function fit(model::ResponseModel, control, treated; batch_control = nothing, batch_treated = nothing,
             types_control = nothing, types_treated = nothing,
             feature_names = nothing, control_names = nothing, treated_names = nothing,
             seed::Integer = 1, num_threads::Integer = 1, progress = nothing,
             checkpoint = nothing, checkpoint_seconds::Real = 30)
    control, feature_names = from_table(control, feature_names)
    treated, feature_names = from_table(treated, feature_names)
    with_params(model) do params
        with_data(control; batch = batch_control, groups = types_control, features = feature_names, cells = control_names) do x
            with_data(treated; batch = batch_treated, groups = types_treated, features = feature_names, cells = treated_names) do y
                with_context(; seed = seed, num_threads = num_threads, progress = progress,
                             checkpoint = checkpoint, checkpoint_seconds = checkpoint_seconds) do context
                    new_model(out -> laot_fit(context, params, x, y, out))
                end
            end
        end
    end
end

"""
    predict(fitted, cells; at = nothing, nonnegative = "no", feature_names = nothing, num_threads = 1) -> Matrix{Float64}

What the control cells would look like treated: features × cells, in the units of the training
cells. `nonnegative`: `"no"`, `"clip"` (raise negative values to 0) or `"marginals"` (send each
feature through the monotone map from its predicted to its observed treated training values). A feature that
has one value in all training cells is predicted as exactly that value.

Of a fit of several conditions `at` says at which one: a name, covariates as `model_at` takes them, or a
vector of named tuples of covariates, one for each cell. A level that was not seen and that control cells
place (`embedding = (patient = "control",)` of the fit) is placed by the cells that are predicted at it, all
of them; `model_at` takes others.
"""
function predict(fitted::FittedModel, cells; at = nothing, nonnegative = "no", feature_names = nothing,
                 seed::Integer = 1, num_threads::Integer = 1, progress = nothing)
    cells, feature_names = from_table(cells, feature_names)
    if at !== nothing
        options = (nonnegative = nonnegative, feature_names = feature_names, seed = seed,
                   num_threads = num_threads, progress = progress)
        at isa AbstractVector && return predict_rows(fitted, cells, at; options...)
        return predict(model_at(fitted, at; controls = cells), cells; options...)
    end
    with_data(cells; features = feature_names) do data
        out = Matrix{Float64}(undef, size(cells))
        with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
            check(laot_predict(context, fitted, data, String(nonnegative), out, length(out)))
        end
        return out
    end
end

"""
    effects(fitted, cells; feature_names = nothing, seed = 1, num_threads = 1) -> Array{Float64,3}

The derivative of the prediction at each cell, features x features x cells, in the units of the
cells: entry `[j, k, i]` is the change of the predicted feature j with feature k of cell i. One
matrix for all cells where the map is linear and the marginals are not restored; networks have no
such derivative and throw.
"""
function effects(fitted::FittedModel, cells; feature_names = nothing, seed::Integer = 1,
                 num_threads::Integer = 1)
    with_data(cells; features = feature_names) do data
        features, count = size(cells)
        out = Array{Float64,3}(undef, features, features, count)
        with_context(; seed = seed, num_threads = num_threads) do context
            check(laot_effects(context, fitted, data, out, length(out)))
        end
        return out
    end
end

"""
    strongest_effects(fitted; count) -> NamedTuple

The entries of W - I that are largest by absolute value, the largest first: `treated` and `control`
(the row and the column of W, features from 1) and `change`. Of a map that bends, of its linear part;
without rows for a network.
"""
function strongest_effects(fitted::FittedModel; count::Integer = usual("strongest_effects", "count"))
    found = table(out -> laot_strongest_effects(fitted, count, out))
    return (treated = Int.(found.treated) .+ 1, control = Int.(found.control) .+ 1, change = found.change)
end

"""
    encode(fitted, cells; about = "control", feature_names = nothing, num_threads = 1) -> Matrix{Float64}

Cells in the feature space of the fit, dimensions × cells: what `isometry` and `movement_rates` are
asked of. `about` is the mean that is taken off, that of the fit's `"control"` or `"treated"` cells or
the cells' `"own"`.
"""
function encode(fitted::FittedModel, cells; about = "control", feature_names = nothing, num_threads::Integer = 1)
    with_data(cells; features = feature_names) do data
        out = Matrix{Float64}(undef, length(array(fitted, "scale")), size(cells, 2))
        with_context(; num_threads = num_threads) do context
            check(laot_encode(context, fitted, data, String(about), out, length(out)))
        end
        return out
    end
end

"""
    composition(fitted) -> NamedTuple

Shares of cell types before and after, of a fit whose cells had types, or whose balance was
`"clusters"`: `type`, `control`, `treated` (shares), `treated_low`, `treated_high` (95% interval over
cells), and `ratio`, what a control cell of the type counts.
"""
function composition(fitted::FittedModel)
    return table(out -> laot_composition(fitted, out))
end

"""
    choices(fitted) -> NamedTuple

What the fit compared by cells, or conditions, that it held out, before it settled: `condition`
(empty where it was compared for all), `choice` (`"map"`, `"restore"`, `"own_share"`), `candidate`,
`mmd2` (unbiased), `gain` (to the first candidate: negative is better), `standard_error`, and
`chosen` (1 or 0; of `"own_share"` the part of the conditions that took it). Without rows where
nothing was compared.
"""
function choices(fitted::FittedModel)
    return table(out -> laot_choices(fitted, out))
end

"""
    composition_weights(fitted, cells; types = nothing, feature_names = nothing, num_threads = 1) -> Vector{Float64}

What each control cell counts in the predicted population: the ratio of its type (`types`: one label
a cell, where the fit was balanced by types) or of its cluster; 1 where nothing was balanced. `predict`
gives a matrix, so that these are the weights of its columns.
"""
function composition_weights(fitted::FittedModel, cells; types = nothing, feature_names = nothing,
                             seed::Integer = 1, num_threads::Integer = 1)
    with_data(cells; groups = types, features = feature_names) do data
        out = Vector{Float64}(undef, size(cells, 2))
        with_context(; seed = seed, num_threads = num_threads) do context
            check(laot_weights(context, fitted, data, out, length(out)))
        end
        return out
    end
end

"""
    trivial(fitted, name) -> FittedModel

A trivial predictor of the same training cells: `"identity"`, `"mean_shift"`, `"gaussian_map"`.
"""
trivial(fitted::FittedModel, name) = new_model(out -> laot_model_trivial(fitted, String(name), out))

"""
    save_model(fitted, path; notes = Dict())

Writes one safetensors file that every language of laot, and any safetensors reader, opens. `notes`
are texts of your own by name that go with the model: see `notes`.
"""
function save_model(fitted::FittedModel, path::AbstractString; notes = Dict{String,String}())
    names, texts = String.(collect(keys(notes))), String.(collect(values(notes)))
    check(laot_save_with_notes(fitted, String(path), names, texts, length(names)))
end

"    notes(fitted) -> Dict{String,String}, the texts that were saved with the model"
notes(fitted::FittedModel) = Dict(name => model_text(fitted, "note.$name") for name in model_names(fitted, "notes"))

"""
    load_model(path) -> FittedModel

Reads what `save_model`, or another language, has written. The file is not trusted.
"""
load_model(path::AbstractString) = new_model(out -> laot_load(String(path), out))

to_bytes(fitted::FittedModel) = two_calls((b, s, n) -> laot_to_bytes(fitted, b, s, n))
from_bytes(bytes::Vector{UInt8}) = new_model(out -> laot_from_bytes(bytes, length(bytes), out))

# A pointer means nothing in another process: the file's bytes travel instead.
function Serialization.serialize(s::Serialization.AbstractSerializer, fitted::FittedModel)
    Serialization.serialize_type(s, FittedModel)
    Serialization.serialize(s, to_bytes(fitted))
end
Serialization.deserialize(s::Serialization.AbstractSerializer, ::Type{FittedModel}) =
    from_bytes(Serialization.deserialize(s))
Base.copy(fitted::FittedModel) = from_bytes(to_bytes(fitted))
Base.deepcopy_internal(fitted::FittedModel, ::IdDict) = copy(fitted)

model_names(fitted, what) = text_lines((b, s, n) -> laot_model_names(fitted, what, b, s, n))
model_text(fitted, name) = text((b, s, n) -> laot_model_text(fitted, name, b, s, n))

"    method_name(fitted) -> String"
method_name(fitted::FittedModel) = model_text(fitted, "method")

model_parameters(fitted::FittedModel) =
    Dict(name => model_text(fitted, "param.$name") for name in model_names(fitted, "params"))

"    feature_names(fitted) -> Vector{String}, empty if none were given"
feature_names(fitted::FittedModel) = model_names(fitted, "feature_names")
"    control_names(fitted) -> Vector{String}, empty if none were given"
control_names(fitted::FittedModel) = model_names(fitted, "control_names")
"    treated_names(fitted) -> Vector{String}, empty if none were given"
treated_names(fitted::FittedModel) = model_names(fitted, "treated_names")

function report_number(fitted, name)
    value = Ref{Cdouble}(NaN)
    check(laot_report_number(fitted, name, value))
    return value[]
end
report_text(fitted, name) = text((b, s, n) -> laot_report_text(fitted, name, b, s, n))

"""
    report(fitted) -> Dict{String,Union{Float64,String}}

What the fit says of itself: numbers such as `n_control`, `iterations`, `objective`; texts such as
`outcome` ("converged" or "limit_reached"). `NaN` is what is undefined.
"""
function report(fitted::FittedModel)
    out = Dict{String,Union{Float64,String}}()
    foreach(name -> out[name] = report_number(fitted, name), model_names(fitted, "report_numbers"))
    foreach(name -> out[name] = report_text(fitted, name), model_names(fitted, "report_texts"))
    return out
end

"""
    trace(fitted) -> Dict{String,Vector{Float64}}

The training trace: columns of one length, one value an iteration or epoch.
"""
function trace(fitted::FittedModel)
    count = Ref{Csize_t}(0)
    check(laot_trace_length(fitted, count))
    return Dict(map(model_names(fitted, "trace")) do name
        column = Vector{Float64}(undef, count[])
        check(laot_trace_column(fitted, name, column, length(column)))
        name => column
    end)
end

"    array_names(fitted) -> Vector{String}: what `array` takes"
array_names(fitted::FittedModel) = model_names(fitted, "arrays")

"""
    array(fitted, name) -> Matrix{Float64}

A result by its name, as the library's reference page lists them: `"map"`, `"offset"`,
`"mean_control"`, `"basis"`, `"plan_source"` (cell numbers there count from 0), ...
"""
function array(fitted::FittedModel, name::AbstractString)
    rows, columns = Ref{Csize_t}(0), Ref{Csize_t}(0)
    check(laot_array_size(fitted, name, rows, columns))
    out = Matrix{Float64}(undef, rows[], columns[])
    check(laot_array(fitted, name, out, length(out)))
    return out
end

"""
    linear_map(fitted) -> (W, b)

The map `x ↦ W x + b` of an affine method, in original units. Of a `laot` fit that bends
(`report(fitted)["lift"] == "yes"`) its linear part: `effects(fitted, cells)` has the map at a cell,
`report(fitted)["lift_share"]` the share of the displacement's variance that no linear map explains, and a
fit with `preset = "calibrated"` is one matrix.
"""
linear_map(fitted::FittedModel) = (array(fitted, "map"), vec(array(fitted, "offset")))

Base.show(io::IO, fitted::FittedModel) =
    print(io, "FittedModel(", fitted.handle == C_NULL ? "freed" : "\"$(method_name(fitted))\"", ")")

function Base.show(io::IO, ::MIME"text/plain", fitted::FittedModel)
    fitted.handle == C_NULL && return show(io, fitted)
    said = report(fitted)
    count(name) = haskey(said, name) ? string(round(Int, said[name])) : "?"
    println(io, "FittedModel: ", method_name(fitted))
    haskey(said, "conditions") && println(io, "  ", count("conditions"), " conditions")
    haskey(said, "kind") && println(io, "  a condition: ", said["kind"])
    print(io, "  ", count("n_control"), " control and ", count("n_treated"), " treated cells, ",
          count("features"), " features")
    haskey(said, "outcome") && print(io, "\n  ", said["outcome"])
    haskey(said, "iterations") && print(io, " after ", count("iterations"), " iterations")
    haskey(said, "objective") && print(io, ", objective ", round(said["objective"]; sigdigits = 6))
end
