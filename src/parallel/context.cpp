#include <algorithm>

#include "laot/parallel.hpp"

namespace laot {

void Context::throw_if_stopping() const {
  if (stopping()) fail(Status::cancelled, "cancelled by the caller");
}

void Context::poll() {
  throw_if_stopping();
  if (!cancel || accepted_) return;
  const Clock::time_point now = Clock::now();
  if (now - last_poll_ < std::chrono::milliseconds(20)) return;
  last_poll_ = now;
  ask();
}

void Context::ask() {
  if (!accepted_ && cancel && cancel()) stopping_.store(true, std::memory_order_relaxed);
  throw_if_stopping();
}

void Context::poll(const char* stage, double fraction) {
  poll();
  if (!progress) return;
  const Clock::time_point now = Clock::now();
  const bool edge = width_ == 1.0 && (fraction <= 0.0 || fraction >= 1.0);
  fraction = first_ + width_ * std::min(1.0, std::max(0.0, fraction));
  if (!edge && now - last_progress_ < std::chrono::milliseconds(100)) return;
  last_progress_ = now;
  progress(stage, fraction);
  ask();  // who watches the progress may have decided to stop
}

}  // namespace laot
