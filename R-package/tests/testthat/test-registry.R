test_that("the registry is read from the library", {
  params <- laot_params("laot")
  expect_named(params, c("name", "type", "default", "range", "doc", "source"))
  expect_true(all(c("ridge", "n.pcs", "max.iter") %in% params$name))
  expect_false(any(grepl("_", params$name)))
  expect_identical(params$default[params$name == "ridge"], "auto")
  expect_match(params$range[params$name == "ridge"], "or auto")
  expect_identical(laot_params("laot", preset = "algorithm1")$default[params$name == "ridge"], "0")
  expect_true(all(c("laot", "identity", "mean_shift", "gaussian_map") %in% laot_methods()$name))
  expect_identical(laot_presets("laot")$name[1], "adaptive")
  expect_identical(params$default[params$name == "lift"], "auto")
  expect_identical(laot_params("laot", preset = "calibrated")$default[params$name == "lift"], "no")
  expect_true("mmd2" %in% laot_metrics()$name)
  expect_identical(laot_info()[["version"]], as.character(utils::packageVersion("laot")))
  expect_sentence(laot_params("laott"), "did you mean \"laot\"")
  expect_sentence(laot_params("laot", preset = "none"), "no preset \"none\"")
})

test_that("every default is accepted when it is given", {
  cells <- two_populations()
  params <- laot_params("laot")
  given <- lapply(stats::setNames(params$default, params$name), function(text) {
    if (text %in% c("TRUE", "FALSE"))
      text == "TRUE" else if (is.na(suppressWarnings(as.numeric(text)))) text else as.numeric(text)
  })
  explicit <- do.call(laot_fit, c(list(cells$control, cells$treated, seed = 1), given))
  expect_identical(coef(explicit), coef(quiet_fit(cells$control, cells$treated)))
})

test_that("usual settings are the library's, and arguments that are NULL take them", {
  table <- laot_settings()
  expect_false(anyDuplicated(table[c("call", "name")]) > 0)
  expect_identical(table$usual[table$call == "laot_stability" & table$name == "resamples"], "30")
  expect_identical(strsplit(table$usual[table$name == "metrics"], ", ")[[1]],
                   with(laot_metrics(), name[usual]))
  cells <- simulate_populations(3, 20, gap = 0.5, entries = "gaussian", seed = 1)
  fit <- laot_fit(cells$control, cells$treated, seed = 1, verbose = FALSE)
  curve <- recovery_curve(fit, repeats = 1, verbose = FALSE)
  expect_identical(curve$gap, or_usual(NULL, "recovery_curve", "gaps"))
  expect_identical(or_usual(3, "stability", "resamples"), 3)
  study <- recovery_study(features = 2, gaps = 1, cells = 20, trials = 2, seed = 1)
  expect_identical(study, recovery_study(features = 2, gaps = 1, cells = 20, trials = 2,
                                         iterations = 10, seed = 1))
})
