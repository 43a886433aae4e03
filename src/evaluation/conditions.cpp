// Held-out cells of several conditions, scored one condition after the other.
#include <optional>
#include <set>
#include <utility>

#include "at_condition.hpp"
#include "groups.hpp"
#include "laot/base/median.hpp"
#include "laot/evaluation.hpp"
#include "laot/linear_algebra.hpp"
#include "trivial_conditions.hpp"

namespace laot {

namespace {

void require_models(const std::vector<const Model*>& models) {
  require(!models.empty(), Status::invalid_argument, "models is empty; give at least one");
  std::set<std::string> met;
  for (const Model* model : models)
    require(met.insert(model->method()).second, Status::invalid_argument,
            "two of the models are of method ", model->method(),
            ", and their rows could not be told apart; evaluate one of them at a time");
}

bool has_seen(const Model& model, const Condition& condition) {
  const std::vector<Condition> seen = model.conditions();
  return find_condition(seen, condition) < seen.size();
}

// A held-out condition may have a name of its own.
Condition as_known_to(const Model& model, Condition condition) {
  if (!condition.covariates.empty() && !has_seen(model, condition)) condition.name.clear();
  return condition;
}

// 1 / the median of the conditions' median squared distances.
double gamma_of_conditions(const Model& model) {
  std::vector<double> distances;
  for (const auto& part : model.parts)
    if (part->training.median_gamma > 0.0) distances.push_back(1.0 / part->training.median_gamma);
  return 1.0 / median(std::move(distances));
}

class Rows {
 public:
  void add(const Table& more) {
    if (columns_.empty()) {
      columns_ = more.columns();
      return;
    }
    for (std::size_t k = 0; k < columns_.size(); ++k)
      std::visit(
          [&](auto& values) {
            const auto& from = std::get<std::decay_t<decltype(values)>>(more.columns()[k].values);
            values.insert(values.end(), from.begin(), from.end());
          },
          columns_[k].values);
  }
  Table take() {
    Table out;
    for (Table::Column& column : columns_)
      std::visit([&](auto& values) { out.add(column.name, std::move(values)); }, column.values);
    return out;
  }

 private:
  std::vector<Table::Column> columns_;
};

class ConditionRows {
 public:
  ConditionRows(const std::vector<const Model*>& models, const Experiment& held_out,
                const EvaluationOptions& options, Context& context)
      : models_(models), held_out_(held_out), options_(options), context_(context) {}

  Table run() {
    const double count = static_cast<double>(held_out_.conditions.size() * models_.size());
    double done = 0.0;
    for (const TreatedPopulation& treated : held_out_.conditions) {
      std::optional<double> gamma;
      for (const Model* model : models_) {
        const Context::Span span(context_, done / count, (done + 1.0) / count);
        score(*model, treated, gamma);
        done += 1.0;
      }
    }
    return rows_.take();
  }

 private:
  // All models at the bandwidth of the first.
  void score(const Model& model, const TreatedPopulation& treated, std::optional<double>& gamma) {
    const bool first = !gamma.has_value();
    const Cells& controls = held_out_.controls[treated.control].cells;
    const Model at = model_at(model, treated.condition, controls, context_);
    if (first) gamma = at.training.median_gamma;
    EvaluationOptions options = options_;
    options.condition = described_in_rows(treated.condition);
    if (options.reference == Reference::automatic && at.training.n == 0)
      options.reference = Reference::halves;
    require(options.markers == 0 || at.training.n > 0, Status::invalid_argument,
            "markers are chosen on training cells, and the model has none of condition ",
            described(treated.condition));
    if (!first) {
      options.methods = {"prediction"};
      options.test = false;
      if (options.gammas.empty() && *gamma > 0.0) options.gammas = {*gamma};
    }
    HeldOut cells;
    cells.model = &at;
    cells.observed = treated.population.cells;
    cells.observed_batch = treated.population.batch;
    cells.control = controls;
    if (weighted_by_types(at)) cells.control_groups = held_out_.controls[treated.control].types;
    rows_.add(evaluate(cells, options, context_));
  }

  static std::string described_in_rows(const Condition& condition) {
    return condition.name.empty() ? described(condition) : condition.name;
  }

  const std::vector<const Model*>& models_;
  const Experiment& held_out_;
  const EvaluationOptions& options_;
  Context& context_;
  Rows rows_;
};

}  // namespace

Model model_at(const Model& model, const Condition& condition, const Cells& controls,
               Context& context) {
  Model out = model.at(as_known_to(model, condition), controls, context);
  if (out.training.n == 0) out.training.median_gamma = gamma_of_conditions(model);
  return out;
}

Table evaluate_conditions(const std::vector<const Model*>& models, const Experiment& held_out,
                          const EvaluationOptions& options, Context& context) {
  const SingleThreadedBlas blas;
  require_models(models);
  require(options.condition.empty(), Status::invalid_argument,
          "condition is taken from the held-out cells; leave it out");
  CellsInTurn cells(held_out);
  check_experiment(held_out, context);
  const CellsInTurn::Turn turn(cells, 0, held_out.conditions.size(), context);
  std::vector<std::shared_ptr<const Model>> trivial;
  if (options.methods.empty()) trivial = trivial_conditions(models, context);
  std::vector<const Model*> all = models;
  for (const auto& model : trivial) all.push_back(model.get());
  return ConditionRows(all, cells.experiment(), options, context).run();
}

}  // namespace laot
