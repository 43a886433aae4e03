#include "laot/pairing.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace laot {

namespace {

std::vector<std::size_t> whole_numbers(const arma::mat& column) {
  std::vector<std::size_t> out;
  for (const double value : column) out.push_back(static_cast<std::size_t>(value));
  return out;
}

// Labels as numbers in the order of their first appearance.
struct Groups {
  std::vector<std::string> names;
  std::vector<std::size_t> of_cell;
};

Groups groups_of(const std::vector<std::string>& labels, std::size_t cells, const char* argument) {
  require(labels.size() == cells, Status::dimension_mismatch, argument, " has ", labels.size(),
          " labels, and the fit has ", cells, " such cells");
  Groups out;
  std::map<std::string, std::size_t> number;
  for (const std::string& label : labels) {
    const auto [place, is_new] = number.emplace(label, out.names.size());
    if (is_new) out.names.push_back(label);
    out.of_cell.push_back(place->second);
  }
  return out;
}

std::string name_of_cell(const SharedNames& names, std::size_t cell) {
  return names && cell < names->size() ? (*names)[cell] : std::string();
}

std::set<std::size_t> chosen_cells(const std::vector<std::size_t>& chosen, std::size_t cells) {
  require(!chosen.empty(), Status::invalid_argument, "cells is empty; give at least one");
  for (const std::size_t cell : chosen)
    require(cell < cells, Status::invalid_argument, "cells has ", cell,
            ", and the fit has the cells 0 to ", cells - 1);
  return {chosen.begin(), chosen.end()};
}

}  // namespace

Pairing pairing_of(const Model& model) {
  model.require_one("a pairing");
  require(model.arrays.count("plan_mass") != 0, Status::not_available, "a model of method ",
          model.method(), " has no pairing; fit with laot");
  Pairing out;
  out.n = model.training.n;
  out.m = model.training.m;
  out.source = whole_numbers(model.arrays.at("plan_source"));
  out.target = whole_numbers(model.arrays.at("plan_target"));
  const arma::mat& mass = model.arrays.at("plan_mass");
  out.mass.assign(mass.begin(), mass.end());
  return out;
}

Table transitions(const Pairing& pairing, const std::vector<std::string>& from,
                  const std::vector<std::string>& to) {
  const Groups source = groups_of(from, pairing.n, "from"), target = groups_of(to, pairing.m, "to");
  arma::mat mass(source.names.size(), target.names.size(), arma::fill::zeros);
  for (std::size_t e = 0; e < pairing.mass.size(); ++e)
    mass(source.of_cell[pairing.source[e]], target.of_cell[pairing.target[e]]) += pairing.mass[e];
  const arma::vec leaves = arma::sum(mass, 1);
  const arma::rowvec arrives = arma::sum(mass, 0);
  TextColumn from_column, to_column;
  NumberColumn mass_column, share, expected;
  for (std::size_t a = 0; a < source.names.size(); ++a)
    for (std::size_t b = 0; b < target.names.size(); ++b) {
      from_column.push_back(source.names[a]);
      to_column.push_back(target.names[b]);
      mass_column.push_back(mass(a, b));
      share.push_back(leaves[a] > 0.0 ? mass(a, b) / leaves[a] : kNaN);
      expected.push_back(leaves[a] * arrives[b]);
    }
  Table out;
  out.add("from", std::move(from_column));
  out.add("to", std::move(to_column));
  out.add("mass", std::move(mass_column));
  out.add("share", std::move(share));
  out.add("expected", std::move(expected));
  return out;
}

Direction direction_from(const std::string& name) {
  if (name == "descendants") return Direction::descendants;
  if (name == "ancestors") return Direction::ancestors;
  fail(Status::unknown_name, "direction must be descendants or ancestors, found \"", name, "\"");
}

Table partners(const Model& model, const Pairing& pairing, Direction direction,
               const std::vector<std::size_t>& chosen) {
  const bool forward = direction == Direction::descendants;
  const auto &own = forward ? pairing.source : pairing.target,
             &other = forward ? pairing.target : pairing.source;
  const SharedNames& names = forward ? model.training.treated_names : model.training.control_names;
  const std::set<std::size_t> is_chosen = chosen_cells(chosen, forward ? pairing.n : pairing.m);
  std::map<std::size_t, double> mass;
  double all = 0.0;
  for (std::size_t e = 0; e < own.size(); ++e)
    if (is_chosen.count(own[e]) != 0) {
      mass[other[e]] += pairing.mass[e];
      all += pairing.mass[e];
    }
  std::vector<std::pair<std::size_t, double>> order(mass.begin(), mass.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  NumberColumn cell, share;
  TextColumn name;
  for (const auto& [index, of_cell] : order) {
    if (!(of_cell > 0.0)) break;
    cell.push_back(static_cast<double>(index));
    name.push_back(name_of_cell(names, index));
    share.push_back(of_cell / all);
  }
  Table out;
  out.add("cell", std::move(cell));
  out.add("name", std::move(name));
  out.add("mass", std::move(share));
  return out;
}

}  // namespace laot
