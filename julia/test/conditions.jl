const SCREEN = simulate_screen(features = 5, drugs = 12, cells = 40, new_cells = 60, seed = 3)
const INFO = (drug = SCREEN.info.drug, dose = SCREEN.info.dose)
const PAIR = (drug = ["drug01", "drug02"], dose = [3, 7])
screen() = Experiment(SCREEN.cells, SCREEN.info.condition; covariates = INFO, combine = "+")
const MANY = fit(ResponseModel("conditional_laot"), screen(); embedding = SCREEN.embedding)

# The error that was thrown, as one sentence.
function refused(call)
    error = try call() catch e; e end
    said = sprint(showerror, error)
    @test error isa Union{LAOTError,ArgumentError} && !occursin('\n', said)
    return said
end

@testset "what was learnt carries to conditions without cells" begin
    ratios = Float64[]
    for (name, kind, drug, dose) in zip(SCREEN.test.condition, SCREEN.test.kind, SCREEN.test.drug, SCREEN.test.dose)
        kind == "seen" && continue
        at = (drug = split(drug, '+'), dose = dose)
        @test report(model_at(MANY, at))["kind"] == kind
        truth = SCREEN.truth[name]
        push!(ratios, sqrt(sum(abs2, predict(MANY, SCREEN.new_control; at = at) - truth) /
                           sum(abs2, SCREEN.new_control - truth)))
    end
    @test sum(ratios) / length(ratios) < 0.8
end

@testset "a condition by its name or its covariates" begin
    by_name = predict(MANY, SCREEN.new_control; at = "drug01:3")
    @test same(predict(MANY["drug01:3"], SCREEN.new_control), by_name)
    @test same(predict(MANY, SCREEN.new_control; at = Dict("dose" => 3, "drug" => "drug01")), by_name)
    @test !same(predict(MANY, SCREEN.new_control; at = "drug01:1"), by_name)
    @test predict(MANY, SCREEN.new_control; at = (drug = "drug01", dose = 0)) ≈ SCREEN.new_control
    doses = [isodd(i) ? 3 : 15 for i in axes(SCREEN.new_control, 2)]
    rows = [(drug = "drug01", dose = dose) for dose in doses]
    mixed = predict(MANY, SCREEN.new_control; at = rows)
    @test mixed[:, 1:2:end] ≈ by_name[:, 1:2:end]
    @test mixed[:, 2:2:end] ≈ predict(MANY, SCREEN.new_control; at = "drug01:15")[:, 2:2:end]
    @test occursin("59 rows for 60 cells", refused(() -> predict(MANY, SCREEN.new_control; at = rows[2:end])))
end

@testset "what was seen is listed" begin
    seen = conditions(MANY)
    @test keys(seen) == (:condition, :control, :treated, :kind, :drug, :dose)
    @test length(seen.condition) == 32 && all(==("seen"), seen.kind) && all(==(40), seen.treated)
    at = findfirst(==("drug01:7+drug08:7"), seen.condition)
    @test seen.drug[at] == "drug01 + drug08" && seen.dose[at] == 7
    unseen = conditions(model_at(MANY, PAIR))
    @test unseen.kind == ["unseen_combination"] && unseen.dose == ["3 + 7"] && isnan(unseen.treated[1])
    @test occursin("32 conditions", sprint(show, MIME("text/plain"), MANY))
    @test conditions(FITTED).condition == [""]
end

@testset "a method of one condition is fitted to each" begin
    fitted = fit(LAOTModel(), screen(); seed = 7)
    of(label) = SCREEN.cells[:, SCREEN.info.condition .== label]
    alone = fit(LAOTModel(), of("control"), of("drug02:1"); seed = 7)
    @test same(predict(fitted, SCREEN.new_control; at = "drug02:1"), predict(alone, SCREEN.new_control))
    @test occursin("says nothing of others", refused(() -> model_at(fitted, (drug = "drug02", dose = 2))))
