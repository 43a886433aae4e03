# A screen of many conditions from LAOT.jl.  conditions.jl fit OUT THREADS | load MODEL FILE
using LAOT

mode, first_path, second = ARGS
screen = simulate_screen(features = 5, drugs = 12, cells = 40, new_cells = 60, seed = 3)
places = [(drug = split(drug, '+'), dose = dose) for (drug, dose) in zip(screen.test.drug, screen.test.dose)]

write_at(fitted, at, path, threads = 1) = open(path, "w") do file
    foreach(one -> write(file, predict(fitted, screen.new_control; at = one, num_threads = threads)), at)
end

if mode == "fit"
    threads = parse(Int, second)
    write("$first_path/screen.bin", screen.cells)
    experiment = Experiment(screen.cells, screen.info.condition; combine = "+",
                            covariates = (drug = screen.info.drug, dose = screen.info.dose))
    for method in ("conditional_laot", "conditional_gaussian", "laot")
        many = only(filter(m -> m.name == method, available_methods())).many_conditions
        fitted = fit(ResponseModel(method), experiment; embedding = many ? screen.embedding : nothing, seed = 11,
                     num_threads = threads)
        save_model(fitted, "$first_path/$method.safetensors")
        write_at(fitted, many ? places : conditions(fitted).condition, "$first_path/$method.bin", threads)
    end
else
    write_at(load_model(first_path), places, second)
end
