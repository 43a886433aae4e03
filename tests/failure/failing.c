/* Preloaded: allocations, writes and threads fail when they are told to. The tests find the
 * functions failing_* through dlsym. What is live is counted while it is armed, over all threads.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);
extern void __libc_free(void*);

static atomic_long armed, allocations, first_failing, last_failing, live, failed;
static atomic_int writes_stutter, threads_refused, disk_full;

/* Allocations first .. last fail, counted from 1; 0, 0: none. */
void failing_arm(long first, long last);
void failing_disarm(void);
long failing_allocations(void);
long failing_failed(void);
long failing_live(void);
void failing_writes(int stutter, int full);
void failing_threads(int refused);
/* The same as R's .C calls them. */
void failing_arm_at(const double* first, const double* last);
void failing_count(double* allocated);
void failing_only_core(void);

void failing_arm(long first, long last) {
  allocations = live = failed = 0;
  first_failing = first;
  last_failing = last;
  armed = 1;
}
void failing_disarm(void) {
  armed = 0;
}
long failing_allocations(void) {
  return allocations;
}
long failing_failed(void) {
  return failed;
}
long failing_live(void) {
  return live;
}
void failing_writes(int stutter, int full) {
  writes_stutter = stutter;
  disk_full = full;
}
void failing_threads(int refused) {
  threads_refused = refused;
}
void failing_arm_at(const double* first, const double* last) {
  failing_arm((long)*first, (long)*last);
}
void failing_count(double* allocated) {
  armed = 0;
  *allocated = (double)allocations;
}

/* Inside R only the package fails: R itself ends where some of its own allocations do. Where the
 * package's library and the C++ runtime, which allocates for it, lie in memory. */
enum { OBJECTS = 2 };
static const char* const core_names[OBJECTS] = {"/laot.so", "/libstdc++.so"};
static uintptr_t core_first[OBJECTS], core_last[OBJECTS];
static atomic_int only_core;

static int note_core(struct dl_phdr_info* object, size_t size, void* unused) {
  int i, k;
  (void)size;
  (void)unused;
  for (i = 0; i < OBJECTS; ++i) {
    if (!strstr(object->dlpi_name, core_names[i])) continue;
    for (k = 0; k < object->dlpi_phnum; ++k) {
      const uintptr_t first = object->dlpi_addr + object->dlpi_phdr[k].p_vaddr;
      if (object->dlpi_phdr[k].p_type != PT_LOAD || !(object->dlpi_phdr[k].p_flags & PF_X))
        continue;
      core_first[i] = first;
      core_last[i] = first + object->dlpi_phdr[k].p_memsz;
    }
  }
  return 0;
}

void failing_only_core(void) {
  dl_iterate_phdr(note_core, NULL);
  only_core = 1;
}

static int is_core(const void* caller) {
  int i;
  for (i = 0; i < OBJECTS; ++i)
    if ((uintptr_t)caller >= core_first[i] && (uintptr_t)caller < core_last[i]) return 1;
  return 0;
}

static int fails(const void* caller) {
  long number;
  if (!armed || (only_core && !is_core(caller))) return 0;
  number = ++allocations;
  if (first_failing == 0 || number < first_failing || number > last_failing) return 0;
  ++failed;
  errno = ENOMEM;
  return 1;
}

static void* counted(void* block) {
  if (armed && block) ++live;
  return block;
}

#define CALLER __builtin_return_address(0)
void* malloc(size_t size) {
  return fails(CALLER) ? NULL : counted(__libc_malloc(size));
}
void* calloc(size_t count, size_t size) {
  return fails(CALLER) ? NULL : counted(__libc_calloc(count, size));
}
void* realloc(void* block, size_t size) {
  if (block && size == 0) {
    free(block);
    return NULL;
  }
  if (fails(CALLER)) return NULL;
  return block ? __libc_realloc(block, size) : counted(__libc_realloc(NULL, size));
}
static void* aligned(size_t alignment, size_t size, const void* caller) {
  return fails(caller) ? NULL : counted(__libc_memalign(alignment, size));
}
void* memalign(size_t alignment, size_t size) {
  return aligned(alignment, size, CALLER);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return aligned(alignment, size, CALLER);
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  void* block = aligned(alignment, size, CALLER);
  if (!block) return ENOMEM;
  *out = block;
  return 0;
}
void free(void* block) {
  if (armed && block) --live;
  __libc_free(block);
}

/* A write that stutters is interrupted every other time, and takes three bytes else. */
ssize_t write(int file, const void* bytes, size_t count) {
  static ssize_t (*real)(int, const void*, size_t);
  static atomic_int turn;
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "write");
  if (disk_full) {
    errno = ENOSPC;
    return -1;
  }
  if (!writes_stutter) return real(file, bytes, count);
  if (++turn % 2) {
    errno = EINTR;
    return -1;
  }
  return real(file, bytes, count < 3 ? count : 3);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) {
  static int (*real)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  if (threads_refused) return EAGAIN;
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "pthread_create");
  return real(thread, attributes, start, argument);
}
