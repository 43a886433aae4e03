// A number that is worked out when it is first read.
#pragma once

#include <functional>
#include <memory>

namespace laot {

/// Known, or worked out when it is first read: what takes long and few ask for. Copies share what
/// was found. Several threads may read at once; those that find nothing there each do the work,
/// which has to give all of them the same: no lock is held meanwhile. Work that throws is done
/// again at the next reading.
class LateNumber {
 public:
  LateNumber(double value = 0.0) : value_(value) {}
  explicit LateNumber(std::function<double()> work);
  operator double() const { return work_ ? found() : value_; }
  /// Whether reading it takes no work.
  bool is_known() const;

  /// A fork waits until no thread looks whether a number is known, so that a child finds no lock
  /// taken by a thread that it does not have.
  static void before_fork();
  static void after_fork() noexcept;

 private:
  struct Work;
  double found() const;

  double value_ = 0.0;
  std::shared_ptr<Work> work_;  // none: known from the start
};

}  // namespace laot
