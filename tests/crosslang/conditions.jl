# A screen of many conditions from LAOT.jl.  conditions.jl fit OUT THREADS | load MODEL FILE
using LAOT

mode, first_path, second = ARGS
screen = simulate_screen(features = 5, drugs = 12, cells = 40, new_cells = 60, seed = 3)
places = [(drug = split(drug, '+'), dose = dose) for (drug, dose) in zip(screen.test.drug, screen.test.dose)]

write_at(fitted, at, path, threads = 1) = open(path, "w") do file
    foreach(one -> write(file, predict(fitted, screen.new_control; at = one, num_threads = threads)), at)
end

# Cells of conditions of the screen, as control and treated cells of patients.
const patient_places = [(patient = "new",), (patient = "p1",)]
function patients(experiment)
    out = Experiment()
    for k in 1:5
        add_control!(out, experiment.conditions[k].treated.cells)
        add_condition!(out, "p$(k - 1)", experiment.conditions[k + 5].treated.cells; covariates = (patient = "p$(k - 1)",),
                       control = k)
    end
    return out
end

if mode == "fit"
    threads = parse(Int, second)
    write("$first_path/screen.bin", screen.cells)
    experiment = Experiment(screen.cells, screen.info.condition; combine = "+",
                            covariates = (drug = screen.info.drug, dose = screen.info.dose))
    small = Dict("cmonge" => (iterations = 12, check_every = 6, hidden_units = 8, batch_size = 16),
                 "cpa" => (iterations = 12, check_every = 6, hidden_units = 8, batch_size = 16, latent = 4,
                           adversary_units = 4))
    held = experiment.conditions[3].name
    models = Dict{String,Any}()
    for method in ("conditional_laot", "conditional_gaussian", "cmonge", "cpa", "laot")
        many = only(filter(m -> m.name == method, available_methods())).many_conditions
        fitted = fit(ResponseModel(method; get(small, method, (;))...), experiment; hold_out = held, seed = 11,
                     embedding = many ? screen.embedding : nothing, num_threads = threads)
        save_model(fitted, "$first_path/$method.safetensors")
        write_at(fitted, many ? places : conditions(fitted).condition, "$first_path/$method.bin", threads)
        models[method] = fitted
    end
    of_patients = fit(ResponseModel("conditional_laot"), patients(experiment); embedding = "control", seed = 11,
                      num_threads = threads)
    save_model(of_patients, "$first_path/patients.safetensors")
    write_at(of_patients, patient_places, "$first_path/patients.bin", threads)
    observed = Experiment()
    add_control!(observed, screen.new_control)
    for (name, place) in zip(screen.test.condition, places)
        add_condition!(observed, name, screen.observed[name]; covariates = place)
    end
    scores = evaluate_predictions(models["conditional_laot"], observed; beside = [models["cmonge"], models["cpa"]],
                                  metrics = ["mmd2", "sd_ratio"], seed = 11, num_threads = threads)
    write("$first_path/scores.bin", Float64.(scores.value))
else
    write_at(load_model(first_path), occursin("patients", first_path) ? patient_places : places, second)
end
