// Exact Wasserstein distances and the energy distance between two clouds of cells.
#pragma once

#include "laot/armadillo.hpp"
#include "laot/assignment.hpp"
#include "laot/parallel.hpp"
#include "laot/sinkhorn.hpp"
#include "laot/transport.hpp"

namespace laot {

/// The least mean squared distance over all couplings of x (d x n) and y (d x m) with weights 1/n
/// and 1/m, with its proof: the square of W2. Exact for any number of cells.
Certificate transport_cost(const arma::mat& x, const arma::mat& y, Context& context);

/// W2: the root of the least mean squared distance over all couplings of x (d x n) and y (d x m)
/// with weights 1/n and 1/m. Exact, not entropic; cost and memory are those of an exact Coupling
/// (transport.hpp).
double wasserstein2(const arma::mat& x, const arma::mat& y, Context& context);

/// The same, as exact as the coupling, which was made of cells in the order of x and of y: it
/// starts from its last solve, which saves most of the time where cells have moved little.
double wasserstein2(const arma::mat& x, const arma::mat& y, Coupling& coupling, Context& context);

/// The same of squared distances that are there already, one for each pair of as many x as y.
double wasserstein2_of_distances(const arma::mat& squared, Context& context);

/// W1: the least mean Euclidean distance over the same couplings. Exact; keeps the n x m distances.
double wasserstein1(const arma::mat& x, const arma::mat& y, Context& context);

/// 2 E|x - y| - E|x - x'| - E|y - y'| with Euclidean distances (Szekely & Rizzo, 2013): biased with
/// the zero distances of cells to themselves, unbiased without them (NaN where n or m is 1).
/// O((n + m)^2 d) time, memory as mmd2.
struct EnergyDistance {
  double biased = 0.0, unbiased = 0.0;
};
EnergyDistance energy_distance(const arma::mat& x, const arma::mat& y, Context& context);

}  // namespace laot
