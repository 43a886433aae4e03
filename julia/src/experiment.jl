# Experiments of many conditions: one fit of all, and predictions at a condition.

struct Population
    cells::Any
    batch::Any
    names::Any
end

struct TreatedPopulation
    name::String
    treated::Population
    control::Int
    covariates::Covariates
end

"""
    Experiment(; feature_names = nothing)

Control cells, and conditions with the cells that were treated so; `add_control!` and
`add_condition!` fill it, `fit` takes it. Populations are matrices (features × cells) with the same
features. They are not copied: do not change them before the fit.

    Experiment(cells, condition; control = "control", target = nothing, covariates = (;),
               combine = nothing, feature_names = nothing, batch = nothing, cell_names = nothing)

The experiment of labelled cells: `condition` has the label of each, `control` is that of control
cells, `target` has those of the conditions (by default all others, sorted). `covariates = (drug =
drugs, dose = doses)` are columns with a value for each cell, numbers or levels, one value in all
cells of a condition. Control cells have dose 0 or `missing`; where they have levels that conditions
have (a cell line, a plate), each condition goes with those of its own. With `combine = "+"` a drug
"A+B" is a combination of two.

# Examples
```julia
screen = Experiment()
add_control!(screen, untreated)
add_condition!(screen, "A 1", cells; covariates = (drug = "A", dose = 1))
add_condition!(screen, "A 3 + B 1", others; covariates = (drug = ["A", "B"], dose = [3, 1]))
fitted = fit(ResponseModel("conditional_laot"), screen)
predict(fitted, untreated; at = (drug = "A", dose = 2))
```
"""
struct Experiment
    feature_names::Any
    controls::Vector{Population}
    conditions::Vector{TreatedPopulation}
end

Experiment(; feature_names = nothing) = Experiment(feature_names, Population[], TreatedPopulation[])

function Experiment(cells, condition; control = "control", target = nothing, covariates = NamedTuple(),
                    combine = nothing, feature_names = nothing, batch = nothing, cell_names = nothing)
    cells, feature_names = from_table(cells, feature_names)
    labels = labels_of(condition)
    control = string(control)
    length(labels) == size(cells, 2) ||
        throw(ArgumentError("condition has $(length(labels)) labels for $(size(cells, 2)) cells"))
    targets = target === nothing ? sort(setdiff(labels, [control])) : string.(vec(collect(target)))
    for level in [control; targets]
        level in labels || throw(ArgumentError("no cell has the condition \"$level\"; there are " *
                                               join(sort(unique(labels)), ", ")))
    end
    known = design(covariates, labels, control, targets, combine)
    part(values, at) = values === nothing ? nothing : collect(values)[at]
    out = Experiment(feature_names = feature_names)
    for at in known.controls
        add_control!(out, cells[:, at]; batch = part(batch, at), names = part(cell_names, at))
    end
    for (level, of) in zip(targets, known.conditions)
        at = findall(==(level), labels)
        add_condition!(out, level, cells[:, at]; covariates = of.covariates, control = of.control,
                       batch = part(batch, at), names = part(cell_names, at))
    end
    return out
end

Base.show(io::IO, experiment::Experiment) =
    print(io, "Experiment(", length(experiment.controls), " control populations, ",
          length(experiment.conditions), " conditions)")

"""
    add_control!(experiment, cells; batch = nothing, names = nothing) -> Int

Adds control cells (features × cells): one population for all conditions, or one for each cell line
or plate. Gives its number, from 1, for `add_condition!`. `batch`, `names`: a label, and a name, of
each cell; cells are paired within a label only.
"""
function add_control!(experiment::Experiment, cells; batch = nothing, names = nothing)
    push!(experiment.controls, Population(cells, batch, names))
    return length(experiment.controls)
end

"""
    add_condition!(experiment, name, treated; covariates = (;), control = 1, batch = nothing, names = nothing)

Adds a condition with its treated cells (features × cells). `covariates = (drug = "A", dose = 3)` say
what it is, by the same names in all conditions: numbers and levels; vectors of them are a
combination. `control` is the number of the control cells that go with it.
"""
function add_condition!(experiment::Experiment, name, treated; covariates = NamedTuple(), control::Integer = 1,
                        batch = nothing, names = nothing)
    1 <= control <= length(experiment.controls) || throw(ArgumentError(
        "condition \"$name\" goes with control $control, and there are $(length(experiment.controls)) control " *
        "populations; add_control! comes first"))
    push!(experiment.conditions, TreatedPopulation(string(name), Population(treated, batch, names), control,
                                                   covariates_of(covariates)))
    return experiment
