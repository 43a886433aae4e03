// The fits of single conditions in files of their own, so that a run of many that was killed goes
// on.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "run_identity.hpp"

namespace laot {

/// "run.ckpt" and condition "24 h" make "run-24_h.ckpt", as R names the files of a loop over
/// targets. Names that are equal then are told apart by the condition's number.
std::string file_of_condition(const std::string& whole, const Experiment& experiment,
                              std::size_t c);

/// One file for each condition that is done, beside the file `whole`, of which nothing else is
/// written; none where it is empty. Several threads may use it.
class ConditionFiles {
 public:
  ConditionFiles(const Params& params, const Experiment& experiment, const std::string& whole,
                 const Context& context);

  bool named() const { return !whole_.empty(); }
  /// The fit of condition c as an earlier run of the same parameters, seed and cells left it; null
  /// where there is no file. `controls` makes what the condition keeps of its controls.
  std::shared_ptr<const Model> read(std::size_t c,
                                    const std::function<TrainingSummary()>& controls) const;
  /// The fit that this run wrote, whether or not its cells are there any more.
  std::shared_ptr<const Model> take_back(std::size_t c, const TrainingSummary& controls) const;
  bool has_written(std::size_t c) const;
  /// Replaces the file of condition c at once or not at all. Throws io_error where none could be
  /// written yet; later failures are remembered, since the fits are not lost with their files.
  void write(std::size_t c, const Model& part);
  /// The failure to write, as a sentence; empty: none.
  std::string failure() const { return failure_; }

 private:
  RunIdentity identity_of(std::size_t c) const;
  std::shared_ptr<const Model> load(std::size_t c, const RunIdentity& identity,
                                    const std::function<TrainingSummary()>& controls) const;

  const Params& params_;
  const Experiment& experiment_;
  const Context& context_;
  std::string whole_;
  std::vector<std::string> controls_;  // their fingerprints
  mutable std::mutex mutex_;
  std::map<std::size_t, RunIdentity> written_;
  std::string failure_;
};

}  // namespace laot
