// Numbers as texts and back, with a decimal point whatever the locale of the host's process is.
#pragma once

#include <string>

namespace laot {

/// As printf's %.*g writes it in the C locale: "0.3", "1e-05", "inf", "nan".
std::string text_of_number(double value, int digits);

/// The whole text as a number, as strtod reads it in the C locale; false where it is none.
bool number_of_text(const std::string& text, double& value);

}  // namespace laot
