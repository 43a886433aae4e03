#include "laot/map_change.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "laot/base/median.hpp"
#include "laot/data/columns.hpp"
#include "laot/encoded_cells.hpp"

namespace laot {

namespace {

// Smaller entries of W - I are the rounding of sums.
constexpr double kRoundingOfSums = 1e-12;

bool has_map(const Model& model) {
  const std::vector<NamedArray> arrays = model.list();
  return std::any_of(arrays.begin(), arrays.end(),
                     [](const NamedArray& array) { return array.name == "map"; });
}

// Places in W, column by column.
std::vector<std::size_t> strongest(const arma::mat& change, std::size_t count) {
  std::vector<std::size_t> places(change.n_elem);
  std::iota(places.begin(), places.end(), std::size_t{0});
  const auto end =
      places.begin() + static_cast<std::ptrdiff_t>(std::min(count, std::size_t{change.n_elem}));
  std::partial_sort(places.begin(), end, places.end(), [&](std::size_t a, std::size_t b) {
    const double x = std::abs(change[a]), y = std::abs(change[b]);
    return x != y ? x > y : a < b;
  });
  places.erase(
      std::find_if(places.begin(), end,
                   [&](std::size_t at) { return !(std::abs(change[at]) > kRoundingOfSums); }),
      places.end());
  return places;
}

// Entry (r, c) of V S (W_z - I) S^-1 V'.
double entry(const FeatureSpace& space, const arma::mat& latent_change, std::size_t r,
             std::size_t c) {
  if (!space.has_components()) return latent_change(r, c) * space.scale[r] / space.scale[c];
  const arma::vec left = space.basis.row(r).t() % space.scale;
  const arma::vec right = space.basis.row(c).t() / space.scale;
  return arma::dot(left, latent_change * right);
}

arma::mat less_identity(arma::mat map) {
  map.diag() -= 1.0;
  return map;
}

// The derivative of the map at a cell that lies at z; a constant feature is predicted by itself.
arma::mat derivative_of_map(const Model& model, const arma::mat& z) {
  const std::size_t k = model.space.dimension();
  arma::mat out = model.map->jacobian(z.col(0));
  if (out.is_empty()) return arma::mat(k, k, arma::fill::eye);
  if (model.space.has_components()) return out;
  for (const std::int32_t constant : model.space.constant) {
    const std::size_t row = static_cast<std::size_t>(constant);
    out.row(row).zeros();
    out(row, row) = 1.0;
  }
  return out;
}

// S^-1 V' D V S, D being the slopes of the marginals' maps at the prediction of the cell.
arma::mat slopes_in_space(const Model& model, const arma::mat& cell, const arma::mat& z) {
  const FeatureSpace& space = model.space;
  arma::mat predicted = cell;
  BlockRoom room;
  model.map_block(z, predicted, room);
  arma::vec slopes(space.features());
  for (std::size_t f = 0; f < slopes.n_elem; ++f)
    slopes[f] = model.marginals[f].slope(predicted[f]);
  if (!space.has_components()) return arma::diagmat(slopes);
  arma::mat out = space.basis.t() * arma::mat(space.basis.each_col() % slopes);
  out.each_col() /= space.scale;
  out.each_row() %= space.scale.t();
  return out;
}

// J - I, J being the derivative of the prediction as the feature space sees it: of the map, and of
// the marginals behind it.
arma::mat change_at(const Model& model, const arma::mat& cell, const arma::mat& z) {
  const arma::mat map = derivative_of_map(model, z);
  if (model.marginals.empty()) return less_identity(map);
  return less_identity(arma::mat(slopes_in_space(model, cell, z) * map));
}

double largest_singular_value(const arma::mat& change) {
  arma::vec values;
  require(arma::svd(values, change), Status::numerical_failure,
          "the singular values of the map's change were not found; the map is too large, or "
          "damaged");
  return values.is_empty() ? 0.0 : values[0];
}

std::vector<std::size_t> taken_evenly(std::size_t n, std::size_t most) {
  std::vector<std::size_t> out(std::min(n, most));
  for (std::size_t c = 0; c < out.size(); ++c)
    out[c] = out.size() < 2 ? 0 : evenly_placed(c, out.size(), n);
  return out;
}

struct EffectColumns {
  NumberColumn treated, control, change;

