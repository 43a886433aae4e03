#include <algorithm>
#include <cmath>

#include "conditional_start.hpp"
#include "laot/models.hpp"
#include "original_units.hpp"

namespace laot {

namespace {

void require_features(const Cells& cells, const FeatureSpace& space) {
  require(cells.features() == space.features(), Status::dimension_mismatch,
          "the model was fitted on ", space.features(), " features, found ", cells.features(),
          " in the new cells; give the same features in the same order");
}

// The part of a report of many conditions that is about its cells, for the trivial predictors.
Report report_of_parts(const Report& report) {
  Report out;
  for (const auto& [name, value] : report.numbers)
    for (const char* kept : {"conditions", "n_control", "n_treated", "features"})
      if (name == kept) out.add(name, value);
  out.add("outcome", std::string("converged"));
  out.add("stop_reason", std::string("closed form"));
  return out;
}

// Of a condition that was not seen.
std::string nothing_said(const Report& report) {
  double error = kNaN, size = kNaN;
  for (const auto& [name, value] : report.numbers) {
    if (name == "shift_error_left_out") error = value;
    if (name == "shift_size") size = value;
  }
  return says_nothing(error, size) ? nothing_sentence(error, size) : std::string();
}

}  // namespace

void Model::map_block(arma::mat& block, BlockRoom& room) const {
  space.encode_block(block, Side::control, room.z, room);
  map_block(room.z, block, room);
}

void Model::map_block(const arma::mat& z, arma::mat& block, BlockRoom& room) const {
  map->apply(z, room.moved);
  space.decode_block(z, room.moved, block, room);
  require(
      block.is_finite(), Status::numerical_failure,
      "the prediction overflowed: the new cells, or the numbers of the model, are too large; give "
      "the cells in the units of the training cells");
}

void Model::predict(const Cells& cells, Nonnegative nonnegative, double* out,
                    Context& context) const {
  if (parts.size() == 1) {
    at(parts[0]->condition).predict(cells, nonnegative, out, context);
    return;
  }
  require_one("a prediction");
  require_features(cells, space);
  const SingleThreadedBlas blas;
  const std::size_t d = cells.features();
  const bool clamped = nonnegative == Nonnegative::marginals;
  const MarginalMaps maps = clamped && marginals.empty() ? kept_marginals() : marginals;
  arma::mat block;
  BlockRoom room;
  const std::size_t at_a_time = cells_at_a_time(d);
  for (std::size_t first = 0; first < cells.cells(); first += at_a_time) {
    context.poll("predicting", static_cast<double>(first) / static_cast<double>(cells.cells()));
    const std::size_t count = std::min(at_a_time, cells.cells() - first);
    block.set_size(d, count);
    cells.gather(first, count, block.memptr());
    for (std::size_t i = 0; i < count; ++i)
      require_finite(block.colptr(i), cells, first + i, "cells");
    map_block(block, room);
    if (!maps.empty()) maps.apply(block, clamped ? Ends::clamped : Ends::shifted);
    if (nonnegative != Nonnegative::no)
      for (double& value : block) value = std::max(0.0, value);
    std::copy(block.begin(), block.end(), out + first * d);
  }
}

void Model::effects(const Cells& cells, double* out, Context& context) const {
  if (parts.size() == 1) return at(parts[0]->condition).effects(cells, out, context);
  require_one("an effect");
  require_features(cells, space);
  const SingleThreadedBlas blas;
  const std::size_t d = cells.features();
  BlockRoom room;
  for (std::size_t i = 0; i < cells.cells(); ++i) {
    context.poll("effects", static_cast<double>(i) / static_cast<double>(cells.cells()));
    arma::mat cell(d, 1);
    cells.gather(i, 1, cell.memptr());
    require_finite(cell.memptr(), cells, i, "cells");
    space.encode_block(cell, Side::control, room.z, room);
    double* effect = out + i * d * d;
    write_map(space, map->jacobian(room.z.col(0)), effect);
    if (marginals.empty()) continue;
    map_block(cell, room);
    for (std::size_t k = 0; k < d; ++k) {
      const double slope = marginals[k].slope(cell[k]);
      for (std::size_t c = 0; c < d; ++c) effect[k + c * d] *= slope;
    }
  }
  require(std::all_of(out, out + d * d * cells.cells(),
                      [](double value) { return std::isfinite(value); }),
          Status::numerical_failure, "the effects overflowed; the map is too large, or damaged");
}

void Model::require_one(const char* what) const {
  if (parts.empty()) return;
  std::vector<std::string> names;
  for (const auto& part : parts) names.push_back(part->condition.name);
  fail(Status::invalid_argument, what, " is of one condition, and the model has ", parts.size(),
       ": say which (", joined(names), ")");
}

std::vector<Condition> Model::conditions() const {
  std::vector<Condition> out;
  for (const auto& part : parts) out.push_back(part->condition);
  if (parts.empty()) out.push_back(condition);
  return out;
}

std::vector<std::string> Model::covariate_names() const {
  std::vector<std::string> out;
  const Condition& first = parts.empty() ? condition : parts[0]->condition;
  for (const auto& entry : first.covariates) out.push_back(entry.first);
  return out;
}

std::vector<std::string> Model::placed_by_controls() const {
  std::vector<std::string> out;
  if (!conditional) return out;
  for (const LevelEmbedding& embedding : conditional->embeddings())
    if (embedding.by_controls) out.push_back(embedding.covariate);
  return out;
}

arma::mat Model::placing_cells(const Condition& asked, const Cells* controls,
                               Context* context) const {
  if (controls == nullptr || !conditional->needs_controls(asked)) return {};
  require_features(*controls, space);
  require_valid(*controls, "control", *context);
  const SingleThreadedBlas blas;
  return space.encode(*controls, Side::control, *context);
}

Model Model::at(const Condition& asked, const Cells* controls, Context* context) const {
  require_finite_covariates(asked);
  const std::size_t out_of_these = conditional ? find_condition(held_out, asked) : held_out.size();
  const bool held = out_of_these < held_out.size();
  const Condition wanted = held ? Condition{"", held_out[out_of_these].covariates} : asked;
  const std::vector<Condition> seen = conditions();
  const std::size_t c = find_condition(seen, wanted);
  const bool is_seen = c < seen.size();
  if (!is_seen && (!conditional || !wanted.name.empty())) {
    std::vector<std::string> names;
    for (const Condition& candidate : seen)
      if (!candidate.name.empty()) names.push_back(candidate.name);
    fail(Status::unknown_name, "the model knows no condition ", described(wanted),
         conditional ? ""
                     : text("; ", method(),
                            " is fitted to each condition, and says nothing "
                            "of others"),
         names.empty() ? "" : "; it has seen " + joined(names));
  }
  if (parts.empty()) return *this;
  Model out = is_seen ? *parts[c] : Model(params);
  out.feature_names = feature_names;
  if (!conditional) return out;
  if (!is_seen) {
    out.condition = held ? held_out[out_of_these] : wanted;
    out.report.add("features", static_cast<double>(space.features()));
  }
  const ConditionalMap::At found =
      conditional->at(out.condition, placing_cells(out.condition, controls, context));
  out.report.add("kind", std::string(name_of(found.kind)));
  if (!is_seen) {
    std::string warning = found.warning;
    add_clause(warning, nothing_said(report));
    out.report.warn(warning);
  }
  if (out.map) return out;  // its own
  out.space = space.shifted(found.shift);
  out.map = found.map;
  return out;
}

Model Model::trivial(const std::string& name) const {
  const Method& chosen = laot::method(name);
  if (!chosen.beside) {
    std::vector<std::string> names;
    for (const Method& candidate : methods())
      if (candidate.beside) names.push_back(candidate.spec.name);
    fail(Status::unknown_name, "\"", name, "\" is not a trivial predictor; these are ",
         joined(names));
  }
  Model out{Params(chosen.spec)};
  out.params.take_over(params);
  // A trivial predictor is plain, whatever this model restores.
  for (const ParamSpec& spec : chosen.spec.params)
    if (spec.name == "restore") out.params.set(spec.name, spec.read(*chosen.spec.defaults));
  out.params.set_preset_name("");
  out.feature_names = feature_names;
  out.condition = condition;
  if (!parts.empty()) {
    for (const Condition& part : conditions()) {
      Model beside = at(part).trivial(name);
      beside.feature_names.clear();
      out.parts.push_back(std::make_shared<const Model>(std::move(beside)));
    }
    out.report = report_of_parts(report);
    return out;
  }
  require(training.n > 0, Status::not_available, "no cells were seen at ", described(condition),
          ", and a trivial predictor is of cells that were seen");
  Beside made = chosen.beside(*this);
  out.training = training;
  out.space = std::move(made.space);
  out.map = std::make_shared<AffineResponse>(std::move(made.map));
  out.report.add("n_control", static_cast<double>(training.n));
  out.report.add("n_treated", static_cast<double>(training.m));
  out.report.add("features", static_cast<double>(space.features()));
  out.report.add("outcome", std::string("converged"));
  out.report.add("stop_reason", std::string("closed form"));
  out.report.add("median_gamma", training.median_gamma);
  return out;
}

NamedArray::NamedArray(std::string array_name, const arma::mat& values)
    : NamedArray(std::move(array_name), values.n_rows, values.n_cols,
                 [&values](double* out) { std::copy(values.begin(), values.end(), out); }) {}

std::vector<NamedArray> Model::list() const& {
  std::vector<NamedArray> out;
  if (!parts.empty()) {
    for (const auto& [name, values] : arrays) out.emplace_back(name, values);
    return out;
  }
  map->list(space, out);
  out.emplace_back("mean_control", space.mean_control);
  out.emplace_back("mean_treated", space.mean_treated);
  out.emplace_back("scale", space.scale);
  if (space.has_components()) out.emplace_back("basis", space.basis);
  out.emplace_back("training_mean_control", training.mean_control);
  out.emplace_back("training_mean_treated", training.mean_treated);
  const auto add_kept = [&](const char* name, const StoredCells& kept) {
    out.emplace_back(name, kept.features(), kept.cells(),
                     [&kept](double* values) { kept.view().gather(0, kept.cells(), values); });
  };
  add_kept("kept_control", training.kept_control);
  add_kept("kept_treated", training.kept_treated);
  for (const auto& [name, values] : arrays) out.emplace_back(name, values);
  return out;
}

NamedArray Model::array(const std::string& name) const& {
  std::vector<std::string> names;
  for (NamedArray& candidate : list()) {
    if (candidate.name == name) return std::move(candidate);
    names.push_back(candidate.name);
  }
  require_one("an array");
  fail(Status::not_available, "a ", method(), " model has no array \"", name, "\"; it has ",
       joined(names));
}

}  // namespace laot
