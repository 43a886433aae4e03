// A hash of words in order (FNV-1a; Fowler, Noll & Vo), the same on every machine.
#pragma once

#include <cstdint>

namespace laot {

constexpr std::uint64_t kHashStart = 14695981039346656037ULL;

inline std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  return (hash ^ word) * 1099511628211ULL;
}

}  // namespace laot