end

@testset "threads and files keep the bits" begin
    expected = predict(MANY, SCREEN.new_control; at = PAIR)
    again = fit(ResponseModel("conditional_laot"), screen(); embedding = SCREEN.embedding, num_threads = 2)
    @test same(predict(again, SCREEN.new_control; at = PAIR, num_threads = 2), expected)
    mktempdir() do folder
        path = joinpath(folder, "screen.safetensors")
        save_model(MANY, path)
        @test same(predict(load_model(path), SCREEN.new_control; at = PAIR), expected)
        @test occursin("save that one", refused(() -> save_model(model_at(MANY, PAIR), path)))
    end
    @test same(predict(deepcopy(MANY), SCREEN.new_control; at = PAIR), expected)
end

@testset "a dose beyond those that were seen is warned of" begin
    @test_logs (:warn, r"50 lies beyond those that were seen, 1 to 15") model_at(MANY, (drug = "drug01", dose = 50))
end

@testset "wrong places and experiments get one sentence" begin
    for (at, words) in (("drug1:3", "knows no condition \"drug1:3\""), ((drug = "drug01",), "lacks the covariate \"dose\""),
                        ((drug = "drug01", dose = 1, plate = 2), "no covariate \"plate\""),
                        ((drug = "aspirin", dose = 1), "no level of \"drug\" \"aspirin\""),
                        ((drug = "drug01", dose = -1), "a dose must be 0 or a positive number, found -1"),
                        ((drug = "drug01", dose = NaN), "covariate dose must be"),
                        ((drug = " ", dose = 1), "covariate drug must be"),
                        ((drug = "drug01", dose = "high"), "\"dose\" is a number in this model"), ("", "at must be"), (3, "at must be"))
        @test occursin(words, refused(() -> predict(MANY, SCREEN.new_control; at = at)))
    end
    @test occursin("say which", refused(() -> predict(MANY, SCREEN.new_control)))
    @test occursin("no covariates", refused(() -> model_at(FITTED, (dose = 1,))))
    @test occursin("no control population", refused(() -> fit(LAOTModel(), Experiment())))
    @test occursin("add_control! comes first", refused(() -> add_condition!(Experiment(), "A", TREATED)))
    made(; changes...) = refused(() -> Experiment(SCREEN.cells, SCREEN.info.condition; covariates = INFO, combine = "+",
                                                  changes...))
    @test occursin("no cell has the condition \"none\"", made(control = "none"))
    @test occursin("different numbers for", refused(() -> Experiment(SCREEN.cells, collect(1:size(SCREEN.cells, 2)) ./ 7)))
    @test occursin("control cells must have dose 0 or missing", made(covariates = (dose = INFO.dose .+ 1,)))
    @test occursin("dose is missing in 40 cells of condition",
                   made(covariates = (dose = [dose == 3 ? missing : dose for dose in INFO.dose],)))
    @test occursin("must have one value in all cells", made(covariates = (dose = eachindex(INFO.dose),)))
    @test occursin("values for", made(covariates = (dose = INFO.dose[2:end],)))
    @test occursin("combine is of the levels", made(covariates = NamedTuple()))
    for (embedding, words) in ((Dict("plate" => Dict("A" => [1])), "no covariate of levels"), (3, "embedding must be"),
                               (Dict("A" => [1], "B" => [1, 2]), "as many numbers"),
                               (Dict("A" => [1]), "the embedding of \"drug\" has no row for drug"),
                               (Dict("A" => [1], "B" => [NaN]), "has NaN at coordinate 1 of level \"B\""))
        @test occursin(words, refused(() -> fit(ResponseModel("regressed_shift"), screen(); embedding = embedding)))
    end
end

