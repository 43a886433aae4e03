#include "laot/table.hpp"

#include <utility>

namespace laot {

std::size_t Table::Column::rows() const {
  return std::visit([](const auto& entries) { return entries.size(); }, values);
}

void Table::add(const std::string& name, NumberColumn numbers) {
  add_column({name, std::move(numbers)});
}

void Table::add(const std::string& name, TextColumn texts) {
  add_column({name, std::move(texts)});
}

void Table::add_column(Column column) {
  require(columns_.empty() || column.rows() == rows(), Status::internal_error, "column \"",
          column.name, "\" has ", column.rows(), " rows in a table of ", rows());
  for (const Column& other : columns_)
    require(other.name != column.name, Status::internal_error, "two columns are called \"",
            column.name, "\"");
  columns_.push_back(std::move(column));
}

const Table::Column& Table::column(const std::string& name) const {
  std::vector<std::string> names;
  for (const Column& column : columns_) {
    if (column.name == name) return column;
    names.push_back(column.name);
  }
  fail(Status::unknown_name, "there is no column \"", name, "\"; there are ", joined(names));
}

const NumberColumn& Table::numbers(const std::string& name) const {
  const Column& found = column(name);
  require(!found.is_text(), Status::invalid_argument, "column \"", name, "\" holds texts");
  return std::get<NumberColumn>(found.values);
}

const TextColumn& Table::texts(const std::string& name) const {
  const Column& found = column(name);
  require(found.is_text(), Status::invalid_argument, "column \"", name, "\" holds numbers");
  return std::get<TextColumn>(found.values);
}

}  // namespace laot
