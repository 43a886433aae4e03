@testset "registry" begin
    names = [m.name for m in available_methods()]
    @test issubset(["laot", "identity", "mean_shift", "gaussian_map"], names)
    @test [m.label for m in available_methods()][1:2] == ["LAOT", "CellOT"]
    ridge = only(filter(p -> p.name == "ridge", method_parameters("laot")))
    @test ridge.default == "auto" && ridge.type == :number && !isempty(ridge.doc)
    @test "algorithm1" in [p.name for p in method_presets("laot")]
    @test capabilities()["abi"] == "1"
    @test_throws LAOTError LAOTModel(ridgee = 1)
    @test_throws LAOTError LAOTModel(preset = "notebok")
    @test_throws LAOTError ResponseModel("loat")
    @test_throws ArgumentError LAOTModel(ridge = [1, 2])
    @test_throws ArgumentError method_parameters("loat")
    error = try LAOTModel(ridgee = 1) catch e; e end
    @test error.status == :unknown_name && occursin("did you mean \"ridge\"", error.message)
    @test occursin("ridge = 0.1", repr(LAOTModel(ridge = 0.1)))
    settings = model_parameters(LAOTModel(preset = "algorithm1", max_iter = 7))
    @test settings["max_iter"] == "7" && settings["center"] == "none"
    @test sort(collect(keys(settings))) == sort([p.name for p in method_parameters("laot")])
end

@testset "fit and predict" begin
    W, b = linear_map(FITTED)
    predicted = predict(FITTED, CONTROL)
    @test predicted ≈ W * CONTROL .+ b
    @test method_name(FITTED) == "laot"
    said = report(FITTED)
    @test said["outcome"] == "converged" && said["n_control"] == 60 && said["n_treated"] == 47
    @test model_parameters(FITTED)["restore"] == "auto"
    @test length(trace(FITTED)["objective_after_update"]) == said["iterations"]
    @test "map" in array_names(FITTED)
    @test sum(array(FITTED, "plan_mass")) ≈ 1
    @test occursin("60 control and 47 treated cells", sprint(show, MIME("text/plain"), FITTED))
    @test same(predict(trivial(FITTED, "identity"), CONTROL), CONTROL)
    @test all(predict(FITTED, CONTROL .- 5; nonnegative = "clip") .>= 0)
    @test_throws LAOTError predict(FITTED, CONTROL[1:4, :])
    @test_throws LAOTError predict(FITTED, CONTROL; nonnegative = "maybe")
    @test_throws LAOTError fit(LAOTModel(), CONTROL, TREATED[1:4, :])
    @test_throws LAOTError array(FITTED, "nothing")
    @test_throws ArgumentError fit(LAOTModel(), "CONTROL", TREATED)
    bad = copy(CONTROL)
    bad[3] = NaN
    error = try fit(LAOTModel(), bad, TREATED) catch e; e end
    @test error.status == :not_finite && occursin("feature 3, cell 1", error.message)
end

@testset "the coupling is chosen by name" begin
    exact = fit(LAOTModel(coupling = "exact"), CONTROL, TREATED)
    @test report(exact)["coupling"] == "exact" && report(exact)["plan_bound"] == "proven"
    @test same(predict(exact, CONTROL), predict(FITTED, CONTROL))
    parts = fit(LAOTModel(coupling = "hierarchical"), CONTROL, TREATED)
    @test report(parts)["coupling"] == "hierarchical" && report(parts)["plan_bound"] == "estimated"
    @test report(parts)["plan_cost_lower_bound"] <= report(parts)["plan_cost"]
    @test_throws LAOTError LAOTModel(coupling = "fast")
end

