# LAOT.jl.  worker.jl fit CASES DATA OUT THREADS | load CASES DATA OUT MODELS...
using LAOT

function read_matrix(path)
    open(path) do file
        size = read!(file, Vector{Int64}(undef, 2))
        read!(file, Matrix{Float64}(undef, size...))
    end
end

cases(path) = [split(line) for line in eachline(path) if !isempty(line) && !startswith(line, "#")]

function parameters(text)
    text == "-" && return Pair{Symbol,Any}[]
    return [Symbol(name) => String(value) for (name, value) in split.(split(text, ','), '=')]
end

# Every row of an evaluation: numbers, NaN as -12345, then texts, each with its final 0.
function evaluate(fitted, observed, control, threads, path)
    labels(cells) = [("a", "b", "c")[(i - 1) % 3 + 1] for i in axes(cells, 2)]
    table = evaluate_predictions(fitted, observed; control = control, markers = 5, reference = "halves", seed = 11,
                                 num_threads = threads,
                                 groups = (observed = labels(observed), control = labels(control)))
    open(path, "w") do file
        for name in (:value, :sd, :gamma, :cells, :observed, :left_out)
            write(file, Float64[isnan(value) ? -12345.0 : value for value in table[name]])
        end
        for name in (:group, :kind, :method, :metric, :estimator, :setting, :features, :reason)
            write(file, join(string(text, '\0') for text in table[name]))
        end
    end
end

# Every row of a table of responses over three donors.
function respond(fitted, observed, control, threads, path)
    donors(cells) = [("a", "b", "c")[(i - 1) % 3 + 1] for i in axes(cells, 2)]
    table = response_table(fitted, observed; control = control, num_threads = threads,
                           batch = (observed = donors(observed), control = donors(control)))
    columns = (:observed, :low, :high, :predicted, :sd_predicted, :zeros_control, :ks)
    open(file -> foreach(name -> write(file, Float64.(table[name])), columns), path, "w")
end

mode, listed, data, out = ARGS[1:4]
new = read_matrix("$data/new.bin")
if mode == "fit"
    control, treated = read_matrix("$data/control.bin"), read_matrix("$data/treated.bin")
    threads = parse(Int, ARGS[5])
    write("$out/blas.txt", capabilities()["blas"])
    for (name, method, preset, settings) in cases(listed)
        model = ResponseModel(method; preset = preset == "-" ? nothing : preset, parameters(settings)...)
        types(letters, cells) = occursin("balance=types", settings) ? [letters[(i - 1) % end + 1] for i in axes(cells, 2)] : nothing
        fitted = fit(model, control, treated; seed = 11, num_threads = threads,
                     types_control = types(["a", "b", "c"], control), types_treated = types(["a", "b", "b", "c"], treated))
        save_model(fitted, "$out/$name.safetensors")
        write("$out/$name.bin", predict(fitted, new; num_threads = threads))
        evaluate(fitted, treated, new, threads, "$out/$(name)_scores.bin")
        respond(fitted, treated, new, threads, "$out/$(name)_responses.bin")
    end
else
    for models in ARGS[5:end], row in cases(listed)
        predicted = predict(load_model("$models/$(row[1]).safetensors"), new)
        write("$out/$(basename(models))/$(row[1]).bin", predicted)
    end
end