end

# Runs f(handle) with the library's experiment, which borrows the matrices.
function with_experiment(f, experiment::Experiment, embedding = nothing, held = String[])
    out = Ref{Ptr{Cvoid}}(C_NULL)
    check(laot_experiment_new(out))
    handle = out[]
    memory = Any[]
    lend(call, population) = begin
        cells, features = from_table(population.cells, experiment.feature_names)
        data, values = new_data(cells)
        push!(memory, values)
        try
            set_labels(data; batch = population.batch, features = features, cells = population.names)
            check(call(data))
        finally
            laot_data_free(data)
        end
    end
    try
        GC.@preserve memory begin
            for control in experiment.controls
                lend(data -> laot_experiment_add_control(handle, data, Ref{Csize_t}(0)), control)
            end
            for one in experiment.conditions
                with_covariates(one.covariates) do names, levels, numbers, count
                    lend(data -> laot_experiment_add_condition(handle, one.name, data, one.control - 1, names, levels,
                                                               numbers, count), one.treated)
                end
            end
            for (covariate, levels, coordinates) in embeddings(embedding, experiment)
                if levels === nothing
                    check(laot_experiment_place_by_controls(handle, covariate))
                    continue
                end
                check(laot_experiment_add_embedding(handle, covariate, levels, length(levels), coordinates,
                                                    size(coordinates, 1)))
            end
            foreach(name -> check(laot_experiment_hold_out(handle, name)), held)
            return f(handle)
        end
    finally
        laot_experiment_free(handle)
    end
end

# Names of the conditions that hold_out means.
function held_names(experiment, hold_out)
    hold_out === nothing && return String[]
    is_place(x) = x isa Union{AbstractDict,NamedTuple}
    there = [one.name for one in experiment.conditions]
    rows = is_place(hold_out) || hold_out isa AbstractString ? [hold_out] : collect(hold_out)
    isempty(rows) && throw(ArgumentError("hold_out is empty; name conditions, or give values by covariate"))
    if !all(is_place, rows)
        for name in rows
            name in there || throw(ArgumentError("hold_out names \"$name\", which is no condition; there are " *
                                                 join(there, ", ")))
        end
        return filter(name -> name in rows, there)
    end
    known = [name for (name, _) in experiment.conditions[1].covariates]
    for row in rows, name in keys(row)
        string(name) in known || throw(ArgumentError("hold_out names \"$name\", which is no covariate; there are " *
                                                     join(known, ", ")))
    end
    has(one, (name, wanted)) = !isdisjoint(Dict(one.covariates)[name], wanted)
    every = is_place(hold_out) ? any : all
    out = [one.name for one in experiment.conditions
           if any(row -> every(entry -> has(one, entry), covariates_of(row)), rows)]
    isempty(out) && throw(ArgumentError("no condition is what hold_out says, $(repr(hold_out))"))
    return out
end

"""
    held_out(fitted) -> Vector{String}

Names of the conditions of its experiment that a fit left out.
"""
held_out(fitted::FittedModel) = model_names(fitted, "held_out")

