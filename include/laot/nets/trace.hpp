// A look at a run is a row of numbers; its columns have names.
#pragma once

#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace laot::nets {

template <class Row, class Value>
struct TraceColumn {
  const char* name;
  Value Row::*member;
};

template <class Row, class Value>
constexpr TraceColumn<Row, Value> column(const char* name, Value Row::*member) {
  return {name, member};
}

/// The values of a row, in the order of Row::columns(), a tuple of TraceColumns.
template <class Row>
std::vector<double> values_of(const Row& row) {
  return std::apply(
      [&](auto... c) { return std::vector<double>{static_cast<double>(row.*(c.member))...}; },
      Row::columns());
}

/// The row with these values.
template <class Row>
Row row_of(const std::vector<double>& values) {
  Row out{};
  auto value = values.begin();
  const auto set = [&](auto& member) {
    member = static_cast<std::decay_t<decltype(member)>>(*value++);
  };
  std::apply([&](auto... c) { (set(out.*(c.member)), ...); }, Row::columns());
  return out;
}

/// The columns by name, of the rows from `first` on.
template <class Row>
std::vector<std::pair<std::string, std::vector<double>>> columns_of_trace(
    const std::vector<Row>& rows, std::size_t first) {
  std::vector<std::pair<std::string, std::vector<double>>> out;
  std::apply([&](auto... c) { (out.push_back({c.name, {}}), ...); }, Row::columns());
  for (std::size_t i = first; i < rows.size(); ++i) {
    const std::vector<double> values = values_of(rows[i]);
    for (std::size_t c = 0; c < values.size(); ++c) out[c].second.push_back(values[c]);
  }
  return out;
}

}  // namespace laot::nets
