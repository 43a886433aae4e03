// Layout of model files, common to the writer and the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "laot/base.hpp"

namespace laot {

constexpr std::size_t kLengthBytes = 8;
/// Of the header, in bytes. Names of ten million cells are less.
constexpr std::uint64_t kMostHeader = std::uint64_t{1} << 28;

/// Names go to every language as lines.
inline void require_one_line(const std::string& name, const std::string& entry) {
  require(name.find('\n') == std::string::npos, Status::bad_format, "entry \"", entry,
          "\" of the model file has a name with a line feed");
}

}  // namespace laot
