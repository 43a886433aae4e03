// Limits of time: in processor time, so that other work on the machine does not count, and longer
// where the processor is emulated (LAOT_TEST_SLOWDOWN of CMake), a sanitizer watches every access, or
// the system's clock() counts the time on the wall.
#pragma once

#include <ctime>

#if defined(LAOT_TEST_SLOWDOWN)
constexpr double kSlowdown = LAOT_TEST_SLOWDOWN;
#elif defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) || defined(_WIN32)
constexpr double kSlowdown = 10.0;
#else
constexpr double kSlowdown = 1.0;
#endif

/// Of all threads of this process together.
inline double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}