# Of each covariate its name, its levels, and their coordinates in columns; no levels where control
# cells place them.
function embeddings(embedding, experiment)
    embedding === nothing && return []
    known = isempty(experiment.conditions) ? Covariates() : experiment.conditions[1].covariates
    names = [name for (name, parts) in known if parts isa Vector{String}]
    by_control(value) = value isa AbstractString && value == "control"
    by_control(embedding) || embedding isa Union{AbstractDict,NamedTuple} && !isempty(embedding) || throw(ArgumentError(
        "embedding must be a Dict of coordinates by level, \"control\", or a Dict of these by covariate, found " *
        (embedding isa AbstractString ? repr(embedding) : string(typeof(embedding)))))
    if !by_control(embedding)
        for (name, value) in pairs(embedding)
            value isa AbstractString && !by_control(value) && throw(ArgumentError("the embedding of $name must be a Dict of " *
                "coordinates by level, or \"control\", found $(repr(value)); \"effect\" is a parameter of the method, as in " *
                "ResponseModel(\"conditional_laot\"; embedding = \"effect\")"))
        end
    end
    if !by_control(embedding) &&
       all(value -> value isa Union{AbstractDict,NamedTuple} || by_control(value), values(embedding))
        tables = [string(name) => table for (name, table) in pairs(embedding)]
    else
        length(names) == 1 || throw(ArgumentError("embedding must be a Dict by covariate where there is not one " *
            "covariate of levels; found " * (isempty(names) ? "none" : join(names, ", "))))
        tables = [names[1] => embedding]
    end
    return [begin
        name in names || throw(ArgumentError("embedding names \"$name\", which is no covariate of levels; there are " *
                                             (isempty(names) ? "none" : join(names, ", "))))
        by_control(table) ? (name, nothing, nothing) : (name, coordinate_columns(name, table)...)
    end for (name, table) in tables]
end

function coordinate_columns(name, table)
    rows = sort([string(level) => coordinates for (level, coordinates) in pairs(table)]; by = first)
    isnumbers(x) = x isa Real || x isa AbstractVector{<:Real}
    all(row -> isnumbers(row[2]), rows) && length(unique(length(row[2]) for row in rows)) == 1 || throw(ArgumentError(
        "the embedding of $name must have as many numbers for each level"))
    return first.(rows), Float64[row[2][k] for k in eachindex(rows[1][2]), row in rows]
end

"""
    fit(model, experiment; embedding = nothing, hold_out = nothing, seed = 1, num_threads = 1, progress = nothing, ...) -> FittedModel

Fits `model` to all conditions of an [`Experiment`](@ref). A method of many conditions
(`available_methods()` says which) learns one model of all, and predicts conditions without cells;
another is fitted to each. `conditions(fitted)` lists what was seen, `fitted["A 3"]` is the model of
one, and `predict(fitted, cells; at = (drug = "A", dose = 2))` asks at covariates.

`embedding = Dict("A" => [0.1, 2.0], ...)` says where levels lie, also those that are to be predicted
without cells; a Dict of such by covariate where several have levels; by default one-hot. `"control"`, alone
or for a covariate, `(patient = "control",)`, places the levels of a context (a patient, a cell line) by their
control cells, which each level must have: one that was not seen then needs no more than its own control cells.
`embedding = "effect"` is a parameter of the method, `ResponseModel("conditional_laot"; embedding = "effect")`.

`hold_out` leaves conditions out of the fit, to be asked for and scored as ones without cells: names;
`(dose = 1000, drug = ["A", "B"])`, those that have one of these values (of a combination, any part); or a
vector of such, those that have all values of one of them. `held_out(fitted)` has their names, and
`predict(fitted, cells; at = "A 3")` knows them. The other
keywords are those of two populations; where each condition is fitted on its own, `checkpoint` becomes a
file for each.
"""
function fit(model::ResponseModel, experiment::Experiment; embedding = nothing, hold_out = nothing,
             seed::Integer = 1, num_threads::Integer = 1, progress = nothing, checkpoint = nothing, checkpoint_seconds::Real = 30)
    with_params(model) do params
        with_experiment(experiment, embedding, held_names(experiment, hold_out)) do handle
            with_context(; seed = seed, num_threads = num_threads, progress = progress,
                         checkpoint = checkpoint, checkpoint_seconds = checkpoint_seconds) do context
                new_model(out -> laot_fit_experiment(context, params, handle, out))
            end
        end
    end
end

"""
    model_at(fitted, at; controls = nothing) -> FittedModel

The model of one condition, with its report, trace and arrays. `at` is the name of one that was seen,
which `fitted["A 3"]` takes too, or covariates, `(drug = ["A", "B"], dose = [3, 1])`: of a method of many
conditions any that it can answer. `report(model_at(fitted, at))["kind"]` says what they are to it.
`controls` are control cells (features × cells) of a level that was not seen, where the fit placed the
covariate by control cells, `embedding = (patient = "control",)`; otherwise they are not looked at.
Warns where a dose, or a level that its control cells place, lies beyond those that were seen, and where
the conditions say nothing about one that is not among them.
"""
function model_at(fitted::FittedModel, at::AbstractString; controls = nothing)
    isempty(at) && throw(ArgumentError("at must be the name of a condition or its covariates, found \"\""))
    return placed_model(fitted, controls, String(at), C_NULL, C_NULL, C_NULL, 0)
