#include "support/fixtures.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fixtures {

namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::string cell;
  std::istringstream in(line);
  while (std::getline(in, cell, ',')) cells.push_back(cell);
  if (!line.empty() && line.back() == ',') cells.emplace_back();
  return cells;
}

}  // namespace

std::size_t Table::column(const std::string& name) const {
  const auto it = std::find(columns.begin(), columns.end(), name);
  if (it == columns.end()) throw std::runtime_error("no column " + name);
  return static_cast<std::size_t>(it - columns.begin());
}

const std::string& Table::at(std::size_t row, const std::string& name) const {
  return rows.at(row).at(column(name));
}

double Table::number(std::size_t row, const std::string& name) const {
  return std::strtod(at(row, name).c_str(), nullptr);
}

std::string golden(const std::string& relative_path) {
  return std::string(LAOT_SOURCE_DIR) + "/tests/golden/" + relative_path;
}

Table read_table(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot open " + path);
  Table table;
  std::string line;
  while (std::getline(in, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    if (table.columns.empty())
      table.columns = split(line);
    else
      table.rows.push_back(split(line));
  }
  return table;
}

arma::mat read_cells(const std::string& path) {
  const Table table = read_table(path);
  arma::mat out(table.columns.size(), table.rows.size());
  for (std::size_t i = 0; i < table.rows.size(); ++i)
    for (std::size_t k = 0; k < table.columns.size(); ++k)
      out(k, i) = std::strtod(table.rows[i][k].c_str(), nullptr);
  return out;
}

bool close(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

}  // namespace fixtures