@testset "conditions go with the control cells of their own line" begin
    line = repeat(["x", "y"]; inner = 60)
    dose = repeat([0.0, 1.0, 3.0]; inner = 20, outer = 2)
    labels = [amount == 0 ? "none" : "$one $(Int(amount))" for (one, amount) in zip(line, dose)]
    values = cells(3, 120, 9) .+ 5 .* (line .== "y")' .+ dose'
    fitted = fit(LAOTModel(), Experiment(values, labels; control = "none", covariates = (line = line, dose = dose)))
    alone = fit(LAOTModel(), values[:, (line .== "y") .& (dose .== 0)], values[:, labels .== "y 3"])
    @test same(predict(fitted, CONTROL[1:3, :]; at = "y 3"), predict(alone, CONTROL[1:3, :]))
    lost = [one == "y" && amount == 0 ? "x" : one for (one, amount) in zip(line, dose)]
    @test occursin("no control cell has line = y, as condition \"y 1\" has; control cells have x",
                   refused(() -> Experiment(values, labels; control = "none", covariates = (line = lost,))))
end

@testset "held-out cells of conditions are scored" begin
    held_out = Experiment()
    add_control!(held_out, SCREEN.new_control)
    for (name, drug, dose) in zip(SCREEN.test.condition, SCREEN.test.drug, SCREEN.test.dose)
        add_condition!(held_out, name, SCREEN.observed[name]; covariates = (drug = split(drug, '+'), dose = dose))
    end
    plain = fit(ResponseModel("regressed_shift"), screen(); embedding = SCREEN.embedding)
    scores = evaluate_predictions(MANY, held_out; beside = [plain], metrics = ["mmd2", "w2"])
    @test unique(scores.condition) == SCREEN.test.condition
    @test Set(scores.kind) == Set(["seen", "unseen dose", "unseen level", "unseen combination"])
    @test issubset(["conditional_gaussian", "nearest_shift"], scores.method)  # by themselves
    name = SCREEN.test.condition[end]
    row = findfirst((scores.condition .== name) .& (scores.method .== "regressed_shift") .& (scores.metric .== "w2"))
    at = (drug = split(SCREEN.test.drug[end], '+'), dose = SCREEN.test.dose[end])
    @test scores.value[row] ≈ wasserstein2(predict(plain, SCREEN.new_control; at = at), SCREEN.observed[name]).value
    # One condition that was seen, by its name.
    seen = scores.condition[findfirst(==("seen"), scores.kind)]
    single = evaluate_predictions(MANY, SCREEN.observed[seen]; control = SCREEN.new_control, metrics = "w2", condition = seen)
    row = findfirst((scores.condition .== seen) .& (scores.method .== "conditional_laot") .& (scores.metric .== "w2"))
    @test single.value[1] == scores.value[row]
    @test occursin("say which", refused(() -> evaluate_predictions(MANY, SCREEN.observed[seen]; control = SCREEN.new_control)))
end

@testset "conditions are held out" begin
    some(; out...) = fit(ResponseModel("conditional_gaussian"), screen(); embedding = SCREEN.embedding, out...)
    held = some(hold_out = "drug01:3")
    @test held_out(held) == ["drug01:3"]
    @test "drug01:3" ∉ conditions(held).condition
    by_name = predict(held, SCREEN.new_control; at = "drug01:3")
    @test same(by_name, predict(held, SCREEN.new_control; at = (drug = "drug01", dose = 3)))
    @test !same(by_name, predict(some(), SCREEN.new_control; at = "drug01:3"))
    @test report(model_at(held, "drug01:3"))["kind"] == "unseen_dose"
    file = tempname() * ".safetensors"
    save_model(held, file)
    @test held_out(load_model(file)) == ["drug01:3"]
    @test held_out(some(hold_out = [(drug = "drug01", dose = 3), (drug = "drug02", dose = 1)])) == ["drug01:3", "drug02:1"]
    @test "drug01:3" in held_out(some(hold_out = (dose = 3,)))
    @test occursin("no condition", refused(() -> some(hold_out = "drug01:4")))
    @test occursin("no covariate", refused(() -> some(hold_out = (drog = "drug01",))))
    @test occursin("no condition is what", refused(() -> some(hold_out = (dose = 4,))))
