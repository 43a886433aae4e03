// Parts that all trainings share: seeded minibatches, the learning-rate schedule, the validation
// score, the loop, and the report of a run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/base.hpp"
#include "laot/nets/snapshot.hpp"
#include "laot/parallel.hpp"

namespace laot::nets {

/// Refuses populations that a training with held-out cells cannot use: fewer than 4 cells, no
/// features, values that are not finite in single precision, features that differ in number.
void check_training_cells(const arma::mat& source, const arma::mat& target);

/// The chosen columns in single precision.
arma::fmat single_precision(const arma::mat& cells, const std::vector<std::uint64_t>& index);

/// Endless minibatches without replacement: every pass over the cells is a fresh permutation, and a
/// batch may straddle two passes, so that all batches have the same size.
class BatchSampler {
 public:
  BatchSampler() = default;
  BatchSampler(std::size_t count, std::size_t batch);

  std::size_t batch() const { return batch_; }
  const std::vector<std::uint64_t>& next(Rng& rng);

  void put(Snapshot& to, const std::string& name) const;
  void get(const Snapshot& from, const std::string& name);

 private:
  std::size_t batch_ = 0, position_ = 0;
  std::vector<std::uint64_t> order_, current_;
};

/// Copies the chosen columns of `cells` into `out` (d x index.size(), contiguous).
void gather(const arma::fmat& cells, const std::vector<std::uint64_t>& index,
            std::vector<float>& out);

/// The factor on the learning rate: 1 at the start, falling along half a cosine to `last` at the
/// end.
double cosine_factor(double last, std::uint64_t step, std::uint64_t steps);

/// Unbiased MMD^2 of predicted cells against validation cells, kernel exp(-gamma |u - v|^2), after
/// each feature was multiplied by `weights` (empty: 1).
class ValidationScore {
 public:
  struct Value {
    double mmd2;     // not clipped
    double overlap;  // mean kernel between predicted and observed over that among the observed:
                     // near 0 where the prediction has left the data
    // Contribution of each cell to the score, up to a constant: a predicted one by its kernels with
    // the others and with the observed, an observed one by its kernels with the predicted.
    std::vector<double> of_predicted, of_observed;
  };

  ValidationScore() = default;
  ValidationScore(const arma::fmat& observed, double gamma, const arma::fvec& weights);
  Value operator()(const arma::fmat& predicted) const;
  /// MMD^2 of a prediction that is far from everything and spread out: the mean kernel among the
  /// observed.
  double ceiling() const { return within_; }

 private:
  double gamma_ = 1.0, within_ = 0.0;
  arma::fvec weights_;
  arma::fmat observed_;  // cells x features
};

/// Standard error, to first order, of the difference of the MMD^2 of two predictions of the same
/// cells against the same observed cells: of a mean over the former plus one over the latter.
double standard_error(const ValidationScore::Value& a, const ValidationScore::Value& b);

/// 1 / median of the positive squared distances among the pooled cells, at most 500 of either set:
/// every k-th, k the number of cells over 500, rounded down and at least 1. NaN where there is no
/// positive distance.
double median_gamma(const arma::fmat& a, const arma::fmat& b, const arma::fvec& weights);

/// A look at a run takes at most so many training cells of either side.
constexpr std::size_t kLookCells = 2000;
/// Which of `count` cells: at most `at_most`, evenly over all, because cells are often sorted.
std::vector<std::uint64_t> spread_over(std::size_t count, std::size_t at_most);

/// Mean of the cells, summed in double precision.
arma::vec mean_cell(const arma::fmat& cells);

/// Moves predicted cells by what the mean of `training`, the prediction of training controls, lacks
/// to the `wanted` one.
void restore_mean(arma::fmat& predicted, const arma::fmat& training, const arma::vec& wanted);

/// Splits 0 .. count-1 into training and validation cells with the generator's permutation: `share`
/// of the cells for validation, at least 2 and at most half of them or 500.
struct Holdout {
  std::vector<std::uint64_t> train, validation;
};
Holdout hold_out(std::size_t count, double share, Rng& rng);

/// How a run chooses among its iterates; part of the options of every training.
struct ValidationOptions {
  double validation_share = 0.2;  // of the given cells, held out from training
  double gamma = 0.0;             // of the validation score; 0: median heuristic of the given cells
  arma::fvec score_weights;       // what a unit of each feature is worth in the score; empty: 1
  bool restore_mean = false;      // looks move predictions onto the mean of the target cells
};

/// The cells of a run in single precision, some of either side held out with `draws`, and the score
/// on these. An origin (empty: 0) is added to the cells of its side.
struct SplitCells {
  SplitCells(const arma::mat& source_cells, const arma::mat& target_cells,
             const ValidationOptions& options, Rng draws, const arma::vec& source_origin = {},
             const arma::vec& target_origin = {});

  Holdout of_source, of_target;  // which of the given cells
  arma::fmat source, target, validation_source, validation_target;
  arma::vec target_mean;
  ValidationScore score;
  double identity_score;  // of validation cells that do not move, but for a mean that is restored
};

enum class Outcome { running, finished, diverged };

/// Report of a run.
struct TrainingReport {
  Outcome outcome = Outcome::running;
  std::uint64_t iterations = 0;      // done
  std::uint64_t best_iteration = 0;  // of the iterate that is kept
  double best_score = 0.0;           // its validation score
  double untrained_score = 0.0;      // of the network before any step
  double identity_score = 0.0;       // of cells that do not move; of the mean shift where
  bool mean_restored = false;        // predictions have their mean restored
  double best_overlap = 0.0;         // of the iterate that is kept, see ValidationScore
  std::uint64_t diverged_at = 0;     // 0: never
  std::string warning;               // one sentence, empty where all is well
};

/// The fields of a report that belong to the state of a run.
template <class Report, class Archive>
void report_state(Report& report, Archive& archive) {
  archive.words("report", report.iterations, report.best_iteration, report.diverged_at);
  archive.numbers("report.best", report.best_score, report.best_overlap);
  if constexpr (!std::is_const_v<Report>)
    report.outcome = report.diverged_at > 0 ? Outcome::diverged : Outcome::running;
}

/// Notes a look at the validation cells. False where something was not finite: an untrained network
/// is refused then (numerical_failure), a trained one has diverged.
bool note_look(TrainingReport& report, bool finite, bool first);

/// Takes the iterate of a look as the one to keep, where it is the first, better than the best, or
/// the last is to be kept. Whether it did.
bool takes_iterate(TrainingReport& report, const ValidationScore::Value& value, bool first,
                   bool keep_last);

/// Steps until iteration `last`, until the run has diverged, or until more() (empty: always) says
/// no. Polls the context before every step, and calls `between` where the state may be saved.
void run_steps(TrainingReport& report, std::uint64_t last, Context& context,
               const std::function<void()>& between, const std::function<void()>& step,
               const std::function<bool()>& more = {});

/// The same where a step is an iteration and says whether all values are still finite, with a look
/// after every `check_every` of them and after the last.
void run_iterations(TrainingReport& report, std::uint64_t last, std::uint64_t check_every,
                    Context& context, const std::function<void()>& between,
                    const std::function<bool()>& step, const std::function<void()>& look);

/// Warning about a run that has ended, for its user, in one sentence; empty where all is well.
/// `unit` says what an iteration is.
std::string warning_of(const TrainingReport& report, double ceiling, const char* unit);

}  // namespace laot::nets
