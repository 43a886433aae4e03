#include <algorithm>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "laot/parallel.hpp"

namespace laot {

namespace {

// Joins whatever was started, on every way out.
class Crew {
 public:
  ~Crew() {
    for (std::thread& worker : workers_) worker.join();
  }
  template <class Work>
  void hire(Work work) {
    workers_.emplace_back(std::move(work));
  }

 private:
  std::vector<std::thread> workers_;
};

}  // namespace

void parallel_for(Context& context, std::size_t count, std::size_t grain,
                  const std::function<void(std::size_t, std::size_t, int)>& body) {
  if (count == 0) return;
  context.poll();  // the other workers may take every chunk before this thread comes to one
  grain = std::max<std::size_t>(grain, 1);
  const std::size_t chunks = (count + grain - 1) / grain;
  const int threads =
      static_cast<int>(std::min<std::size_t>(std::max(context.num_threads, 1), chunks));

  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::exception_ptr first_error;
  std::size_t first_error_chunk = chunks;

  const auto work = [&](int worker) {
    for (;;) {
      const std::size_t chunk = next.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= chunks || failed.load(std::memory_order_relaxed)) return;
      try {
        if (worker == 0)
          context.poll();
        else if (context.stopping())
          return;
        body(chunk * grain, std::min(count, (chunk + 1) * grain), worker);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (chunk < first_error_chunk) {
          first_error_chunk = chunk;
          first_error = std::current_exception();
        }
        failed.store(true, std::memory_order_relaxed);
        return;
      }
    }
  };

  {
    Crew crew;
    for (int worker = 1; worker < threads; ++worker) {
      try {
        crew.hire([&work, worker] { work(worker); });
      } catch (const std::system_error&) {
        break;  // the system gives no more threads; the work is the same with fewer
      } catch (const std::bad_alloc&) {
        break;  // nor memory for one
      }
    }
    work(0);
  }
  if (first_error) std::rethrow_exception(first_error);
  context.throw_if_stopping();
}

}  // namespace laot
