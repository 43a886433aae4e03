#include "laot/conditions/labelled_cells.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>

#include "laot/number_text.hpp"

namespace laot {

namespace {

constexpr std::size_t kMissing = static_cast<std::size_t>(-1);

std::string without_blanks(const std::string& text) {
  const char* const blanks = " \t\n\r\f\v";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_missing_word(const std::string& level) {
  constexpr const char* kWords[] = {"", "NA", "NAN", "N/A", "#N/A", "<NA>", "NULL"};
  std::string upper = without_blanks(level);
  for (char& letter : upper)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  return std::find(std::begin(kWords), std::end(kWords), upper) != std::end(kWords);
}

std::vector<std::string> split(const std::string& level, const std::string& at) {
  std::vector<std::string> out;
  std::size_t start = 0;
  for (std::size_t end = level.find(at); end != std::string::npos; end = level.find(at, start)) {
    out.push_back(without_blanks(level.substr(start, end - start)));
    start = end + at.size();
  }
  out.push_back(without_blanks(level.substr(start)));
  return out;
}

bool same(const CovariateValue& a, const CovariateValue& b) {
  return a.levels == b.levels && a.numbers == b.numbers;
}

template <class Items, class Text>
std::vector<std::string> different(const Items& items, const Text& text_of) {
  std::vector<std::string> out;
  for (const auto& item : items) {
    const std::string found = text_of(item);
    if (std::find(out.begin(), out.end(), found) == out.end()) out.push_back(found);
  }
  return out;
}

// A covariate of all cells: its different values, and which one each cell has.
class CovariateColumn {
 public:
  CovariateColumn(std::string name, std::size_t cells)
      : name_(std::move(name)), of_cell_(cells, kMissing) {}

  void add(std::size_t cell, CovariateValue value) {
    std::string key;
    for (const std::string& level : value.levels) key += level + '\0';
    for (const double number : value.numbers) key += text_of_bits_of(number);
    const auto [at, is_new] = known_.emplace(key, values_.size());
    if (is_new) values_.push_back(std::move(value));
    of_cell_[cell] = at->second;
  }

  // Levels with `combine` as their parts; parts that all are numbers as numbers.
  void combine(const std::string& between) {
    const auto whole = [](const CovariateValue& value) { return value.levels.size() == 1; };
    const auto has = [&](const CovariateValue& value) {
      return whole(value) && value.levels[0].find(between) != std::string::npos;
    };
    if (between.empty() || std::none_of(values_.begin(), values_.end(), has)) return;
    std::vector<CovariateValue> numbers(values_.size());
    bool all_numbers = true;
    for (std::size_t k = 0; k < values_.size(); ++k) {
      if (whole(values_[k])) values_[k].levels = split_level(values_[k].levels[0], between);
      for (const std::string& part : values_[k].levels) {
        double number = 0.0;
        all_numbers = all_numbers && number_of_text(part, number);
        numbers[k].numbers.push_back(number);
      }
    }
    if (!all_numbers) return;
    for (const CovariateValue& value : numbers)
      require(std::all_of(value.numbers.begin(), value.numbers.end(),
                          [](double number) { return std::isfinite(number); }),
              Status::invalid_argument, "\"", value_text(value), "\" of covariate ", name_,
              " has a part that is not finite");
    values_ = std::move(numbers);
  }

  const std::string& name() const { return name_; }
  const CovariateValue* at(std::size_t cell) const {
    return of_cell_[cell] == kMissing ? nullptr : &values_[of_cell_[cell]];
  }

  // The one value that these cells have.
  const CovariateValue& one_of(const std::vector<std::size_t>& cells,
                               const std::string& target) const {
    const auto lost = static_cast<std::size_t>(std::count_if(
        cells.begin(), cells.end(), [&](std::size_t cell) { return at(cell) == nullptr; }));
    require(lost == 0, Status::invalid_argument, "covariate ", name_, " is missing in ",
            counted(lost, "cell"), " of condition \"", target,
            "\"; give them a value, or leave them out of condition");
    const CovariateValue& first = *at(cells.front());
    if (std::any_of(cells.begin(), cells.end(),
                    [&](std::size_t cell) { return !same(*at(cell), first); }))
      fail(Status::invalid_argument, "covariate ", name_,
           " must have one value in all cells of a condition, and those of \"", target, "\" have ",
           some_of(different(cells, [&](std::size_t cell) { return value_text(*at(cell)); }), 5));
    return first;
  }

 private:
  static std::string text_of_bits_of(double number) { return number_text(number) + '\0'; }

  std::vector<std::string> split_level(const std::string& level, const std::string& between) const {
    std::vector<std::string> parts = split(level, between);
    for (const std::string& part : parts) {
      require(!part.empty(), Status::invalid_argument, "\"", level, "\" of covariate ", name_,
              " has a part without a name; \"", between, "\" stands between the parts");
      require(!is_missing_word(part), Status::invalid_argument, "\"", level, "\" of covariate ",
              name_, " has a part that is missing; leave it out, or name it otherwise than ", part);
    }
    return parts;
  }

  std::string name_;
  std::map<std::string, std::size_t> known_;
  std::vector<CovariateValue> values_;
  std::vector<std::size_t> of_cell_;
};

// The values in columns, in the order in which their names come first.
std::vector<CovariateColumn> covariate_columns(const LabelledCells& cells) {
  std::vector<std::string> names;
  std::map<std::string, std::size_t> number;
  struct Found {
    CovariateValue value;
    bool missing = false;
  };
  std::vector<std::map<std::size_t, Found>> found;
  for (const LabelledValue& value : cells.values) {
    require(value.cell < cells.labels.size(), Status::invalid_argument, "cell ", value.cell,
            " of covariate ", value.covariate, " must be below ", cells.labels.size());
    const auto [at, is_new] = number.emplace(value.covariate, names.size());
    if (is_new) {
      names.push_back(value.covariate);
      found.emplace_back();
    }
    Found& here = found[at->second][value.cell];
    if (!std::isnan(value.number))
      here.value.numbers.push_back(value.number);
    else if (!is_missing_word(value.level))
      here.value.levels.push_back(value.level);
    else
      here.missing = true;
  }
  std::vector<CovariateColumn> out;
  for (std::size_t k = 0; k < names.size(); ++k) {
    CovariateColumn column(names[k], cells.labels.size());
    bool numbers = false, levels = false;
    for (auto& [cell, here] : found[k]) {
      if (here.missing) continue;
      numbers = numbers || !here.value.numbers.empty();
      levels = levels || !here.value.levels.empty();
      column.add(cell, std::move(here.value));
    }
    require(!numbers || !levels, Status::invalid_argument, "covariate \"", names[k],
            "\" has levels and numbers; it must have one kind");
    column.combine(cells.combine);
    out.push_back(std::move(column));
  }
  return out;
}

std::vector<std::size_t> cells_with(const LabelledCells& cells, const std::string& label) {
  std::vector<std::size_t> out;
  for (std::size_t cell = 0; !label.empty() && cell < cells.labels.size(); ++cell)
    if (cells.labels[cell] == label) out.push_back(cell);
  require(!out.empty(), Status::invalid_argument, "no cell has the condition \"", label, "\"");
  return out;
}

void require_without_control(const Condition& condition, const std::string& control) {
  for (const auto& [name, value] : condition.covariates) {
    const bool named =
        std::find(value.levels.begin(), value.levels.end(), control) != value.levels.end();
    require(value.levels.size() < 2 || !named, Status::invalid_argument, "condition \"",
            condition.name, "\" combines ", joined(value.levels), ", and \"", control,
            "\" is the control; name only what was given");
  }
}

using Conditions = std::vector<Condition>;

template <class Holds>
bool all_of(const Conditions& conditions, std::size_t k, const Holds& holds) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& one) { return holds(one.covariates[k].second); });
}

