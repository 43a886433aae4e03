# Tables of the library as NamedTuples of vectors, one a column: what Tables.jl takes for a table.

# The columns, by name and in order; the handle is gone.
function table_columns(handle)
    try
        names = text_lines((b, s, n) -> laot_table_names(handle, b, s, n))
        rows, columns = Ref{Csize_t}(0), Ref{Csize_t}(0)
        check(laot_table_size(handle, rows, columns))
        return NamedTuple{Tuple(Symbol.(names))}(Tuple(table_column(handle, name, Int(rows[])) for name in names))
    finally
        laot_table_free(handle)
    end
end

# call(out) makes the table.
function table(call)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    check(call(out))
    return table_columns(out[])
end

function table_column(handle, name, rows)
    type = Ref{Cint}(0)
    check(laot_table_column_type(handle, name, type))
    type[] == LAOT_COLUMN_TEXT && return table_texts(handle, name, rows)
    out = Vector{Float64}(undef, rows)
    check(laot_table_numbers(handle, name, out, rows))
    return out
end

# Each text ends with a 0.
function table_texts(handle, name, rows)
    rows == 0 && return String[]
    bytes = two_calls((b, s, n) -> laot_table_texts(handle, name, b, s, n))
    return String.(split(String(bytes[1:end-1]), '\0'))
end
