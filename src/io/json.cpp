#include "json.hpp"

#include <cstdio>

#include "laot/base.hpp"

namespace laot::json {

namespace {

constexpr int kDepth = 16;

class Parser {
 public:
  Parser(const char* bytes, std::size_t size) : at_(bytes), begin_(bytes), end_(bytes + size) {}

  Value document() {
    Value value = parse_value(0);
    skip_space();
    if (at_ != end_) wrong("nothing more");
    return value;
  }

 private:
  [[noreturn]] void wrong(const char* expected) const {
    fail(Status::bad_format, "the header of the model file is not valid JSON: expected ", expected,
         " at byte ", at_ - begin_);
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  bool take(char c) {
    skip_space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  void need(char c, const char* expected) {
    if (!take(c)) wrong(expected);
  }

  Value parse_value(int depth) {
    if (depth > kDepth) wrong("less nesting");
    skip_space();
    if (at_ == end_) wrong("a value");
    Value value;
    if (*at_ == '"') {
      value.kind = Value::Kind::text;
      value.text = parse_text();
    } else if (*at_ >= '0' && *at_ <= '9') {
      value.kind = Value::Kind::number;
      value.number = parse_number();
    } else if (take('[')) {
      value.kind = Value::Kind::array;
      if (take(']')) return value;
      do {
        value.items.push_back(parse_value(depth + 1));
      } while (take(','));
      need(']', "a comma or ]");
    } else if (take('{')) {
      value.kind = Value::Kind::object;
      if (take('}')) return value;
      do {
        skip_space();
        if (at_ == end_ || *at_ != '"') wrong("a name in quotes");
        std::string name = parse_text();
        if (value.member(name)) wrong("a name that has not been used");
        need(':', "a colon");
        value.members.emplace_back(std::move(name), parse_value(depth + 1));
      } while (take(','));
      need('}', "a comma or }");
    } else {
      wrong("a string, a whole number, an array or an object");
    }
    return value;
  }

  std::uint64_t parse_number() {
    std::uint64_t number = 0;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') {
      const std::uint64_t digit = static_cast<std::uint64_t>(*at_ - '0');
      if (number > (UINT64_MAX - digit) / 10) wrong("a number below 2^64");
      number = 10 * number + digit;
      ++at_;
    }
    if (at_ != end_ && (*at_ == '.' || *at_ == 'e' || *at_ == 'E')) wrong("a whole number");
    return number;
  }

  unsigned parse_hex() {
    unsigned code = 0;
    for (int k = 0; k < 4; ++k, ++at_) {
      if (at_ == end_) wrong("four hexadecimal digits");
      const char c = *at_;
      unsigned digit = 0;
      if (c >= '0' && c <= '9')
        digit = static_cast<unsigned>(c - '0');
      else if (c >= 'a' && c <= 'f')
        digit = static_cast<unsigned>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        digit = static_cast<unsigned>(c - 'A' + 10);
      else
        wrong("four hexadecimal digits");
      code = 16 * code + digit;
    }
    return code;
  }

  static void append_utf8(unsigned code, std::string& out) {
    const auto byte = [&](unsigned value) { out.push_back(static_cast<char>(value)); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xc0 | (code >> 6));
      byte(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      byte(0xe0 | (code >> 12));
      byte(0x80 | ((code >> 6) & 0x3f));
      byte(0x80 | (code & 0x3f));
    } else {
      byte(0xf0 | (code >> 18));
      byte(0x80 | ((code >> 12) & 0x3f));
      byte(0x80 | ((code >> 6) & 0x3f));
      byte(0x80 | (code & 0x3f));
    }
  }

  void parse_escape(std::string& out) {
    if (at_ == end_) wrong("an escaped character");
    const char c = *at_++;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out.push_back(c);
        return;
      case 'b':
        out.push_back('\b');
        return;
      case 'f':
        out.push_back('\f');
        return;
      case 'n':
        out.push_back('\n');
        return;
      case 'r':
        out.push_back('\r');
        return;
      case 't':
        out.push_back('\t');
        return;
      case 'u':
        break;
      default:
        wrong("a known escape");
    }
    unsigned code = parse_hex();
    if (code >= 0xd800 && code < 0xdc00) {
      if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') wrong("the second half of a pair");
      at_ += 2;
      const unsigned low = parse_hex();
      if (low < 0xdc00 || low > 0xdfff) wrong("the second half of a pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
      wrong("the first half of a pair");
    }
    append_utf8(code, out);
  }

  std::string parse_text() {
    ++at_;
    std::string out;
    for (;;) {
      if (at_ == end_) wrong("a closing quote");
      const char c = *at_++;
      if (c == '"') return out;
      if (static_cast<unsigned char>(c) < 0x20) wrong("no control character in a string");
      if (c == '\\')
        parse_escape(out);
      else
        out.push_back(c);
    }
  }

  const char* at_;
  const char* begin_;
  const char* end_;
};

}  // namespace

const Value* Value::member(const std::string& name) const {
  for (const auto& [key, value] : members)
    if (key == name) return &value;
  return nullptr;
}

Value parse(const char* bytes, std::size_t size) {
  return Parser(bytes, size).document();
}

std::string quoted(const std::string& value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

}  // namespace laot::json
