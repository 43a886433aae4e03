// Threads, cancellation, progress and the log. One Context travels with each call from the host.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "laot/base.hpp"

namespace laot {

/// A host's part in a call: threads, seed and its callbacks. All callbacks run on the thread
/// that made the call, never on a worker.
class Context {
 public:
  using Progress = std::function<void(const std::string& stage, double fraction)>;
  using Cancel = std::function<bool()>;  // true: stop
  using Log = std::function<void(const std::string& line)>;

  int num_threads = 1;  // threads are asked for, never taken
  std::uint64_t seed = 1;
  Progress progress;  // fraction in [0, 1], of the named stage
  Cancel cancel;
  Log log;
  /// A file in which a training keeps its state, and from which it goes on where the file exists;
  /// empty: none. Written when training ends or is stopped, and meanwhile after so many seconds.
  std::string checkpoint;
  double checkpoint_seconds = 30.0;

  Context() = default;
  /// The settings and callbacks are copied, the state of cancellation is not.
  Context(const Context& other)
      : num_threads(other.num_threads),
        seed(other.seed),
        progress(other.progress),
        cancel(other.cancel),
        log(other.log),
        checkpoint(other.checkpoint),
        checkpoint_seconds(other.checkpoint_seconds) {}
  Context& operator=(const Context&) = delete;

  /// To be called often (cheap: it asks the host at most every 20 ms) from the calling thread in
  /// everything that can run long. Throws Error(cancelled) when the host wants to stop.
  void poll();
  /// The same, and reports progress (at most every 100 ms, outside a Span always at 0 and 1).
  void poll(const char* stage, double fraction);

  /// While it lives, progress is reported as the part [first, last] of what the caller reports: a
  /// solve inside an iteration moves the iteration's bar and does not start one of its own.
  class Span {
   public:
    Span(Context& context, double first, double last)
        : context_(context), first_(context.first_), width_(context.width_) {
      context.first_ = first_ + width_ * first;
      context.width_ = width_ * (last - first);
    }
    ~Span() {
      context_.first_ = first_;
      context_.width_ = width_;
    }
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;

   private:
    Context& context_;
    double first_, width_;
  };

  /// For workers: true once the host asked to stop. Cheap, and safe from every thread.
  bool stopping() const noexcept { return stopping_.load(std::memory_order_relaxed); }
  void throw_if_stopping() const;

  /// For work that answers a cancellation with what it has so far: the call goes on to its end and
  /// is not asked again. Only what remains to be done must be short.
  void accept_cancel() {
    accepted_ = true;
    stopping_.store(false, std::memory_order_relaxed);
  }

  void note(const std::string& line) const {
    if (log) log(line);
  }

 private:
  void ask();

  using Clock = std::chrono::steady_clock;
  std::atomic<bool> stopping_{false};
  bool accepted_ = false;
  double first_ = 0.0, width_ = 1.0;  // of the present span
  Clock::time_point last_poll_{};
  Clock::time_point last_progress_{};
};

/// Runs `body(first, last, worker)` over [0, count) cut into chunks of `grain`. The cut depends on
/// count and grain alone, never on the number of threads, so a result that is combined in chunk
/// order has the same bits for every thread count. Worker 0 is the calling thread and polls the
/// context between its chunks; an exception of a worker is rethrown here (the one of the lowest
/// chunk). Threads live as long as the call, because hosts fork.
void parallel_for(Context& context, std::size_t count, std::size_t grain,
                  const std::function<void(std::size_t first, std::size_t last, int worker)>& body);

/// Holds BLAS to one thread while it lives and restores the setting afterwards (OpenBLAS; other
/// libraries are left as they are). BLAS threads would change the order of sums, and so the bits.
class SingleThreadedBlas {
 public:
  SingleThreadedBlas();
  ~SingleThreadedBlas();
  SingleThreadedBlas(const SingleThreadedBlas&) = delete;
  SingleThreadedBlas& operator=(const SingleThreadedBlas&) = delete;

  /// To be called around a fork. Before it, waits until no thread is changing the number of BLAS
  /// threads: a lock that OpenBLAS holds meanwhile would be held in the child for ever.
  static void before_fork();
  static void after_fork_in_parent() noexcept;
  /// Locks that other threads of the parent held are nobody's in the child.
  static void after_fork_in_child() noexcept;
};

/// The name and settings of the BLAS library in use, as far as it tells ("unknown" otherwise).
std::string blas_description();

/// Memory that this process may use, in bytes: the machine's, or less where its control group or
/// its own limit (ulimit -v) says so; 0: unknown.
std::uint64_t usable_memory();

/// Throws Error(out_of_memory) with the estimate when `bytes` exceed what may be used, before
/// anything is allocated. `what` names the work and the sizes: "the cost matrix of 90000 x 90000".
void require_memory(double bytes, const std::string& what);

}  // namespace laot
