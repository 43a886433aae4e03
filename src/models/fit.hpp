// The parts of a fit that methods of one condition and of many share.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "laot/models.hpp"

namespace laot {

/// What is made of one control population once, for all conditions that go with it. Fits on several
/// threads may share it: whoever comes first makes it, the others wait.
class ControlWork {
 public:
  struct Kept {
    StoredCells cells;
    std::vector<std::string> batch;
    std::shared_ptr<const std::vector<std::string>> names;
  };
  /// `make` is called once, and again after other weights only.
  std::shared_ptr<const Moments> moments(const arma::vec& weights,
                                         const std::function<Moments()>& make);
  std::shared_ptr<const Kept> kept(const std::function<Kept()>& make);

 private:
  std::mutex mutex_;
  arma::vec weights_;  // of moments_
  std::shared_ptr<const Moments> moments_;
  std::shared_ptr<const Kept> kept_;
};

/// The fit to condition c, of cells that were checked.
Model fit_one(const Params& params, const Experiment& experiment, std::size_t c, ControlWork& work,
              Context& context);

/// The fit of a method of many conditions, of cells that were checked.
Model fit_together(const Method& chosen, const Params& params, const Experiment& experiment,
                   Context& context);

/// A condition's cells and what is known of them.
struct TrainingCells {
  const Params& params;
  const Population& control;
  const Population& treated;
  const Levels& batches;
};

/// All of it but the means and the Gaussian map.
TrainingSummary summarise(const TrainingCells& cells, ControlWork& work, Context& context);

/// Beside a fit in more dimensions than this, the Gaussian map is left out: its eigenvectors would
/// take minutes, and beside a trivial predictor, which takes none, many times its own time.
std::size_t most_for_gaussian(const Method& chosen);

/// median_gamma, negative_share and seconds; refuses a report that overflowed.
void finish_report(Model& model, const Population& control,
                   std::chrono::steady_clock::time_point start, Context& context);

}  // namespace laot
