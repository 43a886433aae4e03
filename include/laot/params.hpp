// The parameter registry: every method's parameters, written once. R, Julia, C and the reference
// pages read names, ranges and defaults from here.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "laot/base.hpp"

namespace laot {

enum class ParamType : int { number = 0, integer = 1, flag = 2, choice = 3 };

using Value = std::variant<double, std::string>;  // integers and flags (0, 1) are numbers

struct ParamSpec {
  std::string name;
  ParamType type;
  Value default_value;
  double minimum = 0.0, maximum = 0.0;  // number and integer
  std::vector<std::string> words;       // a choice's values; words that a number may be ("auto")
  std::string doc;                      // one line
  std::string source;                   // where it is defined: a section of the paper, a notebook

  std::string default_text() const;
};

struct Preset {
  std::string name;
  std::string doc;
  std::vector<std::pair<std::string, Value>> rows;  // what differs from the defaults
};

struct MethodSpec {
  std::string name;
  std::string title;   // one line
  std::string source;  // the paper
  std::vector<ParamSpec> params;
  std::vector<Preset> presets;

  const ParamSpec& param(const std::string& name) const;  // throws unknown_name, with a suggestion
  const Preset& preset(const std::string& name) const;
};

/// The values of one method's parameters, checked as they are set.
class Params {
 public:
  explicit Params(const MethodSpec& method);

  const MethodSpec& method() const { return *method_; }
  /// Sets every parameter to the preset's value. Later settings refine it.
  void use_preset(const std::string& name);
  void set(const std::string& name, const Value& value);
  /// Sets from text: "0.3", "auto", "true", "covariance".
  void set_text(const std::string& name, const std::string& value);

  double number(const std::string& name) const;  // throws where the value is a word
  bool is_word(const std::string& name) const;   // "auto" and its like
  int integer(const std::string& name) const;
  bool flag(const std::string& name) const;
  const std::string& choice(const std::string& name) const;
  std::string text_of(const std::string& name) const;  // as set_text takes it
  const std::string& preset() const { return preset_; }

 private:
  const MethodSpec* method_;
  std::map<std::string, Value> values_;
  std::string preset_;
};

/// `value` as short as it can be while reading back as the same double.
std::string number_text(double value);

}  // namespace laot
