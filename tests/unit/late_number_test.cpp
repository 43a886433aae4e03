#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "laot/base/late_number.hpp"

using laot::LateNumber;

TEST_CASE("a known number is read without work") {
  const LateNumber number(2.5);
  CHECK(number.is_known());
  CHECK(number == 2.5);
  CHECK(LateNumber() == 0.0);
}

TEST_CASE("a late number is worked out once for all copies, when one is read") {
  int runs = 0;
  const LateNumber number([&] { return static_cast<double>(++runs); });
  const LateNumber copy = number;
  CHECK(!copy.is_known());
  CHECK(runs == 0);
  CHECK(copy == 1.0);
  CHECK(number.is_known());
  CHECK(number == 1.0);
  CHECK(runs == 1);
}

TEST_CASE("what a late number needs is let go once it is found") {
  auto needed = std::make_shared<double>(7.0);
  const LateNumber number([needed] { return *needed; });
  CHECK(needed.use_count() == 2);
  CHECK(number == 7.0);
  CHECK(needed.use_count() == 1);
}

TEST_CASE("work that throws leaves a late number to be read again") {
  int runs = 0;
  const LateNumber number([&]() -> double {
    if (++runs == 1) throw std::runtime_error("once");
    return 3.0;
  });
  CHECK_THROWS_AS(static_cast<void>(static_cast<double>(number)), std::runtime_error);
  CHECK(!number.is_known());
  CHECK(number == 3.0);
}

TEST_CASE("threads that read a late number at once see one result") {
  std::atomic<int> runs{0};
  const LateNumber number([&] {
    ++runs;
    return 4.0;
  });
  std::vector<double> seen(8, 0.0);
  std::vector<std::thread> readers;
  for (double& value : seen) readers.emplace_back([&number, &value] { value = number; });
  for (std::thread& reader : readers) reader.join();
  const int first = runs;
  CHECK(first >= 1);
  for (const double value : seen) CHECK(value == 4.0);
  CHECK(number == 4.0);
  CHECK(runs == first);
}
