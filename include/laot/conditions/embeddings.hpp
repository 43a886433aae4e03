// Where levels lie: coordinates that carry from the levels that were seen to others.
#pragma once

#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// The coordinates of the wanted levels (coordinates x wanted), out of a table with one column for
/// each of `levels`. Coordinates that are the same for all wanted levels are left out. Throws
/// not_finite on NaN or Inf, invalid_argument on a level that is listed twice, and unknown_name,
/// naming all of them, on wanted levels without a column; `name` is the table's in a sentence.
struct Embedding {
  arma::mat coordinates;
  std::vector<std::string> dropped;  // names of the constant coordinates
  std::vector<std::string> alike;    // "a and b": levels that the coordinates cannot tell apart
};
Embedding embedding_of(const std::vector<std::string>& wanted,
                       const std::vector<std::string>& levels, const arma::mat& table,
                       const std::vector<std::string>& coordinate_names = {},
                       const std::string& name = "the embedding");

/// Classical scaling (Torgerson, 1952) of pairwise distances (symmetric, C x C) to at most
/// `at_most` coordinates (coordinates x C): eigenvectors of -J D^2 J / 2 of the positive
/// eigenvalues (over 1e-9 of the largest), each times the root of its eigenvalue, the largest entry
/// of each positive.
arma::mat classical_scaling(const arma::mat& distances, std::size_t at_most);

/// The embedding by effect: classical scaling of the exact W2 between populations (d x cells each,
/// in one space). Pairs run in parallel; C (C - 1) / 2 transport problems.
arma::mat effect_embedding(const std::vector<arma::mat>& populations, std::size_t at_most,
                           Context& context);

}  // namespace laot
