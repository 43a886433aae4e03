// As much JSON as the header of a model file needs: strict, bounded in depth, no numbers but those
// that are whole and not negative.
#pragma once

#include <cstdint>
#include <string>
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

/// Throws Error(bad_format) that says what was expected and at which byte.
Value parse(const char* bytes, std::size_t size);

/// `value` in quotes, with everything escaped that must be.
std::string quoted(const std::string& value);

}  // namespace laot::json
