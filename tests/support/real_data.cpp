#include "support/real_data.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>

#include "support/fixtures.hpp"

namespace real_data {

namespace {

std::string path(const std::string& name) {
  return std::string(LAOT_SHARED_DIR) + "/data/" + name;
}

std::string unzipped(const std::string& name) {
  const std::string command = "gzip -dc '" + path(name) + "'";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (!pipe) throw std::runtime_error("cannot run gzip");
  std::string out;
  std::array<char, 1 << 16> buffer;
  for (std::size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;)
    out.append(buffer.data(), got);
  return out;
}

std::vector<std::vector<std::string>> rows_of(const std::string& content) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(content);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    rows.push_back(cells);
  }
  return rows;
}

// Counts to log2(count / size factor + 1), for the wanted rows (0-based) only.
arma::mat normalised(const std::string& name, const std::vector<std::size_t>& wanted) {
  const std::string content = unzipped(name);
  const char* at = content.c_str();
  while (*at == '%') at = std::strchr(at, '\n') + 1;
  char* end = nullptr;
  std::strtol(at, &end, 10);  // genes
  const std::size_t cells = std::strtoul(end, &end, 10);
  const std::size_t entries = std::strtoul(end, &end, 10);
  std::map<std::size_t, std::size_t> position;
  for (std::size_t k = 0; k < wanted.size(); ++k) position[wanted[k]] = k;
  arma::mat out(wanted.size(), cells, arma::fill::zeros);
  std::vector<double> library(cells, 0.0);
  for (std::size_t e = 0; e < entries; ++e) {
    const std::size_t row = std::strtoul(end, &end, 10) - 1;
    const std::size_t column = std::strtoul(end, &end, 10) - 1;
    const double count = std::strtod(end, &end);
    library[column] += count;
    const auto found = position.find(row);
    if (found != position.end()) out(found->second, column) = count;
  }
  double mean = 0.0;
  for (const double size : library) mean += size / static_cast<double>(cells);
  for (std::size_t i = 0; i < cells; ++i)
    for (std::size_t k = 0; k < out.n_rows; ++k)
      out(k, i) = std::log2(out(k, i) / (library[i] / mean) + 1.0);
  return out;
}

std::vector<std::size_t> listed_rows(const std::string& name) {
  const fixtures::Table table = fixtures::read_table(path(name));
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < table.rows.size(); ++r)
    rows.push_back(static_cast<std::size_t>(table.number(r, "row")) - 1);
  return rows;
}

arma::mat columns(const arma::mat& all, const std::vector<std::size_t>& index) {
  arma::mat out(all.n_rows, index.size());
  for (std::size_t i = 0; i < index.size(); ++i) out.col(i) = all.col(index[i]);
  return out;
}

}  // namespace

bool available() {
  return std::ifstream(path("README.md")).good();
}

Populations pbmc(int genes) {
  const arma::mat all =
      normalised("pbmc_counts.mtx.gz", listed_rows("pbmc_hvg" + std::to_string(genes) + ".csv"));
  return {all.cols(0, 999), all.cols(1000, 1999)};
}

Populations gbm(int genes) {
  std::vector<std::size_t> rows = listed_rows("gbm_hvg50.csv");
  if (genes == 300) {
    rows.resize(300);
    for (std::size_t k = 0; k < 300; ++k) rows[k] = k;
  }
  const arma::mat all = normalised("gbm_counts.mtx.gz", rows);
  const auto cells = rows_of(unzipped("gbm_cells.csv.gz"));
  std::set<std::string> patients;
  for (std::size_t r = 1; r < cells.size(); ++r) patients.insert(cells[r][1]);
  std::array<std::vector<std::size_t>, 2> chosen;
  for (const std::string& patient : patients) {
    std::array<int, 2> taken{0, 0};
    for (std::size_t r = 1; r < cells.size(); ++r) {
      const std::size_t side = cells[r][2] == "ctrl" ? 0 : 1;
      if (cells[r][1] == patient && taken[side]++ < 200) chosen[side].push_back(r - 1);
    }
  }
  return {columns(all, chosen[0]), columns(all, chosen[1])};
}

