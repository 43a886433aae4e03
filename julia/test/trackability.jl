@testset "simulated populations and their recovery" begin
    made = simulate_populations(6, 60, 0.05; seed = 2)
    @test made.treated[:, made.partner] ≈ made.map * made.control
    fitted = fit(LAOTModel(preset = "algorithm1"), made.control, made.treated)
    found = trackability(fitted; resamples = 4, halves = 2, restarts = 1, repeats = 2, gaps = [0, 1, 2])
    @test found.verdict == "recoverable"
    @test found.curve.numbers["recovery_at_one"] ≈ 1
    @test found.curve.tables["simulations"].repeat == [0, 1, 0, 1, 0, 1]
    @test size(found.stability.arrays["map"]) == (6, 6)
    again = trackability(fitted; control = made.control, treated = made.treated, resamples = 4, halves = 2,
                         restarts = 1, repeats = 2, gaps = [0, 1, 2], num_threads = 2)
    @test same(again.stability.arrays["map_sd"], found.stability.arrays["map_sd"])
    @test_throws ArgumentError trackability(fitted; gaps = [0, 2])
    @test_throws LAOTError stability(trivial(fitted, "identity"))
end

@testset "donors drawn as a whole" begin
    # Three donors with the same cells: whichever are drawn, the populations are the same, and only
    # drawing cells moves the map.
    control, treated = repeat(CONTROL[:, 1:20], 1, 3), repeat(TREATED[:, 1:16], 1, 3)
    donors(cells) = repeat(["donor $k" for k in 1:3]; inner = cells)
    fitted = fit(LAOTModel(n_pcs = 0), control, treated; batch_control = donors(20), batch_treated = donors(16))
    few = (resamples = 5, halves = 2, restarts = 1)
    levels = trackability(fitted; few..., resample = "levels", repeats = 2, gaps = [0, 1])
    cells = trackability(fitted; few..., repeats = 2, gaps = [0, 1])
    spread(found) = maximum(found.stability.arrays["map_sd"])
    @test spread(levels) < 1e-9 < 1e-3 < spread(cells)
    @test same(levels.curve.tables["simulations"].pairs, cells.curve.tables["simulations"].pairs)
    again = stability(fitted; control = control, treated = treated, batch_control = donors(20),
                      batch_treated = donors(16), few..., resample = :levels, num_threads = 2)
    @test same(again.arrays["map"], levels.stability.arrays["map"])
    unlabelled = fit(LAOTModel(n_pcs = 0), control, treated)
    for (model, what, words) in ((unlabelled, "levels", "batch"), (fitted, "donors", "levels"))
        error = try trackability(model; few..., resample = what) catch caught caught end
        @test error isa LAOTError && occursin(words, sprint(showerror, error))
    end
end

@testset "usual settings are the library's" begin
    listed = Dict((s.call, s.name) => s.usual for s in usual_settings())
    @test length(listed) == length(usual_settings())
    @test listed[("laot_stability", "resamples")] == 30
    @test listed[("laot_recovery_curve", "gaps")] == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6, 8]
    @test listed[("laot_evaluate", "metrics")] == [m.name for m in available_metrics() if m.usual]
    curve = recovery_curve(fit(LAOTModel(), CONTROL, TREATED); repeats = 1, most_cells = 20)
    @test curve.tables["curve"].gap == listed[("laot_recovery_curve", "gaps")]
end

