// Rows of the parameter registry, each made from the field that it sets:
//
//   number("ridge", &LaotOptions::ridge).from(0).to(1e6).word("auto", LaotOptions::kAutomatic)
//       .doc("Weight of |W - I|^2").source("own")
//   choice("restore", &LaotOptions::restore, {{"none", Restore::none}, {"sd", Restore::sd}})
//   number("learning_rate", in(&Own::adam, &AdamSettings::rate))
//
// The default is the value of the field in the method's default options; nothing is written twice.
#pragma once

#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "laot/params.hpp"

namespace laot {

/// The end of ranges that have none.
constexpr double kMany = 1e9;

/// Where in a method's options a value lies.
template <class T>
using Field = std::function<T&(MethodOptions&)>;

/// A member of the options, or of a member of theirs.
template <class Options, class T>
Field<T> in(T Options::*member) {
  return [member](MethodOptions& options) -> T& { return dynamic_cast<Options&>(options).*member; };
}
template <class Options, class Part, class Base, class T>
Field<T> in(Part Options::*part, T Base::*member) {
  return [part, member](MethodOptions& options) -> T& {
    return (dynamic_cast<Options&>(options).*part).*member;
  };
}

template <class T>
using Words = std::vector<std::pair<std::string, T>>;

/// A row under construction; becomes a ParamSpec.
template <class T>
class Row {
 public:
  Row(const std::string& name, ParamType type, Field<T> field, Words<T> words = {})
      : field_(std::move(field)) {
    spec_.name = name;
    spec_.type = type;
    for (auto& [word, value] : words) this->word(word, value);
  }
  Row& from(double minimum) {
    spec_.minimum = minimum;
    return *this;
  }
  Row& to(double maximum) {
    spec_.maximum = maximum;
    return *this;
  }
  /// A word and the value that it stands for.
  Row& word(const std::string& word, T value) {
    spec_.words.push_back(word);
    words_.emplace_back(word, value);
    return *this;
  }
  Row& doc(const std::string& text) {
    spec_.doc = text;
    return *this;
  }
  Row& source(const std::string& text) {
    spec_.source = text;
    return *this;
  }

  operator ParamSpec() const {
    ParamSpec out = spec_;
    out.read = [field = field_, words = words_](const MethodOptions& options) -> Value {
      // Only looked at: the field is found by one function for both ways.
      const T value = field(const_cast<MethodOptions&>(options));
      for (const auto& [word, stands_for] : words)
        if (value == stands_for) return word;
      if constexpr (std::is_enum_v<T>)
        fail(Status::internal_error, "an option has a value without a name");
      else
        return static_cast<double>(value);
    };
    out.write = [field = field_, words = words_](MethodOptions& options, const Value& value) {
      if (const std::string* asked = std::get_if<std::string>(&value)) {
        for (const auto& [word, stands_for] : words)
          if (word == *asked) field(options) = stands_for;
      } else if constexpr (!std::is_enum_v<T>) {
        field(options) = static_cast<T>(std::get<double>(value));
      }
    };
    return out;
  }

 private:
  ParamSpec spec_{};
  Field<T> field_;
  Words<T> words_;
};

template <class T>
Row<T> number(const std::string& name, Field<T> field) {
  return Row<T>(name, ParamType::number, std::move(field));
}
template <class Options, class T>
Row<T> number(const std::string& name, T Options::*member) {
  return number(name, in(member));
}

template <class T>
Row<T> integer(const std::string& name, Field<T> field) {
  return Row<T>(name, ParamType::integer, std::move(field));
}
template <class Options, class T>
Row<T> integer(const std::string& name, T Options::*member) {
  return integer(name, in(member));
}

template <class T>
Row<T> flag(const std::string& name, Field<T> field) {
  return Row<T>(name, ParamType::flag, std::move(field)).from(0).to(1);
}
template <class Options, class T>
Row<T> flag(const std::string& name, T Options::*member) {
  return flag(name, in(member));
}

template <class T>
struct Same {
  using type = T;
};

template <class T>
Row<T> choice(const std::string& name, Field<T> field, typename Same<Words<T>>::type words) {
  return Row<T>(name, ParamType::choice, std::move(field), std::move(words));
}
template <class Options, class T>
Row<T> choice(const std::string& name, T Options::*member, typename Same<Words<T>>::type words) {
  return choice(name, in(member), std::move(words));
}

/// The rows of one list after those of another.
inline std::vector<ParamSpec> joined_rows(std::vector<ParamSpec> first,
                                          const std::vector<ParamSpec>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace laot
