// Linear Alternating Optimal Transport: the exact plan and the linear map in turn, from W = I
// (Jafari, Shakeri & Daneshmand, ICML 2026, Algorithm 1).
#pragma once

#include <limits>
#include <string>

#include "laot/armadillo.hpp"
#include "laot/transport.hpp"

namespace laot {

enum class Update { least_squares, adam };
/// The spread that the map gets back after the alternation. marginals: the covariance, and one
/// monotone map a feature after it (MarginalMaps); automatic: marginals where cells held out say so
/// (choose()). The alternation itself restores the covariance for both.
enum class Restore { none, sd, covariance, marginals, automatic };

struct LaotOptions {
  static constexpr double kAutomatic = -1.0;

  Update update = Update::least_squares;
  double ridge = kAutomatic;  // weight of |W - I|_F^2, or automatic
  Restore restore = Restore::covariance;
  int max_iter = 30;  // least squares
  double tol = 1e-9;  // least squares: relative fall of J that counts as none
  int epochs = 200;   // Adam
  double learning_rate = 5e-3;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 1e-4;  // added to the gradient, as torch's Adam does
  std::size_t batch_size = 0;  // Adam: cells of each population in a minibatch; 0: all
  CouplingOptions coupling;    // of the whole populations; minibatches are coupled exactly
  arma::mat start;             // W to begin with, k x k; empty: I
};

/// One row an iteration (least squares) or epoch (Adam).
struct LaotTrace {
  std::vector<double> j_after_plan, j_after_update;                // J(W, P)
  std::vector<double> residual_after_plan, residual_after_update;  // n sum P |y - W x|^2
  std::vector<double> ridge;
  std::vector<double> change;  // |W - I|_F after the update
};

struct LaotResult {
  arma::mat map;  // W with restoration, k x k, in the space of x and y
  arma::mat map_unrestored;
  Plan plan;  // the last exact plan
  LaotTrace trace;
  bool converged = false;
  std::string stop_reason;
  int iterations = 0;
  double ridge = 0.0;  // of the last update
  double seconds = 0.0, seconds_transport = 0.0;
};

/// Minimises J(W, P) = sum_ij P_ij |y_j - W x_i|^2 + ridge |W - I|_F^2 by turns.
///
/// x: k x n control cells, y: k x m treated cells, in the space where distances count (see
/// FeatureSpace); the batch levels as in Coupling. Cost: iterations x (one exact transport + O(n
/// k^2
/// + k^3)). Polls the context in the transport; the longest single step besides is a k x k
/// eigen-decomposition (k = 1000: about half a second).
LaotResult alternate(const arma::mat& x, const arma::mat& y,
                     const std::vector<std::uint32_t>& batch_x,
                     const std::vector<std::uint32_t>& batch_y, const LaotOptions& options,
                     Context& context);
/// The same with a coupling of x and y, which is warm afterwards: for what goes on from the map.
LaotResult alternate(Coupling& coupling, const arma::mat& x, const arma::mat& y,
                     const LaotOptions& options, Context& context);

/// The shrinkage of restoration and of the Gaussian map: a = k / (k + min(n, m)).
double shrinkage(std::size_t dimension, std::size_t n, std::size_t m);

}  // namespace laot
