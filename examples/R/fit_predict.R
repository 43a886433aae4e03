# Fits LAOT to a small made-up experiment, predicts unseen cells, scores the prediction beside the
# trivial ones, and saves the model.
#
#   Rscript examples/R/fit_predict.R        (with the R package laot installed)

library(laot)

set.seed(1)
stretch <- rbind(c(1.4, 0.3, 0.0), c(0.0, 0.6, 0.0), c(0.4, 0.0, 1.3))
draw <- function(count) matrix(rexp(3 * count), 3) * c(1.0, 2.0, 0.5) # features x cells
treat <- function(cells) stretch %*% cells + c(2, 0, -1)

fit <- laot_fit(draw(300), treat(draw(250)), seed = 1)
print(fit)

unseen <- draw(1000)
observed <- treat(draw(1000))
cat("\n2-Wasserstein distance to unseen treated cells\n")
scores <- evaluate_predictions(fit, observed, control = unseen, metrics = "w2")
print(as.data.frame(scores)[c("method", "value")], row.names = FALSE, digits = 3)

save_model(fit, "laot_example.safetensors")
same <- identical(predict(load_model("laot_example.safetensors"), unseen), predict(fit, unseen))
cat("\nsaved to laot_example.safetensors; loaded, it predicts the same: ", same, "\n", sep = "")