@testset "the change of a linear map, at cells that are encoded" begin
    fitted = fit(LAOTModel(n_pcs = 0, lift = "no", restore = "none"), CONTROL, TREATED)
    w = linear_map(fitted)[1]
    scale = vec(array(fitted, "scale"))
    found = change_at_cells(fitted; control = CONTROL, most_cells = 3)
    @test found.cell[[1, 3]] == [1, size(CONTROL, 2)]
    # The largest singular value, as the root of an eigenvalue by powers.
    change = (w - [i == j for i in axes(w, 1), j in axes(w, 2)]) .* scale' ./ scale
    v = ones(size(w, 1))
    for _ in 1:2000
        v = change' * (change * v)
        v ./= sqrt(sum(abs2, v))
    end
    @test all(found.change .≈ sqrt(sum(abs2, change * v)))
    z = encode(fitted, CONTROL)
    @test found.length ≈ [sqrt(sum(abs2, z[:, i])) for i in found.cell]
    @test z ≈ (CONTROL .- sum(CONTROL; dims = 2) ./ size(CONTROL, 2)) ./ scale
    @test encode(fitted, CONTROL[:, 1:4]; about = "own") ≈ z[:, 1:4] .- sum(z[:, 1:4]; dims = 2) ./ 4
    @test change_at_cells(fitted; most_cells = 2).change == found.change[1:2]
    top = strongest_effects(fitted; count = 4)
    @test_throws ArgumentError("count must be a whole number of at least 0, found -1") strongest_effects(
        fitted; count = -1)
    @test top.change ≈ [w[i, j] - (i == j) for (i, j) in zip(top.treated, top.control)]
    @test abs(top.change[1]) ≈ maximum(abs, w - [i == j for i in axes(w, 1), j in axes(w, 2)])
    effects = stability(fitted; resamples = 3, halves = 0, restarts = 0).tables["effects"]
    @test effects.change[1:4] == top.change && all(effects.low .<= effects.high)
end

@testset "isometry against its definition" begin
    x = CONTROL[:, 1:10] .- sum(CONTROL[:, 1:10]; dims = 2) ./ 10
    unit = x ./ sqrt.(sum(abs2, x; dims = 1))
    products = [sum(unit[:, i] .* unit[:, j]) for i in 1:10 for j in 1:i-1]
    found = isometry(x; rate = 0.1)
    # Two columns of norm 1: the eigenvalues of their Gram matrix are 1 ± their product.
    @test only(found.tables["constants"].delta[found.tables["constants"].scaling .== "unit_norm"]) ≈ maximum(abs, products)
    @test found.numbers["n_cells"] == 10
    # Five unit vectors: every Gram matrix is I, so that delta is 0 and the scale 1.
    constants = isometry(Float64[i == j for i in 1:5, j in 1:5]; rate = 0.1).tables["constants"]
    @test constants.critical_gap[constants.scaling .== "mean_square"] ≈ [sqrt(10)]
end

@testset "rates of a time course" begin
    # Every cell moves by the same step, so that the coupling and every rate are known.
    x = CONTROL[:, 1:20]
    step = [3.0, 0, 0, 4, 0] .* 0.01
    rows = movement_rates([x, x .+ step, x .+ 3 .* step], [0, 2, 4]; probabilities = [0, 1])
    @test rows.from == [0, 2] && rows.to == [2, 4]
    @test rows.mean ≈ [0.025, 0.05]
    @test rows.quantile_0[1] ≈ 0.025 && rows.quantile_1[1] ≈ 0.025
    @test rows.largest[1] ≈ 0.025 && rows.floor[1] > 0.025
    @test rows == movement_rates([x, sparse(x .+ step), x .+ 3 .* step], [0, 2, 4]; probabilities = [0, 1],
                                 num_threads = 2)
    @test_throws ArgumentError movement_rates([x, x], [0])
    @test_throws LAOTError movement_rates([x, x], [1, 0])
    @test_throws LAOTError movement_rates([x, x[1:2, :]], [0, 1])
end

@testset "recovery study" begin
    found = recovery_study(features = [8], gaps = [0, 1000], cells = 40, trials = 3, seed = 4, cost = "squared")
    @test size(found.mean) == size(found.sd) == (1, 2)
    @test found.mean[1, 1] == 1 && found.mean[1, 2] < 0.5
    @test same(found.mean, recovery_study(features = [8], gaps = [0, 1000], cells = 40, trials = 3, seed = 4,
                                          cost = "squared", num_threads = 2).mean)
    @test_throws LAOTError recovery_study(trials = 0)
    @test_throws LAOTError recovery_study(cost = "dear")
end
