// Errors, the random generator and its distributions. Depends on nothing else of the library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace laot {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();  // a value that is not defined

/// Kinds of failure. The numbers are part of the C contract (capi/laot.h) and never change.
enum class Status : int {
  ok = 0,
  invalid_argument = -1,  // a value outside its range, a NULL, a wrong type
  dimension_mismatch = -2,
  not_finite = -3,    // NaN or Inf in the input, or squared distances that underflow
  unknown_name = -4,  // a method, parameter, metric, report entry or feature that does not exist
  out_of_memory = -5,
  cancelled = -6,
  io_error = -7,
  bad_format = -8,  // a file or byte string that is not a valid model
  numerical_failure = -9,
  not_available = -10,  // the thing exists for other methods, not for this object
  buffer_too_small = -11,
  internal_error = -99
};

/// The value that an error is about: of which argument, feature and cell, from 0.
struct Place {
  std::string argument;  // empty: the error is about no single value
  std::size_t feature = 0, cell = 0;
  double value = 0.0;
};

/// A word in a sentence that each language spells in its own way: the name of a parameter
/// ("keep_cells"), the value of a flag ("true").
struct Spelled {
  enum class As { parameter, flag };
  As as;
  std::string word;
};
inline Spelled parameter_name(const std::string& name) {
  return {Spelled::As::parameter, name};
}
inline Spelled flag_value(bool value) {
  return {Spelled::As::flag, value ? "true" : "false"};
}

/// Where a Spelled stands in a sentence, in bytes.
struct SpelledPart {
  Spelled::As as;
  std::size_t begin, length;
};

/// The one exception type of the core. `what()` is one sentence that names the argument and what
/// was found; it is what the user reads.
class Error : public std::runtime_error {
 public:
  Error(Status status, const std::string& message, Place place = {},
        std::vector<SpelledPart> spelled = {})
      : std::runtime_error(message),
        status_(status),
        place_(std::move(place)),
        spelled_(std::move(spelled)) {}
  Status status() const noexcept { return status_; }
  const Place& place() const noexcept { return place_; }
  const std::vector<SpelledPart>& spelled() const noexcept { return spelled_; }

 private:
  Status status_;
  Place place_;
  std::vector<SpelledPart> spelled_;  // in the order of the sentence
};

namespace detail {
void append(std::string& out, long long value);
void append(std::string& out, unsigned long long value);
void append(std::string& out, double value);

template <class Part>
void append_part(std::string& out, const Part& part) {
  if constexpr (std::is_same_v<Part, char>)
    out.push_back(part);
  else if constexpr (std::is_floating_point_v<Part>)
    append(out, static_cast<double>(part));
  else if constexpr (std::is_integral_v<Part> && std::is_signed_v<Part>)
    append(out, static_cast<long long>(part));
  else if constexpr (std::is_integral_v<Part>)
    append(out, static_cast<unsigned long long>(part));
  else
    out += std::string_view(part);
}

}  // namespace detail

/// Concatenates its arguments: `text("n is ", 3)`. Numbers have 12 digits and look alike in every
/// locale; no stream, because a stream has a locale and keeps silent when memory runs out.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::string out;
  (detail::append_part(out, parts), ...);
  return out;
}

/// A sentence or a part of one, made as text() makes it, that remembers its words that are spelled
/// differently elsewhere.
struct Sentence {
  std::string text;
  std::vector<SpelledPart> spelled;  // in the order of the text

  /// A part may also be a Spelled, a Sentence, or an Error, whose sentence it is.
  template <class... Parts>
  Sentence& say(const Parts&... parts) {
    (append(parts), ...);
    return *this;
  }

 private:
  template <class Part>
  void append(const Part& part) {
    if constexpr (std::is_same_v<Part, Spelled>) {
      spelled.push_back({part.as, text.size(), part.word.size()});
      text += part.word;
    } else if constexpr (std::is_same_v<Part, Sentence>) {
      append(part.text, part.spelled);
    } else if constexpr (std::is_same_v<Part, Error>) {
      append(part.what(), part.spelled());
    } else {
      detail::append_part(text, part);
    }
  }
  void append(std::string_view other, const std::vector<SpelledPart>& its_spelled) {
    for (SpelledPart inner : its_spelled) {
      inner.begin += text.size();
      spelled.push_back(inner);
    }
    text += other;
  }
};

/// Throws an Error whose sentence is made of the parts, as Sentence::say() makes it.
template <class... Parts>
[[noreturn]] void fail(Status status, const Parts&... parts) {
  Sentence sentence;
  sentence.say(parts...);
  throw Error(status, sentence.text, {}, std::move(sentence.spelled));
}

template <class... Parts>
void require(bool condition, Status status, const Parts&... parts) {
  if (!condition) fail(status, parts...);
}

/// The candidate that was probably meant by `name`, for "did you mean": one letter off, or else the
/// shortest that holds it, or else one that looks like it (empty if none does). Letters of another
/// case are nearer than other letters.
std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates);

/// `items` as "a, b, c".
std::string joined(const std::vector<std::string>& items);
/// "a, b and 3 more"; one more than `most` are shown all.
std::string some_of(const std::vector<std::string>& items, std::size_t most);

/// "1 feature", "12 features".
template <class Count>
std::string counted(Count count, const char* unit) {
  return text(count, " ", unit, count == 1 ? "" : "s");
}

/// Adds a clause to a sentence, "a; b", where there is one.
void add_clause(std::string& sentence, const std::string& clause);

/// xoshiro256++ (Blackman & Vigna, 2021) seeded by splitmix64, with our own distributions: one seed
/// gives the same numbers in every language, build and thread count.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  /// A generator for an independent task; depends only on (seed, stream), never on draws made.
  Rng stream(std::uint64_t stream) const;

  std::uint64_t bits();                                 // 64 random bits
  double uniform();                                     // [0, 1), 53 bits
  double uniform(double low, double high);              // [low, high)
  double normal();                                      // N(0, 1), Marsaglia's polar method
  std::uint64_t below(std::uint64_t bound);             // uniform on 0 .. bound-1, unbiased
  std::vector<std::size_t> permutation(std::size_t n);  // of 0 .. n-1, Fisher-Yates
  std::vector<std::size_t> sample(std::size_t n, std::size_t count);  // without replacement, in
                                                                      // random order

  /// The whole state, so that interrupted work can go on with the same numbers.
  struct State {
    std::uint64_t seed;
    std::array<std::uint64_t, 4> words;
    double spare;
    bool has_spare;
  };
  State state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  State state_;
};

}  // namespace laot
