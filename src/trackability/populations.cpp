#include "laot/trackability/populations.hpp"

#include <cmath>

#include "laot/parallel/product.hpp"

namespace laot {

namespace {

void check(const PopulationOptions& options) {
  require(options.features >= 1 && options.cells >= 1, Status::invalid_argument,
          "populations need at least one feature and one cell, found ", options.features,
          " features and ", options.cells, " cells");
  require(std::isfinite(options.gap) && options.gap >= 0.0, Status::invalid_argument,
          "gap must be 0 or a positive number, found ", options.gap);
  require(std::isfinite(options.noise) && options.noise >= 0.0, Status::invalid_argument,
          "noise must be 0 or a positive number, found ", options.noise);
  require_memory(
      8.0 * static_cast<double>(options.features) *
          (static_cast<double>(options.features) + 3.0 * static_cast<double>(options.cells)),
      text("populations of ", options.features, " features x ", options.cells, " cells"));
}

// I + gap E / |E|_F.
arma::mat draw_map(const PopulationOptions& options, Rng& rng, Context& context) {
  arma::mat map(options.features, options.features);
  double square = 0.0;
  for (std::size_t j = 0; j < map.n_cols; ++j) {
    context.poll();
    for (double* entry = map.colptr(j); entry != map.colptr(j) + map.n_rows; ++entry) {
      *entry = options.entries == Entries::uniform ? rng.uniform() : rng.normal();
      square += *entry * *entry;
    }
  }
  const double factor = square > 0.0 ? options.gap / std::sqrt(square) : 0.0;
  for (double& entry : map) entry *= factor;
  for (std::size_t k = 0; k < options.features; ++k) map(k, k) += 1.0;
  return map;
}

}  // namespace

Entries entries_from(const std::string& name) {
  require(name == "uniform" || name == "gaussian", Status::unknown_name,
          "entries must be uniform or gaussian, found \"", name, "\"");
  return name == "uniform" ? Entries::uniform : Entries::gaussian;
}

Populations simulate_populations(const PopulationOptions& options, Rng rng, Context& context) {
  check(options);
  const SingleThreadedBlas blas;
  Populations out;
  const double sd = 1.0 / std::sqrt(static_cast<double>(options.features));
  const auto add_normals = [&](arma::mat& to, double spread) {
    for (std::size_t i = 0; i < to.n_cols; ++i) {
      context.poll();
      for (double* value = to.colptr(i); value != to.colptr(i) + to.n_rows; ++value)
        *value += spread * rng.normal();
    }
  };
  out.control.zeros(options.features, options.cells);
  add_normals(out.control, sd);
  out.map = draw_map(options, rng, context);
  arma::mat moved = product(out.map, out.control, context);
  if (options.noise > 0.0) add_normals(moved, options.noise * sd);
  out.partner = rng.permutation(options.cells);
  out.treated.set_size(options.features, options.cells);
  for (std::size_t i = 0; i < options.cells; ++i)
    for (std::size_t k = 0; k < options.features; ++k) out.treated(k, out.partner[i]) = moved(k, i);
  return out;
}

}  // namespace laot
