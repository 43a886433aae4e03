#include "laot/table.hpp"

#include <doctest/doctest.h>

#include <functional>

using namespace laot;

namespace {

Status status_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.status();
  }
  return Status::ok;
}

}  // namespace

TEST_CASE("a table keeps its columns in order, each with its type") {
  Table table;
  CHECK(table.rows() == 0);
  table.add("metric", TextColumn{"mmd2", "w2"});
  table.add("value", NumberColumn{0.25, 3.0});
  CHECK(table.rows() == 2);
  REQUIRE(table.columns().size() == 2);
  CHECK(table.columns()[0].is_text());
  CHECK(table.columns()[1].name == "value");
  CHECK(table.texts("metric")[1] == "w2");
  CHECK(table.numbers("value")[0] == 0.25);
}

TEST_CASE("columns of another length, a second name, and what is not there are refused") {
  Table table;
  table.add("value", NumberColumn{1.0, 2.0});
  CHECK(status_of([&] { table.add("sd", NumberColumn{1.0}); }) == Status::internal_error);
  CHECK(status_of([&] { table.add("value", TextColumn{"a", "b"}); }) == Status::internal_error);
  CHECK(status_of([&] { table.numbers("sd"); }) == Status::unknown_name);
  CHECK(status_of([&] { table.texts("value"); }) == Status::invalid_argument);
  CHECK(table.columns().size() == 1);
}
