// Results with named, typed columns: what hosts show as a data frame.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "laot/base.hpp"

namespace laot {

using NumberColumn = std::vector<double>;  // NaN: undefined
using TextColumn = std::vector<std::string>;

/// Columns of one length, each with a name of its own, in the order in which they were added.
class Table {
 public:
  struct Column {
    std::string name;
    std::variant<NumberColumn, TextColumn> values;

    bool is_text() const { return std::holds_alternative<TextColumn>(values); }
    std::size_t rows() const;
  };

  /// Adds a column. Throws internal_error where the name is taken or the length is another.
  void add(const std::string& name, NumberColumn numbers);
  void add(const std::string& name, TextColumn texts);

  std::size_t rows() const { return columns_.empty() ? 0 : columns_.front().rows(); }
  const std::vector<Column>& columns() const { return columns_; }

  /// A column by its name; throws unknown_name with the names that there are.
  const Column& column(const std::string& name) const;
  /// Its values; throws invalid_argument where they are of the other type.
  const NumberColumn& numbers(const std::string& name) const;
  const TextColumn& texts(const std::string& name) const;

 private:
  void add_column(Column column);

  std::vector<Column> columns_;
};

}  // namespace laot
