#include <cstdint>
#include <stdexcept>

#include "handles.hpp"
#include "laot/letters.hpp"

namespace laot::capi {

namespace {

// Fixed storage: keeping the message of an out-of-memory error must not allocate.
thread_local char last_message[1024] = "";
thread_local char last_argument[64] = "";
thread_local std::size_t last_feature = 0, last_cell = 0;
thread_local double last_value = 0.0;
// Small, because it lies on the stack of each thread: offsets in last_message, and more of them
// than a method has parameters.
struct KeptPart {
  std::uint16_t begin;
  std::uint8_t length;
  bool is_flag;
};
thread_local KeptPart last_spelled[96];
thread_local std::size_t last_spelled_count = 0;

void remember_place(const Place& place) noexcept {
  copy_sentence(place.argument, last_argument, sizeof last_argument);
  last_feature = place.feature;
  last_cell = place.cell;
  last_value = place.value;
}

// The parts whose words stand whole in the kept sentence, in which letters before them may take
// more bytes than in the error's.
void remember_spelled(const Error& error) noexcept {
  char before[sizeof last_message];
  const std::string_view sentence = error.what();
  for (const SpelledPart& part : error.spelled()) {
    if (last_spelled_count == sizeof last_spelled / sizeof last_spelled[0]) return;
    copy_sentence(sentence.substr(0, part.begin), before, sizeof before);
    const std::size_t begin = std::strlen(before);
    const std::string_view word = sentence.substr(part.begin, part.length);
    if (word.size() > 255 || std::string_view(last_message).substr(begin, word.size()) != word)
      return;
    const KeptPart kept{static_cast<std::uint16_t>(begin), static_cast<std::uint8_t>(word.size()),
                        part.as == Spelled::As::flag};
    last_spelled[last_spelled_count++] = kept;
  }
}

}  // namespace

laot_status remember(Status status, const char* message) noexcept {
  last_argument[0] = '\0';
  last_spelled_count = 0;
  copy_sentence(message, last_message, sizeof last_message);
  return static_cast<laot_status>(status);
}

laot_status remember_current_exception() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    const laot_status status = remember(error.status(), error.what());
    remember_place(error.place());
    remember_spelled(error);
    return status;
  } catch (const std::bad_alloc&) {
    return remember(Status::out_of_memory, "the system has no more memory");
  } catch (const std::length_error&) {
    return remember(Status::out_of_memory, "a size is beyond what any memory holds");
  } catch (const std::exception& error) {
    return remember(Status::internal_error, error.what());
  } catch (...) {
    return remember(Status::internal_error, "an unknown exception");
  }
}

void copy_out(const std::string& value, char* buffer, std::size_t size, std::size_t* needed) {
  const std::size_t length = value.size() + 1;
  given(needed, "needed") = length;
  if (buffer == nullptr && size == 0) return;
  given(buffer, "buffer");
  require(size >= length, Status::buffer_too_small, "buffer has ", size, " bytes, needed are ",
          length);
  std::memcpy(buffer, value.c_str(), length);
}

std::vector<std::string> given_texts(const char* const* texts, std::size_t count,
                                     const char* argument) {
  std::vector<std::string> out;
  if (count == 0) return out;
  given(texts, argument);
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    require(texts[i] != nullptr, Status::invalid_argument, argument, "[", i, "] is NULL");
    require_name(texts[i], argument, i);
    out.emplace_back(texts[i]);
  }
  return out;
}

std::string lines(const std::vector<std::string>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += '\n';
    out += items[i];
  }
  return out;
}

}  // namespace laot::capi

extern "C" {

const char* laot_last_error(void) {
  return laot::capi::last_message;
}

const char* laot_last_error_place(size_t* feature, size_t* cell, double* value) {
  if (laot::capi::last_argument[0] != '\0') {
    if (feature) *feature = laot::capi::last_feature;
    if (cell) *cell = laot::capi::last_cell;
    if (value) *value = laot::capi::last_value;
  }
  return laot::capi::last_argument;
}

const char* laot_last_error_part(size_t part, size_t* start, size_t* length) {
  if (part >= laot::capi::last_spelled_count) return "";
  const laot::capi::KeptPart found = laot::capi::last_spelled[part];
  if (start) *start = found.begin;
  if (length) *length = found.length;
  return found.is_flag ? "flag" : "parameter";
}

laot_status laot_nearest_name(const char* name, const char* const* candidates, size_t count,
                              size_t* nearest) {
  return laot::capi::guarded([&] {
    if (count > 0) laot::capi::given(candidates, "candidates");
    std::vector<std::string> all;
    for (std::size_t i = 0; i < count; ++i) {
      laot::require(candidates[i] != nullptr, laot::Status::invalid_argument, "candidates[", i,
                    "] is NULL");
      all.emplace_back(candidates[i]);
    }
    const std::string found = laot::nearest_name(laot::capi::given_text(name, "name"), all);
    laot::capi::given(nearest, "nearest") =
        found.empty()
            ? count
            : static_cast<std::size_t>(std::find(all.begin(), all.end(), found) - all.begin());
  });
}

const char* laot_status_name(int status) {
  switch (static_cast<laot::Status>(status)) {
    case laot::Status::ok:
      return "ok";
    case laot::Status::invalid_argument:
      return "invalid_argument";
    case laot::Status::dimension_mismatch:
      return "dimension_mismatch";
    case laot::Status::not_finite:
      return "not_finite";
    case laot::Status::unknown_name:
      return "unknown_name";
    case laot::Status::out_of_memory:
      return "out_of_memory";
    case laot::Status::cancelled:
      return "cancelled";
    case laot::Status::io_error:
      return "io_error";
    case laot::Status::bad_format:
      return "bad_format";
    case laot::Status::numerical_failure:
      return "numerical_failure";
    case laot::Status::not_available:
      return "not_available";
    case laot::Status::buffer_too_small:
      return "buffer_too_small";
    case laot::Status::internal_error:
      return "internal_error";
  }
  return "unknown";
}

}  // extern "C"
