// A training that survives its process: its state in a file, and the check that a file belongs to
// the run that is about to go on with it.
#pragma once

#include <array>
#include <string>

#include "laot/base/clock.hpp"
#include "laot/models.hpp"
#include "laot/nets/training.hpp"
#include "method_networks.hpp"
#include "run_identity.hpp"

namespace laot::networks {

/// The file named by context.checkpoint: one safetensors file with the state of a trainer, beside
/// the method, parameters, seed and cells that it belongs to. Does nothing where none is named.
class Checkpoint {
 public:
  Checkpoint(const FitInput& input, Context& context);
  Checkpoint(const ExperimentInput& input, Context& context);

  bool named() const { return !path_.empty(); }
  const std::string& path() const { return path_; }
  bool exists() const;
  /// The state in the file. Throws invalid_argument, naming what differs, where it is another
  /// run's, and bad_format where the file is damaged.
  nets::Snapshot read() const;
  /// Replaces the file at once or not at all.
  void write(const nets::Snapshot& state);
  /// The same in the midst of a training, which a full disk must not end: failures are remembered.
  void try_write(const nets::Snapshot& state) noexcept;
  /// Whether the last writing is long enough ago.
  bool due() const;
  /// The last failure of try_write; empty where the file is up to date.
  std::string failure() const { return failed_ ? failure_.data() : ""; }

 private:
  void remember_failure(const std::exception& error) noexcept;

  std::string path_;
  double seconds_ = 0.0;
  RunIdentity identity_;
  Clock::time_point written_{};
  bool failed_ = false;
  std::array<char, 512> failure_{};  // of fixed size: memory may be what failed
};

/// Runs a trainer from where its checkpoint stands. Where the host cancels and on_cancel is "keep",
/// the cancellation is accepted, as is one that comes later. `last` is the iteration (`unit`) at
/// which the training is to end.
template <class Trainer>
Training train(Trainer& trainer, Checkpoint& checkpoint, const NetworkSettings& settings,
               std::size_t last, const char* unit, Context& context) {
  if (checkpoint.named()) {
    if (checkpoint.exists()) {
      trainer.restore(checkpoint.read());
      const std::uint64_t stands = trainer.report().iterations;
      require(stands <= last, Status::invalid_argument, "the checkpoint \"", checkpoint.path(),
              "\" stands at ", unit, " ", stands, ", beyond the ", last,
              " that are asked for; ask for more, or name another file");
      context.note(text("going on from ", unit, " ", stands, " in ", checkpoint.path()));
    }
    checkpoint.write(trainer.save());  // a place that cannot be written is found before the work
  }
  const auto start = Clock::now();
  const bool keeps = settings.on_cancel == OnCancel::keep;
  Training out{false, 0.0, last, unit};
  try {
    trainer.run(context, [&] {
      if (checkpoint.due()) checkpoint.try_write(trainer.save());
    });
  } catch (const Error& error) {
    if (error.status() != Status::cancelled) throw;
    if (checkpoint.named()) checkpoint.try_write(trainer.save());
    if (!keeps) {
      if (!checkpoint.named() || !checkpoint.failure().empty()) throw;
      fail(Status::cancelled, "cancelled at ", unit, " ", trainer.report().iterations,
           " of the training; the same call goes on from there with checkpoint \"",
           checkpoint.path(), "\"");
    }
    out.cancelled = true;
  }
  if (checkpoint.named() && !out.cancelled) checkpoint.try_write(trainer.save());
  // Work that follows the training must not lose it either.
  if (keeps) context.accept_cancel();
  out.seconds = seconds_since(start);
  return out;
}

}  // namespace laot::networks
