#include "json.hpp"

#include <algorithm>

#include "laot/base.hpp"
#include "laot/letters.hpp"

namespace laot::json {

namespace {

constexpr int kDepth = 16;
// Values that a header may have: a tensor takes eight, and 70 bytes or more with a name of ours.
// Each byte of a file then costs a dozen of memory.
constexpr std::size_t kFewValues = std::size_t{1} << 20;
constexpr std::size_t kBytesOfValue = 8;
constexpr std::size_t kMostTexts = std::size_t{1} << 24;

class Parser {
 public:
  explicit Parser(std::string_view bytes)
      : at_(bytes.data()),
        begin_(at_),
        end_(at_ + bytes.size()),
        most_values_(kFewValues + bytes.size() / kBytesOfValue) {}

  Value document() {
    Value value = parse_value(0);
    skip_space();
    if (at_ != end_) wrong("nothing more");
    return value;
  }

  std::vector<std::string> texts() {
    std::vector<std::string> out;
    need('[', "a list");
    if (!take(']')) {
      do {
        if (out.size() == kMostTexts) wrong("no more texts");
        out.push_back(next_text("a text"));
      } while (take(','));
      need(']', "a comma or ]");
    }
    skip_space();
    if (at_ != end_) wrong("nothing more");
    return out;
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
    if (values_++ == most_values_) wrong("no more values");
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
        std::string name = next_text("a name in quotes");
        need(':', "a colon");
        value.members.emplace_back(std::move(name), parse_value(depth + 1));
      } while (take(','));
      need('}', "a comma or }");
      require_different_names(value);
    } else {
      wrong("a string, a whole number, an array or an object");
    }
    return value;
  }

  void require_different_names(const Value& object) const {
    std::vector<std::string_view> names;
    names.reserve(object.members.size());
    for (const auto& member : object.members) names.emplace_back(member.first);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    require(twice == names.end(), Status::bad_format,
            "the header of the model file is not valid JSON: it has the name \"",
            twice == names.end() ? std::string_view() : *twice, "\" twice");
  }

  std::string next_text(const char* expected) {
    skip_space();
    if (at_ == end_ || *at_ != '"') wrong(expected);
    return parse_text();
  }

  std::uint64_t parse_number() {
    std::uint64_t number = 0;
    if (*at_ == '0' && end_ - at_ > 1 && at_[1] >= '0' && at_[1] <= '9') wrong("no leading 0");
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
    if (code == 0) wrong("no NUL in a string");  // C ends its texts there
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
      if (c == '\\') {
        parse_escape(out);
        continue;
      }
      const std::size_t length =
          letter_length(std::string_view(at_ - 1, static_cast<std::size_t>(end_ - at_) + 1));
      if (length == 0) wrong("UTF-8");
      out.append(at_ - 1, length);
      at_ += length - 1;
    }
  }

  const char* at_;
  const char* begin_;
  const char* end_;
  std::size_t most_values_;
  std::size_t values_ = 0;
};

}  // namespace

const Value* Value::member(const std::string& name) const {
  for (const auto& [key, value] : members)
    if (key == name) return &value;
  return nullptr;
}

Value parse(std::string_view bytes) {
  return Parser(bytes).document();
}

std::vector<std::string> parse_texts(std::string_view bytes) {
  return Parser(bytes).texts();
}

std::string quoted(const std::string& value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      static const char digits[] = "0123456789abcdef";
      out += c < 0x10 ? "\\u000" : "\\u001";
      out.push_back(digits[static_cast<unsigned char>(c) & 15u]);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

}  // namespace laot::json
