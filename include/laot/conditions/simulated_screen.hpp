// A simulated drug screen with known truth: what each control cell would be at each condition.
#pragma once

#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/conditions/covariates.hpp"
#include "laot/parallel.hpp"

namespace laot {

struct ScreenOptions {
  std::size_t features = 20, drugs = 20;
  std::size_t cells = 200;      // of the controls and of each training condition
  std::size_t new_cells = 300;  // new controls, and of each test condition
  double kappa = 1.0;           // size of switch-like effects; 0: the effect is linear in the cell
  double noise = 0.15;          // sd added to each treated value
  std::size_t unseen_drugs = 4, unseen_doses = 8, pairs = 8, unseen_pairs = 8, seen_tests = 8;
};

struct ScreenCondition {
  std::string name;  // "drug03:7", "drug03:7+drug11:7"
  ConditionCovariates covariates;
  ConditionKind kind = ConditionKind::seen;
  arma::mat treated;  // features x cells, of fresh control cells: none has a counterpart
  arma::mat truth;    // test conditions: the new controls moved, without noise
};

/// Drugs x the doses 1, 3, 7, 15 (u = 1/4, 1/2, 3/4, 1 of CovariateFeatures) and pairs of drugs.
struct Screen {
  arma::mat control, new_control;
  std::vector<std::string> drugs;
  arma::mat embedding;  // 8 x drugs
  std::vector<ScreenCondition> training, test;
};

/// Three clusters of cells. A drug has a latent effect z = B e + noise (e: its embedding; z: 4
/// numbers; noise sd 0.15) and an EC50 that the embedding does not tell; with h = u^3 / (u^3 +
/// EC50^3),
///   T(x) = x + h [S z + sum_k z_k A_k x + kappa sum_k z_k tanh(2 q_k'x) v_k],
/// and effects of a pair add up. Training: the drugs that are seen at all doses less unseen_doses
/// conditions, and `pairs` pairs at doses 7 or 15. Test: seen conditions (fresh cells), the doses
/// left out, two doses (3 and 15) of each unseen drug, and other pairs of seen drugs.
Screen simulate_screen(const ScreenOptions& options, Rng rng, Context& context);

}  // namespace laot
