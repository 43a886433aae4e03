// The coupling of a fit as a result: which control cells go with which treated ones.
#pragma once

#include <string>
#include <vector>

#include "laot/models.hpp"
#include "laot/table.hpp"

namespace laot {

/// Mass that goes from control to treated cells; masses sum to 1. Entries by source, then target.
struct Pairing {
  std::size_t n = 0, m = 0;  // control and treated cells
  std::vector<std::size_t> source, target;
  std::vector<double> mass;
};

/// The last plan of a laot model, over its training cells in their order. Throws not_available for
/// models of other methods.
Pairing pairing_of(const Model& model);

/// Which group goes where: one row for each pair of a group of control cells and one of treated
/// cells, in the order in which the groups are met. Columns: from, to, mass (that goes from one to
/// the other), share (of the mass of `from`), expected (mass if groups did not matter: the product
/// of what leaves `from` and what arrives at `to`). One label for each cell.
Table transitions(const Pairing& pairing, const std::vector<std::string>& from,
                  const std::vector<std::string>& to);

/// Descendants: the treated cells that the chosen control cells go to; ancestors: the control cells
/// that the chosen treated cells come from.
enum class Direction { descendants, ancestors };
Direction direction_from(const std::string& name);  // throws unknown_name

/// The partners of the chosen cells (from 0, each once): columns cell (from 0), name (empty where
/// the model has none) and mass, which sums to 1, the largest first, ties by position.
Table partners(const Model& model, const Pairing& pairing, Direction direction,
               const std::vector<std::size_t>& chosen);

}  // namespace laot
