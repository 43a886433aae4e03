// As much JSON as the header of a model file needs: strict, bounded in depth, no numbers but those
// that are whole and not negative.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace laot::json {

struct Value {
  enum class Kind { text, number, array, object } kind = Kind::text;
  std::string text;
  std::uint64_t number = 0;
  std::vector<Value> items;                            // array
  std::vector<std::pair<std::string, Value>> members;  // object, in order

  const Value* member(const std::string& name) const;  // null where there is none
};

/// Throws Error(bad_format) that says what was expected and at which byte. Time and memory grow in
/// proportion to `size`, whatever the bytes are: a name that is used twice is found by sorting, and
/// more than a million values are refused.
Value parse(std::string_view bytes);

/// A list of texts alone. What each of them takes beside its letters is little.
std::vector<std::string> parse_texts(std::string_view bytes);

/// `value` in quotes, with everything escaped that must be.
std::string quoted(const std::string& value);

}  // namespace laot::json