const CovariateColumn* dose_of(const std::vector<CovariateColumn>& columns,
                               const Conditions& conditions) {
  const CovariateColumn* not_negative = nullptr;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    if (!conditions[0].covariates[k].second.is_number()) continue;
    if (!all_of(conditions, k, [](const CovariateValue& v) { return v.numbers.size() < 2; }))
      return &columns[k];
    const bool positive = all_of(conditions, k, [](const CovariateValue& v) {
      return std::all_of(v.numbers.begin(), v.numbers.end(), [](double x) { return x >= 0.0; });
    });
    if (positive && not_negative == nullptr) not_negative = &columns[k];
  }
  return not_negative;
}

void require_no_dose(const CovariateColumn& dose, const std::vector<std::size_t>& controls,
                     const std::string& missing) {
  std::vector<const CovariateValue*> wrong;
  for (const std::size_t cell : controls) {
    const CovariateValue* value = dose.at(cell);
    if (value == nullptr) continue;
    const bool none = std::all_of(value->numbers.begin(), value->numbers.end(),
                                  [](double number) { return number == 0.0; });
    if (!none) wrong.push_back(value);
  }
  if (wrong.empty()) return;
  fail(Status::invalid_argument, "control cells must have ", dose.name(), " 0 or ", missing,
       ", for 0 is no change; found ",
       some_of(different(wrong, [](const CovariateValue* value) { return value_text(*value); }), 5),
       " in ", counted(wrong.size(), "control cell"));
}

