// Means of the process and the machine: the BLAS library's own threads, and memory.
#include <algorithm>
#include <mutex>
#include <new>
#include <string>
#include <system_error>

#include "laot/file_access.hpp"
#include "laot/number_text.hpp"
#include "laot/parallel.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <dlfcn.h>
#include <sys/resource.h>
#include <unistd.h>
#define LAOT_HAS_POSIX 1
// Only its address is of interest; Armadillo declares none of that name, with which this might
// clash.
extern "C" void daxpy_();
#elif defined(_WIN32)
#ifndef NOMINMAX
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#endif

namespace laot {

namespace {

struct OpenBlas {
  int (*get_threads)() = nullptr;
  void (*set_threads)(int) = nullptr;
  char* (*config)() = nullptr;
};

#ifdef LAOT_HAS_POSIX
// Where the BLAS is that this library calls. Another one may be loaded beside it, as numpy's.
Dl_info used_blas() {
  Dl_info info{};
  (void)dladdr(reinterpret_cast<void*>(&daxpy_), &info);
  return info;
}

template <class Function>
Function found_in(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}
#endif

// OpenBLAS is looked up at run time: the same binary must work on any BLAS that R was linked to.
const OpenBlas& openblas() {
  static const OpenBlas found = [] {
    OpenBlas b;
#ifdef LAOT_HAS_POSIX
    const char* name = used_blas().dli_fname;
    void* library = name ? dlopen(name, RTLD_LAZY | RTLD_NOLOAD) : nullptr;
    void* where = library ? library : RTLD_DEFAULT;  // linked into the program itself
    b.get_threads = found_in<int (*)()>(where, "openblas_get_num_threads");
    b.set_threads = found_in<void (*)(int)>(where, "openblas_set_num_threads");
    b.config = found_in<char* (*)()>(where, "openblas_get_config");
    if (library) dlclose(library);
#endif
    return b;
  }();
  return found;
}

std::mutex guard_mutex;
int guard_depth = 0;
int threads_before = 0;
// After a fork while other threads held BLAS: it has one thread, and threads_before is still true.
bool left_behind = false;
thread_local int own_depth = 0;

}  // namespace

SingleThreadedBlas::SingleThreadedBlas() {
  // Counted, because two calls on two threads may overlap: the last one out restores.
  const std::lock_guard<std::mutex> lock(guard_mutex);
  ++own_depth;
  const OpenBlas& blas = openblas();
  if (guard_depth++ > 0 || !blas.get_threads || !blas.set_threads) return;
  if (!left_behind) threads_before = blas.get_threads();
  left_behind = false;
  if (threads_before != 1) blas.set_threads(1);
}

SingleThreadedBlas::~SingleThreadedBlas() {
  const std::lock_guard<std::mutex> lock(guard_mutex);
  --own_depth;
  const OpenBlas& blas = openblas();
  if (--guard_depth > 0 || !blas.get_threads || !blas.set_threads) return;
  if (threads_before != 1) blas.set_threads(threads_before);
}

void SingleThreadedBlas::before_fork() {
  guard_mutex.lock();
}

void SingleThreadedBlas::after_fork_in_parent() noexcept {
  guard_mutex.unlock();
}

void SingleThreadedBlas::after_fork_in_child() noexcept {
  new (&guard_mutex) std::mutex;  // held since before the fork
  left_behind = guard_depth > 0 && own_depth == 0;
  guard_depth = own_depth;
}

std::string blas_description() {
  const OpenBlas& blas = openblas();
  if (blas.config) return blas.config();
#ifdef LAOT_HAS_POSIX
  if (const char* path = used_blas().dli_fname) {  // at least its file tells which one it is
    const std::string name = path;
    return name.substr(name.rfind('/') + 1);
  }
#endif
  return "unknown";
}

namespace {

#ifdef LAOT_HAS_POSIX
// The limit of a control group in bytes: containers and batch systems set one.
std::uint64_t group_limit(const std::string& folder) {
  std::string limit = small_file(folder + "/memory.max");
  while (!limit.empty() && limit.back() == '\n') limit.pop_back();
  std::uint64_t bytes = 0;
  return count_of_text(limit, bytes) ? bytes : ~std::uint64_t{0};  // "max" or no file: none
}

std::uint64_t group_limits() {
  std::uint64_t least = group_limit("/sys/fs/cgroup");
  const std::string groups = "\n" + small_file("/proc/self/cgroup");
  const std::size_t at = groups.find("\n0::/");
  if (at == std::string::npos) return least;
  const std::size_t first = at + 4;
  std::string path = groups.substr(first, groups.find('\n', first) - first);
  for (; path.size() > 1; path.resize(path.rfind('/')))
    least = std::min(least, group_limit("/sys/fs/cgroup" + path));
  return least;
}

std::uint64_t process_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return ~std::uint64_t{0};
  return limit.rlim_cur;
}
#endif

}  // namespace

std::uint64_t usable_memory() {
#if defined(LAOT_HAS_POSIX) && defined(_SC_PHYS_PAGES) && defined(_SC_PAGE_SIZE)
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long size = sysconf(_SC_PAGE_SIZE);
  static const std::uint64_t of_group = group_limits();
  if (pages > 0 && size > 0)
    return std::min({static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size), of_group,
                     process_limit()});
#elif defined(_WIN32)
  MEMORYSTATUSEX memory{};
  memory.dwLength = sizeof memory;
  if (GlobalMemoryStatusEx(&memory)) return memory.ullTotalPhys;
#endif
  return 0;
}

void require_memory(double bytes, const std::string& what) {
  const double available = static_cast<double>(usable_memory());
  if (available <= 0.0 || bytes <= 0.9 * available) return;
  fail(Status::out_of_memory, what, " would need about ", static_cast<long long>(bytes / 1e6) + 1,
       " MB, and this process may use ", static_cast<long long>(available / 1e6), " MB");
}

}  // namespace laot
