#include "laot/params.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "laot/number_text.hpp"

namespace laot {

namespace {

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string value_text(const ParamSpec& spec, const Value& value) {
  if (const std::string* word = std::get_if<std::string>(&value)) return *word;
  const double number = std::get<double>(value);
  if (spec.type == ParamType::flag) return number != 0.0 ? "true" : "false";
  return number_text(number);
}

// Of all but flags.
std::string allowed(const ParamSpec& spec) {
  if (spec.type == ParamType::choice) return "one of " + joined(spec.words);
  std::string out = spec.type == ParamType::integer ? "a whole number" : "a number";
  if (std::isfinite(spec.maximum))
    out += text(" from ", spec.minimum, " to ", spec.maximum);
  else
    out += text(" of at least ", spec.minimum);
  if (!spec.words.empty()) out += ", or " + joined(spec.words);
  return out;
}

[[noreturn]] void reject(const ParamSpec& spec, const std::string& found) {
  const Spelled name = parameter_name(spec.name);
  if (spec.type == ParamType::flag)
    fail(Status::invalid_argument, "parameter ", name, " must be ", flag_value(true), " or ",
         flag_value(false), ", found ", found);
  fail(Status::invalid_argument, "parameter ", name, " must be ", allowed(spec), ", found ", found);
}

Value checked(const ParamSpec& spec, const Value& value) {
  if (const std::string* word = std::get_if<std::string>(&value)) {
    if (!contains(spec.words, *word)) reject(spec, "\"" + *word + "\"");
    return value;
  }
  const double number = std::get<double>(value);
  const std::string found = number_text(number);
  if (spec.type == ParamType::choice) reject(spec, found);
  if (spec.type == ParamType::flag) {
    if (number != 0.0 && number != 1.0) reject(spec, found);
    return value;
  }
  if (!std::isfinite(number) || number < spec.minimum || number > spec.maximum) reject(spec, found);
  if (spec.type == ParamType::integer && number != std::floor(number)) reject(spec, found);
  return value;
}

// "max_iter", "maxiter", "n.iter", "numEpochs", "steps": a word for repetitions, with or without
// one that says how many.
bool names_a_length(const std::string& name) {
  std::string letters;
  for (const char c : name)
    if (c != '_' && c != '.' && c != '-')
      letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const std::string_view count : {"maximum", "max", "number", "num", "nb", "n"})
    if (letters.rfind(count, 0) == 0) {
      letters.erase(0, count.size());
      break;
    }
  for (const std::string_view of : {"it", "iter", "iteration", "epoch", "step"})
    if (letters == of || letters == std::string(of) + "s") return true;
  return false;
}

// How long a fit goes on is called as the method's own field calls it. Who writes another's name
// for it means this one's.
std::string own_name_of_length(const std::string& name, const std::vector<std::string>& names) {
  if (!names_a_length(name)) return "";
  const auto own = std::find_if(names.begin(), names.end(), names_a_length);
  return own == names.end() ? "" : *own;
}

template <class Items>
std::vector<std::string> names_of(const Items& items) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(item.name);
  return names;
}

Sentence did_you_mean(const std::string& near, const std::vector<std::string>& names) {
  Sentence out;
  if (!near.empty()) return out.say("; did you mean \"", parameter_name(near), "\"?");
  if (names.empty()) return out.say("; it has none");
  for (const std::string& name : names)
    out.say(out.text.empty() ? "; there are " : ", ", parameter_name(name));
  return out;
}

}  // namespace

std::string ParamSpec::text_in(const MethodOptions& options) const {
  return value_text(*this, read(options));
}

const ParamSpec& MethodSpec::param(const std::string& wanted) const {
  for (const ParamSpec& spec : params)
    if (spec.name == wanted) return spec;
  const std::vector<std::string> names = names_of(params);
  const std::string length = own_name_of_length(wanted, names);
  fail(Status::unknown_name, "method ", name, " has no parameter \"", parameter_name(wanted), "\"",
       did_you_mean(length.empty() ? nearest_name(wanted, names) : length, names));
}

const Preset& MethodSpec::preset(const std::string& wanted) const {
  for (const Preset& row : presets)
    if (row.name == wanted) return row;
  const std::vector<std::string> names = names_of(presets);
  fail(Status::unknown_name, "method ", name, " has no preset \"", wanted, "\"",
       did_you_mean(nearest_name(wanted, names), names));
}

Params::Params(const MethodSpec& method) : method_(&method), options_(method.defaults->copy()) {
  if (!method.presets.empty()) use_preset(method.presets.front().name);
}

Params Params::of_fields(const MethodSpec& method) {
  Params out(method);
  out.options_ = method.defaults->copy();
  out.preset_.clear();
  return out;
}

Params::Params(const Params& other)
    : method_(other.method_), options_(other.options_->copy()), preset_(other.preset_) {}

Params& Params::operator=(Params other) noexcept {
  method_ = other.method_;
  options_ = std::move(other.options_);
  preset_ = std::move(other.preset_);
  return *this;
}

void Params::use_preset(const std::string& name) {
  const Preset& preset = method_->preset(name);
  options_ = method_->defaults->copy();
  for (const auto& [param, value] : preset.rows) set(param, value);
  preset_ = name;
}

void Params::set(const std::string& name, const Value& value) {
  const ParamSpec& spec = method_->param(name);
  spec.write(*options_, checked(spec, value));
}

void Params::set_text(const std::string& name, const std::string& value) {
  const ParamSpec& spec = method_->param(name);
  if (contains(spec.words, value) || spec.type == ParamType::choice) {
    set(name, value);
    return;
  }
  if (spec.type == ParamType::flag) {
    if (value != "true" && value != "false") reject(spec, "\"" + value + "\"");
    set(name, value == "true" ? 1.0 : 0.0);
    return;
  }
  double number = 0.0;
  if (!number_of_text(value, number)) reject(spec, "\"" + value + "\"");
  set(name, number);
}

void Params::take_over(const Params& other) {
  for (const ParamSpec& theirs : other.method_->params)
    for (const ParamSpec& spec : method_->params)
      if (spec.name == theirs.name && spec.words == theirs.words)
        set(spec.name, theirs.read(*other.options_));
}

std::map<std::string, std::string> Params::texts() const {
  std::map<std::string, std::string> out;
  for (const ParamSpec& spec : method_->params) out[spec.name] = spec.text_in(*options_);
  return out;
}

std::string Params::text_of(const std::string& name) const {
  return method_->param(name).text_in(*options_);
}

}  // namespace laot
