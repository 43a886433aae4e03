#' laot: predict how single cells respond
#'
#' Cells are destroyed when they are measured, so control and treated cells arrive unpaired.
#' [laot_fit()] learns the map between the two populations by alternating exact optimal transport
#' with a linear map; [predict()][predict.laot_fit] says how new control cells would look treated;
#' [evaluate_predictions()] scores predictions beside trivial predictors and a noise reference.
#'
#' @section Conventions:
#' Cells are columns: a matrix is features x cells, as an assay of a
#' SingleCellExperiment is. The map acts as \eqn{x_t = W x_0 + b}. Values may be on any scale on
#' which differences mean something: log-normalised expression, principal components, transformed
#' intensities. What is fitted is what is predicted.
#'
#' @references Jafari, Shakeri and Daneshmand (2026), Algorithm 1, ICML.
#' @useDynLib laot, .registration = TRUE, .fixes = "C_"
#' @importFrom Rcpp evalCpp
#' @importFrom stats coef effects predict
#' @keywords internal
"_PACKAGE"
