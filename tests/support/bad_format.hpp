// The refusal of a damaged file, as tests of the readers ask for it.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "laot/models.hpp"

/// `read` throws bad_format, with a sentence that holds `why`.
template <class Read>
void check_bad_format(const Read& read, const std::string& why) {
  CAPTURE(why);
  try {
    read();
    FAIL_CHECK("was read");
  } catch (const laot::Error& error) {
    const std::string said = error.what();
    CAPTURE(said);
    CHECK(error.status() == laot::Status::bad_format);
    CHECK(said.find(why) != std::string::npos);
  }
}

/// Loads the model's file after one change of it.
inline void refused(const laot::Model& model, const std::function<void(laot::ModelFile&)>& damage,
                    const std::string& why) {
  laot::ModelFile file = model.store();
  CHECK_NOTHROW((void)laot::Model::load(file));
  damage(file);
  check_bad_format([&] { (void)laot::Model::load(file); }, why);
}
