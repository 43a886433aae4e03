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

# The number of passed and failed tests of a set and those in it.
function counts(set::Test.DefaultTestSet)
    passed, failed = set.n_passed, 0
    for result in set.results
        if result isa Test.AbstractTestSet
            more = counts(result)
            passed, failed = passed + more[1], failed + more[2]
        else
            failed += result isa Union{Test.Fail, Test.Error}
        end
    end
    return passed, failed
end

# One case for each test, in the file that LAOT_JUNIT names.
function write_junit(name, passed, failed)
    haskey(ENV, "LAOT_JUNIT") || return
    open(ENV["LAOT_JUNIT"], "a") do out
        println(out, "<testsuite name=\"$name\" tests=\"$(passed + failed)\">")
        foreach(k -> println(out, "<testcase name=\"$name $k\"/>"), 1:passed)
        foreach(k -> println(out, "<testcase name=\"$name failed $k\"><failure/></testcase>"), 1:failed)
        println(out, "</testsuite>")
    end
end

all_well = true
for name in ("others", "models", "conditions", "metrics", "trackability", "callbacks", "memory")
    try
        set = @testset "$name" begin include("$name.jl") end
        write_junit(name, counts(set)...)
    catch error
        error isa Test.TestSetException || rethrow()
        write_junit(name, error.pass, error.fail + error.error)
        global all_well = false
    end
end
all_well || exit(1)
