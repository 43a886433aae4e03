# Covariates: what a condition is, by name; and the columns of labelled cells in which they stand.

# The values of a covariate, several of a combination: numbers, or levels.
const Parts = Union{Vector{Float64},Vector{String}}
const Covariates = Vector{Pair{String,Parts}}

is_number(value) = value isa Real && !(value isa Bool)
is_lost(value) = value === missing || value === nothing || value isa Real && isnan(value) ||
                 value isa AbstractString && isempty(strip(value))

function parts_of(value, name)
    parts = value isa Union{AbstractVector,Tuple} ? collect(Any, value) : Any[value]
    isempty(parts) || any(is_lost, parts) || any(part -> part isa Union{AbstractArray,Tuple}, parts) ?
        throw(ArgumentError("covariate $name must be a number, a level, or a vector of them, found $(repr(value))")) :
        all(is_number, parts) ? Float64.(parts) : String[string(part) for part in parts]
end

covariates_of(covariates::Covariates) = covariates
covariates_of(covariates::Union{AbstractDict,NamedTuple}) =
    Covariates([string(name) => parts_of(value, name) for (name, value) in pairs(covariates)])
covariates_of(covariates) = throw(ArgumentError(
    "covariates must be a named tuple such as (drug = \"A\", dose = 3), or a Dict, found $(repr(covariates))"))

# Runs f(names, levels, numbers, count), as the library takes them.
function with_covariates(f, covariates)
    rows = [(name, part) for (name, parts) in covariates for part in parts]
    isempty(rows) && return f(C_NULL, C_NULL, C_NULL, 0)
    names = String[name for (name, part) in rows]
    texts = String[part isa String ? part : "" for (name, part) in rows]
    GC.@preserve texts begin
        levels = [part isa String ? Base.unsafe_convert(Cstring, text) : Cstring(C_NULL)
                  for ((name, part), text) in zip(rows, texts)]
        return f(names, levels, Float64[part isa String ? NaN : part for (name, part) in rows], length(rows))
    end
end

shown(part::String) = part
shown(part::Float64) = isinteger(part) && abs(part) < 1e15 ? string(Int(part)) : string(part)
shown(parts::Union{Vector{Float64},Vector{String}}) = join(shown.(parts), " + ")

# "drug = A + B, dose = 3 + 1"
condition_text(covariates) = join(("$name = $(shown(parts))" for (name, parts) in covariates), ", ")

# ---- Columns: one value for each cell -----------------------------------------------------------

# Of each cell its parts, or nothing; "A+B" has two, and parts that are all numbers are numbers.
function split_column(column, combine)
    known = unique(value for value in column if !is_lost(value))
    split_of = Dict{Any,Parts}()
    if all(is_number, known)
        foreach(value -> split_of[value] = [Float64(value)], known)
    else
        separate(text) = combine === nothing ? [text] : String.(strip.(split(text, combine)))
        several = combine !== nothing && any(value -> occursin(combine, string(value)), known)
        texts = Dict(value => several ? separate(string(value)) : [string(value)] for value in known)
        numbers = Dict(value => tryparse.(Float64, parts) for (value, parts) in texts)
        all_numbers = several && all(parts -> all(!isnothing, parts), values(numbers))
        foreach(value -> split_of[value] = all_numbers ? Float64.(numbers[value]) : String.(texts[value]), known)
    end
    return Union{Nothing,Parts}[is_lost(value) ? nothing : split_of[value] for value in column]
end

