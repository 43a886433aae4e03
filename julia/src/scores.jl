# The table of scores: columns as a named tuple of vectors has them, shown as one row a method.

"""
    ScoreTable

What [`evaluate_predictions`](@ref) returns: a table with one row for each method and metric. Its columns are
properties (`scores.value`), and `NamedTuple(scores)` has them all, as vectors; with Tables.jl (Julia 1.9 and
later) it is a table. Shown, it has one row a method and one column a metric.
"""
struct ScoreTable{T<:NamedTuple}
    columns::T
end

Base.NamedTuple(scores::ScoreTable) = getfield(scores, :columns)
Base.getproperty(scores::ScoreTable, name::Symbol) = getproperty(NamedTuple(scores), name)
Base.getindex(scores::ScoreTable, name::Symbol) = getproperty(scores, name)
Base.propertynames(scores::ScoreTable) = keys(NamedTuple(scores))
Base.keys(scores::ScoreTable) = keys(NamedTuple(scores))
Base.values(scores::ScoreTable) = values(NamedTuple(scores))
Base.pairs(scores::ScoreTable) = pairs(NamedTuple(scores))
Base.:(==)(a::ScoreTable, b::ScoreTable) = NamedTuple(a) == NamedTuple(b)
Base.isequal(a::ScoreTable, b::ScoreTable) = isequal(NamedTuple(a), NamedTuple(b))
Base.hash(scores::ScoreTable, seed::UInt) = hash(NamedTuple(scores), seed)

Base.show(io::IO, scores::ScoreTable) = print(io, "ScoreTable(", length(scores.value), " rows)")

function Base.show(io::IO, ::MIME"text/plain", scores::ScoreTable)
    print(io, "Scores: one row a method, one column a metric")
    part(row) = (scores.condition[row], scores.kind[row], scores.group[row], scores.features[row])
    rows = eachindex(scores.value)
    parts = unique(part.(rows))
    for one in parts
        condition, kind, group, features = one
        title = join(filter(!isempty, [condition, kind, group]), ", ")
        print(io, "\n\n", isempty(title) ? "" : title * ", ", features)
        show_methods(io, scores, filter(row -> part(row) == one, rows))
    end
end

# A metric that is there with several estimators or settings is a column of each.
function show_methods(io, scores, rows)
    form(row) = (scores.metric[row], scores.estimator[row], scores.setting[row])
    forms, methods = unique(form.(rows)), unique(scores.method[rows])
    label((metric, estimator, setting)) = count(other -> other[1] == metric, forms) == 1 ? metric :
        join(filter(!isempty, [metric, estimator, setting]), " ")
    shown(method, one) = begin
        at = findfirst(row -> scores.method[row] == method && form(row) == one, rows)
        at === nothing ? "" : isnan(scores.value[rows[at]]) ? "-" : string(round(scores.value[rows[at]]; sigdigits = 3))
    end
    columns = [[label(one); [shown(method, one) for method in methods]] for one in forms]
    names = rpad.(["", methods...], maximum(length, methods))
    room = max(displaysize(io)[2], 40)
    while !isempty(columns)
        widths = cumsum([2 + maximum(length, column) for column in columns])
        fitting = max(1, count(width -> width + length(names[1]) <= room, widths))
        for line in eachindex(names)
            print(io, "\n", names[line], ("  " * lpad(column[line], maximum(length, column)) for column in columns[1:fitting])...)
        end
        columns = columns[fitting+1:end]
    end
end