@testset "kinds of matrices give the same bits" begin
    predicted = predict(FITTED, CONTROL)
    wide = hcat(zeros(5, 3), CONTROL)
    tall = vcat(CONTROL, zeros(2, 60))
    for control in (view(wide, :, 4:63), view(tall, 1:5, :), sparse(CONTROL),
                    copy(transpose(copy(transpose(CONTROL)))), transpose(copy(transpose(CONTROL))),
                    view(tall, 1:1:5, :), view(wide, :, collect(4:63)), view(tall, [1, 2, 3, 4, 5], :),
                    view(sparse(wide), :, 4:63), view(sparse(tall), tall[:, 1] .!= 0, :),
                    SparseMatrixCSC{Float64,Int32}(sparse(CONTROL)))
        @test same(predict(fit(LAOTModel(), control, TREATED), CONTROL), predicted)
        @test same(predict(FITTED, control), predicted)
    end
    shuffled = [3, 1, 60, 2]
    @test same(predict(FITTED, view(CONTROL, :, shuffled)), predicted[:, shuffled])
    @test same(predict(FITTED, view(sparse(CONTROL), :, shuffled)), predicted[:, shuffled])
    @test_throws LAOTError predict(FITTED, view(CONTROL, 1:4, shuffled))
    whole = Float32.(round.(CONTROL; digits = 1))
    @test same(predict(FITTED, whole), predict(FITTED, Float64.(whole)))
    @test same(predict(FITTED, sparse(round.(Int, CONTROL))), predict(FITTED, round.(CONTROL)))
    @test size(predict(FITTED, CONTROL[:, 1:1])) == (5, 1)
end

@testset "threads and seeds" begin
    adam = LAOTModel(preset = "notebook")
    one = fit(adam, CONTROL, TREATED; seed = 3)
    two = fit(adam, CONTROL, TREATED; seed = 3, num_threads = 2)
    @test same(predict(one, CONTROL), predict(two, CONTROL))
    @test_throws LAOTError fit(LAOTModel(), CONTROL, TREATED; num_threads = 0)
end

@testset "labels and names" begin
    donor(count) = [isodd(i) ? :a : :b for i in 1:count]
    names = ["gene $k" for k in 1:5]
    fitted = fit(LAOTModel(), CONTROL, TREATED; batch_control = donor(60), batch_treated = donor(47),
                 feature_names = names, control_names = ["c$i" for i in 1:60])
    @test feature_names(fitted) == names && control_names(fitted)[60] == "c60"
    @test isempty(treated_names(fitted)) && isempty(feature_names(FITTED))
    source, target = Int.(array(fitted, "plan_source")), Int.(array(fitted, "plan_target"))
    @test all(iseven.(source) .== iseven.(target))
    @test_throws LAOTError predict(fitted, CONTROL; feature_names = reverse(names))
    @test_throws LAOTError fit(LAOTModel(), CONTROL, TREATED; feature_names = names[1:2])
end

@testset "what a fit compared" begin
    @test isempty(choices(FITTED).choice) # too few cells to ask
    bending = fit(LAOTModel(preset = "adaptive"), repeat(CONTROL, 1, 2), repeat(TREATED .* abs.(TREATED), 1, 3))
    found = choices(bending)
    @test found.candidate == ["linear", "linear + marginals", "lift", "lift + marginals"]
    @test found.gain ≈ found.mmd2 .- found.mmd2[1]
    @test found.candidate[found.chosen .== 1] == [report(bending)["choice"]]
end

@testset "shares of types" begin
    types = (string.((1:size(CONTROL, 2)) .% 4 .== 0), string.((1:size(TREATED, 2)) .% 2 .== 0))
    balanced = fit(LAOTModel(balance = "types"), CONTROL, TREATED; types_control = types[1], types_treated = types[2])
    shares = composition(balanced)
    @test shares.type == ["false", "true"]
    @test shares.ratio ≈ shares.treated ./ shares.control
    @test composition_weights(balanced, CONTROL; types = types[1]) ≈ [shares.ratio[t == "true" ? 2 : 1] for t in types[1]]
    @test all(composition_weights(FITTED, CONTROL) .== 1)
    scored(; groups...) = evaluate_predictions(balanced, TREATED; control = CONTROL, metrics = ["mmd2", "w2"], groups...)
    scores = scored(groups = (observed = nothing, control = types[1]))
    @test scores.estimator[1:4] == ["unbiased", "exact", "unbiased, weighted", "exact, weighted"]
    @test scores.weighted[1:4] == [0, 0, 1, 1] && scores.halvings[1:4] == zeros(4)
    @test scores.gamma_from[1:4] == ["median", "", "median", ""]
    @test scores.setting[4] == "cells weighted by type" && all(isfinite, scores.value[1:4])
    @test_throws LAOTError scored()
