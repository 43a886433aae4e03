@testset "distances against their definitions" begin
    x, y = CONTROL[:, 1:12], TREATED[:, 1:12]
    squared(u, v) = [sum(abs2, u[:, i] - v[:, j]) for i in axes(u, 2), j in axes(v, 2)]
    gamma = 0.3
    off(k) = (sum(k) - sum(k[i, i] for i in axes(k, 1))) / (12 * 11)
    kernel(u, v) = exp.(-gamma .* squared(u, v))
    @test mmd2(x, y; gammas = gamma) ≈ off(kernel(x, x)) + off(kernel(y, y)) - 2sum(kernel(x, y)) / 144
    @test mmd2(x, y; gammas = [gamma, gamma]) ≈ mmd2(x, y; gammas = gamma)
    one_row = wasserstein2(x[1:1, :], y[1:1, :])
    @test one_row.value ≈ sqrt(sum(abs2, sort(x[1, :]) - sort(y[1, :])) / 12)
    @test abs(one_row.gap) < 1e-9
    both = hcat(x, y)
    positive = sort([squared(both, both)[i, j] for i in 1:24 for j in 1:i-1])
    @test median_gamma(x, y) ≈ 2 / (positive[138] + positive[139])
    spread(v) = sum(abs2, v .- sum(v) / length(v)) / length(v)
    @test variable_features(x, y, 5) == sortperm([spread(both[k, :]) for k in 1:5]; rev = true)
    @test sort(marker_features(x, y, 5)) == 1:5
    @test feature_scores(x, y).mean_difference ≈ vec(sum(x .- y; dims = 2)) ./ 12
    apart = feature_scores(zeros(1, 4), fill(2.0, 1, 4))
    @test apart == (ks = [1.0], w1 = [2.0], mean_difference = [-2.0])
    test = mmd2_test(x, y; gammas = gamma, permutations = 99)
    @test test.mmd2 ≈ mmd2(x, y; gammas = gamma) && 0.01 <= test.p_value <= 1
    ranks(v) = [count(<(a), v) + (count(==(a), v) + 1) / 2 for a in v]
    centred(v) = v .- sum(v) / length(v)
    rho(u, v) = (a = centred(ranks(u)); b = centred(ranks(v)); sum(a .* b) / sqrt(sum(abs2, a) * sum(abs2, b)))
    @test cell_spearman(x, y) ≈ [rho(x[:, i], y[:, i]) for i in 1:12]
    @test isnan(cell_spearman(ones(5, 1), y[:, 1:1])[1])
    @test_throws LAOTError cell_spearman(x, y[:, 1:3])
    @test_throws LAOTError mmd2(x, y; gammas = -1)
    @test_throws LAOTError variable_features(x, y, 6)
end

