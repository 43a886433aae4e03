// Which objects a host holds. A second free, and the use of what was freed or of another kind of
// object, are refused before the memory is touched.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>

namespace laot::capi {

/// The objects of one kind that were handed out and not freed. One set each for the process, which
/// is never destroyed: finalizers of hosts run late.
template <class Handle>
class LiveHandles {
 public:
  static LiveHandles& all() {
    static LiveHandles& one = *new LiveHandles;
    return one;
  }

  /// Hands `made` over to the host.
  Handle* add(std::unique_ptr<Handle> made) {
    const std::lock_guard<std::mutex> lock(mutex_);
    keys_.insert(key(made.get()));
    return made.release();
  }

  bool has(const Handle* handle) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return keys_.count(key(handle)) != 0;
  }

  /// Takes it back from the host: null where the host does not hold it.
  std::unique_ptr<Handle> take(Handle* handle) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::unique_ptr<Handle>(keys_.erase(key(handle)) != 0 ? handle : nullptr);
  }

 private:
  // Not the address itself: checkers of memory would take what a host lost for reachable.
  static std::uintptr_t key(const Handle* handle) {
    return ~reinterpret_cast<std::uintptr_t>(handle);
  }

  std::mutex mutex_;
  std::unordered_set<std::uintptr_t> keys_;
};

}  // namespace laot::capi
