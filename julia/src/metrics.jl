# Distances between populations of cells, features × cells each.

"""
    median_gamma(x[, y]; seed = 1, num_threads = 1) -> Float64

1 / median of the positive squared distances over all pairs of the pooled cells; a seeded subsample
beyond 4000 cells. `NaN` if there is no positive distance.
"""
function median_gamma(x, y = nothing; seed::Integer = 1, num_threads::Integer = 1, progress = nothing)
    value = Ref{Cdouble}(NaN)
    with_data(x) do a
        with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
            y === nothing ? check(laot_median_gamma(context, a, C_NULL, value)) :
                with_data(b -> check(laot_median_gamma(context, a, b, value)), y)
        end
    end
    return value[]
end

"""
    mmd2(x, y; gammas = median_gamma(x, y), estimator = "unbiased") -> Float64

Squared maximum mean discrepancy with the kernel `exp(-gamma |u - v|²)`, averaged over `gammas`. The
unbiased estimate is not clipped, and so is negative about half the time when the populations are
alike.
"""
function mmd2(x, y; gammas = median_gamma(x, y), estimator = "unbiased", seed::Integer = 1,
              num_threads::Integer = 1, progress = nothing)
    value = Ref{Cdouble}(NaN)
    list = Float64[gammas...]
    with_data(x) do a
        with_data(y) do b
            with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
                check(laot_mmd2(context, a, b, list, length(list), String(estimator), value))
            end
        end
    end
    return value[]
end

"""
    wasserstein2(x, y; num_threads = 1) -> (value, gap)

The exact 2-Wasserstein distance between the populations with uniform weights, and the relative
duality gap that proves it.
"""
function wasserstein2(x, y; seed::Integer = 1, num_threads::Integer = 1, progress = nothing)
    value, gap = Ref{Cdouble}(NaN), Ref{Cdouble}(NaN)
    with_data(x) do a
        with_data(y) do b
            with_context(; seed = seed, num_threads = num_threads, progress = progress) do context
                check(laot_wasserstein2(context, a, b, value, gap))
            end
        end
    end
    return (value = value[], gap = gap[])
end

"""
    variable_features(control, treated, count) -> Vector{Int}

Rows of largest variance over the pooled cells, in decreasing order, ties by position.
"""
function variable_features(control, treated, count::Integer; num_threads::Integer = 1, progress = nothing)
    index = Vector{Csize_t}(undef, count)
    with_data(control) do a
        with_data(treated) do b
            with_context(; num_threads = num_threads, progress = progress) do context
                check(laot_variable_features(context, a, b, count, index))
            end
        end
    end
    return Int.(index) .+ 1
end
