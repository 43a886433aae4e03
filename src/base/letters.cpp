#include "laot/letters.hpp"

#include <cstring>

#include "laot/base.hpp"

namespace laot {

namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
}

bool continues(unsigned byte) {
  return (byte & 0xc0u) == 0x80u;
}

// The second byte tells overlong forms, surrogates and what is beyond U+10FFFF.
bool second_fits(unsigned first, unsigned second) {
  if (!continues(second)) return false;
  if (first == 0xe0u) return second >= 0xa0u;
  if (first == 0xedu) return second < 0xa0u;
  if (first == 0xf0u) return second >= 0x90u;
  if (first == 0xf4u) return second < 0x90u;
  return true;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20u || c == 0x7f;
}

}  // namespace

std::size_t letter_length(std::string_view text) {
  if (text.empty()) return 0;
  const unsigned first = byte_at(text, 0);
  if (first < 0x80u) return 1;
  if (first < 0xc2u || first > 0xf4u || !second_fits(first, byte_at(text, 1))) return 0;
  if (first < 0xe0u) return 2;
  if (!continues(byte_at(text, 2))) return 0;
  if (first < 0xf0u) return 3;
  return continues(byte_at(text, 3)) ? 4 : 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = letter_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void require_name(std::string_view name, const char* argument, std::size_t index) {
  require(is_utf8(name), Status::invalid_argument, argument, "[", index, "] (\"", name,
          "\") is not UTF-8; convert it first");
  require(name.find('\n') == std::string_view::npos, Status::invalid_argument, argument, "[", index,
          "] (\"", name, "\") has a line feed; names are separated by it");
}

void copy_sentence(std::string_view text, char* buffer, std::size_t size) noexcept {
  static const char digits[] = "0123456789abcdef";
  std::size_t at = 0;
  while (!text.empty()) {
    const std::size_t length = letter_length(text);
    char piece[4];
    std::size_t written = length;
    if (length == 1 && (text[0] == '\n' || text[0] == '\r' || text[0] == '\t')) {
      piece[0] = ' ';
    } else if (length == 0 || (length == 1 && is_control(text[0]))) {
      const unsigned byte = byte_at(text, 0);
      const char escaped[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15u]};
      std::memcpy(piece, escaped, written = 4);
    } else {
      std::memcpy(piece, text.data(), length);
    }
    if (at + written >= size) break;
    std::memcpy(buffer + at, piece, written);
    at += written;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  buffer[at] = '\0';
}

}  // namespace laot