Populations hsmm(int hours) {
  const auto rows = rows_of(unzipped("hsmm_top50_log1p.csv.gz"));
  std::array<std::vector<std::size_t>, 2> chosen;
  arma::mat all(rows[0].size() - 2, rows.size() - 1);
  for (std::size_t r = 1; r < rows.size(); ++r) {
    for (std::size_t k = 0; k < all.n_rows; ++k)
      all(k, r - 1) = std::strtod(rows[r][k + 2].c_str(), nullptr);
    const int at = std::atoi(rows[r][1].c_str());
    if (at == 0) chosen[0].push_back(r - 1);
    if (at == hours) chosen[1].push_back(r - 1);
  }
  return {columns(all, chosen[0]), columns(all, chosen[1])};
}

Populations simulated() {
  const auto rows = rows_of(unzipped("simulated_drugs.csv.gz"));
  std::array<std::vector<std::size_t>, 2> chosen;
  arma::mat all(rows[0].size() - 1, rows.size() - 1);
  for (std::size_t r = 1; r < rows.size(); ++r) {
    for (std::size_t k = 0; k < all.n_rows; ++k)
      all(k, r - 1) = std::strtod(rows[r][k + 1].c_str(), nullptr);
    if (rows[r][0] == "control") chosen[0].push_back(r - 1);
    if (rows[r][0] == "abexinostat") chosen[1].push_back(r - 1);
  }
  return {columns(all, chosen[0]), columns(all, chosen[1])};
}

namespace {

// The fields of a line, with quotes taken off.
std::vector<std::vector<std::string>> table_of(const std::string& file) {
  std::vector<std::vector<std::string>> rows = rows_of(unzipped(file));
  for (auto& row : rows)
    for (std::string& field : row)
      if (field.size() > 1 && field.front() == '"') field = field.substr(1, field.size() - 2);
  return rows;
}

std::size_t place(const std::vector<std::string>& header, const std::string& column) {
  for (std::size_t k = 0; k < header.size(); ++k)
    if (header[k] == column) return k;
  throw std::runtime_error("no column " + column);
}

}  // namespace

arma::mat cells_where(const std::string& file, const std::string& column, const std::string& value,
                      const std::vector<std::string>& others) {
  const auto rows = table_of(file);
  const std::set<std::string> left(others.begin(), others.end());
  std::vector<std::size_t> features, chosen;
  for (std::size_t k = 0; k < rows[0].size(); ++k)
    if (rows[0][k] != column && left.count(rows[0][k]) == 0) features.push_back(k);
  const std::size_t at = place(rows[0], column);
  for (std::size_t r = 1; r < rows.size(); ++r)
    if (rows[r][at] == value) chosen.push_back(r);
  arma::mat out(features.size(), chosen.size());
  for (std::size_t i = 0; i < chosen.size(); ++i)
    for (std::size_t k = 0; k < features.size(); ++k)
      out(k, i) = std::strtod(rows[chosen[i]][features[k]].c_str(), nullptr);
  return out;
}

std::vector<std::string> labels_where(const std::string& file, const std::string& column,
                                      const std::string& value, const std::string& wanted) {
  const auto rows = table_of(file);
  const std::size_t at = place(rows[0], column), label = place(rows[0], wanted);
  std::vector<std::string> out;
  for (std::size_t r = 1; r < rows.size(); ++r)
    if (rows[r][at] == value) out.push_back(rows[r][label]);
  return out;
}

Split split(const Populations& cells, const std::string& set, int seed) {
  const fixtures::Table table = fixtures::read_table(fixtures::golden("splits/" + set + ".csv"));
  std::array<std::vector<std::size_t>, 2> parts;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    if (static_cast<int>(table.number(r, "seed")) != seed) continue;
    parts[table.at(r, "part") == "train" ? 0 : 1].push_back(
        static_cast<std::size_t>(table.number(r, "index")));
  }
  return {{columns(cells.control, parts[0]), columns(cells.treated, parts[0])},
          {columns(cells.control, parts[1]), columns(cells.treated, parts[1])}};
}

}  // namespace real_data
