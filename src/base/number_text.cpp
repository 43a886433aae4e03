#include "laot/number_text.hpp"

#include <clocale>
#include <cstdio>
#include <cstdlib>

namespace laot {

namespace {

// What stands between the whole and the rest in this process: a comma in Germany.
std::string local_point() {
  const std::lconv* local = std::localeconv();
  return local && local->decimal_point && *local->decimal_point ? local->decimal_point : ".";
}

void replace_first(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
}

}  // namespace

std::string text_of_number(double value, int digits) {
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
  std::string out = buffer;
  const std::string point = local_point();
  if (point != ".") replace_first(out, point, ".");
  return out;
}

bool number_of_text(const std::string& text, double& value) {
  std::string local = text;
  const std::string point = local_point();
  if (point != ".") {
    if (text.find(point) != std::string::npos) return false;
    replace_first(local, ".", point);
  }
  char* end = nullptr;
  const double read = std::strtod(local.c_str(), &end);
  if (local.empty() || end != local.c_str() + local.size()) return false;
  value = read;
  return true;
}

}  // namespace laot
