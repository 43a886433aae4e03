// Numbers as texts and back: the one place of the core that writes or reads digits, with a decimal
// point and without grouping whatever the locales of the host are, of C and of C++.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace laot {

/// As printf's %.*g writes it in the C locale: "0.3", "1e-05", "inf", "nan". 1 to 17 digits.
std::string text_of_number(double value, int digits);

/// `value` as short as it can be while reading back as the same double.
std::string number_text(double value);

/// The whole text as a number: decimal digits with at most one sign, point and exponent, or "inf"
/// or "nan". False where it is something else, or a number that a double cannot hold other than as
/// infinity or 0 ("1e400", "1e-400"): blanks, hexadecimal digits and commas are no part of one.
bool number_of_text(std::string_view text, double& value);

/// The whole text as decimal digits. False where it is something else, or does not fit.
bool count_of_text(std::string_view text, std::uint64_t& value);

/// 16 hexadecimal digits.
std::string text_of_bits(unsigned long long bits);

}  // namespace laot
