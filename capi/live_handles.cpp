#include "live_handles.hpp"

#include <cstring>
#include <new>

#include "laot.h"
#include "laot/base/late_number.hpp"
#include "laot/evaluation.hpp"
#include "laot/metrics/weighted.hpp"
#include "laot/parallel.hpp"
#include "laot/vector_path.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#define LAOT_FORKS 1
#endif

namespace laot::capi {

namespace {

// Not the address itself: checkers of memory would take what a host lost for reachable.
std::uintptr_t key(const void* handle) {
  return ~reinterpret_cast<std::uintptr_t>(handle);
}

#ifdef LAOT_FORKS

// Tables are made at their first use. One that another thread is making at the moment of a fork
// would stay half-made in the child, which then waited for ever: so all are made before it.
void make_tables() noexcept {
  std::size_t needed = 0;
  laot_param_info param = {};
  laot_score_preset_info preset = {};
  param.struct_size = sizeof param;
  preset.struct_size = sizeof preset;
  (void)laot_param_describe(0, 0, &param);
  (void)laot_metric_count();
  (void)laot_setting_count();
  (void)laot_score_preset_describe(0, &preset);
  (void)laot_capabilities(nullptr, 0, &needed);
  (void)widest_path();
  try {
    (void)default_metrics();
    (void)has_weighted_form(metrics().front());
  } catch (const std::bad_alloc&) {
    return;  // made when it is needed
  }
}

void before_fork() {
  make_tables();
  LiveHandles::all().before_fork();
  SingleThreadedBlas::before_fork();
  LateNumber::before_fork();
}

void after_fork() {
  LateNumber::after_fork();
  SingleThreadedBlas::after_fork_in_parent();
  LiveHandles::all().after_fork();
}

void after_fork_in_child() {
  LateNumber::after_fork();
  LiveHandles::all().after_fork();
  SingleThreadedBlas::after_fork_in_child();
}

// As the library is loaded, when no other thread can be in it. R's mclapply and Python's
// multiprocessing fork while others work.
[[maybe_unused]] const int registered = [] {
  (void)LiveHandles::all();
  return pthread_atfork(before_fork, after_fork, after_fork_in_child);
}();

#endif

}  // namespace

LiveHandles& LiveHandles::all() {
  static LiveHandles& one = *new LiveHandles;
  return one;
}

void LiveHandles::add(const void* handle, const char* kind) {
  const std::lock_guard<std::mutex> lock(mutex_);
  kinds_[key(handle)] = kind;
}

bool LiveHandles::has(const void* handle, const char* kind) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = kinds_.find(key(handle));
  return found != kinds_.end() && std::strcmp(found->second, kind) == 0;
}

bool LiveHandles::take(const void* handle, const char* kind) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = kinds_.find(key(handle));
  if (found == kinds_.end() || std::strcmp(found->second, kind) != 0) return false;
  kinds_.erase(found);
  return true;
}

}  // namespace laot::capi
