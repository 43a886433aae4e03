// Threads for work that comes in pieces of a few microseconds, too small to start a thread for.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace laot::detail {

/// Threads that live as long as this object (one solve, never longer: hosts fork) and wait for work
/// by looking for it: at first without pause, then giving the processor away, after a fraction of a
/// millisecond asleep most of the time. The calling thread takes chunks too and never waits for a
/// helper that has not begun one, so that a machine with other work loses nothing.
class Helpers {
 public:
  /// `count` threads besides the caller, or fewer where the system gives no more.
  explicit Helpers(int count);
  ~Helpers();
  Helpers(const Helpers&) = delete;
  Helpers& operator=(const Helpers&) = delete;

  /// How many threads run() can use: the caller and the helpers.
  std::size_t threads() const { return crew_.size() + 1; }

  /// Runs `body(chunk, worker)` once for each chunk of [0, chunks), with worker < threads(), 0
  /// being the caller; returns when all are done. When a body throws, chunks that nobody has begun
  /// are left out and the exception of the lowest chunk is rethrown. Not to be called from a body.
  template <class Body>
  void run(std::size_t chunks, Body&& body) {
    auto* target = &body;
    share(chunks, const_cast<void*>(static_cast<const void*>(target)),
          [](void* what, std::size_t chunk, std::size_t worker) {
            (*static_cast<decltype(target)>(what))(chunk, worker);
          });
  }

 private:
  using Call = void (*)(void* body, std::size_t chunk, std::size_t worker);

  void share(std::size_t chunks, void* body, Call call);
  bool claim(std::size_t& chunk);
  void perform(std::size_t chunk, std::size_t worker);
  void serve(std::size_t worker);

  // The present work. A thread that has claimed a chunk may read it; it changes only when no chunk
  // is in anyone's hands.
  void* body_ = nullptr;
  Call call_ = nullptr;
  std::atomic<std::uint64_t> ticket_{0};  // chunks of the work << 32 | the next one to be claimed
  std::atomic<std::size_t> pending_{0};   // chunks not done yet

  std::atomic<bool> failed_{false};
  std::mutex mutex_;  // of the two below
  std::exception_ptr error_;
  std::size_t error_chunk_ = 0;

  std::atomic<bool> leaving_{false};
  std::vector<std::thread> crew_;
};

}  // namespace laot::detail
