#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "laot/parallel.hpp"

using namespace laot;

TEST_CASE("every index is visited once, whatever the number of threads") {
  for (int threads : {1, 2, 5}) {
    Context context;
    context.num_threads = threads;
    std::vector<int> visits(1003, 0);
    parallel_for(context, visits.size(), 10, [&](std::size_t first, std::size_t last, int) {
      for (std::size_t i = first; i < last; ++i) ++visits[i];
    });
    CHECK(visits == std::vector<int>(1003, 1));
  }
}

TEST_CASE("an exception of a worker reaches the caller") {
  Context context;
  context.num_threads = 2;
  CHECK_THROWS_AS(parallel_for(context, 100, 1,
                               [&](std::size_t first, std::size_t, int) {
                                 if (first == 57) fail(Status::internal_error, "57");
                               }),
                  Error);
}

TEST_CASE("callbacks run on the calling thread, and cancelling throws") {
  Context context;
  context.num_threads = 2;
  const auto me = std::this_thread::get_id();
  std::atomic<bool> elsewhere{false};
  context.cancel = [&] {
    if (std::this_thread::get_id() != me) elsewhere = true;
    return true;
  };
  try {
    parallel_for(context, 1000, 1, [](std::size_t, std::size_t, int) {});
    FAIL("not cancelled");
  } catch (const Error& error) {
    CHECK(error.status() == Status::cancelled);
  }
  CHECK_FALSE(elsewhere);
}

TEST_CASE("memory that the machine does not have is refused with the estimate") {
  CHECK_THROWS_WITH_AS(require_memory(1e18, "a matrix of 1e9 x 1e9"),
                       doctest::Contains("a matrix of 1e9 x 1e9 would need about"), Error);
  CHECK_NOTHROW(require_memory(1e3, "a small thing"));
}
