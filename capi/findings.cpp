// Findings of an analysis, by name.
#include "handles.hpp"

using laot::Status;
using laot::capi::copy_out;
using laot::capi::free_handle;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;
using laot::capi::lines;
using laot::capi::names_of;

namespace {

template <class Pairs>
const auto& finding_of(const Pairs& pairs, const char* name, const char* what) {
  const std::string asked = given_text(name, "name");
  for (const auto& entry : pairs)
    if (entry.first == asked) return entry.second;
  laot::fail(Status::unknown_name, "there is no ", what, " \"", asked, "\"; there are ",
             pairs.empty() ? "none" : laot::joined(names_of(pairs)));
}

}  // namespace

extern "C" {

void laot_findings_free(laot_findings* findings) {
  free_handle(findings, "findings");
}

laot_status laot_findings_names(const laot_findings* findings, const char* what, char* buffer,
                                size_t size, size_t* needed) {
  return guarded([&] {
    given(findings, "findings");
    const std::string asked = given_text(what, "what");
    laot::require(asked == "numbers" || asked == "texts" || asked == "arrays" || asked == "tables",
                  Status::unknown_name, "what must be numbers, texts, arrays or tables, found \"",
                  asked, "\"");
    const std::vector<std::string> names = asked == "numbers"  ? names_of(findings->numbers)
                                           : asked == "texts"  ? names_of(findings->texts)
                                           : asked == "arrays" ? names_of(findings->arrays)
                                                               : names_of(findings->tables);
    copy_out(lines(names), buffer, size, needed);
  });
}

laot_status laot_findings_number(const laot_findings* findings, const char* name, double* value) {
  return guarded([&] {
    given(findings, "findings");
    given(value, "value") = finding_of(findings->numbers, name, "number");
  });
}

laot_status laot_findings_text(const laot_findings* findings, const char* name, char* buffer,
                               size_t size, size_t* needed) {
  return guarded([&] {
    given(findings, "findings");
    copy_out(finding_of(findings->texts, name, "text"), buffer, size, needed);
  });
}

laot_status laot_findings_array_size(const laot_findings* findings, const char* name, size_t* rows,
                                     size_t* cols) {
  return guarded([&] {
    given(findings, "findings");
    given(rows, "rows");
    given(cols, "cols");
    const arma::mat& array = finding_of(findings->arrays, name, "array");
    *rows = array.n_rows;
    *cols = array.n_cols;
  });
}

laot_status laot_findings_array(const laot_findings* findings, const char* name, double* out,
                                size_t length) {
  return guarded([&] {
    given(findings, "findings");
    given(out, "out");
    const arma::mat& array = finding_of(findings->arrays, name, "array");
    laot::require(length >= array.n_elem, Status::buffer_too_small, "out has room for ", length,
                  " numbers, the array needs ", array.n_elem);
    std::copy(array.begin(), array.end(), out);
  });
}

laot_status laot_findings_table(const laot_findings* findings, const char* name, laot_table** out) {
  return guarded([&] {
    given(findings, "findings");
    given(out, "out");
    laot::capi::hand_out_table(finding_of(findings->tables, name, "table"), out);
  });
}

}  // extern "C"
