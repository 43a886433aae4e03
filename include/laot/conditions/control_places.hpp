// Where the levels of a context (patients, cell lines) lie by their control cells alone.
#pragma once

#include <cstddef>

#include "laot/armadillo.hpp"

namespace laot {

/// Principal coordinates (Gower, 1966) of the means of levels: with G = C' C of the means about
/// their own mean, C [k x levels], coordinates = sqrt(lambda) u' of the largest eigenvalues of G
/// (over 1e-9 of the largest), the largest entry of each u positive. They are U' C with
/// U = C u / sqrt(lambda) orthonormal, so that a level that was not among them is placed by the
/// mean of its control cells alone.
class ControlPlaces {
 public:
  ControlPlaces() = default;
  /// means: k x levels. `at_most` coordinates, or fewer where the means span fewer; none where all
  /// are equal.
  ControlPlaces(const arma::mat& means, std::size_t at_most);
  /// As a file has them: centre [k], axes U [k x coordinates].
  ControlPlaces(arma::vec centre, arma::mat axes)
      : centre_(std::move(centre)), axes_(std::move(axes)) {}

  /// The coordinates of a level whose control cells have this mean [k].
  arma::vec operator()(const arma::vec& mean) const { return axes_.t() * (mean - centre_); }

  const arma::vec& centre() const { return centre_; }
  const arma::mat& axes() const { return axes_; }

 private:
  arma::vec centre_;
  arma::mat axes_;
};

/// How many coordinates so many levels have: the whole part of their root, at most 10. Coordinates
/// are standardised before anything is regressed on them, so that with as many as levels less one
/// the means of five patients would say as much as their names.
std::size_t coordinates_of_levels(std::size_t levels);

}  // namespace laot
