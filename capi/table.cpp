// Tables with named, typed columns.
#include "handles.hpp"

using laot::Status;
using laot::capi::copy_out;
using laot::capi::free_handle;
using laot::capi::given;
using laot::capi::given_text;
using laot::capi::guarded;
using laot::capi::lines;

namespace {

const laot::Table& table_of(const laot_table* table) {
  return given(table, "table").table;
}

}  // namespace

extern "C" {

void laot_table_free(laot_table* table) {
  free_handle(table, "table");
}

laot_status laot_table_size(const laot_table* table, size_t* rows, size_t* columns) {
  return guarded([&] {
    const laot::Table& t = table_of(table);
    given(rows, "rows");
    given(columns, "columns");
    *rows = t.rows();
    *columns = t.columns().size();
  });
}

laot_status laot_table_names(const laot_table* table, char* buffer, size_t size, size_t* needed) {
  return guarded([&] {
    std::vector<std::string> names;
    for (const laot::Table::Column& column : table_of(table).columns())
      names.push_back(column.name);
    copy_out(lines(names), buffer, size, needed);
  });
}

laot_status laot_table_column_type(const laot_table* table, const char* name, int* type) {
  return guarded([&] {
    const laot::Table::Column& column = table_of(table).column(given_text(name, "name"));
    given(type, "type") = column.is_text() ? LAOT_COLUMN_TEXT : LAOT_COLUMN_NUMBER;
  });
}

laot_status laot_table_numbers(const laot_table* table, const char* name, double* out,
                               size_t length) {
  return guarded([&] {
    const laot::NumberColumn& numbers = table_of(table).numbers(given_text(name, "name"));
    given(out, "out");
    laot::require(length >= numbers.size(), Status::buffer_too_small, "out has room for ", length,
                  " numbers, the column has ", numbers.size());
    std::copy(numbers.begin(), numbers.end(), out);
  });
}

laot_status laot_table_texts(const laot_table* table, const char* name, char* buffer, size_t size,
                             size_t* needed) {
  return guarded([&] {
    const laot::TextColumn& texts = table_of(table).texts(given_text(name, "name"));
    std::size_t length = 0;
    for (const std::string& text : texts) length += text.size() + 1;
    given(needed, "needed") = length;
    if (buffer == nullptr && size == 0) return;
    given(buffer, "buffer");
    laot::require(size >= length, Status::buffer_too_small, "buffer has ", size,
                  " bytes, needed are ", length);
    for (const std::string& text : texts)
      buffer = std::copy_n(text.c_str(), text.size() + 1, buffer);
  });
}

}  // extern "C"
