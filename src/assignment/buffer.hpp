// Uninitialised numbers, aligned for vector loads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace laot::detail {

/// Grows only; growing forgets the content. Large buffers ask for huge pages where the system has
/// them, because touching a matrix of gigabytes page by page takes longer than computing it.
template <typename Number>
class Buffer {
 public:
  Number* data() { return begin_; }
  const Number* data() const { return begin_; }

  void reserve(std::size_t size) {
    if (size <= size_) return;
    const std::size_t alignment = size * sizeof(Number) >= kHugePage ? kHugePage : kCacheLine;
    memory_.reset();
    memory_.reset(new unsigned char[size * sizeof(Number) + alignment]);
    const std::size_t past = reinterpret_cast<std::uintptr_t>(memory_.get()) % alignment;
    begin_ = reinterpret_cast<Number*>(memory_.get() + (past == 0 ? 0 : alignment - past));
    size_ = size;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    // Advice only: a refusal changes the time and nothing else.
    if (alignment == kHugePage) (void)madvise(begin_, size * sizeof(Number), MADV_HUGEPAGE);
#endif
  }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;
  static constexpr std::size_t kCacheLine = 64;
  std::unique_ptr<unsigned char[]> memory_;
  Number* begin_ = nullptr;
  std::size_t size_ = 0;
};

using FloatBuffer = Buffer<float>;

}  // namespace laot::detail
