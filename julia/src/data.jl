# Julia matrices as laot_data, borrowed: no copy of Float64 values where memory is as C wants it.

# The array that must live while the handle does.
dense(x::StridedMatrix{Float64}) = stride(x, 1) == 1 ? x : Matrix{Float64}(x)
dense(x::AbstractMatrix{<:Real}) = Matrix{Float64}(x)

function new_data(x::AbstractMatrix{<:Real})
    values = dense(x)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    leading = max(stride(values, 2), size(values, 1))
    GC.@preserve values check(laot_data_dense(pointer(values), size(values, 1), size(values, 2), leading, out))
    return out[], values
end

# Indices count from 0 there: their copy is shifted, the values stay where they are.
function new_data(x::SparseMatrixCSC{<:Real,Index}) where {Index}
    # As wide as they are, where the library has that width.
    wide, call = Index === Int32 ? (Int32, laot_data_csc) : (Int64, laot_data_csc64)
    starts = Vector{wide}(getcolptr(x) .- one(Index))
    rows = Vector{wide}(rowvals(x) .- one(Index))
    values = convert(Vector{Float64}, nonzeros(x))
    out = Ref{Ptr{Cvoid}}(C_NULL)
    GC.@preserve starts rows values check(call(size(x, 1), size(x, 2), pointer(starts), pointer(rows),
        pointer(values), out))
    return out[], (starts, rows, values)
end

# A view with some of the rows and columns, in any order: the matrix is read in place.
function new_data(x::SubArray{<:Real,2,<:Union{Matrix{Float64},SparseMatrixCSC}})
    x isa StridedMatrix{Float64} && stride(x, 1) == 1 && return invoke(new_data, Tuple{AbstractMatrix{<:Real}}, x)
    rows, columns = parentindices(x)
    data, memory = new_data(parent(x))
    try
        select(laot_data_select_features, data, rows)
        select(laot_data_select_cells, data, columns)
    catch
        laot_data_free(data)
        rethrow()
    end
    return data, memory
end

select(call, data, ::Base.Slice) = nothing
function select(call, data, indices)
    from_zero = Csize_t[index - 1 for index in indices]
    check(call(data, from_zero, length(from_zero)))
end

# A table of cells in rows as features × cells, with the names of its columns: set by the extension for
# Tables.jl (Julia 1.9 and later).
const TABLES = Ref{Any}(nothing)
from_table(x::AbstractMatrix, names) = x, names
function from_table(x, names)
    TABLES[] === nothing && return x, names
    matrix, columns = TABLES[](x)
    return matrix, names === nothing ? columns : names
end

new_data(x) = throw(ArgumentError("cells must be a matrix (features × cells), found $(typeof(x))"))

texts(labels) = labels === nothing ? nothing : String[string(label) for label in labels]

function set_labels(data; batch = nothing, groups = nothing, features = nothing, cells = nothing)
    for (set, labels) in ((laot_data_set_batch, batch), (laot_data_set_groups, groups),
                          (laot_data_set_feature_names, features), (laot_data_set_cell_names, cells))
        labels === nothing || (names = texts(labels); check(set(data, names, length(names))))
    end
end

# Runs f(handle) with x as laot_data.
function with_data(f, x; batch = nothing, groups = nothing, features = nothing, cells = nothing)
    data, memory = new_data(x)
    try
        GC.@preserve memory begin
            set_labels(data; batch = batch, groups = groups, features = features, cells = cells)
            return f(data)
        end
    finally
        laot_data_free(data)
    end
end
