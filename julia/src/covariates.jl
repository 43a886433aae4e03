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

# Of each cell its value as the library takes it: a level or nothing, and a number or NaN.
function column_values(column)
    number = all(value -> is_lost(value) || is_number(value), column)
    return [is_lost(value) ? (nothing, NaN) : number ? (nothing, Float64(value)) : (string(value), NaN)
            for value in column]
end

# The targets by the columns: (controls, conditions), controls as numbers of cells; each condition goes
# with those of its own context. By the library's rules.
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
    rows = [(string(name), cell - 1, level, number) for (name, column) in pairs(covariates)
            for (cell, (level, number)) in enumerate(column_values(column))]
    values, controls, control_of = read_conditions(labels, control, targets, rows, combine)
    known = map(targets) do target
        Covariates([name => value_in(values, target, name) for name in string.(keys(covariates))])
    end
    cells = [Int.(controls.cell[controls.control .== g]) .+ 1 for g in 0:maximum(control_of)]
    return (controls = cells, conditions = [(covariates = one, control = Int(which) + 1)
                                            for (one, which) in zip(known, control_of)])
end

function value_in(values, target, name)
    at = findall((values.condition .== target) .& (values.covariate .== name))
    return isnan(values.number[first(at)]) ? values.level[at] : values.number[at]
end

# rows: (covariate, cell from 0, level or nothing, number or NaN).
function read_conditions(labels, control, targets, rows, combine)
    names, at = String[row[1] for row in rows], Csize_t[row[2] for row in rows]
    texts, numbers = [row[3] for row in rows], Float64[row[4] for row in rows]
    conditions, controls = Ref{Ptr{Cvoid}}(C_NULL), Ref{Ptr{Cvoid}}(C_NULL)
    control_of = Vector{Csize_t}(undef, length(targets))
    GC.@preserve texts begin
        levels = Cstring[text === nothing ? Cstring(C_NULL) : Base.unsafe_convert(Cstring, text) for text in texts]
        check(laot_read_conditions(labels, length(labels), control, targets, length(targets), at, names, levels, numbers,
                                   length(rows), combine === nothing ? Cstring(C_NULL) : combine, "missing",
                                   conditions, controls, control_of))
    end
    return table_columns(conditions[]), table_columns(controls[]), control_of
end

# A few numbers may be labels, what differs from cell to cell is a measurement.
function labels_of(condition)
    numbers = unique(value for value in condition if value isa Real && !(value isa Bool))
    3 * length(numbers) > length(condition) && throw(ArgumentError("condition has $(length(numbers)) different numbers for " *
        "$(length(condition)) cells: it must say which population a cell is of; what is known of the conditions, such as a " *
        "dose, goes into covariates"))
    return string.(condition)
end
