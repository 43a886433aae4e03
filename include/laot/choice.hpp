// The choice between maps of different flexibility by what they predict of cells held out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "laot/balance.hpp"
#include "laot/feature_space.hpp"
#include "laot/lift.hpp"
#include "laot/marginals.hpp"

namespace laot {

/// The linear map or its lift, with or without the marginals restored.
struct Candidate {
  bool lift = false, marginals = false;
  /// "linear", "linear + marginals", "lift", "lift + marginals".
  std::string name() const;
};

struct ChoiceOptions {
  /// Compared with the first one, which is the simplest.
  std::vector<Candidate> candidates = {{false, false}, {false, true}, {true, false}, {true, true}};
  FeatureSpaceOptions space;
  LaotOptions laot;
  LiftOptions lift;
  MarginalOptions marginals;
  std::size_t folds = 5;
  std::size_t fewest_cells = 100;  // of either side; with fewer, the first candidate without asking
  std::size_t most_cells = 2000;   // of either side; of more, so many are drawn
  /// Levels with as many cells on either side, where there are three or more, are left out whole;
  /// more than `most_parts` of them are left out by groups.
  std::size_t fewest_of_level = 20;
  std::size_t most_parts = 10;
  double standard_errors = 1.0;   // by which a candidate must be better than the first
  std::uint64_t seed = 20260103;  // of folds and draws: fixed, so that a fit needs no seed
};

/// A comparison of candidates and its outcome.
struct Choice {
  Candidate chosen;
  std::string reason;                   // one sentence
  std::vector<std::string> candidates;  // by name; empty where nothing was compared
  arma::mat scores;                     // unbiased MMD^2 of the held-out cells, parts x candidates
  arma::vec mean;                       // of each candidate
  arma::vec gain;                       // mean difference to the first: negative is better
  arma::vec standard_error;             // of the gain: sd of the differences over sqrt(parts)
  bool levels_left_out = false;
  std::size_t cells_control = 0, cells_treated = 0;  // that were used
};

/// Cells of two populations with their level numbers (both empty: one level).
struct ChoiceCells {
  Cells control, treated;
  std::vector<std::uint32_t> batch_control, batch_treated;
  /// Where composition is balanced: the ratio of each control cell (see balanced()), and the types,
  /// within which cells have one weight. Held-out control cells are scored with their ratios.
  arma::vec ratio_control = {};
  CellTypes types = {};
  /// The components of all cells [features x k]. Folds see their training cells along them, about
  /// their own means and in their own scales: they are of the cells alone, the same for every
  /// candidate, and a decomposition for each fold was most of the time. Where whole levels are left
  /// out each part has its own. Empty: so do folds.
  arma::mat basis = {};
};

/// Fits every candidate on all parts but one, scores its prediction of the held-out control cells
/// against the held-out treated cells (unbiased MMD^2 with `gamma`, in original units), for each
/// part in turn, and takes the candidate of the lowest mean among those that are better than the
/// first by more than `standard_errors` of the paired difference; the first where none is. Parts
/// are levels of the batch, which measures transfer, or folds stratified by level (see
/// ChoiceOptions). Candidates of a part share its feature space, its coupling and its sorted
/// treated cells.
Choice choose(const ChoiceCells& cells, double gamma, const ChoiceOptions& options,
              Context& context);

/// The part of each cell that is held out with it, 0 .. parts - 1, and what was drawn.
struct Parts {
  std::vector<std::size_t> control_cells, treated_cells;  // that take part, increasing
  std::vector<std::uint32_t> control, treated;            // the part of each of these
  std::size_t count = 0;
  bool levels = false;  // whole levels are left out
};
Parts parts_of(const ChoiceCells& cells, const ChoiceOptions& options);

}  // namespace laot
