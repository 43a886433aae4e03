@testset "freed once, in any order" begin
    fitted = fit(LAOTModel(), CONTROL, TREATED)
    finalize(fitted)
    finalize(fitted)
    @test_throws LAOTError predict(fitted, CONTROL)
    @test repr(fitted) == "FittedModel(freed)"
    child = trivial(fit(LAOTModel(), CONTROL, TREATED), "mean_shift")
    GC.gc()
    @test size(predict(child, CONTROL)) == size(CONTROL)
end

@testset "nothing moves under a call" begin
    predicted = predict(FITTED, CONTROL)
    for _ in 1:20
        fitted = fit(LAOTModel(), copy(CONTROL), sparse(TREATED); progress = (_...) -> GC.gc(false))
        @test same(predict(fitted, copy(CONTROL)), predicted)
    end
end

@testset "several tasks predict from one model" begin
    predicted = predict(FITTED, CONTROL)
    results = Vector{Any}(undef, 16)
    Threads.@threads for i in 1:16
        results[i] = predict(FITTED, CONTROL)
    end
    @test all(same(result, predicted) for result in results)
    failures = Vector{Any}(undef, 16)
    Threads.@threads for i in 1:16
        failures[i] = try predict(FITTED, CONTROL[1:(i % 4 + 1), :]) catch e; e.message end
    end
    @test all(occursin("found $(i % 4 + 1) in", failures[i]) for i in 1:16)
end
