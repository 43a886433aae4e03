// Letters of UTF-8: what names have to be made of, and what a sentence must not be cut within.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace laot {

/// Bytes of the letter that `text` begins with, 1 to 4; 0 where its first byte begins none (foreign
/// encodings, overlong forms, surrogates, the middle of a letter) and where it is empty.
std::size_t letter_length(std::string_view text);

bool is_utf8(std::string_view text);

/// Throws invalid_argument unless `name` can go to every language and into a file: UTF-8 without a
/// line feed, which separates names. `argument` and `index`, counted from 0, say whose it is.
void require_name(std::string_view name, const char* argument, std::size_t index);

/// As much of `text` as has room in buffer[size], on one line, with an end: control characters and
/// bytes that are no UTF-8 are written \x1b, and no letter is cut. Does not allocate.
void copy_sentence(std::string_view text, char* buffer, std::size_t size) noexcept;

}  // namespace laot
