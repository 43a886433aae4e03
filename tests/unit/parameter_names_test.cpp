#include <doctest/doctest.h>

#include <string>

#include "laot/models.hpp"

using namespace laot;

namespace {

std::string answer_to(const char* method_name, const char* parameter) {
  try {
    Params(method(method_name).spec).set_text(parameter, "10");
  } catch (const Error& error) {
    CHECK(error.status() == Status::unknown_name);
    return error.what();
  }
  return "taken";
}

}  // namespace

TEST_CASE("another method's name for the length of a fit finds this method's own") {
  for (const char* wrong : {"iterations", "n_iter", "steps", "max_iterations"})
    CHECK(answer_to("laot", wrong).find("did you mean \"max_iter\"") != std::string::npos);
  for (const char* wrong : {"max_iter", "epochs", "n_epochs"})
    CHECK(answer_to("cellot", wrong).find("did you mean \"iterations\"") != std::string::npos);
  for (const char* wrong : {"max_iter", "iterations", "num_epochs"})
    CHECK(answer_to("scgen", wrong).find("did you mean \"epochs\"") != std::string::npos);
  CHECK(answer_to("laot", "rigde").find("did you mean \"ridge\"") != std::string::npos);
  CHECK(answer_to("mean_shift", "epochs").find("epochs\"?") == std::string::npos);
}