end

@testset "a simulated screen is fixed by its seed" begin
    again = simulate_screen(features = 5, drugs = 12, cells = 40, new_cells = 60, seed = 3)
    @test same(again.cells, SCREEN.cells)
    @test !same(simulate_screen(features = 5, drugs = 12, cells = 40, new_cells = 60, seed = 4).cells, SCREEN.cells)
    @test size(SCREEN.cells, 2) == length(SCREEN.info.dose) == 40 * 33
    @test occursin("drugs", refused(() -> simulate_screen(drugs = 3)))
end

@testset "a patient is placed by its control cells" begin
    own(at, treated, seed) = cells(3, 40, seed) .+ [at, treated ? 2 + at : 0.0, 0.0]
    experiment = Experiment()
    for k in 0:5
        add_control!(experiment, own(1.5k, false, k + 1))
        add_condition!(experiment, "p$k treated", own(1.5k, true, k + 11); covariates = (patient = "p$k",), control = k + 1)
    end
    placed(; out...) = fit(ResponseModel("regressed_shift"), experiment; embedding = (patient = "control",), out...)
    fitted = placed()
    control, treated = own(4.1, false, 30), own(4.1, true, 31)
    far(x, y) = sum(abs, sum(x; dims = 2) ./ size(x, 2) .- sum(y; dims = 2) ./ size(y, 2))
    moved = predict(fitted, control; at = (patient = "new",))
    @test far(moved, treated) < 0.35 * far(control, treated)
    @test same(predict(fit(ResponseModel("regressed_shift"), experiment; embedding = "control"), control;
                       at = (patient = "new",)), moved)
    at_new = model_at(fitted, (patient = "new",); controls = control)
    @test report(at_new)["kind"] == "unseen_context"
    @test same(predict(at_new, control[:, 1:5]), moved[:, 1:5])
    rows = predict(fitted, hcat(control[:, 1:3], control); at = [fill((patient = "p2",), 3); fill((patient = "new",), 40)])
    @test same(rows[:, 4:end], moved)
    @test same(rows[:, 1:3], predict(fitted, control[:, 1:3]; at = "p2 treated"))
    @test occursin("is placed by its control cells; give these", refused(() -> model_at(fitted, (patient = "new",))))
    held = placed(hold_out = "p3 treated")
    @test report(model_at(held, "p3 treated"; controls = own(4.5, false, 4)))["kind"] == "unseen_context"
    for embedding in ((donor = "control",), "effect", (patient = "effect",))
        @test occursin("embedding", refused(() -> fit(ResponseModel("regressed_shift"), experiment; embedding = embedding)))
    end
    @test occursin("the embedding of patient must be a Dict of coordinates by level, or \"control\", found \"ctrl\"; \"effect\"",
                   refused(() -> placed(embedding = (patient = "ctrl",))))
end

@testset "an experiment of labelled cells has their batch and names" begin
    donors = [fill("a", 30); fill("b", 30); fill("a", 20); fill("b", 27)]
    labelled = hcat(CONTROL, TREATED)
    labelled[:, donors .== "b"] .+= [2.0, -2, 0, 0, 1]
    condition = [fill("control", 60); fill("A", 47)]
    names = ["cell $k" for k in 1:107]
    fitted = fit(LAOTModel(), Experiment(labelled, condition; batch = donors, cell_names = names))
    alone(; batches...) = fit(LAOTModel(), labelled[:, 1:60], labelled[:, 61:107]; batches...)
    with_batch = alone(; batch_control = donors[1:60], batch_treated = donors[61:107])
    moved = predict(fitted["A"], CONTROL)
    @test same(moved, predict(with_batch, CONTROL))
    @test !same(moved, predict(alone(), CONTROL))
    @test control_names(fitted["A"]) == names[1:60]
end
