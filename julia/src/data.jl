# Julia matrices as laot_data, borrowed: no copy of Float64 values where memory is as C wants it.

# What must live while the handle does.
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
function new_data(x::SparseMatrixCSC{<:Real})
    starts = Vector{Int64}(x.colptr .- 1)
    rows = Vector{Int64}(x.rowval .- 1)
    values = convert(Vector{Float64}, x.nzval)
    out = Ref{Ptr{Cvoid}}(C_NULL)
    GC.@preserve starts rows values check(laot_data_csc64(size(x, 1), size(x, 2), pointer(starts),
        pointer(rows), pointer(values), out))
    return out[], (starts, rows, values)
end

new_data(x) = throw(ArgumentError("cells must be a matrix (features × cells), found $(typeof(x))"))

texts(labels) = labels === nothing ? nothing : String[string(label) for label in labels]

# Runs f(handle) with x as laot_data.
function with_data(f, x; batch = nothing, features = nothing, cells = nothing)
    data, memory = new_data(x)
    try
        GC.@preserve memory begin
            for (set, labels) in ((laot_data_set_batch, batch), (laot_data_set_feature_names, features),
                                  (laot_data_set_cell_names, cells))
                labels === nothing || (names = texts(labels); check(set(data, names, length(names))))
            end
            return f(data)
        end
    finally
        laot_data_free(data)
    end
end