end

function placed_model(fitted, controls, name, covariates, levels, numbers, count)
    controls === nothing &&
        return new_model(out -> laot_model_at(fitted, name, covariates, levels, numbers, count, out))
    cells, features = from_table(controls, nothing)
    with_data(cells; features = features) do data
        with_context() do context
            new_model(out -> laot_model_at_controls(context, fitted, data, name, covariates, levels, numbers, count,
                                                    out))
        end
    end
end

function model_at(fitted::FittedModel, at; controls = nothing)
    at isa Union{AbstractDict,NamedTuple} && !isempty(at) || throw(ArgumentError(
        "at must be the name of a condition, or its covariates such as (drug = \"A\", dose = 3), found $(repr(at))"))
    wanted = checked(fitted, covariates_of(at))
    model = with_covariates(wanted) do names, levels, numbers, count
        placed_model(fitted, controls, "", names, levels, numbers, count)
    end
    said = report_text(model, "warning")
    isempty(said) || said == report_text(fitted, "warning") || @warn "$(condition_text(wanted)): $said"
    return model
end

Base.getindex(fitted::FittedModel, name::AbstractString) = model_at(fitted, name)

# The covariates that its conditions have, in their order.
function checked(fitted, given)
    known = model_names(fitted, "covariates")
    isempty(known) && throw(ArgumentError("the conditions of the model have no covariates; at must be one of " *
                                          join(model_names(fitted, "conditions"), ", ")))
    for (name, parts) in given
        name in known || throw(ArgumentError("the conditions of the model have no covariate \"$name\"; they have " *
                                             join(known, ", ")))
    end
    of = Dict(given)
    for name in known
        haskey(of, name) || throw(ArgumentError("at lacks the covariate \"$name\"; the conditions of the model have " *
                                                join(known, ", ")))
    end
    return Covariates([name => of[name] for name in known])
end

# Each cell at its own covariates.
function predict_rows(fitted, cells, at; options...)
    length(at) == size(cells, 2) ||
        throw(ArgumentError("at has $(length(at)) rows for $(size(cells, 2)) cells; give one a cell"))
    out = Matrix{Float64}(undef, size(cells))
    for place in unique(at)
        of = findall(isequal(place), at)
        out[:, of] = predict(model_at(fitted, place; controls = cells[:, of]), cells[:, of]; options...)
    end
    return out
end

"""
    conditions(fitted) -> NamedTuple of vectors

The conditions that were seen or, of `model_at(fitted, at)`, that one: `condition` (its name), `control`
and `treated` (numbers of cells, `NaN` where it has none), of a method of many conditions `kind`
(`"seen"`, `"unseen_dose"`, `"unseen_level"`, `"unseen_combination"`, `"unseen_context"`), and a column for
each covariate: numbers where all are single numbers, else texts, the values of a combination with
" + " between them.
"""
function conditions(fitted::FittedModel)
    names = model_names(fitted, "conditions")
    parts = isempty(names) ? [fitted] : [fitted[name] for name in names]
    reports = report.(parts)
    out = (condition = isempty(names) ? [model_text(fitted, "condition")] : names,
           control = Float64[get(said, "n_control", NaN) for said in reports],
           treated = Float64[get(said, "n_treated", NaN) for said in reports])
    any(said -> haskey(said, "kind"), reports) &&
        (out = merge(out, (kind = String[get(said, "kind", "") for said in reports],)))
    known = table(values -> laot_covariates(fitted, values))
    for name in model_names(fitted, "covariates")
        out = merge(out, NamedTuple{(Symbol(name),)}((covariate_column(known, out.condition, name),)))
    end
    return out
end

# Single numbers as they are; else texts, the values of a combination with " + " between them.
function covariate_column(known, conditions, name)
    values = [findall((known.condition .== condition) .& (known.covariate .== name)) for condition in conditions]
    single = all(rows -> length(rows) == 1 && !isnan(known.number[rows[1]]), values)
    single && return [known.number[rows[1]] for rows in values]
    return [join(known.value[rows], " + ") for rows in values]
end