// Covariates of one level, some of which conditions and control cells share.
std::vector<std::size_t> context_of(const std::vector<CovariateColumn>& columns,
                                    const Conditions& conditions,
                                    const std::vector<std::size_t>& controls) {
  std::vector<std::size_t> out;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    if (!all_of(conditions, k, [](const CovariateValue& v) { return v.levels.size() == 1; }))
      continue;
    std::set<std::string> have;
    for (const std::size_t cell : controls) {
      const CovariateValue* value = columns[k].at(cell);
      if (value != nullptr && value->levels.size() == 1) have.insert(value->levels[0]);
    }
    if (!all_of(conditions, k, [&](const CovariateValue& v) { return !have.count(v.levels[0]); }))
      out.push_back(k);
  }
  return out;
}

}  // namespace

LabelledConditions read_conditions(const LabelledCells& cells) {
  require(!cells.targets.empty(), Status::invalid_argument, "there are no targets");
  const std::vector<CovariateColumn> columns = covariate_columns(cells);
  const std::vector<std::size_t> controls = cells_with(cells, cells.control);
  LabelledConditions out;
  for (const std::string& target : cells.targets) {
    const std::vector<std::size_t> members = cells_with(cells, target);
    Condition condition{target, {}};
    for (const CovariateColumn& column : columns)
      condition.covariates.emplace_back(column.name(), column.one_of(members, target));
    out.conditions.push_back(std::move(condition));
  }
  for (const Condition& condition : out.conditions)
    require_without_control(condition, cells.control);
  if (const CovariateColumn* dose = dose_of(columns, out.conditions))
    require_no_dose(*dose, controls, cells.missing);

  // Each control cell by the texts of its context.
  const std::vector<std::size_t> context = context_of(columns, out.conditions, controls);
  std::vector<std::vector<std::string>> of_controls;
  for (const std::size_t cell : controls) {
    of_controls.emplace_back();
    for (const std::size_t k : context) {
      const CovariateValue* value = columns[k].at(cell);
      of_controls.back().push_back(value == nullptr ? cells.missing : value_text(*value));
    }
  }
  std::map<std::vector<std::string>, std::size_t> number;
  for (const Condition& condition : out.conditions) {
    Condition place;
    std::vector<std::string> need;
    for (const std::size_t k : context) {
      place.covariates.push_back(condition.covariates[k]);
      need.push_back(condition.covariates[k].second.levels[0]);
    }
    const auto [at, is_new] = number.emplace(need, out.controls.size());
    out.control_of.push_back(at->second);
    if (!is_new) continue;
    out.controls.emplace_back();
    for (std::size_t i = 0; i < controls.size(); ++i)
      if (of_controls[i] == need) out.controls.back().push_back(controls[i]);
    require(!out.controls.back().empty(), Status::invalid_argument, "no control cell has ",
            described(place), ", as condition \"", condition.name, "\" has; control cells have ",
            some_of(different(of_controls,
                              [](const std::vector<std::string>& key) { return joined(key); }),
                    6));
  }
  return out;
}

}  // namespace laot
