// The results of all cases as JUnit XML, in the file that LAOT_JUNIT names; nothing without it.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "support/skip.hpp"

namespace {

std::string& skip_reason() {
  static std::string reason;
  return reason;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string file_name(const char* path) {
  const std::string all = path;
  const std::size_t slash = all.find_last_of("/\\");
  return slash == std::string::npos ? all : all.substr(slash + 1);
}

class Junit : public doctest::IReporter {
 public:
  explicit Junit(const doctest::ContextOptions&) {}

  void test_case_start(const doctest::TestCaseData& test) override {
    name_ = escaped(test.m_name);
    file_ = escaped(file_name(test.m_file.c_str()));
    failures_.clear();
    skip_reason().clear();
  }

  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", stats.seconds);
    std::string line =
        "  <testcase classname=\"" + file_ + "\" name=\"" + name_ + "\" time=\"" + seconds + "\">";
    if (stats.failure_flags != 0 && failures_.empty()) failures_ = "the case failed";
    if (!failures_.empty())
      line += "<failure message=\"" + failures_ + "\"/>";
    else if (!skip_reason().empty())
      line += "<skipped message=\"" + escaped(skip_reason()) + "\"/>";
    lines_.push_back(line + "</testcase>");
  }

  void test_case_exception(const doctest::TestCaseException& error) override {
    add(error.error_string.c_str());
  }

  void log_assert(const doctest::AssertData& data) override {
    if (data.m_failed)
      add(file_name(data.m_file) + ":" + std::to_string(data.m_line) + ": " + data.m_expr);
  }

  void log_message(const doctest::MessageData& data) override {
    if (data.m_severity != doctest::assertType::is_warn)
      add(file_name(data.m_file) + ":" + std::to_string(data.m_line) + ": " +
          data.m_string.c_str());
  }

  void test_run_end(const doctest::TestRunStats&) override {
    const char* path = std::getenv("LAOT_JUNIT");
    if (path == nullptr || *path == '\0' || lines_.empty()) return;
    std::ofstream out(path);
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"laot_tests\" tests=\""
        << lines_.size() << "\">\n";
    for (const std::string& line : lines_) out << line << "\n";
    out << "</testsuite>\n";
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  void add(const std::string& failure) {
    if (failures_.size() < 4000) failures_ += (failures_.empty() ? "" : " | ") + escaped(failure);
  }

  std::string name_, file_, failures_;
  std::vector<std::string> lines_;
};

REGISTER_LISTENER("laot_junit", 1, Junit);

}  // namespace

void skip_case(const std::string& why) {
  skip_reason() = why;
  MESSAGE("skipped: " << why);
}
