#include "laot/nets/condition_training.hpp"

#include <algorithm>
#include <cmath>

#include "laot/data/columns.hpp"

namespace laot::nets {

namespace {

// Some cells of each population, joined.
arma::fmat some_of(const std::vector<arma::fmat>& populations) {
  const std::size_t each = std::max<std::size_t>(2, 500 / populations.size());
  arma::fmat out;
  for (const arma::fmat& cells : populations)
    out = arma::join_rows(out, columns_of(cells, spread_over(cells.n_cols, each)));
  return out;
}

}  // namespace

void check_training_cells(const ConditionPopulations& cells) {
  const std::size_t count = cells.treated.size();
  require(count > 0 && cells.control_of.size() == count, Status::dimension_mismatch, "there are ",
          count, " conditions and ", cells.control_of.size(), " names of their controls");
  for (std::size_t c = 0; c < count; ++c) {
    require(cells.control_of[c] < cells.controls.size(), Status::invalid_argument,
            "a condition names control ", cells.control_of[c] + 1, " (counted from 1) of ",
            cells.controls.size());
    check_training_cells(cells.controls[cells.control_of[c]], cells.treated[c]);
  }
}

PopulationSplits split_populations(const ConditionPopulations& cells, double share,
                                   std::uint64_t seed) {
  require(share > 0.0 && share < 1.0, Status::invalid_argument,
          "validation_share must lie between 0 and 1, not at ", share);
  Rng draws = Rng(seed).stream(1);
  PopulationSplits out;
  for (const arma::mat& x : cells.controls)
    out.controls.push_back(hold_out(x.n_cols, share, draws));
  for (const arma::mat& y : cells.treated) out.treated.push_back(hold_out(y.n_cols, share, draws));
  return out;
}

std::vector<arma::fmat> training_part(const std::vector<arma::mat>& populations,
                                      const std::vector<Holdout>& splits, bool all) {
  std::vector<arma::fmat> out;
  for (std::size_t p = 0; p < populations.size(); ++p)
    out.push_back(all ? arma::conv_to<arma::fmat>::from(populations[p])
                      : single_precision(populations[p], splits[p].train));
  return out;
}

std::vector<arma::fmat> validation_part(const std::vector<arma::mat>& populations,
                                        const std::vector<Holdout>& splits) {
  std::vector<arma::fmat> out;
  for (std::size_t p = 0; p < populations.size(); ++p)
    out.push_back(single_precision(populations[p], splits[p].validation));
  return out;
}

ConditionScores::ConditionScores(const std::vector<arma::fmat>& sources,
                                 const std::vector<arma::fmat>& targets,
                                 const std::vector<arma::fmat>& observed,
                                 const ValidationOptions& options,
                                 const std::function<const arma::fmat&(std::size_t)>& unmoved) {
  const double gamma =
      options.gamma > 0.0 ? options.gamma
                          : median_gamma(some_of(sources), some_of(targets), options.score_weights);
  require(!std::isnan(gamma), Status::invalid_argument,
          "all training cells are the same, so that a network has nothing to learn");
  const double share = 1.0 / static_cast<double>(observed.size());
  for (std::size_t c = 0; c < observed.size(); ++c) {
    scores_.emplace_back(observed[c], gamma, options.score_weights);
    identity_ += share * scores_[c](unmoved(c)).mmd2;
    ceiling_ += share * scores_[c].ceiling();
  }
}

ValidationScore::Value ConditionScores::operator()(
    const std::function<arma::fmat(std::size_t)>& predicted) const {
  ValidationScore::Value out{0.0, 0.0, {}, {}};
  const double share = 1.0 / static_cast<double>(scores_.size());
  for (std::size_t c = 0; c < scores_.size(); ++c) {
    const ValidationScore::Value value = scores_[c](predicted(c));
    out.mmd2 += share * value.mmd2;
    out.overlap += share * value.overlap;
  }
  return out;
}

}  // namespace laot::nets
