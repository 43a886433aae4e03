// The input of a run: the holdout, single precision, and the score that chooses an iterate.
#include <cmath>

#include "laot/nets/training.hpp"

namespace laot::nets {

namespace {

arma::fmat cells_at(const arma::vec& origin, const arma::mat& cells,
                    const std::vector<std::uint64_t>& index) {
  require(origin.is_empty() || origin.n_elem == cells.n_rows, Status::dimension_mismatch,
          "an origin has ", origin.n_elem, " values for ", cells.n_rows, " features");
  arma::fmat out = single_precision(cells, index);
  if (!origin.is_empty()) out.each_col() += arma::conv_to<arma::fvec>::from(origin);
  return out;
}

}  // namespace

SplitCells::SplitCells(const arma::mat& source_cells, const arma::mat& target_cells,
                       const ValidationOptions& options, Rng draws, const arma::vec& source_origin,
                       const arma::vec& target_origin) {
  check_training_cells(source_cells, target_cells);
  require(options.validation_share > 0.0 && options.validation_share < 1.0,
          Status::invalid_argument, "validation_share must lie between 0 and 1, not at ",
          options.validation_share);
  of_source = hold_out(source_cells.n_cols, options.validation_share, draws);
  of_target = hold_out(target_cells.n_cols, options.validation_share, draws);
  source = cells_at(source_origin, source_cells, of_source.train);
  target = cells_at(target_origin, target_cells, of_target.train);
  validation_source = cells_at(source_origin, source_cells, of_source.validation);
  validation_target = cells_at(target_origin, target_cells, of_target.validation);
  target_mean = mean_cell(target);
  const double gamma =
      options.gamma <= 0.0 ? median_gamma(source, target, options.score_weights) : options.gamma;
  require(
      !std::isnan(gamma), Status::invalid_argument,
      "all training cells are the same, so that a network has nothing to learn; mean_shift needs "
      "no training");
  score = ValidationScore(validation_target, gamma, options.score_weights);
  arma::fmat unmoved = validation_source;
  if (options.restore_mean) restore_mean(unmoved, source, target_mean);
  identity_score = score(unmoved).mmd2;
}

}  // namespace laot::nets
