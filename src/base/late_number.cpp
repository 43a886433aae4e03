#include "laot/base/late_number.hpp"

#include <mutex>
#include <optional>

namespace laot {

struct LateNumber::Work {
  std::mutex mutex;
  std::function<double()> run;  // empty once the number is found: what it needed is let go
  std::optional<double> number;
};

LateNumber::LateNumber(std::function<double()> work) : work_(std::make_shared<Work>()) {
  work_->run = std::move(work);
}

bool LateNumber::is_known() const {
  if (!work_) return true;
  const std::lock_guard<std::mutex> lock(work_->mutex);
  return work_->number.has_value();
}

double LateNumber::found() const {
  std::function<double()> run;
  {
    const std::lock_guard<std::mutex> lock(work_->mutex);
    if (work_->number) return *work_->number;
    run = work_->run;
  }
  const double number = run();
  const std::lock_guard<std::mutex> lock(work_->mutex);
  work_->number = number;
  work_->run = nullptr;
  return number;
}

}  // namespace laot
