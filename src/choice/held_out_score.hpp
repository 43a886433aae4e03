// MMD^2 of predictions to the treated cells that were held out, many predictions to the same cells.
#pragma once

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// The unbiased estimate of weighted_mmd2, by products of matrices: as many cells as are held out
/// are few, and the kernel of the treated ones is summed once. From mmd2 it differs by rounding.
class HeldOutScore {
 public:
  /// treated: features x m.
  HeldOutScore(const arma::mat& treated, double gamma, Context& context);

  /// predicted: features x n; weights[n], at least 0, or empty for equal ones. NaN where a side has
  /// a single cell.
  double operator()(arma::mat predicted, const arma::vec& weights, Context& context) const;

 private:
  arma::vec centre_;
  arma::mat treated_;  // about the centre
  arma::vec even_;
  double gamma_, within_;
};

}  // namespace laot
