# Fits LAOT to a small made-up experiment, predicts unseen cells, scores the prediction beside the
# trivial ones, and saves the model.
#
#   LAOT_LIBRARY=build/release/liblaot.so JULIA_LOAD_PATH=julia:@stdlib julia examples/julia/fit_predict.jl

using LAOT
using Printf
using Random

const STRETCH = [1.4 0.3 0.0; 0.0 0.6 0.0; 0.4 0.0 1.3]
draw(random, count) = randexp(random, 3, count) .* [1.0, 2.0, 0.5]    # features × cells
treat(cells) = STRETCH * cells .+ [2.0, 0.0, -1.0]

function main()
    random = MersenneTwister(1)
    control, treated = draw(random, 300), treat(draw(random, 250))
    fitted = fit(LAOTModel(), control, treated; seed = 1)
    said = report(fitted)
    println("laot $(capabilities()["version"]): $(said["outcome"]) after $(Int(said["iterations"])) iterations")

    unseen, observed = draw(random, 1000), treat(draw(random, 1000))
    println("\n2-Wasserstein distance to unseen treated cells")
    scores = evaluate_predictions(fitted, observed; control = unseen, metrics = ["w2"])
    for (method, value) in zip(scores.method, scores.value)
        @printf("  %-16s %.3f\n", method, value)
    end

    println()
    save_model(fitted, "laot_example.safetensors")
    same = predict(load_model("laot_example.safetensors"), unseen) == predict(fitted, unseen)
    println("saved to laot_example.safetensors; loaded, it predicts the same: ", same)
end

main()
