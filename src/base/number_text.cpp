#include "laot/number_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "laot/base.hpp"

// Some C++ libraries have whole numbers here and not yet those with a point; the functions of C
// serve there, in a locale of their own.
#if !defined(__cpp_lib_to_chars) || __cpp_lib_to_chars < 201611L
#define LAOT_NUMBERS_OF_C 1
#include <clocale>
#include <cstdio>
#include <cstdlib>
#ifndef _WIN32
#include <locale.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif
#endif
#endif

namespace laot {

namespace {

// Longer than every double of 17 digits, and than every whole number of 64 bits.
constexpr std::size_t kLongest = 48;

template <class Number>
bool is_all_read(std::string_view text, Number& value) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

#ifdef LAOT_NUMBERS_OF_C

#ifdef _WIN32
_locale_t plain_locale() {
  static const _locale_t plain = _create_locale(LC_ALL, "C");
  return plain;
}

char* write_number(char* first, char*, double value, int digits) {
  return first + _snprintf_s_l(first, kLongest, _TRUNCATE, "%.*g", plain_locale(), digits, value);
}

const char* read_number(const char* first, double& value) {
  char* end = nullptr;
  value = _strtod_l(first, &end, plain_locale());
  return end;
}
#else
locale_t plain_locale() {
  static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  return plain;
}

char* write_number(char* first, char*, double value, int digits) {
  const locale_t of_thread = uselocale(plain_locale());
  const int length = std::snprintf(first, kLongest, "%.*g", digits, value);
  uselocale(of_thread);
  return first + length;
}

const char* read_number(const char* first, double& value) {
  char* end = nullptr;
  value = strtod_l(first, &end, plain_locale());
  return end;
}
#endif

bool read_whole(std::string_view text, double& value) {
  const std::string copy(text);  // C needs an end
  return read_number(copy.c_str(), value) == copy.c_str() + copy.size();
}

#else

char* write_number(char* first, char* last, double value, int digits) {
  return std::to_chars(first, last, value, std::chars_format::general, digits).ptr;
}

bool read_whole(std::string_view text, double& value) {
  return is_all_read(text, value);
}

#endif

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Whether a digit other than 0 stands before the exponent.
bool is_nonzero(std::string_view digits) {
  for (const char c : digits) {
    if (c == 'e' || c == 'E') return false;
    if (c >= '1' && c <= '9') return true;
  }
  return false;
}

bool has_form_of_number(std::string_view unsigned_text) {
  if (unsigned_text == "inf" || unsigned_text == "nan" || unsigned_text == "infinity") return true;
  const auto allowed = [](char c) {
    return is_digit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
  };
  return !unsigned_text.empty() && (is_digit(unsigned_text[0]) || unsigned_text[0] == '.') &&
         std::all_of(unsigned_text.begin(), unsigned_text.end(), allowed);
}

template <class Whole>
void append_whole(std::string& out, Whole value) {
  char buffer[kLongest];
  out.append(buffer, std::to_chars(buffer, buffer + kLongest, value).ptr);
}

}  // namespace

std::string text_of_number(double value, int digits) {
  char buffer[kLongest];
  return std::string(buffer,
                     write_number(buffer, buffer + kLongest, value, std::clamp(digits, 1, 17)));
}

bool number_of_text(std::string_view text, double& value) {
  std::string_view digits = text;
  const bool negative = !digits.empty() && digits[0] == '-';
  if (negative || (!digits.empty() && digits[0] == '+')) digits.remove_prefix(1);
  double read = 0.0;
  if (!has_form_of_number(digits) || !read_whole(digits, read)) return false;
  const bool too_large = std::isinf(read) && digits[0] != 'i';
  if (too_large || (read == 0.0 && is_nonzero(digits))) return false;
  value = negative ? -read : read;
  return true;
}

bool count_of_text(std::string_view text, std::uint64_t& value) {
  return is_all_read(text, value);
}

std::string text_of_bits(unsigned long long bits) {
  static const char digits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t k = out.size(); k-- > 0; bits >>= 4) out[k] = digits[bits & 15u];
  return out;
}

namespace detail {

void append(std::string& out, long long value) {
  append_whole(out, value);
}

void append(std::string& out, unsigned long long value) {
  append_whole(out, value);
}

void append(std::string& out, double value) {
  out += text_of_number(value, 12);
}

}  // namespace detail

std::string number_text(double value) {
  std::string out;
  double again = 0.0;
  for (int digits = 6; digits <= 17; ++digits) {
    out = text_of_number(value, digits);
    if (number_of_text(out, again) && again == value) break;
  }
  return out;
}

}  // namespace laot
