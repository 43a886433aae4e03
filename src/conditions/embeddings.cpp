#include "laot/conditions/embeddings.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "laot/linear_algebra.hpp"
#include "laot/metrics/distances.hpp"
#include "laot/parallel/tasks.hpp"

namespace laot {

namespace {

std::map<std::string, std::size_t> columns_by_name(const std::vector<std::string>& levels,
                                                   const std::string& name) {
  std::map<std::string, std::size_t> out;
  for (std::size_t c = 0; c < levels.size(); ++c)
    require(out.emplace(levels[c], c).second, Status::invalid_argument, name, " lists the level \"",
            levels[c], "\" twice; give each level one row");
  return out;
}

arma::mat chosen_columns(const std::vector<std::string>& wanted,
                         const std::vector<std::string>& levels, const arma::mat& table,
                         const std::string& name) {
  const auto column = columns_by_name(levels, name);
  std::vector<std::string> missing;
  arma::mat out(table.n_rows, wanted.size());
  for (std::size_t w = 0; w < wanted.size(); ++w) {
    const auto at = column.find(wanted[w]);
    if (at == column.end())
      missing.push_back(wanted[w]);
    else
      out.col(w) = table.col(at->second);
  }
  const std::string near = missing.empty() ? std::string() : nearest_name(missing[0], levels);
  require(missing.empty(), Status::unknown_name, name, " has no row for ", joined(missing),
          near.empty() ? "; give each level of the conditions one"
                       : "; the nearest name that it has is \"" + near + "\"");
  return out;
}

void require_finite(const arma::mat& table, const std::vector<std::string>& levels,
                    const std::vector<std::string>& coordinate_names, const std::string& name) {
  const arma::uvec bad = arma::find_nonfinite(table);
  if (bad.is_empty()) return;
  const arma::uword k = bad[0] % table.n_rows;
  fail(Status::not_finite, name, " has ", std::isnan(table[bad[0]]) ? "NaN" : "Inf",
       " at coordinate ",
       coordinate_names.empty() ? text(k + 1) : "\"" + coordinate_names[k] + "\"", " of level \"",
       levels[bad[0] / table.n_rows],
       "\"; give every level finite coordinates, or leave the coordinate out");
}

}  // namespace

Embedding embedding_of(const std::vector<std::string>& wanted,
                       const std::vector<std::string>& levels, const arma::mat& table,
                       const std::vector<std::string>& coordinate_names, const std::string& name) {
  require(table.n_cols == levels.size(), Status::dimension_mismatch, name, " has ", table.n_cols,
          " columns for ", levels.size(), " levels");
  require_finite(table, levels, coordinate_names, name);
  const arma::mat all = chosen_columns(wanted, levels, table, name);
  Embedding out;
  std::vector<arma::uword> kept;
  for (arma::uword k = 0; k < all.n_rows; ++k) {
    const bool constant = all.n_cols < 2 || all.row(k).max() == all.row(k).min();
    if (!constant)
      kept.push_back(k);
    else
      out.dropped.push_back(coordinate_names.empty() ? text(k + 1) : coordinate_names[k]);
  }
  out.coordinates = all.rows(arma::uvec(kept));
  for (std::size_t a = 0; a < wanted.size() && !kept.empty(); ++a)
    for (std::size_t b = a + 1; b < wanted.size(); ++b)
      if (arma::all(out.coordinates.col(a) == out.coordinates.col(b)))
        out.alike.push_back(text(wanted[a], " and ", wanted[b]));
  return out;
}

arma::mat classical_scaling(const arma::mat& distances, std::size_t at_most) {
  const std::size_t count = distances.n_rows;
  arma::mat squares = arma::square(distances);
  const arma::vec mean = arma::mean(squares, 1);
  const double grand = arma::mean(mean);
  for (std::size_t j = 0; j < count; ++j)
    for (std::size_t i = 0; i < count; ++i)
      squares(i, j) = -0.5 * (squares(i, j) - mean[i] - mean[j] + grand);
  const SymmetricEigen eigen = symmetric_eigen(symmetrised(squares));
  std::vector<std::size_t> order;
  for (std::size_t e = count; e-- > 0 && order.size() < at_most;)
    if (eigen.values[e] > 1e-9 * eigen.values[count - 1]) order.push_back(e);
  arma::mat out(order.size(), count);
  for (std::size_t k = 0; k < order.size(); ++k) {
    const arma::vec direction = eigen.vectors.col(order[k]);
    const double sign = direction[arma::abs(direction).index_max()] < 0.0 ? -1.0 : 1.0;
    out.row(k) = sign * std::sqrt(eigen.values[order[k]]) * direction.t();
  }
  return out;
}

arma::mat effect_embedding(const std::vector<arma::mat>& populations, std::size_t at_most,
                           Context& context) {
  const std::size_t count = populations.size();
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t a = 0; a < count; ++a)
    for (std::size_t b = a + 1; b < count; ++b) pairs.emplace_back(a, b);
  arma::mat distances(count, count, arma::fill::zeros);
  run_tasks(context, "effects", pairs.size(), [&](std::size_t task, Context& inner) {
    const auto [a, b] = pairs[task];
    distances(a, b) = distances(b, a) = wasserstein2(populations[a], populations[b], inner);
  });
  return classical_scaling(distances, at_most);
}

}  // namespace laot