@testset "scores by name" begin
    metrics = available_metrics()
    @test "mmd2" in [m.name for m in metrics] && all(!isempty(m.doc) for m in metrics)
    @test score("w2", CONTROL, TREATED).value ≈ wasserstein2(CONTROL, TREATED).value
    @test score("mmd2", CONTROL, TREATED; gamma = 0.3).value ≈ mmd2(CONTROL, TREATED; gammas = 0.3)
    @test score("mmd2", CONTROL, TREATED; gamma = 0.3, cells = 20, repetitions = 5).sd > 0
    flat = copy(TREATED)
    flat[1, :] .= 3
    @test score("sd_ratio", CONTROL, flat).features_left_out == 1
    @test score("sd_ratio", CONTROL, TREATED).features_left_out == 0
    @test_throws LAOTError score("w22", CONTROL, TREATED)
    known = [m.name for m in metrics]
    presets = score_presets()
    @test "cellot" in [p.name for p in presets]
    @test all(issubset(p.metrics, known) && p.repetitions >= 1 && all(p.cells .> 0) for p in presets)

    observed, control = 1.7 .* cells(5, 30, 4) .+ 1, cells(5, 25, 3)
    found = evaluate_predictions(FITTED, observed; control = control)
    @test unique(found.method) == ["laot", "identity", "mean_shift", "gaussian_map", "noise_reference"]
    @test unique(found.metric) == [m.name for m in available_metrics() if m.usual]
    value(method, metric) = only(found.value[(found.method .== method) .& (found.metric .== metric)])
    @test value("laot", "w2") == score("w2", predict(FITTED, control), observed).value
    @test value("laot", "w2") < value("identity", "w2")
    @test value("identity", "mmd2") ≈ mmd2(control, observed; gammas = report(FITTED)["median_gamma"])
    @test all(isfinite, found.value) && found.reason == fill("", length(found.value))
    @test_throws LAOTError evaluate_predictions(FITTED, observed; control = control, metrics = ["w22"])

    @test NamedTuple(found).value === found.value === found[:value] && :method in propertynames(found)
    @test isequal(found, evaluate_predictions(FITTED, observed; control = control))
    # One row a method, one column a metric, in the width that there is.
    lines(width) = split(repr(MIME("text/plain"), found; context = :displaysize => (24, width)), '\n')
    @test maximum(length, lines(60)) <= 60 && count(startswith("identity"), lines(60)) > 1
    wide = lines(500)
    @test length(wide) == 9 && split(wide[4]) == unique(found.metric) && split(wide[5])[1] == "laot"
    @test split(wide[6])[2:end] == string.(round.(found.value[found.method .== "identity"]; sigdigits = 3))
    @test repr(found) == "ScoreTable($(length(found.value)) rows)"

    bare = evaluate_predictions(predict(FITTED, control), observed; control = control, training = FITTED,
                                metrics = ["w2", "mmd2"], gamma = [0.1, 0.2], methods = "prediction", test = true)
    @test bare.metric == ["w2", "mmd2", "mmd2", "mmd2_p_value"] && bare.value[1] == value("laot", "w2")
    @test 0 < bare.value[4] <= 1 && bare.method == fill("prediction", 4)

    responses = response_table(FITTED, observed; control = control)
    @test issorted(abs.(responses.observed); rev = true) && all(responses.low .<= responses.observed .<= responses.high)
    @test responses.observed[1] ≈ sum(observed[responses.position[1], :]) / size(observed, 2) -
                                  sum(control[responses.position[1], :]) / size(control, 2)
    same = response_table(predict(FITTED, control), observed; control = control, level = 0.95)
    @test same.predicted == responses.predicted && same.low == responses.low
    @test_throws LAOTError response_table(FITTED, observed; control = control, level = 2)
    @test marker_table(control, observed, 2).position == marker_features(control, observed, 2)

    plan = pairing(FITTED)
    n, m = size(plan)
    @test sum(plan; dims = 2) ≈ fill(1 / n, n, 1) && sum(plan; dims = 1) ≈ fill(1 / m, 1, m)
    from, to = [isodd(i) ? "a" : "b" for i in 1:n], fill("all", m)
    moves = transitions(FITTED, from, to)
    @test moves.from == ["a", "b"] && sum(moves.mass) ≈ 1 && moves.share ≈ [1, 1]
    next = descendants(FITTED, [1])
    @test plan[1, next.cell[1]] ≈ next.mass[1] / n && sum(next.mass) ≈ 1
    @test sum(ancestors(FITTED, 1:2).mass) ≈ 1
    @test_throws LAOTError transitions(FITTED, ["a"], to)

    types = (observed = repeat(["B", "T"], 15), control = [repeat(["T", "B"], 12); "NK"])
    by_type = evaluate_predictions(FITTED, observed; control = control, groups = types, metrics = "sd_ratio",
                                   batch = fill("new donor", 30), reference = "halves")
    @test unique(by_type.group) == ["", "B", "T"] && "own_group_share" in by_type.metric
    @test "training_treated" in by_type.method && by_type.kind[1] == "unseen context"
end
