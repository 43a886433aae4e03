// The time that a fit reports.
#pragma once

#include <chrono>

namespace laot {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace laot
