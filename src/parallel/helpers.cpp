#include "laot/parallel/helpers.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include "laot/base.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace laot::detail {

namespace {

// A look costs some ten nanoseconds. Between two pieces of work pass microseconds as a rule.
constexpr unsigned kLooks = 1000;   // without giving the processor away
constexpr unsigned kYields = 1100;  // looks before the helper goes to sleep
constexpr std::chrono::microseconds kNap{100};

// Tells the processor that a loop waits: it saves power, and a neighbour on the core runs faster.
void relax_processor() {
#if defined(__x86_64__) && defined(__GNUC__)
  _mm_pause();
#endif
}

}  // namespace

Helpers::Helpers(int count) {
  if (count > 0) crew_.reserve(static_cast<std::size_t>(count));
  for (int helper = 1; helper <= count; ++helper) {
    try {
      const std::size_t worker = crew_.size() + 1;
      crew_.emplace_back([this, worker] { serve(worker); });
    } catch (const std::exception&) {
      break;  // the system gives no more threads; the work is the same with fewer
    }
  }
}

Helpers::~Helpers() {
  leaving_.store(true, std::memory_order_release);
  for (std::thread& helper : crew_) helper.join();
}

// Whoever moves the ticket on owns the chunk. The work cannot be replaced meanwhile, because it is
// not done before this chunk is; what the ticket was read from earlier does not matter.
bool Helpers::claim(std::size_t& chunk) {
  std::uint64_t ticket = ticket_.load(std::memory_order_acquire);
  for (;;) {
    chunk = static_cast<std::size_t>(ticket & 0xffffffffu);
    if (chunk >= ticket >> 32) return false;
    if (ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel,
                                      std::memory_order_acquire))
      return true;
  }
}

void Helpers::perform(std::size_t chunk, std::size_t worker) {
  if (!failed_.load(std::memory_order_relaxed)) {
    try {
      call_(body_, chunk, worker);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!error_ || chunk < error_chunk_) {
        error_ = std::current_exception();
        error_chunk_ = chunk;
      }
      failed_.store(true, std::memory_order_relaxed);
    }
  }
  pending_.fetch_sub(1, std::memory_order_acq_rel);
}

void Helpers::serve(std::size_t worker) {
  unsigned looks = 0;
  for (std::size_t chunk; !leaving_.load(std::memory_order_acquire);) {
    if (claim(chunk)) {
      perform(chunk, worker);
      looks = 0;
    } else if (looks < kLooks) {
      ++looks;
      relax_processor();
    } else if (looks < kYields) {
      ++looks;
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(kNap);
    }
  }
}

void Helpers::share(std::size_t chunks, void* body, Call call) {
  if (chunks == 0) return;
  require(chunks < 0xffffffffu, Status::internal_error, "too many chunks for the helpers");
  body_ = body;
  call_ = call;
  pending_.store(chunks, std::memory_order_relaxed);
  ticket_.store(static_cast<std::uint64_t>(chunks) << 32, std::memory_order_release);
  for (std::size_t chunk; claim(chunk);) perform(chunk, 0);
  for (unsigned looks = 0; pending_.load(std::memory_order_acquire) > 0; ++looks) {
    if (looks < kLooks)
      relax_processor();
    else
      std::this_thread::yield();  // a helper was interrupted in the middle of a chunk
  }
  if (!failed_.load(std::memory_order_relaxed)) return;
  failed_.store(false, std::memory_order_relaxed);
  std::rethrow_exception(std::exchange(error_, nullptr));
}

}  // namespace laot::detail
