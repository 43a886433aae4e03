// Values by hand for generator, loops, progress and cells (tests/golden/rng.py has the
// generator's).
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "laot/base.hpp"
#include "laot/data.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/parallel.hpp"
#include "laot/stored_cells.hpp"

using namespace laot;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Waits until `flag`; false where that takes longer than anything here should.
bool waited_for(const std::atomic<bool>& flag) {
  const Clock::time_point start = Clock::now();
  while (!flag)
    if (seconds_since(start) > 20.0) return false;
  return true;
}

}  // namespace

TEST_CASE("the generator's streams and normal values are those of another program") {
  CHECK(Rng(42).stream(3).bits() == 0xed348b824acb93f5ULL);
  Rng rng(42);
  for (const double expected :
       {0.9813983900724986, -0.565720104673956, 1.3403256427520227, 0.4023128702992608})
    CHECK(rng.normal() == doctest::Approx(expected).epsilon(1e-14));
}

TEST_CASE("two threads work at once, and the error of the earlier chunk is the one that is told") {
  Context context;
  context.num_threads = 2;
  std::atomic<bool> second_begun{false}, first_failed{false};
  bool together = true;
  CHECK_THROWS_WITH_AS(parallel_for(context, 2, 1,
                                    [&](std::size_t first, std::size_t, int) {
                                      if (first == 1) {
                                        second_begun = true;
                                        waited_for(first_failed);
                                        // Behind the failure of the first, which is on its way.
                                        std::this_thread::sleep_for(std::chrono::milliseconds(50));
                                        fail(Status::internal_error, "the later one");
                                      }
                                      together = waited_for(second_begun);
                                      first_failed = true;
                                      fail(Status::internal_error, "the earlier one");
                                    }),
                       "the earlier one", Error);
  CHECK(together);
}

TEST_CASE("who may cancel is asked every 20 ms, and no more after a cancellation was accepted") {
  Context context;
  int asked = 0;
  context.cancel = [&asked] {
    ++asked;
    return false;
  };
  const Clock::time_point start = Clock::now();
  while (seconds_since(start) < 0.5) context.poll();
  CHECK(asked >= 3);
  CHECK(asked <= 26);
  context.cancel = [] { return true; };
  const Clock::time_point again = Clock::now();
  CHECK_THROWS_AS(while (seconds_since(again) < 5.0) context.poll(), Error);
  context.accept_cancel();
  std::this_thread::sleep_for(std::chrono::milliseconds(25));
  CHECK_NOTHROW(context.poll());
  context.progress = [](const std::string&, double) {};
  CHECK_NOTHROW(context.poll("the end", 1.0));
}

TEST_CASE("the beginning and the end of a stage are always told") {
  Context context;
  std::vector<double> told;
  context.progress = [&told](const std::string&, double fraction) { told.push_back(fraction); };
  for (const double fraction : {0.0, 0.3, 0.6, 1.0}) context.poll("stage", fraction);
  REQUIRE(told.size() >= 2);
  CHECK(told.front() == 0.0);
  CHECK(told.back() == 1.0);
}

TEST_CASE("variable features: each population counts by its share, not by one half") {
  // Nine control cells, one treated: 0.09 * 3^2 = 0.81 against 0.9 * 1.1^2 = 1.089.
  arma::mat control(2, 9, arma::fill::zeros), treated(2, 1, arma::fill::zeros);
  treated(0, 0) = 3.0;
  for (std::size_t i = 0; i < 9; ++i) control(1, i) = i % 2 ? 1.1 : -1.1;
  treated(1, 0) = arma::mean(control.row(1));
  Context context;
  CHECK(variable_features(Cells::dense(control), Cells::dense(treated), 2, context) ==
        std::vector<std::size_t>{1, 0});
}

TEST_CASE("sparse structures that decrease, or do not fit together, are told apart") {
  const std::vector<std::int32_t> starts{0, 2, 1, 3}, rows{0, 1, 2};
  const std::vector<double> values{1.0, 2.0, 3.0};
  CHECK_THROWS_WITH_AS(Cells::sparse(3, 3, starts.data(), rows.data(), values.data(), "x"),
                       doctest::Contains("must not decrease, found 2 then 1"), Error);
  CHECK_THROWS_WITH_AS(StoredCells(3, {0, 1}, {0, 1}, {1.0}, "x"),
                       doctest::Contains("do not fit together"), Error);
  CHECK_THROWS_WITH_AS(StoredCells(3, {0, 2, 1, 3}, {0, 1, 2}, {1.0, 2.0, 3.0}, "x"),
                       "x: the column starts decrease", Error);
}

TEST_CASE("squares are summed over every entry, whatever their number") {
  const std::vector<double> up = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const std::vector<double> down = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
  double norm = 0.0, distance = 0.0;
  for (std::size_t d = 0; d <= up.size(); ++d) {
    CAPTURE(d);
    CHECK(squared_norm(up.data(), d) == norm);
    CHECK(squared_distance(up.data(), down.data(), d) == distance);
    if (d == up.size()) break;
    norm += up[d] * up[d];
    distance += (up[d] - down[d]) * (up[d] - down[d]);
  }
  // Four sums side by side: what is added to 2^53 is lost in its own only.
  const std::vector<double> large = {0x1p26 * std::sqrt(2.0), 1, 1, 1, 1, 1, 1, 1};
  const double first = large[0] * large[0] + 1.0;
  CHECK(squared_norm(large.data(), 8) == (first + 2.0) + 4.0);
}
