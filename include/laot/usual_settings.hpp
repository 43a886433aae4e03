// Usual settings of calls of the interface, beside the parameters of methods: written once,
// here, and read by every language.
#pragma once

#include <string>
#include <vector>

#include "laot/params.hpp"

namespace laot {

struct UsualSetting {
  std::string call;  // the function of the C interface
  std::string name;  // its parameter or field
  ParamType type;    // number, integer or choice
  bool list;         // several values, with commas between them
  std::string value;
  std::string doc;  // one line
};

/// Names of a level that is taken for the controls where none is named.
const std::vector<std::string>& control_words();
/// Features that are taken of an object that has more, where none are named.
constexpr std::size_t kUsualFeatures = 1000;

/// In the order of the calls. Values come from the options of the core.
const std::vector<UsualSetting>& usual_settings();

}  // namespace laot
