// The golden cases of the lift, the marginals and the choice, as draws.cpp and the test see them.
#pragma once

#include <string>
#include <vector>

#include "laot/choice.hpp"
#include "support/fixtures.hpp"

namespace golden_cases {

inline std::vector<std::string> names() {
  return {"plain", "two_levels", "donors"};
}

struct Case {
  arma::mat x, y, fresh;
  std::vector<std::uint32_t> batch_x, batch_y;
};

inline std::vector<std::uint32_t> read_levels(const std::string& path) {
  std::vector<std::uint32_t> out;
  for (const double level : fixtures::read_cells(path))
    out.push_back(static_cast<std::uint32_t>(level));
  return out;
}

inline Case read(const std::string& name) {
  const std::string stem = fixtures::golden("nonlinear/" + name);
  Case out;
  out.x = fixtures::read_cells(stem + "_x.csv");
  out.y = fixtures::read_cells(stem + "_y.csv");
  out.fresh = fixtures::read_cells(stem + "_new.csv");
  if (name == "plain") return out;
  out.batch_x = read_levels(stem + "_batch_x.csv");
  out.batch_y = read_levels(stem + "_batch_y.csv");
  return out;
}

inline laot::LiftOptions lift_options() {
  laot::LiftOptions out;
  out.landmarks = 30;
  return out;
}

inline laot::ChoiceOptions choice_options() {
  laot::ChoiceOptions out;
  out.lift = lift_options();
  out.fewest_cells = 50;
  return out;
}

inline laot::ChoiceCells cells_of(const Case& data) {
  return {laot::Cells::dense(data.x), laot::Cells::dense(data.y), data.batch_x, data.batch_y};
}

}  // namespace golden_cases
