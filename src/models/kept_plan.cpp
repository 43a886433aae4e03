#include "kept_plan.hpp"

#include <cmath>
#include <utility>

namespace laot {

void require_plan_of(const Model& model) {
  if (model.arrays.count("plan_mass") == 0) return;
  const std::size_t entries = model.arrays.at("plan_mass").n_elem;
  for (const auto& [name, cells] :
       {std::pair<const char*, std::size_t>{"plan_source", model.training.n},
        {"plan_target", model.training.m}}) {
    const auto found = model.arrays.find(name);
    require(found != model.arrays.end() && found->second.n_elem == entries, Status::bad_format,
            "the model file has ", entries, " masses of a plan and another number of ", name);
    for (const double cell : found->second)
      require(cell >= 0.0 && cell < static_cast<double>(cells) && cell == std::floor(cell),
              Status::bad_format, "the model file has ", name, " ", cell, " of ", cells, " cells");
  }
  for (const double mass : model.arrays.at("plan_mass"))
    require(mass >= 0.0 && std::isfinite(mass), Status::bad_format,
            "the model file has a plan with the mass ", mass);
}

}  // namespace laot
