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

mode, listed, data, out = ARGS[1:4]
new = read_matrix("$data/new.bin")
if mode == "fit"
    control, treated = read_matrix("$data/control.bin"), read_matrix("$data/treated.bin")
    threads = parse(Int, ARGS[5])
    write("$out/blas.txt", capabilities()["blas"])
    for (name, method, preset, settings) in cases(listed)
        model = ResponseModel(method; preset = preset == "-" ? nothing : preset, parameters(settings)...)
        fitted = fit(model, control, treated; seed = 11, num_threads = threads)
        save_model(fitted, "$out/$name.safetensors")
        write("$out/$name.bin", predict(fitted, new; num_threads = threads))
    end
else
    for models in ARGS[5:end], row in cases(listed)
        predicted = predict(load_model("$models/$(row[1]).safetensors"), new)
        write("$out/$(basename(models))/$(row[1]).bin", predicted)
    end
end
