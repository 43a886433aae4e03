// Seconds of the wall clock: what a fit reports, and how long ago something was.
#pragma once

#include <chrono>

namespace laot {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace laot
