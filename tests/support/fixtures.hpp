// Reading the golden CSV files, and comparing with them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "laot/armadillo.hpp"

namespace fixtures {

/// A CSV file with a header row, all cells as text.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;

  std::size_t column(const std::string& name) const;
  const std::string& at(std::size_t row, const std::string& column) const;
  double number(std::size_t row, const std::string& column) const;
};

/// The full path of a file below tests/golden.
std::string golden(const std::string& relative_path);

Table read_table(const std::string& path);

/// A numeric CSV of cells x features, returned as features x cells (cells are columns).
arma::mat read_cells(const std::string& path);

/// |a - b| <= tolerance * max(1, |b|): the larger of absolute and relative.
bool close(double a, double b, double tolerance);

}  // namespace fixtures
