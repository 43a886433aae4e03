// Conditional LAOT's alternation: exact plans of all conditions, and one ridge regression, in turn.
#pragma once

#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/conditions/map_regression.hpp"
#include "laot/transport.hpp"

namespace laot {

/// The cells of an experiment in one feature space, each population about its own mean: optimal
/// transport ignores translations, so that shifts and maps are learnt apart.
struct ConditionalCells {
  std::vector<arma::mat> controls;      // d x n_g of each control population
  std::vector<arma::mat> treated;       // d x m_c of each condition
  std::vector<std::size_t> control_of;  // [C] the control population of each condition
  arma::mat phi;                        // K x C
};

/// Refuses what cannot be an experiment: no conditions, an index of no control population,
/// populations of another dimension, without cells or with values that are not finite.
void check_conditional_cells(const ConditionalCells& cells);

/// The same cells with the mean of each population taken away.
ConditionalCells centred(ConditionalCells cells);

struct ConditionalAlternationOptions {
  static constexpr double kAutomatic = -1.0;
  double ridge = kAutomatic;  // by exact leave-one-condition-out; 0.3 under four conditions
  int max_iter = 15;
  double tol = 1e-6;  // relative fall of J that counts as none
  MapSolver solver = MapSolver::automatic;
  ConditionGroups groups;  // left out together where the ridge is chosen
  CouplingOptions coupling;
};

struct ConditionalTrace {
  std::vector<double> j_after_plan, j_after_update, ridge;  // one row an iteration
};

/// The partial optimum of J(A, P) = (1/C) sum_c sum_ij P^c_ij |y_j - W(c) x_i|^2 +
/// ridge sum_k |A_k|_F^2, W(c) = I + sum_k phi_k(c) A_k: each plan is optimal for A, with its
/// certificate, and A for the plans.
struct ConditionalAlternation {
  arma::mat basis;   // K x r; psi = basis' phi
  arma::cube maps;   // A_k in the coordinates psi, d x d x r
  arma::cube cross;  // R_c of the last plans, d x d x C
  double ridge = 0.0;
  int iterations = 0;
  bool converged = false;
  std::string stop_reason;
  ConditionalTrace trace;
  double worst_gap = 0.0;  // of the last plans' certificates
  double seconds = 0.0;

  /// W - I at a condition's features.
  arma::mat change(const arma::vec& phi) const;
};

/// Alternates from A = 0. Conditions run in parallel, each plan from the potentials of the one
/// before. Cells as `centred` gives them. O(iterations x (C plans + r d^2 (C + d))) with one
/// control population.
ConditionalAlternation alternate_conditions(const ConditionalCells& cells,
                                            const ConditionalAlternationOptions& options,
                                            Context& context);

/// The regression behind it, to leave conditions out.
MapRegression map_regression(const ConditionalCells& cells,
                             MapSolver solver = MapSolver::automatic);

}  // namespace laot
