// Populations whose pairing is known: the paper's generator, and the study of where it is
// recovered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

/// The entries of E in W = I + gap E / |E|_F: uniform on [0, 1) (the published notebook; E, and so
/// W - I, is then nearly of rank one) or standard normal.
enum class Entries { uniform, gaussian };
Entries entries_from(const std::string& name);  // throws unknown_name

struct PopulationOptions {
  std::size_t features = 10, cells = 100;
  double gap = 1.0;    // |W - I|_F, not negative
  double noise = 0.0;  // sd of what is added to each treated value, in units of the controls' sd
  Entries entries = Entries::uniform;
};

struct Populations {
  arma::mat control, treated;        // features x cells
  arma::mat map;                     // W: control cell x becomes W x, plus noise
  std::vector<std::size_t> partner;  // treated column of each control cell
};

/// Controls with independent normal entries of variance 1/features, moved by W, with noise, and
/// shuffled (Jafari, Shakeri & Daneshmand, ICML 2026, the synthetic experiments). A function of the
/// options and of the generator alone.
Populations simulate_populations(const PopulationOptions& options, Rng rng, Context& context);

/// Cost that the assignment of a recovery study minimises: the sum of Euclidean distances, as the
/// published notebook does, or of squared ones, as Algorithm 1 does.
enum class PairingCost { euclidean, squared };
PairingCost pairing_cost_from(const std::string& name);  // throws unknown_name

struct RecoveryStudyOptions {
  std::vector<std::size_t> features = {10, 20, 50, 80, 100};
  std::vector<double> gaps = {0, 5, 10, 20, 30, 50, 100, 200};
  std::size_t cells = 100;
  std::size_t trials = 10;
  std::size_t iterations = 10;
  double noise = 0.0;
  Entries entries = Entries::uniform;
  PairingCost cost = PairingCost::euclidean;
};

/// Share of the cells whose partner was found, [features x gaps]: mean and standard deviation (of
/// one trial, divisor trials - 1; NaN with one) over the trials.
struct RecoveryStudy {
  arma::mat mean, sd;
};

/// The paper's phase transition: exact assignment and the least-squares map in turn from W = I, raw
/// data, without intercept, ridge or restoration; least norm where the map is not unique. Each
/// trial has its own stream of the context's seed, the same populations for both costs, so results
/// do not depend on the threads. A trial stops early where the assignment repeats, since nothing
/// changes any more. About 5 ms for a trial of 100 cells.
RecoveryStudy recovery_study(const RecoveryStudyOptions& options, Context& context);

}  // namespace laot
