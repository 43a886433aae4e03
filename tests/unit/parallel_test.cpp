#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "laot/parallel.hpp"
#include "laot/parallel/helpers.hpp"

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

TEST_CASE("helpers do each chunk of each piece of work once") {
  for (const int count : {0, 1, 3}) {
    detail::Helpers helpers(count);
    CHECK(helpers.threads() == static_cast<std::size_t>(count) + 1);
    std::vector<int> visits(64);
    std::vector<std::size_t> sums(helpers.threads());
    std::size_t expected = 0, found = 0;
    for (std::size_t piece = 0; piece < 20000; ++piece) {
      if (piece % 5000 == 4999)  // long enough for the helpers to fall asleep
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
      const std::size_t chunks = piece % 64;
      std::fill(visits.begin(), visits.end(), 0);
      std::fill(sums.begin(), sums.end(), 0);
      helpers.run(chunks, [&](std::size_t chunk, std::size_t worker) {
        ++visits[chunk];
        sums[worker] += piece + chunk;
      });
      for (std::size_t chunk = 0; chunk < 64; ++chunk) {
        REQUIRE(visits[chunk] == (chunk < chunks ? 1 : 0));
        if (chunk < chunks) expected += piece + chunk;
      }
      for (const std::size_t sum : sums) found += sum;
    }
    CHECK(found == expected);
  }
}

TEST_CASE("helpers take part, and more than one thread works at a time") {
  detail::Helpers helpers(1);
  std::atomic<int> inside{0};
  // Each chunk waits for the other: only two threads can end this.
  helpers.run(2, [&](std::size_t, std::size_t) {
    ++inside;
    while (inside.load() < 2) std::this_thread::yield();
  });
  CHECK(inside == 2);
}

TEST_CASE("an exception in a chunk reaches the caller of the helpers, who stay fit for work") {
  for (const int count : {0, 2}) {
    detail::Helpers helpers(count);
    for (int round = 0; round < 200; ++round) {
      const std::size_t bad = static_cast<std::size_t>(round) % 7;
      CHECK_THROWS_WITH_AS(helpers.run(7,
                                       [&](std::size_t chunk, std::size_t) {
                                         if (chunk == bad) fail(Status::internal_error, "bad");
                                       }),
                           "bad", Error);
      std::atomic<int> done{0};
      helpers.run(7, [&](std::size_t, std::size_t) { ++done; });
      CHECK(done == 7);
    }
  }
}

TEST_CASE("a span maps the progress of inner work into that of the outer") {
  Context context;
  std::vector<double> seen;
  context.progress = [&](const std::string&, double fraction) { seen.push_back(fraction); };
  const auto report = [&](double fraction) {
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    context.poll("work", fraction);
  };
  report(0.0);
  {
    const Context::Span outer(context, 0.5, 1.0);
    report(0.5);
    const Context::Span inner(context, 0.0, 0.5);
    report(1.0);
    context.poll("work", 0.0);  // within 100 ms, and no edge of the whole
  }
  report(1.0);
  CHECK(seen == std::vector<double>{0.0, 0.75, 0.75, 1.0});
}

TEST_CASE("memory that the machine does not have is refused with the estimate") {
  CHECK_THROWS_WITH_AS(require_memory(1e18, "a matrix of 1e9 x 1e9"),
                       doctest::Contains("a matrix of 1e9 x 1e9 would need about"), Error);
  CHECK_NOTHROW(require_memory(1e3, "a small thing"));
  // A tenth is left to all else. Nothing is allocated.
  const double all = static_cast<double>(usable_memory());
  CHECK_NOTHROW(require_memory(0.89 * all, "nearly nine tenths"));
  if (all > 0.0) CHECK_THROWS_AS(require_memory(0.91 * all, "more than nine tenths"), Error);
}
