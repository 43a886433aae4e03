#include "groups.hpp"

#include <map>

namespace laot {

namespace {

using CellsOfLabel = std::map<std::string, std::vector<std::size_t>>;

CellsOfLabel cells_by_label(const std::vector<std::string>& labels) {
  CellsOfLabel out;
  for (std::size_t i = 0; i < labels.size(); ++i) out[labels[i]].push_back(i);
  return out;
}

void require_labels(const std::vector<std::string>& labels, std::size_t cells, const char* whose) {
  require(labels.size() == cells, Status::dimension_mismatch, whose, " has ", labels.size(),
          " group labels for ", cells, " cells");
  for (std::size_t i = 0; i < labels.size(); ++i)
    require(!labels[i].empty(), Status::invalid_argument, whose,
            " has an empty group label, of cell ", i + 1,
            " (counted from 1); leave such cells out or give them a group");
}

}  // namespace

bool weighted_by_types(const Model& model) {
  return model.balanced && model.composition.centres.is_empty();
}

void require_groups(const HeldOut& held_out) {
  const bool predicts = held_out.model && held_out.control && !held_out.predicted;
  require(!predicts || !weighted_by_types(*held_out.model) || !held_out.control_groups.empty(),
          Status::invalid_argument,
          "the fit was balanced by types, and its scores need the type of each control cell: give "
          "these as the groups of control");
  const bool some = !held_out.observed_groups.empty() || !held_out.control_groups.empty();
  if (!some || (!held_out.control && !held_out.predicted)) return;
  const bool types_alone =
      held_out.observed_groups.empty() && held_out.model && weighted_by_types(*held_out.model);
  if (!types_alone) require_labels(held_out.observed_groups, held_out.observed.cells(), "observed");
  const std::size_t cells =
      held_out.predicted ? held_out.predicted->cells() : held_out.control->cells();
  require_labels(held_out.control_groups, cells, "control");
  require(!held_out.control || held_out.control->cells() == cells, Status::dimension_mismatch,
          "control has ", held_out.control ? held_out.control->cells() : 0,
          " cells and predicted has ", cells, "; with groups each predicted cell needs its own");
}

arma::vec weights_of_control(const HeldOut& held_out, Context& context) {
  if (!held_out.model || !held_out.model->balanced || held_out.predicted || !held_out.control)
    return {};
  const bool by_types = weighted_by_types(*held_out.model);
  return held_out.model->weights(
      *held_out.control, by_types ? held_out.control_groups : std::vector<std::string>(), context);
}

std::vector<Part> parts_of(const HeldOut& held_out) {
  std::vector<Part> out(1);
  const CellsOfLabel control = cells_by_label(held_out.control_groups);
  CellsOfLabel observed = cells_by_label(held_out.observed_groups);
  for (const std::string& label : held_out.observed_groups) {
    const auto own = observed.find(label);
    const auto theirs = control.find(label);
    if (own == observed.end() || theirs == control.end()) continue;
    out.push_back({label, std::move(own->second), theirs->second});
    observed.erase(own);
  }
  return out;
}

}  // namespace laot
