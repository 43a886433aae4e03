// Which objects a host holds. A second free, and the use of what was freed or of another kind of
// object, are refused before the memory is touched.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace laot::capi {

/// The objects that were handed out and not freed, each with its kind. One for the process, which
/// is never destroyed: finalizers of hosts run late.
class LiveHandles {
 public:
  static LiveHandles& all();

  void add(const void* handle, const char* kind);
  bool has(const void* handle, const char* kind);
  /// Takes it back from the host: false where the host does not hold it.
  bool take(const void* handle, const char* kind);

  /// A fork waits until no thread is in here, so that a child never finds the lock taken by a
  /// thread that it does not have.
  void before_fork() { mutex_.lock(); }
  void after_fork() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  std::unordered_map<std::uintptr_t, const char*> kinds_;
};

}  // namespace laot::capi