  Table table() && {
    Table out;
    out.add("treated", std::move(treated));
    out.add("control", std::move(control));
    out.add("change", std::move(change));
    return out;
  }
};

}  // namespace

Table strongest_effects(const Model& model, std::size_t count) {
  if (model.parts.size() == 1) return strongest_effects(model.at(model.parts[0]->condition), count);
  model.require_one("an effect");
  EffectColumns columns;
  if (!has_map(model)) return std::move(columns).table();
  const arma::mat change = less_identity(model.array("map").matrix());
  for (const std::size_t at : strongest(change, count)) {
    columns.treated.push_back(static_cast<double>(at % change.n_rows));
    columns.control.push_back(static_cast<double>(at / change.n_rows));
    columns.change.push_back(change[at]);
  }
  return std::move(columns).table();
}

Table strongest_effects(const Model& model, const arma::mat& draws, double level) {
  if (model.parts.size() == 1)
    return strongest_effects(model.at(model.parts[0]->condition), draws, level);
  Table out = strongest_effects(
      model, model.params.method().traits.pairs ? kStrongestEffects : std::size_t{0});
  const std::size_t k = model.space.dimension();
  std::vector<arma::mat> changes;
  for (std::size_t r = 0; r < draws.n_cols; ++r)
    changes.push_back(less_identity(borrowed(draws.colptr(r), k, k)));
  const NumberColumn treated = out.numbers("treated"), control = out.numbers("control");
  NumberColumn low, high, stable;
  for (std::size_t e = 0; e < treated.size(); ++e) {
    std::vector<double> values;
    for (const arma::mat& change : changes)
      values.push_back(entry(model.space, change, static_cast<std::size_t>(treated[e]),
                             static_cast<std::size_t>(control[e])));
    low.push_back(quantile(values, 0.5 * (1.0 - level)));
    high.push_back(quantile(values, 0.5 * (1.0 + level)));
    stable.push_back(low.back() > 0.0 || high.back() < 0.0 ? 1.0 : 0.0);
  }
  out.add("low", std::move(low));
  out.add("high", std::move(high));
  out.add("stable", std::move(stable));
  return out;
}

Table change_at_cells(const Model& model, const Cells* given, std::size_t most, Context& context) {
  if (model.parts.size() == 1)
    return change_at_cells(model.at(model.parts[0]->condition), given, most, context);
  model.require_one("a change");
  require(most > 0, Status::invalid_argument, "most_cells must be at least 1, found 0");
  const Cells control = given != nullptr ? *given : model.training.kept_control.view();
  require(given != nullptr || control.cells() > 0, Status::not_available,
          "the model kept no cells (", parameter_name("keep_cells"), " is 0); give control");
  const SingleThreadedBlas blas;
  const std::vector<std::size_t> taken = taken_evenly(control.cells(), most);
  Cells some = control;
  some.select_cells(taken, "control");
  const arma::mat z = encoded_cells(model, some, About::control, "control", context);
  NumberColumn cells, changes, lengths;
  arma::mat last, cell(model.space.features(), 1);
  double size = 0.0;
  for (std::size_t c = 0; c < taken.size(); ++c) {
    context.poll("change", static_cast<double>(c) / static_cast<double>(taken.size()));
    some.gather(c, 1, cell.memptr());
    arma::mat change = change_at(model, cell, z.col(c));
    // A linear map changes all cells alike.
    if (!std::equal(change.begin(), change.end(), last.begin(), last.end()))
      size = largest_singular_value(change);
    last = std::move(change);
    cells.push_back(static_cast<double>(taken[c]));
    changes.push_back(size);
    lengths.push_back(arma::norm(z.col(c)));
  }
  Table out;
  out.add("cell", std::move(cells));
  out.add("change", std::move(changes));
  out.add("length", std::move(lengths));
  return out;
}

}  // namespace laot
