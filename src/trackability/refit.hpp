// Fitting again on other cells of the same space, and what two matchings have in common.
#pragma once

#include <cstdint>
#include <vector>

#include "laot/laot.hpp"

namespace laot {

/// Two populations in one space, with the levels in which they are paired (empty: one level).
struct Pair {
  arma::mat x, y;
  std::vector<std::uint32_t> batch_x, batch_y;
};

/// A fit of cells that are centred anew: prediction of a control cell x is
/// mean_y + map (x - mean_x).
struct Refit {
  LaotResult fit;
  arma::vec mean_x, mean_y;  // 0 where own_means is false
};
Refit refit(const Pair& cells, const LaotOptions& options, bool own_means, Context& context);

/// The cells with the given numbers.
Pair part_of(const Pair& cells, const std::vector<std::size_t>& index_x,
             const std::vector<std::size_t>& index_y);

/// The plan of all cells after the controls are moved by `map`, or to `moved`.
Plan plan_by(const Pair& cells, const arma::mat& map, Context& context);
Plan plan_of(const Pair& cells, const arma::mat& moved, Context& context);

/// The mass that two plans of the same cells put on the same pairs, 0 to 1.
double overlap(const Plan& a, const Plan& b);

/// 1 - sum_i a_i |y_a(i) - y_b(i)|^2 / (2 tr cov y), y(i) being the mean partner of control cell i:
/// 1 where both plans send every cell to the same place, about 0 where they are unrelated
/// one-to-one matchings. NaN where all treated cells are equal.
double coherence(const Plan& a, const Plan& b, const arma::mat& y);

}  // namespace laot
