condition <- rep(c("ctrl", "stim"), c(50, 30))
donor <- rep(c("a", "b", "c", "d"), 20)

test_that("random splits take their share of every condition, and depend on the seed alone", {
  part <- split_cells(80, condition, test = 0.2, validation = 0.1, seed = 3)
  expect_equal(unclass(table(part, condition)["test", ]), c(ctrl = 10L, stim = 6L))
  expect_equal(unclass(table(part, condition)["validation", ]), c(ctrl = 5L, stim = 3L))
  expect_identical(part, split_cells(80, condition, test = 0.2, validation = 0.1, seed = 3))
  expect_false(identical(part, split_cells(80, condition, test = 0.2, validation = 0.1, seed = 4)))
})

test_that("a split leaves R's generator where it was", {
  set.seed(9)
  expected <- runif(2)
  set.seed(9)
  first <- runif(1)
  split_cells(80, condition, seed = 1)
  expect_equal(c(first, runif(1)), expected)
})

test_that("whole groups are held out, in turn or by name", {
  parts <- split_cells(80, condition, by = donor, seed = 1)
  expect_named(parts, c("a", "b", "c", "d"))
  for (level in names(parts)) expect_identical(unname(parts[[level]] == "test"), donor == level)
  part <- split_cells(80, condition, by = donor, hold.out = c("a", "b"), validation = "c")
  expect_identical(unname(part == "test"), donor %in% c("a", "b"))
  expect_identical(unname(part == "validation"), donor == "c")
  part <- split_cells(80, condition, by = donor, hold.out = "a", validation = 0.25, seed = 1)
  expect_identical(unname(part == "test"), donor == "a")
  expect_equal(mean(part[donor != "a"] == "validation"), 0.25, tolerance = 0.05)
})

test_that("names of cells are kept, and columns of an object are found", {
  cells <- matrix(0, 2, 80, dimnames = list(NULL, paste0("cell", 1:80)))
  expect_named(split_cells(cells, condition, seed = 1), colnames(cells))
  skip_if_not_installed("SingleCellExperiment")
  sce <- SingleCellExperiment::SingleCellExperiment(
    assays = list(logcounts = cells), colData = S4Vectors::DataFrame(condition, donor))
  expect_identical(split_cells(sce, "condition", by = "donor", hold.out = "b"),
                   split_cells(cells, condition, by = donor, hold.out = "b"))
})

test_that("impossible splits are refused", {
  expect_error(split_cells(80, condition, test = 1.2), "test must be a share")
  expect_error(split_cells(80, condition, test = 0.6, validation = 0.5), "no cells to train")
  expect_error(split_cells(80, condition, test = 0.5, validation = 0.5), "no cells to train")
  expect_error(split_cells(4, c("a", "a", "a", "b")), "too few")
  expect_error(split_cells(80, condition, by = donor, hold.out = "e"), "no level \"e\"")
  expect_error(split_cells(80, condition, by = donor, hold.out = letters[1:4]), "no cells are left")
  expect_error(split_cells(80, condition, hold.out = "a"), "give by")
  expect_error(split_cells(80, condition, by = rep("a", 80)), "nothing to hold out")
  expect_error(split_cells("80"), "x must have cells")
})
