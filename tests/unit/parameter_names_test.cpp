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
  for (const char* wrong :
       {"iterations", "n_iter", "steps", "max_iterations", "maxiter", "maxIter", "max.iters"})
    CHECK(answer_to("laot", wrong).find("did you mean \"max_iter\"") != std::string::npos);
  for (const char* wrong : {"max_iter", "epochs", "n_epochs", "maxiter", "num_steps"})
    CHECK(answer_to("cellot", wrong).find("did you mean \"iterations\"") != std::string::npos);
  for (const char* wrong : {"max_iter", "iterations", "num_epochs"})
    CHECK(answer_to("scgen", wrong).find("did you mean \"epochs\"") != std::string::npos);
  CHECK(answer_to("laot", "rigde").find("did you mean \"ridge\"") != std::string::npos);
  CHECK(answer_to("mean_shift", "epochs").find("epochs\"?") == std::string::npos);
}

TEST_CASE("a sentence knows the words that languages spell in their own way") {
  const auto spelled = [](const auto& call) {
    std::vector<std::string> out;
    try {
      call();
    } catch (const Error& error) {
      for (const SpelledPart& part : error.spelled())
        out.push_back((part.as == Spelled::As::flag ? "flag " : "parameter ") +
                      std::string(error.what()).substr(part.begin, part.length));
    }
    return out;
  };
  const auto set = [](const char* name, const char* value) {
    Params(method("laot").spec).set_text(name, value);
  };
  using Words = std::vector<std::string>;
  CHECK(spelled([&] { set("keep_cells", "-1"); }) == Words{"parameter keep_cells"});
  CHECK(spelled([&] { set("equal_counts", "2"); }) ==
        Words{"parameter equal_counts", "flag true", "flag false"});
  CHECK(spelled([&] { set("keep_sells", "2"); }) ==
        Words{"parameter keep_sells", "parameter keep_cells"});
  // Where nothing looks like it, every name that there is.
  CHECK(spelled([&] { set("zzzzzzzz", "2"); }).size() == 1 + method("laot").spec.params.size());
  // In a sentence around it, they stand farther back.
  CHECK(spelled([&] {
          try {
            set("equal_counts", "2");
          } catch (const Error& error) {
            fail(Status::bad_format, "condition ", parameter_name("a_b"), ": ", error, "!");
          }
        }) == Words{"parameter a_b", "parameter equal_counts", "flag true", "flag false"});
  CHECK(spelled([] { fail(Status::bad_format, "keep_cells"); }).empty());
}
