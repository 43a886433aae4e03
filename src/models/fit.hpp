// The parts of a fit that methods of one condition and of many share.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "laot/base/clock.hpp"
#include "laot/models.hpp"

namespace laot {

/// Work on one control population, done once for all conditions that go with it. Fits on several
/// threads may share it: whoever comes first makes it, the others wait.
class ControlWork {
 public:
  /// Several conditions have these controls: what only pays then is kept.
  void share() { is_shared_ = true; }
  bool is_shared() const { return is_shared_; }
  struct Kept {
    StoredCells cells;
    std::vector<std::string> batch;
    std::shared_ptr<const std::vector<std::string>> names;
  };
  /// Of the control cells with some weights.
  struct Weighted {
    Moments moments;
    SharedOuterProducts outer_products;
  };
  /// `make` is called once, and again after other weights only.
  std::shared_ptr<Weighted> weighted(const arma::vec& weights,
                                     const std::function<Moments()>& make);
  std::shared_ptr<const Kept> kept(const std::function<Kept()>& make);

 private:
  bool is_shared_ = false;
  std::mutex mutex_;
  arma::vec weights_;  // of weighted_
  std::shared_ptr<Weighted> weighted_;
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
  std::optional<double> median_gamma = {};  // where it is known
};

/// Keeps the controls.
void keep_controls(const TrainingCells& cells, ControlWork& work, const Context& context,
                   TrainingSummary& out);

/// All of it but the means and the Gaussian map.
TrainingSummary summarise(const TrainingCells& cells, ControlWork& work, Context& context);

/// Beside a fit in more dimensions than this, the Gaussian map is left out: its eigenvectors would
/// take minutes, and beside a trivial predictor, which takes none, many times its own time.
std::size_t most_for_gaussian(const Method& chosen);

/// median_gamma, negative_share and seconds; refuses a report that overflowed. z: the control cells
/// in the model's space; empty: not encoded yet.
void finish_report(Model& model, const Population& control, const arma::mat& z,
                   Clock::time_point start, Context& context);

}  // namespace laot