end

@testset "a fit that bends" begin
    x = [sin(7.0 * i * j + i) + cos(3.0 * j * j + 2i) for i in 1:3, j in 1:150]
    y = [v + 1.5 * tanh(2v) + 1 for v in x[:, 150:-1:11]]
    bent = fit(LAOTModel(preset = "calibrated", lift = "yes"), x, y)
    @test report(bent)["lift"] == "yes" && 0 < report(bent)["lift_share"] <= 1
    at, step = x[:, 1:4], 1e-5
    found = effects(bent, at)
    @test size(found) == (3, 3, 4)
    for feature in 1:3
        change = [i == feature ? step : 0.0 for i in 1:3]
        slope = (predict(bent, at .+ change) .- predict(bent, at .- change)) ./ (2 * step)
        @test isapprox(found[:, feature, :], slope; rtol = 1e-6, atol = 1e-7)
    end
    W, b = linear_map(bent)
    apart = predict(bent, x) .- (W * x .+ b)
    @test all(abs.(sum(apart; dims = 2) ./ 150) .< 1e-9) && maximum(abs.(apart)) > 1e-3
    @test same(found, effects(LAOT.from_bytes(LAOT.to_bytes(bent)), at))
    straight = fit(LAOTModel(preset = "calibrated"), CONTROL, TREATED)
    @test same(effects(straight, CONTROL)[:, :, 2], linear_map(straight)[1])
end

@testset "networks" begin
    for model in (CellOTModel(preset = "compact", iterations = 6, check_every = 3),
                  ScGenModel(hidden_units = 16, latent = 3, epochs = 2),
                  CondAEModel(hidden_units = 16, latent = 3, epochs = 2))
        fitted = fit(model, CONTROL, TREATED; seed = 5)
        predicted = predict(fitted, CONTROL)
        @test all(isfinite, predicted)
        @test same(predicted, predict(fit(model, CONTROL, TREATED; seed = 5, num_threads = 2), CONTROL))
        @test same(predicted, predict(LAOT.from_bytes(LAOT.to_bytes(fitted)), CONTROL))
        @test method_name(fitted) == model.method
        mktempdir() do folder
            checkpoint = joinpath(folder, "run.ckpt")
            @test same(predicted, predict(fit(model, CONTROL, TREATED; seed = 5, checkpoint = checkpoint), CONTROL))
            @test isfile(checkpoint)
            @test same(predicted, predict(fit(model, CONTROL, TREATED; seed = 5, checkpoint = checkpoint), CONTROL))
            @test_throws LAOTError fit(model, CONTROL, TREATED; seed = 6, checkpoint = checkpoint)
        end
    end
end

@testset "save and load" begin
    predicted = predict(FITTED, CONTROL)
    mktempdir() do folder
        path = joinpath(folder, "model.safetensors")
        save_model(FITTED, path)
        @test same(predict(load_model(path), CONTROL), predicted)
        @test isempty(notes(load_model(path)))
        save_model(FITTED, path; notes = Dict("donor" => "P1 é"))
        save_model(load_model(path), path; notes = Dict("day" => "3"))
        @test notes(load_model(path)) == Dict("donor" => "P1 é", "day" => "3")
        write(path, read(path)[1:end-8])
        @test_throws LAOTError load_model(path)
    end
    @test_throws LAOTError load_model("no/such/file")
    @test_throws LAOTError save_model(FITTED, "no/such/folder/model")
    stream = IOBuffer()
    serialize(stream, [FITTED, FITTED])
    @test same(predict(deserialize(seekstart(stream))[2], CONTROL), predicted)
    @test same(predict(deepcopy(FITTED), CONTROL), predicted)
end
