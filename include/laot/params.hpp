// The parameter registry: every method's parameters, written once, each bound to the field of the
// method's options that it sets. R, Julia, C and the reference pages read names, ranges and
// defaults from here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "laot/balance.hpp"
#include "laot/base.hpp"
#include "laot/feature_space.hpp"
#include "laot/number_text.hpp"

namespace laot {

enum class ParamType : int { number = 0, integer = 1, flag = 2, choice = 3 };

using Value = std::variant<double, std::string>;  // integers and flags (0, 1) are numbers

/// The options that every method has. A method's own derive from it (see OptionsOf).
struct MethodOptions {
  FeatureSpaceOptions space;
  std::size_t keep_cells = 1000;  // of each population, in the model
  bool equal_counts = false;      // only the first min(n, m) cells of each population
  Balance balance = Balance::none;

  virtual ~MethodOptions() = default;
  virtual std::unique_ptr<MethodOptions> copy() const = 0;
};

/// `struct MyOptions : OptionsOf<MyOptions> { double ridge = 0.3; };`
template <class Own, class Base = MethodOptions>
struct OptionsOf : Base {
  std::unique_ptr<MethodOptions> copy() const override {
    return std::make_unique<Own>(static_cast<const Own&>(*this));
  }
};

/// One parameter. src/models/bind.hpp makes it from the field that it sets.
struct ParamSpec {
  std::string name;
  ParamType type;
  double minimum = 0.0, maximum = 0.0;  // number and integer
  std::vector<std::string> words;       // a choice's values; words that a number may be ("auto")
  std::string doc;                      // one line
  std::string source;                   // where it is defined: a section of the paper, a notebook
  std::function<Value(const MethodOptions&)> read;
  std::function<void(MethodOptions&, const Value&)> write;  // of a value that is allowed

  std::string text_in(const MethodOptions& options) const;  // as Params::set_text takes it
};

struct Preset {
  std::string name;
  std::string doc;
  std::vector<std::pair<std::string, Value>> rows;  // what differs from the options' fields
};

/// Properties of a method that other code may ask for, in place of its name.
struct Traits {
  bool affine = false;           // z -> W z + c: the model has the arrays map, offset, latent_map
  bool dense_map = false;        // without components it works on matrices of features x features
  bool trains = false;           // a training: checkpoints, on_cancel, outcomes such as "diverged"
  bool uses_batch = true;        // else a batch is refused
  bool raw_space = false;        // takes the cells as they are, without a feature space
  bool means_alone = false;      // looks at no cell in the feature space
  bool many_conditions = false;  // one model of all conditions; else one is fitted to each
  bool trivial = false;          // one of those that every score is shown beside
  bool pairs = false;            // a plan between the cells: the arrays plan_source, _target, _mass
  /// Of either side of a condition: with fewer the fit is the mean shift. Of many conditions a
  /// training refuses, and a closed form names the conditions in its warning.
  std::size_t fewest_cells = 3;
};

struct MethodSpec {
  std::string name;
  std::string label;   // its name as papers write it
  std::string title;   // label, a colon, and what it is, in one line
  std::string source;  // the paper
  Traits traits;
  std::shared_ptr<const MethodOptions> defaults;
  std::vector<ParamSpec> params;
  std::vector<Preset> presets;  // the first is the default

  void entitle(const std::string& name_in_papers, const std::string& what_it_is) {
    label = name_in_papers;
    title = label + ": " + what_it_is;
  }
  const ParamSpec& param(const std::string& name) const;  // throws unknown_name, with a suggestion
  const Preset& preset(const std::string& name) const;
};

/// A method and its options, checked as they are set.
class Params {
 public:
  /// With the first preset of the method, which is its default.
  explicit Params(const MethodSpec& method);
  /// With the value that each field has before any preset: what a model file leaves out was fitted
  /// so, before the parameter was there.
  static Params of_fields(const MethodSpec& method);
  Params(const Params& other);
  Params(Params&&) = default;
  Params& operator=(Params other) noexcept;

  const MethodSpec& method() const { return *method_; }
  /// Sets every parameter to the preset's value. Later settings refine it.
  void use_preset(const std::string& name);
  void set(const std::string& name, const Value& value);
  /// Sets from text: "0.3", "auto", "true", "covariance".
  void set_text(const std::string& name, const std::string& value);
  /// Takes over the values of all parameters that have the same names and words.
  void take_over(const Params& other);

  std::string text_of(const std::string& name) const;  // as set_text takes it
  std::map<std::string, std::string> texts() const;    // of every parameter
  const std::string& preset() const { return preset_; }
  void set_preset_name(const std::string& name) { preset_ = name; }  // of a file

  const MethodOptions& options() const { return *options_; }
  /// The method's own options. Options are those of one method: asking for others is a defect.
  template <class Own>
  const Own& as() const {
    return dynamic_cast<const Own&>(*options_);
  }

 private:
  const MethodSpec* method_;
  std::unique_ptr<MethodOptions> options_;
  std::string preset_;
};

}  // namespace laot
