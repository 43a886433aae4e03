using LAOT
using Random
using Serialization
using SparseArrays
using Test

# The same cells on every version of Julia.
function cells(features, count, start)
    state = UInt64(start)
    return [begin
        state = state * 0x5851f42d4c957f2d + 0x14057b7ef767814f
        Float64(state >> 11) / 2.0^53 + 0.3k
    end for k in 1:features, _ in 1:count]
end

const CONTROL = cells(5, 60, 1)
const TREATED = 1.7 .* cells(5, 47, 2) .+ 1
const FITTED = fit(LAOTModel(), CONTROL, TREATED)
same(a, b) = size(a) == size(b) && all(reinterpret(UInt64, vec(a)) .== reinterpret(UInt64, vec(b)))

include("models.jl")
include("metrics.jl")
include("trackability.jl")
include("callbacks.jl")
include("memory.jl")
