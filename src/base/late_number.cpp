#include "laot/base/late_number.hpp"

#include <mutex>
#include <optional>

namespace laot {

namespace {

// One for all: it is held for no longer than a number is read or put down.
std::mutex of_all;

}  // namespace

struct LateNumber::Work {
  std::function<double()> run;  // empty once the number is found: what it needed is let go
  std::optional<double> number;
};

LateNumber::LateNumber(std::function<double()> work) : work_(std::make_shared<Work>()) {
  work_->run = std::move(work);
}

bool LateNumber::is_known() const {
  if (!work_) return true;
  const std::lock_guard<std::mutex> lock(of_all);
  return work_->number.has_value();
}

double LateNumber::found() const {
  std::function<double()> run;
  {
    const std::lock_guard<std::mutex> lock(of_all);
    if (work_->number) return *work_->number;
    run = work_->run;
  }
  const double number = run();
  std::function<double()> done;  // what it holds is let go once the lock is free
  const std::lock_guard<std::mutex> lock(of_all);
  work_->number = number;
  done.swap(work_->run);
  return number;
}

void LateNumber::before_fork() {
  of_all.lock();
}

void LateNumber::after_fork() noexcept {
  of_all.unlock();
}

}  // namespace laot