# The targets by the columns: (controls, conditions), controls as places among the control
# cells; each condition goes with those of its own context.
function design(covariates, labels, control, targets, combine)
    covariates isa Union{AbstractDict,NamedTuple} || throw(ArgumentError(
        "covariates must be columns such as (drug = drugs, dose = doses), found $(typeof(covariates))"))
    combine !== nothing && isempty(covariates) &&
        throw(ArgumentError("combine is of the levels of covariates, and there are none"))
    combine == "" && throw(ArgumentError(
        "combine must be what stands between the parts of a combination, such as \"+\", found \"\""))
    for (name, column) in pairs(covariates)
        length(column) == length(labels) ||
            throw(ArgumentError("covariate $name has $(length(column)) values for $(length(labels)) cells"))
    end
    columns = [string(name) => split_column(column, combine) for (name, column) in pairs(covariates)]
    known = [Covariates([name => one_value(column[labels .== target], name, target) for (name, column) in columns])
             for target in targets]
    for (target, values) in zip(targets, known), (name, parts) in values
        length(parts) > 1 && control in parts && throw(ArgumentError(
            "condition \"$target\" combines $(join(parts, ", ")), and \"$control\" is the control; name only what was given"))
    end
    of_controls = [name => column[labels .== control] for (name, column) in columns]
    check_control_dose(of_controls, known)
    return with_contexts(of_controls, known, targets, count(==(control), labels))
end

cells_counted(count, what = "cell") = "$count $what" * (count == 1 ? "" : "s")

function one_value(values, name, target)
    lost = count(isnothing, values)
    lost == 0 || throw(ArgumentError("covariate $name is missing in $(cells_counted(lost)) of condition \"$target\"; " *
                                     "give them a value, or leave them out of condition"))
    found = unique(values)
    length(found) == 1 && return found[1]
    throw(ArgumentError("covariate $name must have one value in all cells of a condition, and those of \"$target\" have " *
                        join(shown.(found[1:min(end, 5)]), ", ") * (length(found) > 5 ? ", ..." : "")))
end

# The dose is the first covariate of numbers of which a condition has several, else the first without
# negative ones; it is 0 or missing in control cells.
function check_control_dose(of_controls, known)
    of(k) = [values[k][2] for values in known]
    numbers = [k for k in eachindex(of_controls) if of(k)[1] isa Vector{Float64}]
    several = filter(k -> any(parts -> length(parts) > 1, of(k)), numbers)
    doses = [several; filter(k -> all(parts -> all(parts .>= 0), of(k)), numbers)]
    isempty(doses) && return
    name, values = of_controls[doses[1]]
    wrong = [parts for parts in values if parts !== nothing && any(parts .!= 0)]
    isempty(wrong) || throw(ArgumentError(
        "control cells must have $name 0 or missing, for 0 is no change; found " *
        join(unique(shown.(wrong))[1:min(end, 5)], ", ") * " in " * cells_counted(length(wrong), "control cell")))
end

function with_contexts(of_controls, known, targets, controls)
    context = filter(collect(eachindex(of_controls))) do k
        values = [one[k][2] for one in known]
        have = Set(filter(!isnothing, of_controls[k][2]))
        all(parts -> parts isa Vector{String} && length(parts) == 1, values) && any(parts -> parts in have, values)
    end
    isempty(context) && return (controls = [collect(1:controls)],
                                conditions = [(covariates = one, control = 1) for one in known])
    of_cells = [[of_controls[k][2][i] for k in context] for i in 1:controls]
    need = [[one[k][2] for k in context] for one in known]
    have = unique(of_cells)
    for (target, wanted, one) in zip(targets, need, known)
        wanted in have && continue
        there = sort([join((parts === nothing ? "missing" : parts[1] for parts in key), ", ") for key in have])
        throw(ArgumentError("no control cell has $(condition_text(one[context])), as condition \"$target\" has; " *
                            "control cells have " * join(there[1:min(end, 6)], ", ") *
                            (length(there) > 6 ? ", ..." : "")))
    end
    contexts = unique(need)
    return (controls = [findall(isequal(one), of_cells) for one in contexts],
            conditions = [(covariates = one, control = findfirst(isequal(wanted), contexts))
                          for (one, wanted) in zip(known, need)])
end

# A few numbers may be labels, what differs from cell to cell is a measurement.
function labels_of(condition)
    numbers = unique(value for value in condition if value isa Real && !(value isa Bool))
    3 * length(numbers) > length(condition) && throw(ArgumentError("condition has $(length(numbers)) different numbers for " *
        "$(length(condition)) cells: it must say which population a cell is of; what is known of the conditions, such as a " *
        "dose, goes into covariates"))
    return string.(condition)
end
