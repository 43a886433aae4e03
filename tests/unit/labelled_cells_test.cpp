// Columns of labelled cells, read as covariates of conditions.
#include <doctest/doctest.h>

#include "laot/conditions/labelled_cells.hpp"

using namespace laot;

namespace {

using Texts = std::vector<std::string>;

// Six cells: two controls, two of a and two of b.
LabelledCells six() {
  LabelledCells out;
  out.labels = {"ctrl", "a", "b", "ctrl", "a", "b"};
  out.control = "ctrl";
  out.targets = {"b", "a"};
  return out;
}

void add(LabelledCells& to, const std::string& covariate, const Texts& levels) {
  for (std::size_t cell = 0; cell < levels.size(); ++cell)
    to.values.push_back({cell, covariate, levels[cell], kNaN});
}

void add(LabelledCells& to, const std::string& covariate, const std::vector<double>& numbers) {
  for (std::size_t cell = 0; cell < numbers.size(); ++cell)
    to.values.push_back({cell, covariate, "", numbers[cell]});
}

std::string refusal(const LabelledCells& cells) {
  try {
    (void)read_conditions(cells);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("columns of labelled cells: levels, numbers, and what is missing in controls") {
  LabelledCells cells = six();
  add(cells, "drug", Texts{"NA", "A", "B", " n/a ", "A", "B"});
  add(cells, "dose", std::vector<double>{0.0, 1.0, 2.5, kNaN, 1.0, 2.5});
  const LabelledConditions found = read_conditions(cells);
  REQUIRE(found.conditions.size() == 2);
  CHECK(found.conditions[0].name == "b");
  REQUIRE(found.conditions[0].covariates.size() == 2);
  CHECK(found.conditions[0].covariates[0].first == "drug");
  CHECK(found.conditions[0].covariates[0].second.levels == Texts{"B"});
  CHECK(found.conditions[0].covariates[1].second.numbers == std::vector<double>{2.5});
  CHECK(found.conditions[1].find("drug")->levels == Texts{"A"});
  CHECK(found.control_of == std::vector<std::size_t>{0, 0});
  CHECK(found.controls == std::vector<std::vector<std::size_t>>{{0, 3}});
  CHECK(read_conditions(six()).controls == found.controls);  // without covariates
}

TEST_CASE("words that say that a level is missing, in any case of letters") {
  for (const char* word : {"", "NA", "na", "NaN", "N/A", "#N/A", "<NA>", "null", " Na "}) {
    LabelledCells cells = six();
    add(cells, "drug", Texts{"x", "A", "B", "x", word, "B"});
    CAPTURE(word);
    CHECK(refusal(cells).find("covariate drug is missing in 1 cell of condition \"a\"") == 0);
  }
  LabelledCells cells = six();
  add(cells, "drug", Texts{"x", "none", "B", "x", "none", "B"});
  CHECK(read_conditions(cells).conditions[1].find("drug")->levels == Texts{"none"});
}

TEST_CASE("parts of a combination, which are numbers where all are") {
  LabelledCells cells = six();
  cells.combine = "+";
  add(cells, "drug", Texts{"", "A", "A + B", "", "A", "A + B"});
  add(cells, "dose", Texts{"0", "1", "0.5+2e1", "0", "1", "0.5+2e1"});
  add(cells, "plate", Texts{"7", "7", "7", "7", "7", "7"});
  const LabelledConditions found = read_conditions(cells);
  CHECK(found.conditions[0].find("drug")->levels == Texts{"A", "B"});
  CHECK(found.conditions[1].find("drug")->levels == Texts{"A"});
  CHECK(found.conditions[0].find("dose")->numbers == std::vector<double>{0.5, 20.0});
  CHECK(found.conditions[1].find("dose")->numbers == std::vector<double>{1.0});
  CHECK(found.conditions[1].find("plate")->levels == Texts{"7"});  // none has a +
  cells.combine.clear();
  CHECK(read_conditions(cells).conditions[0].find("dose")->levels == Texts{"0.5+2e1"});
  // Several values of a cell need no word between them, and levels stay levels.
  LabelledCells several = six();
  add(several, "gene", Texts{"", "1", "1", "", "1", "1"});
  for (const std::size_t cell : {2, 5}) several.values.push_back({cell, "gene", "2", kNaN});
  CHECK(read_conditions(several).conditions[0].find("gene")->levels == Texts{"1", "2"});
}

TEST_CASE("a level that control cells share is a context, with controls of its own") {
  LabelledCells cells = six();
  add(cells, "line", Texts{"x", "x", "y", "y", "x", "y"});
  add(cells, "drug", Texts{"", "A", "A", "", "A", "A"});
  const LabelledConditions found = read_conditions(cells);
  CHECK(found.control_of == std::vector<std::size_t>{0, 1});
  CHECK(found.controls == std::vector<std::vector<std::size_t>>{{3}, {0}});
  cells.values[3].level = "x";
  CHECK(refusal(cells) ==
        "no control cell has line = y, as condition \"b\" has; control cells have x");
  cells.values[3].level = "";
  cells.missing = "NA";
  CHECK(refusal(cells) ==
        "no control cell has line = y, as condition \"b\" has; control cells have x, NA");
}

TEST_CASE("what columns of labelled cells may not be is said in one sentence") {
  LabelledCells cells = six();
  add(cells, "dose", std::vector<double>{3.0, 1.0, 2.0, 0.0, kNaN, 4.0});
  CHECK(refusal(cells) ==
        "covariate dose must have one value in all cells of a condition, and those of \"b\" have "
        "2, 4");
  cells.values[5].number = 2.0;
  CHECK(refusal(cells) ==
        "covariate dose is missing in 1 cell of condition \"a\"; give them a value, or leave them "
        "out of condition");
  cells.values[4].number = 1.0;
  CHECK(refusal(cells) ==
        "control cells must have dose 0 or missing, for 0 is no change; found 3 in 1 control cell");
  // A covariate with a negative number is no dose, one of which a condition has several is.
  cells.values[2].number = cells.values[5].number = -2.0;
  CHECK(refusal(cells).empty());
  for (const std::size_t cell : {1, 4}) cells.values.push_back({cell, "dose", "", 5.0});
  CHECK(refusal(cells).find("control cells must have dose 0") == 0);

  cells = six();
  cells.combine = "+";
  add(cells, "drug", Texts{"", "A+ctrl", "B", "", "A+ctrl", "B"});
  CHECK(refusal(cells) ==
        "condition \"a\" combines A, ctrl, and \"ctrl\" is the control; name only what was given");
  cells.values[1].level = "A+";
  CHECK(refusal(cells) ==
        "\"A+\" of covariate drug has a part without a name; \"+\" stands between the parts");
  cells.values[1].level = "A+nan";
  CHECK(refusal(cells) ==
        "\"A+nan\" of covariate drug has a part that is missing; leave it out, or name it "
        "otherwise than nan");
  cells = six();
  cells.combine = "+";
  add(cells, "dose", Texts{"", "1+inf", "2", "", "1+inf", "2"});
  CHECK(refusal(cells) == "\"1 + inf\" of covariate dose has a part that is not finite");

  cells = six();
  add(cells, "drug", Texts{"", "A", "B", "", "A", "B"});
  cells.values[1] = {1, "drug", "", 2.0};
  CHECK(refusal(cells).find("covariate \"drug\" has levels and numbers") == 0);
  cells.values[1] = {6, "drug", "A", kNaN};
  CHECK(refusal(cells) == "cell 6 of covariate drug must be below 6");
  cells = six();
  cells.targets.push_back("c");
  CHECK(refusal(cells) == "no cell has the condition \"c\"");
  cells.targets.clear();
  CHECK(refusal(cells) == "there are no targets");
  LabelledCells many = six();
  many.labels.assign(20, "b");
  many.labels[0] = "ctrl";
  many.targets = {"b"};
  std::vector<double> doses(20, 0.0);
  for (std::size_t cell = 1; cell < 20; ++cell) doses[cell] = static_cast<double>(cell);
  add(many, "dose", doses);
  CHECK(refusal(many).find("have 1, 2, 3, 4, 5 and 14 more") != std::string::npos);
}
