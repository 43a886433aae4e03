# Tables of cells in rows (a DataFrame, a CSV file, a named tuple of vectors), and scores as a table.
module LAOTTablesExt

using LAOT
using Tables

function read_table(x)
    Tables.istable(x) || return x, nothing
    return permutedims(Tables.matrix(x)), collect(String.(Tables.columnnames(Tables.columns(x))))
end

Tables.istable(::Type{<:ScoreTable}) = true
Tables.columnaccess(::Type{<:ScoreTable}) = true
Tables.columns(scores::ScoreTable) = NamedTuple(scores)

__init__() = (LAOT.TABLES[] = read_table; nothing)

end
