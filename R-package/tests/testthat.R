library(testthat)
library(laot)

test_check("laot")
