# Contexts (patients) that are placed by their control cells.

set.seed(21)
patients <- paste0("p", 1:6)
where <- stats::setNames(1.5 * seq_along(patients), patients)
# A treatment moves a patient's cells by what their control cells say.
cells_of_patient <- function(at, treated) {
  values <- matrix(stats::rnorm(3 * 40), 3, dimnames = list(paste0("g", 1:3), NULL))
  values + c(at, if (treated) 2 + at else 0, 0)
}
values <- do.call(cbind, c(lapply(where, cells_of_patient, FALSE),
                           lapply(where, cells_of_patient, TRUE)))
colnames(values) <- paste0("cell", seq_len(ncol(values)))
patient <- rep(rep(patients, each = 40), 2)
labels <- rep(c("ctrl", "treated"), each = 240)
condition <- ifelse(labels == "ctrl", "ctrl", paste(patient, "treated"))
new.control <- cells_of_patient(5.2, FALSE)
new.treated <- cells_of_patient(5.2, TRUE)

fit_patients <- function(method = "regressed_shift", embedding = list(patient = "control"), ...) {
  fit_method(values, method, condition = condition, control = "ctrl",
             covariates = data.frame(patient = patient), embedding = embedding, seed = 1,
             verbose = FALSE, ...)
}
fits <- fit_patients()

test_that("a patient that was not seen is predicted from its control cells", {
  moved <- predict(fits, new.control, at = list(patient = "new"))
  expect_lt(sum(abs(rowMeans(moved) - rowMeans(new.treated))),
            0.35 * sum(abs(rowMeans(new.control) - rowMeans(new.treated))))
  expect_identical(predict(fit_patients(embedding = "control"), new.control,
                           at = list(patient = "new")), moved)
  expect_identical(conditions(fits)$kind, rep("seen", 6L))
  path <- tempfile(fileext = ".safetensors")
  save_model(fits, path)
  expect_identical(unname(predict(load_model(path), new.control, at = list(patient = "new"))),
                   unname(moved))
})

test_that("control cells may be others than those that are predicted, and rows place their own", {
  whole <- predict(fits, new.control, at = list(patient = "new"))
  part <- predict(fits, new.control[, 1:5], at = list(patient = "new"), controls = new.control)
  expect_equal(part, whole[, 1:5])
  expect_warning(alone <- predict(fits, new.control[, 1:5], at = list(patient = "new")),
                 "placed by the mean of 5 control cells")
  expect_gt(max(abs(alone - part)), 1e-6)
  both <- cbind(new.control, values[, patient == "p2" & labels == "ctrl"])
  rows <- predict(fits, both, at = data.frame(patient = rep(c("new", "p2"), each = 40)))
  expect_equal(unname(rows[, 1:40]), unname(whole))
  expect_equal(unname(rows[, 41:80]), unname(predict(fits, both[, 41:80], at = "p2 treated")))
  expect_warning(predict(fits, new.control + c(30, 0, 0), at = list(patient = "new")),
                 "lies beyond the levels that were seen")
  expect_sentence(predict(fits, new.control, controls = new.control),
                  "controls place a level of at")
  expect_sentence(predict(fits, both, controls = new.control,
                          at = data.frame(patient = rep(c("new", "p2"), each = 40))),
                  "at has one row a cell")
  expect_sentence(fit_patients(embedding = "controls"),
                  "named by covariate, or \"effect\", found \"controls\"")
  lost <- new.control
  lost[2, 3] <- NA
  expect_sentence(predict(fits, new.control, at = list(patient = "new"), controls = lost),
                  "the control cells have NaN or NA at feature 2, cell 3")
})

test_that("a patient that is held out is placed by its own control cells, in scores too", {
  held <- fit_patients(hold.out = list(patient = "p4"))
  own <- values[, patient == "p4" & labels == "ctrl"]
  expect_equal(predict(held, own, at = "p4 treated"), predict(held, own, at = list(patient = "p4")))
  scores <- evaluate_predictions(held, list("p4 treated" = values[, condition == "p4 treated"]),
                                 own, metrics = "mmd2")
  expect_identical(unique(scores$kind), "unseen context")
  value <- stats::setNames(scores$value, scores$method)
  expect_lt(value[["regressed_shift"]], 0.35 * value[["identity"]])
  expect_true(all(c("conditional_gaussian", "nearest_shift") %in% scores$method))
  bench <- benchmark_methods(values, "regressed_shift", condition = condition, control = "ctrl",
                             covariates = data.frame(patient = patient),
                             embedding = list(patient = "control"), hold.out = list(patient = "p4"),
                             metrics = "mmd2", seeds = 1, verbose = FALSE)
  of.p4 <- bench[bench$target == "p4 treated", ]
  expect_identical(unique(of.p4$kind), "unseen context")
  expect_false(anyNA(of.p4$value))
})

test_that("ensembles place patients too, and a drug may lie by its effect beside", {
  many <- fit_method(values, "cmonge", condition = condition, control = "ctrl",
                     covariates = data.frame(patient = patient), embedding = "control", seeds = 1:2,
                     iterations = 5, check.every = 5, hidden.units = 4, verbose = FALSE)
  expect_identical(dim(suppressWarnings(predict(many, new.control, at = list(patient = "new")))),
                   dim(new.control))
  drug <- ifelse(labels == "ctrl", NA, rep(c("A", "B"), length.out = 480))
  both <- suppressWarnings(fit_method(
    values, "regressed_shift", condition = ifelse(labels == "ctrl", "ctrl", paste(patient, drug)),
    control = "ctrl", covariates = data.frame(drug = drug, patient = patient),
    embedding = list(drug = "effect", patient = "control"), seed = 1, verbose = FALSE))
  expect_true(all(is.finite(predict(both, new.control, at = list(drug = "A", patient = "new")))))
  expect_identical(conditions(both)$drug[1:2], c("A", "B"))
})

test_that("contexts that control cells cannot place are refused", {
  of.treated <- ifelse(labels == "ctrl", NA, patient)
  expect_sentence(fit_method(values, "regressed_shift", condition = condition, control = "ctrl",
                             covariates = data.frame(patient = of.treated),
                             embedding = "control", verbose = FALSE),
                  "\"p1\" and \"p2\" have the same ones; give each level control cells of its own")
  expect_sentence(fit_patients(embedding = list(donor = "control")), "names \"donor\"")
  expect_sentence(fit_method(values, "regressed_shift", condition = condition, control = "ctrl",
                             embedding = "control", verbose = FALSE), "give covariates")
  expect_sentence(fit_patients(embedding = list(patient = "effect", donor = "control")),
                  "names \"donor\"")
  expect_sentence(fit_patients(embedding = list(donor = "effect")), "is of the treatment")
})
