// Golden tensors in the long form `..., tensor, row, col, value`.
#pragma once

#include <map>
#include <string>

#include "support/fixtures.hpp"

namespace fixtures {

/// All rows of `table` whose named columns equal the given values, gathered by tensor name.
inline std::map<std::string, arma::mat> tensors(const Table& table,
                                                const std::map<std::string, std::string>& where) {
  std::map<std::string, arma::mat> out;
  const std::size_t name = table.column("tensor"), row = table.column("row"),
                    col = table.column("col"), value = table.column("value");
  std::map<std::size_t, std::string> columns;
  for (const auto& [key, wanted] : where) columns[table.column(key)] = wanted;
  for (const auto& line : table.rows) {
    bool wanted = true;
    for (const auto& [column, text] : columns) wanted = wanted && line[column] == text;
    if (!wanted) continue;
    arma::mat& tensor = out[line[name]];
    const auto r = static_cast<arma::uword>(std::stoul(line[row]));
    const auto c = static_cast<arma::uword>(std::stoul(line[col]));
    if (r >= tensor.n_rows || c >= tensor.n_cols)
      tensor.resize(std::max(tensor.n_rows, r + 1), std::max(tensor.n_cols, c + 1));
    tensor(r, c) = std::strtod(line[value].c_str(), nullptr);
  }
  return out;
}

}  // namespace fixtures
