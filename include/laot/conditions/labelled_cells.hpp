// The conditions of labelled cells: what stands in columns, a value for each cell, as covariates of
// conditions, and the control cells that go with each.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "laot/experiment.hpp"

namespace laot {

/// One value that a column has at a cell: a level, or a number. Neither: it is missing. A cell with
/// a combination has several, in order.
struct LabelledValue {
  std::size_t cell = 0;
  std::string covariate, level;
  double number = kNaN;
};

struct LabelledCells {
  std::vector<std::string> labels;   // the condition of each cell; empty: of none
  std::string control;               // the label of control cells
  std::vector<std::string> targets;  // the labels of the conditions, in the order wanted
  std::vector<LabelledValue> values;
  std::string combine;              // between the parts of a level; empty: levels are whole
  std::string missing = "missing";  // the host's word for a value that is not there
};

struct LabelledConditions {
  std::vector<Condition> conditions;               // of the targets
  std::vector<std::size_t> control_of;             // the control population of each
  std::vector<std::vector<std::size_t>> controls;  // cells of each control population
};

/// The rules, for every language:
/// - a level is missing where it is blank, or NA, N/A, <NA>, NaN or NULL in any case; a number
///   where it is NaN;
/// - where a level of a column has `combine`, all are split at it, without blanks at the ends, and
///   parts that all are numbers are numbers;
/// - a covariate has one value in all cells of a condition, and is missing in none of these;
/// - a combination does not name the control;
/// - the dose (the first covariate of numbers of which a condition has several, else the first
///   without a negative one) is 0 or missing in control cells;
/// - covariates of one level each, of which control cells have one that a condition has, are a
///   context (a cell line, a plate): each condition goes with the control cells of its own, else
///   with all of them.
/// Throws invalid_argument in one sentence that names the covariate and the condition.
LabelledConditions read_conditions(const LabelledCells& cells);

}  // namespace laot
