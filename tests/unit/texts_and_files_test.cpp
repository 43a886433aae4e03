// Numbers and letters as texts, and files that are replaced at once or not at all.
#include <doctest/doctest.h>
#include <sys/stat.h>
#ifndef _WIN32
#include <unistd.h>
#endif

#include <chrono>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <locale>
#include <thread>

#include "laot/base.hpp"
#include "laot/file_access.hpp"
#include "laot/letters.hpp"
#include "laot/model_file.hpp"
#include "laot/number_text.hpp"
#include "support/slowdown.hpp"

using namespace laot;

namespace {

struct Grouped : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

class Folder {
 public:
  Folder() {
    static int number = 0;
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    path_ = (std::filesystem::temp_directory_path() /
             ("laot_files_" + std::to_string(now) + "_" + std::to_string(++number)))
                .string();
    std::filesystem::create_directory(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::string path_;
};

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::string& path, const std::string& bytes) {
  Replacement file(path);
  file.write(bytes.data(), bytes.size());
  file.put_in_place();
}

#ifndef _WIN32
Status status_of_writing(const std::string& path) {
  try {
    put(path, "x");
  } catch (const Error& error) {
    return error.status();
  }
  return Status::ok;
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  stat(path.c_str(), &status);
  return status.st_mode & 0777u;
}
#endif

}  // namespace

TEST_CASE("texts of numbers are those of printf, in every locale") {
  const double values[] = {0.0,    -0.0,  0.3,       1e-5,       123456789.0,      1.0 / 3.0, 1e300,
                           1e-310, 20048, kInfinity, -kInfinity, 12345678901234.0, 5e-324};
  const std::locale before = std::locale::global(std::locale(std::locale(), new Grouped));
  for (const double value : values)
    for (int digits = 1; digits <= 17; ++digits) {
      char expected[64];
      std::snprintf(expected, sizeof expected, "%.*g", digits, value);
      CHECK(text_of_number(value, digits) == expected);
    }
  CHECK(text("n is ", 20048, ", ", 1234567.5, ' ', std::string("x"), -7, true) ==
        "n is 20048, 1234567.5 x-71");
  CHECK(text(UINT64_MAX, " ", INT64_MIN) == "18446744073709551615 -9223372036854775808");
  double back = 0.0;
  CHECK((number_of_text("1234.5", back) && back == 1234.5));
  std::locale::global(before);
  for (const double value : values) {
    CHECK(number_of_text(text_of_number(value, 17), back));
    CHECK((std::signbit(back) == std::signbit(value) && back == value));
  }
  CHECK((number_of_text("-nan", back) && std::isnan(back)));
  CHECK(text_of_bits(0x0123456789abcdefULL) == "0123456789abcdef");
}

TEST_CASE("what is no decimal number, or none that a double holds, is not taken for one") {
  double value = 7.0;
  for (const char* text :
       {"",       "-",     "+",     "+-1", "--1",   " 1",       "1 ",     "0x10",
        "0X1p3",  "1,5",   "1.5.2", "1e",  "1e400", "-1e400",   "1e-400", "-0.0001e-330",
        "nan(1)", "1_000", "1\n",   "e5",  ".",     "infinite", "1f",     "\xd9\xa1"}) {
    CAPTURE(text);
    CHECK_FALSE(number_of_text(text, value));
  }
  CHECK(value == 7.0);
  const std::pair<const char*, double> good[] = {
      {"+5", 5.0},     {"1e1", 10.0},      {".5", 0.5},          {"5.", 5.0},    {"-0", 0.0},
      {"0e-400", 0.0}, {"1e-310", 1e-310}, {"-inf", -kInfinity}, {"00012", 12.0}};
  for (const auto& [text, expected] : good) {
    CAPTURE(text);
    CHECK((number_of_text(text, value) && value == expected));
  }
}

TEST_CASE("letters of UTF-8 are told from foreign bytes") {
  CHECK(is_utf8("plain, \xc3\xa9, \xe2\x82\xac, \xf0\x9f\xa7\xac"));
  // U+0800, a Hangul letter, U+D7FF before the surrogates, U+10000, U+10FFFF: neighbours of what is
  // foreign.
  for (const char* letter :
       {"\xe0\xa0\x80", "\xed\x95\x9c", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CAPTURE(letter);
    CHECK(is_utf8(letter));
  }
  for (const char* foreign : {"\xb5m", "\xc0\xaf", "\xc1\x81", "\xe0\x80\x80", "\xed\xa0\x80",
                              "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80", "\xc3",
                              "\xe2\x82", "\xf0\x9f\xa7", "\xff", "a\x80"}) {
    CAPTURE(foreign);
    CHECK_FALSE(is_utf8(foreign));
  }
  CHECK_THROWS_AS(require_name("a\nb", "names", 0), Error);
  CHECK_THROWS_AS(require_name("\xb5m", "names", 0), Error);
  CHECK_NOTHROW(require_name("\xc2\xb5m \t\"\\", "names", 0));
}

TEST_CASE("a sentence is one line of whole letters") {
  char out[16];
  copy_sentence("a\nb\xff\x01z", out, sizeof out);
  CHECK(std::string(out) == "a b\\xff\\x01z");
  std::string accents;
  for (int k = 0; k < 40; ++k) accents += "\xc3\xa9";
  for (std::size_t size = 1; size < sizeof out; ++size) {
    copy_sentence(accents, out, size);
    CHECK(std::string(out) == accents.substr(0, (size - 1) / 2 * 2));
  }
}

TEST_CASE("a file is replaced at once or not at all") {
  const Folder folder;
  const std::string path = folder / "model";
  put(path, "first");
  CHECK(content(path) == "first");
  {
    Replacement given_up(path);
    given_up.write("half", 4);
    CHECK(folder.entries() == 2);
  }
  CHECK(content(path) == "first");
  CHECK(folder.entries() == 1);
  std::string large(300000, 'x');
  large += "end";
  put(path, large);
  CHECK(content(path) == large);
}

#ifndef _WIN32
TEST_CASE("a file that is replaced keeps its mode, and is reached through links") {
  const Folder folder;
  const std::string path = folder / "model";
  put(path, "first");
  chmod(path.c_str(), 0640);
  put(path, "second");
  CHECK(mode_of(path) == 0640u);
  const std::string link = folder / "link";
  REQUIRE(symlink("model", link.c_str()) == 0);
  put(link, "through a link");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(content(path) == "through a link");
  const std::string dangling = folder / "dangling";
  REQUIRE(symlink("new", dangling.c_str()) == 0);
  put(dangling, "new");
  CHECK(content(folder / "new") == "new");
  CHECK(folder.entries() == 4);
}

TEST_CASE("what is no regular file is not overwritten") {
  const Folder folder;
  const std::string pipe = folder / "pipe", round = folder / "round";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  REQUIRE(symlink("round", round.c_str()) == 0);
  for (const std::string& path :
       {std::string("/dev/null"), pipe, round, folder / "", folder / "no/x", std::string(),
        std::string("/proc/x"), folder / "nofolder/"}) {
    CAPTURE(path);
    CHECK(status_of_writing(path) == Status::io_error);
  }
  CHECK(folder.entries() == 2);
  CHECK_THROWS_AS(InputFile(folder / ""), Error);
  CHECK_THROWS_AS(InputFile(folder / "nothing"), Error);
  CHECK(small_file(folder / "nothing").empty());
}

#endif

TEST_CASE("two that write to one path do not disturb each other or a reader") {
  const Folder folder;
  const std::string path = folder / "model";
  ModelFile one, two;
  one.put("a", arma::mat(30, 30, arma::fill::ones));
  two.put_text("what", std::string(5000, 'b'));
  one.write(path);
  const auto write_often = [&](const ModelFile& file) {
    for (int k = 0; k < 50; ++k) file.write(path);
  };
  std::thread first(write_often, std::cref(one)), second(write_often, std::cref(two));
  bool whole = true;
  for (int k = 0; k < 200; ++k) {
    const ModelFile found = ModelFile::read(path);
    whole = whole && found.has("a") != found.has_text("what");
  }
  first.join();
  second.join();
  CHECK(whole);
  CHECK(folder.entries() == 1);
}

namespace {

std::string file_of(const std::string& header, std::size_t data) {
  std::string out(8, '\0');
  for (std::size_t k = 0, length = header.size(); k < 8; ++k, length >>= 8)
    out[k] = static_cast<char>(length & 0xff);
  return out + header + std::string(data, '\0');
}

std::string refusal(const std::string& bytes) {
  try {
    (void)ModelFile::parse(bytes.data(), bytes.size());
  } catch (const Error& error) {
    CHECK(error.status() == Status::bad_format);
    return error.what();
  }
  return "";
}

std::string tensor(const char* name, const char* shape, const char* place) {
  return std::string("\"") + name + "\":{\"dtype\":\"F64\",\"shape\":[" + shape +
         "],\"data_offsets\":[" + place + "]}";
}

}  // namespace

TEST_CASE("tensors of a file stand one behind the other") {
  CHECK(refusal(file_of("{" + tensor("b", "1", "8,16") + "," + tensor("a", "1", "0,8") + "}",
                        16)) == "");
  CHECK(refusal(file_of("{" + tensor("a", "1", "0,8") + "," + tensor("b", "1", "0,8") + "}", 16))
            .find("overlap") != std::string::npos);
  CHECK(refusal(file_of("{" + tensor("a", "1", "0,8") + "," + tensor("b", "1", "16,24") + "}", 24))
            .find("gap") != std::string::npos);
  CHECK(refusal(file_of("{" + tensor("a", "1", "8,16") + "}", 16)).find("gap") !=
        std::string::npos);
  CHECK(refusal(file_of("{" + tensor("a", "1", "0,8") + "}", 9)).find("cover") !=
        std::string::npos);
}

TEST_CASE("headers that are no JSON, or hold what no language can take, are refused") {
  for (const char* header :
       {"{\"a\":01}", "{\"a\":1,\"a\":2}", "{\"__metadata__\":{\"a\":\"\\u0000\"}}",
        "{\"__metadata__\":{\"\xff\":\"\"}}", "{\"__metadata__\":{\"a\\nb\":\"\"}}",
        "{\"__metadata__\":{\"a\":\"\xed\xa0\x80\"}}", "[]", "", "\"a\"",
        "{\"__metadata__\":[]}"}) {
    CAPTURE(header);
    CHECK(refusal(file_of(header, 0)) != "");
  }
  ModelFile file;
  file.put_text("names", "[\"a\\nb\"]");
  CHECK_THROWS_AS(file.texts("names"), Error);
  file.put_text("names", "[\"a\",1]");
  CHECK_THROWS_AS(file.texts("names"), Error);
  file.put_texts("names", {"a\"\\\x01\x1f", "\xc2\xb5"});
  CHECK(file.texts("names") == std::vector<std::string>{"a\"\\\x01\x1f", "\xc2\xb5"});
}

TEST_CASE("letters that are escaped in a header are read, with digits of either case") {
  const std::string bytes = file_of(
      "{\"__metadata__\":{\"small\":\"\\u00e9\",\"capital\":\"\\u00E9\",\"euro\":\"\\u20AC\","
      "\"dna\":\"\\uD83E\\uDDEC\"}}",
      0);
  const ModelFile file = ModelFile::parse(bytes.data(), bytes.size());
  CHECK(file.text_value("small") == "\xc3\xa9");
  CHECK(file.text_value("capital") == "\xc3\xa9");
  CHECK(file.text_value("euro") == "\xe2\x82\xac");
  CHECK(file.text_value("dna") == "\xf0\x9f\xa7\xac");
}

TEST_CASE("a hostile header costs no more than its own bytes") {
  std::string many = "{", twice = "{";
  for (int k = 0; k < 100000; ++k) {
    many += (k ? "," : "") + tensor(("t" + std::to_string(k)).c_str(), "0", "0,0");
    twice += std::string(k ? "," : "") + "\"n" + std::to_string(k) + "\":\"\"";
  }
  const double begun = processor_seconds();
  CHECK(refusal(file_of(many + "}", 8)) != "");
  CHECK(refusal(file_of(twice + ",\"n7\":\"\"}", 0)).find("twice") != std::string::npos);
  std::string numbers = "{\"a\":[0";
  for (int k = 0; k < 2000000; ++k) numbers += ",0";
  CHECK(refusal(file_of(numbers + "]}", 0)).find("values") != std::string::npos);
  CHECK(processor_seconds() - begun < 3.0 * kSlowdown);
}

TEST_CASE("a file of very many tensors, as of a model of thousands of conditions, is read again") {
  constexpr int kTensors = 150000;  // eight values each: more than 2^20
  ModelFile file;
  const arma::vec one(1, arma::fill::ones);
  for (int k = 0; k < kTensors; ++k) file.put(text("part.", k, ".value"), arma::vec(one * k));
  const std::string bytes = file.bytes();
  const ModelFile again = ModelFile::parse(bytes.data(), bytes.size());
  CHECK(again.tensor_names().size() == kTensors);
  CHECK(again.vector(text("part.", kTensors - 1, ".value"))[0] == kTensors - 1);
}

TEST_CASE("a file is refused by its header, before its numbers are read") {
#ifdef _WIN32  // where a file has its space on the disk at once
  constexpr std::uintmax_t kGiant = std::uintmax_t{1} << 24;
#else
  constexpr std::uintmax_t kGiant = std::uintmax_t{1} << 40;
#endif
  const Folder folder;
  const std::string path = folder / "giant";
  const std::string good = file_of("{" + tensor("a", "2", "0,16") + "}", 16);
  for (const std::string& head :
       {good, std::string("\0\0\0\0\0\x01\0\0", 8), std::string(), file_of("{", 0)}) {
    std::ofstream(path, std::ios::binary) << head;
    std::filesystem::resize_file(path, kGiant);
    CHECK_THROWS_AS(ModelFile::read(path), Error);
  }
  std::ofstream(path, std::ios::binary | std::ios::trunc) << good.substr(0, good.size() - 3);
  // Damage is told with the path in front; what the system says of a file names it itself.
  const auto refusal_of = [](const std::string& file) {
    try {
      (void)ModelFile::read(file);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("was read");
  };
  CHECK(refusal_of(path).find("\"" + path + "\": ") == 0);
  const std::string missing = refusal_of(folder / "missing");
  CHECK(missing.find("missing") != std::string::npos);
  CHECK(missing.find("missing") == missing.rfind("missing"));
  std::ofstream(path, std::ios::binary | std::ios::trunc) << good;
  CHECK(ModelFile::read(path).vector("a").n_elem == 2);
  // Of another kind, by its texts: none of a terabyte of numbers has been read.
  std::ofstream(path, std::ios::binary | std::ios::trunc) << file_of(
      "{" +
          tensor("a", std::to_string(kGiant / 8).c_str(), ("0," + std::to_string(kGiant)).c_str()) +
          "}",
      0);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + kGiant);
  CHECK_THROWS_WITH_AS(ModelFile::read(path,
                                       [](const ModelFile& texts) {
                                         require(texts.has_text("format"), Status::bad_format,
                                                 "of another kind");
                                       }),
                       doctest::Contains("of another kind"), Error);
  CHECK_THROWS_AS(ModelFile::read("/dev/zero"), Error);
  CHECK_THROWS_AS(ModelFile::read("/dev/null"), Error);
}
