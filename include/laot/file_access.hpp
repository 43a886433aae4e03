// Files read with care and replaced at once or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace laot {

/// A file opened for reading. Every failure is an Error(io_error) that names the path and the
/// system's reason.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// True where the size is known before the bytes are read: a regular file, not a pipe or device.
  bool has_size() const { return has_size_; }
  std::uint64_t size() const { return size_; }
  /// Reads on, at most `count` bytes; fewer only at the end.
  std::size_t read(char* bytes, std::size_t count);

 private:
  std::string path_;
  int descriptor_ = -1;
  bool has_size_ = false;
  std::uint64_t size_ = 0;
};

/// True where something can be opened for reading.
bool readable(const std::string& path);

/// A small file of the system, such as those of /proc; empty where it cannot be read.
std::string small_file(const std::string& path);

/// The new content of a path. It is written to a file of its own in the same folder, which takes
/// the place of an older one when all is on the disk: whoever reads meanwhile finds the old content
/// or the new one, never a part; two that write to one path do not disturb each other; and a
/// failure leaves the older file as it was and nothing else. Links are followed, an older file
/// keeps its mode, and what is no regular file is refused. Failures are an Error(io_error).
class Replacement {
 public:
  explicit Replacement(const std::string& path);
  /// Removes what was written, unless it was put in place.
  ~Replacement();
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  void write(const char* bytes, std::size_t count);
  void put_in_place();

 private:
  [[noreturn]] void fail_with(int cause) const;
  void put(const char* bytes, std::size_t count) const;
  void flush();
  void close();

  std::string path_;       // as it was given
  std::string target_;     // where its links lead
  std::string temporary_;  // empty: there is none
  int descriptor_ = -1;
  std::vector<char> waiting_;
};

}  // namespace laot
