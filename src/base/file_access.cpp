#include "laot/file_access.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

#include "laot/base.hpp"
#include "laot/number_text.hpp"

#ifdef _WIN32
#include <io.h>
#include <process.h>

#include <filesystem>
#include <thread>
#else
#include <unistd.h>
#endif

namespace laot {

namespace {

constexpr std::size_t kWaiting = std::size_t{1} << 16;  // bytes that are written in one go
constexpr std::size_t kAtOnce = std::size_t{1} << 30;   // some systems take no more in one call
constexpr int kNames = 100;                             // tries for a name that nobody has
#ifdef _WIN32
constexpr const char* kSeparators = "/\\";
#else
constexpr const char* kSeparators = "/";
#endif

// strerror is not safe from several threads, and its other form is not the same everywhere.
std::string reason(int cause) {
  char buffer[256] = "";
#ifdef _WIN32
  strerror_s(buffer, sizeof buffer, cause);
  return buffer;
#else
  const auto found = strerror_r(cause, buffer, sizeof buffer);
  if constexpr (std::is_same_v<decltype(found), char* const>)
    return found;
  else
    return buffer;
#endif
}

// With the separator at its end; empty for a bare name.
std::string folder_of(const std::string& path) {
  const std::size_t separator = path.find_last_of(kSeparators);
  return separator == std::string::npos ? "" : path.substr(0, separator + 1);
}

// A call that a signal interrupted is made again.
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

#ifdef _WIN32
using FileStatus = struct _stat64;
int status_of(const std::string& path, FileStatus& out) {
  return _stat64(path.c_str(), &out);
}
int status_of(int descriptor, FileStatus& out) {
  return _fstat64(descriptor, &out);
}
bool is_regular(const FileStatus& status) {
  return (status.st_mode & _S_IFMT) == _S_IFREG;
}
bool is_folder(const FileStatus& status) {
  return (status.st_mode & _S_IFMT) == _S_IFDIR;
}
// Here a file that another reads cannot be replaced, nor one opened while it is being replaced:
// neither takes long.
template <class Call>
bool patiently(int milliseconds, Call call) {
  for (int waited = 0; !call(); ++waited) {
    if (waited == milliseconds || errno != EACCES) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}
int open_to_read(const std::string& path) {
  int descriptor = -1;
  patiently(100, [&] {
    descriptor = _open(path.c_str(), _O_RDONLY | _O_BINARY);
    return descriptor >= 0;
  });
  return descriptor;
}
int open_new(const std::string& path) {
  return _open(path.c_str(), _O_WRONLY | _O_BINARY | _O_CREAT | _O_EXCL, _S_IREAD | _S_IWRITE);
}
long long read_some(int descriptor, char* bytes, std::size_t count) {
  return _read(descriptor, bytes, static_cast<unsigned>(count));
}
long long write_some(int descriptor, const char* bytes, std::size_t count) {
  return _write(descriptor, bytes, static_cast<unsigned>(count));
}
bool may_be_written(const std::string& path) {
  return _access(path.c_str(), 2) == 0;
}
bool to_disk(int descriptor) {
  return _commit(descriptor) == 0;
}
int close_file(int descriptor) {
  return _close(descriptor);
}
void take_mode(int, const FileStatus&) {}
int process() {
  return _getpid();
}
bool take_place(const std::string& from, const std::string& to) {
  return patiently(2000, [&] {
    std::error_code error;
    std::filesystem::rename(from, to, error);
    if (error) errno = EACCES;
    return !error;
  });
}
void folder_to_disk(const std::string&) {}
std::string end_of_links(const std::string& path) {
  return path;
}
#else
using FileStatus = struct stat;
int status_of(const std::string& path, FileStatus& out) {
  return stat(path.c_str(), &out);
}
int status_of(int descriptor, FileStatus& out) {
  return fstat(descriptor, &out);
}
bool is_regular(const FileStatus& status) {
  return S_ISREG(status.st_mode);
}
bool is_folder(const FileStatus& status) {
  return S_ISDIR(status.st_mode);
}
int open_to_read(const std::string& path) {
  return uninterrupted([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC); });
}
// The mode that the process gives its new files.
int open_new(const std::string& path) {
  return uninterrupted(
      [&] { return open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
}
long long read_some(int descriptor, char* bytes, std::size_t count) {
  return uninterrupted([&] { return read(descriptor, bytes, count); });
}
long long write_some(int descriptor, const char* bytes, std::size_t count) {
  return uninterrupted([&] { return write(descriptor, bytes, count); });
}
bool may_be_written(const std::string& path) {
  return access(path.c_str(), W_OK) == 0;
}
// Some file systems have nothing to bring to a disk.
bool to_disk(int descriptor) {
  return uninterrupted([&] { return fsync(descriptor); }) == 0 || errno == EINVAL ||
         errno == ENOSYS || errno == ENOTSUP;
}
// Closed even where a signal interrupts it: another close might hit a file of another thread.
int close_file(int descriptor) {
  return close(descriptor) == 0 || errno == EINTR ? 0 : -1;
}
// Mode, and where the system allows it owner and group, of the file that is replaced. Never more
// rights than it gave: the mode comes last.
void take_mode(int descriptor, const FileStatus& older) {
  FileStatus own;
  const bool same =
      status_of(descriptor, own) == 0 && own.st_uid == older.st_uid && own.st_gid == older.st_gid;
  const bool kept = same || fchown(descriptor, older.st_uid, older.st_gid) == 0 ||
                    fchown(descriptor, static_cast<uid_t>(-1), older.st_gid) == 0;
  // A group that cannot be kept must not be replaced by another that then has its rights.
  (void)fchmod(descriptor, older.st_mode & (kept ? 0777u : 0707u));
}
int process() {
  return static_cast<int>(getpid());
}
bool take_place(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0;
}
// So that the new name, too, survives a loss of power. Nothing is lost of the file where it fails.
void folder_to_disk(const std::string& folder) {
  const int descriptor = open_to_read(folder);
  if (descriptor < 0) return;
  (void)to_disk(descriptor);
  close_file(descriptor);
}
// Where a path leads, also where nothing stands at the end of its links.
std::string end_of_links(const std::string& path) {
  constexpr int kMostLinks = 40;
  std::string at = path;
  for (int link = 0; link < kMostLinks; ++link) {
    FileStatus status;
    if (lstat(at.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return at;
    std::string next(4096, '\0');
    const ssize_t length = readlink(at.c_str(), &next[0], next.size());
    if (length <= 0 || static_cast<std::size_t>(length) == next.size()) return at;
    next.resize(static_cast<std::size_t>(length));
    if (next[0] != '/') next.insert(0, folder_of(at));
    at = std::move(next);
  }
  errno = ELOOP;
  return {};
}
#endif

// A name in the folder of `target` that other threads and processes do not choose. The file is
// made only where there is none, so that a name that is taken nevertheless costs another try.
std::string name_beside(const std::string& target) {
  static std::atomic<std::uint64_t> count{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const Rng rng = Rng(static_cast<std::uint64_t>(now) ^ (count.fetch_add(1) << 40))
                      .stream(static_cast<std::uint64_t>(process()));
  return folder_of(target) + ".laot-" + text_of_bits(Rng(rng).bits()) + ".part";
}

}  // namespace

InputFile::InputFile(const std::string& path) : path_(path), descriptor_(open_to_read(path)) {
  require(descriptor_ >= 0, Status::io_error, "cannot read \"", path, "\": ", reason(errno));
  FileStatus status;
  if (status_of(descriptor_, status) != 0) return;
  if (is_folder(status)) {
    close_file(descriptor_);
    fail(Status::io_error, "cannot read \"", path, "\": it is a folder");
  }
  // Files of the system that are made as they are read say that they are empty.
  has_size_ = is_regular(status) && status.st_size > 0;
  if (has_size_) size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() {
  close_file(descriptor_);
}

std::size_t InputFile::read(char* bytes, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const long long got = read_some(descriptor_, bytes + done, std::min(count - done, kAtOnce));
    require(got >= 0, Status::io_error, "cannot read \"", path_, "\": ", reason(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

bool readable(const std::string& path) {
  const int descriptor = open_to_read(path);
  if (descriptor >= 0) close_file(descriptor);
  return descriptor >= 0;
}

std::string small_file(const std::string& path) {
  constexpr std::size_t kMost = std::size_t{1} << 16;
  const int descriptor = open_to_read(path);
  if (descriptor < 0) return {};
  struct Closer {
    int descriptor;
    ~Closer() { close_file(descriptor); }
  } const closer{descriptor};
  std::string out(kMost, '\0');
  std::size_t done = 0;
  while (done < kMost) {
    const long long got = read_some(descriptor, &out[done], kMost - done);
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
  return out;
}

Replacement::Replacement(const std::string& path) : path_(path), target_(end_of_links(path)) {
  if (target_.empty()) fail_with(path.empty() ? ENOENT : errno);
  FileStatus older;
  const bool exists = status_of(target_, older) == 0;
  if (!exists && errno != ENOENT) fail_with(errno);
  require(!exists || is_regular(older), Status::io_error, "cannot write \"", path_,
          "\": it is no regular file");
  if (exists && !may_be_written(target_)) fail_with(errno);
  if (folder_of(target_) == target_) fail_with(ENOENT);
  waiting_.reserve(kWaiting);
  for (int tried = 0; descriptor_ < 0; ++tried) {
    std::string name = name_beside(target_);
    descriptor_ = open_new(name);
    if (descriptor_ >= 0)
      temporary_ = std::move(name);
    else if (errno != EEXIST || tried == kNames)
      fail_with(errno);
  }
  if (exists) take_mode(descriptor_, older);
}

Replacement::~Replacement() {
  if (descriptor_ >= 0) close_file(descriptor_);
  if (!temporary_.empty()) std::remove(temporary_.c_str());
}

void Replacement::fail_with(int cause) const {
  fail(Status::io_error, "cannot write \"", path_, "\": ", reason(cause));
}

void Replacement::write(const char* bytes, std::size_t count) {
  if (waiting_.size() + count > kWaiting) flush();
  if (count > kWaiting)
    put(bytes, count);
  else
    waiting_.insert(waiting_.end(), bytes, bytes + count);
}

void Replacement::put(const char* bytes, std::size_t count) const {
  for (std::size_t done = 0; done < count;) {
    const long long more = write_some(descriptor_, bytes + done, std::min(count - done, kAtOnce));
    if (more <= 0) fail_with(more < 0 ? errno : ENOSPC);
    done += static_cast<std::size_t>(more);
  }
}

void Replacement::flush() {
  put(waiting_.data(), waiting_.size());
  waiting_.clear();
}

void Replacement::close() {
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (close_file(descriptor) != 0) fail_with(errno);
}

void Replacement::put_in_place() {
  flush();
  if (!to_disk(descriptor_)) fail_with(errno);
  close();
  // Made before: once the file is in place, nothing may fail for want of memory.
  const std::string folder = folder_of(target_).empty() ? "." : folder_of(target_);
  if (!take_place(temporary_, target_)) fail_with(errno);
  temporary_.clear();
  folder_to_disk(folder);
}

}  // namespace laot
