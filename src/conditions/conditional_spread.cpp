#include "laot/conditions/conditional_spread.hpp"

#include <algorithm>
#include <cmath>

#include "laot/laot.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/parallel/tasks.hpp"

namespace laot {

namespace {

constexpr double kSmallest = 1e-12;  // an eigenvalue; the space has unit scale

template <class Function>
arma::mat of_eigenvalues(const arma::mat& symmetric, const Function& f) {
  const SymmetricEigen eigen = symmetric_eigen(symmetric);
  arma::mat scaled = eigen.vectors;
  for (arma::uword c = 0; c < scaled.n_cols; ++c) scaled.col(c) *= f(eigen.values[c]);
  return symmetrised(arma::mat(scaled * eigen.vectors.t()));
}

}  // namespace

arma::mat matrix_logarithm(const arma::mat& positive) {
  return of_eigenvalues(positive,
                        [](double value) { return std::log(std::max(value, kSmallest)); });
}

arma::mat matrix_exponential(const arma::mat& symmetric) {
  return of_eigenvalues(symmetric, [](double value) { return std::exp(value); });
}

arma::mat second_moment_of(const arma::mat& x) {
  return symmetrised(arma::mat(x * x.t() / static_cast<double>(x.n_cols)));
}

arma::mat log_spread_changes(const ConditionalCells& cells, Context& context) {
  const std::size_t d = cells.controls[0].n_rows;
  std::vector<arma::mat> of_control;
  for (const arma::mat& x : cells.controls) of_control.push_back(second_moment_of(x));
  arma::mat out(d * d, cells.treated.size());
  run_tasks(context, "spreads", cells.treated.size(), [&](std::size_t c, Context&) {
    const std::size_t g = cells.control_of[c];
    const arma::mat& y = cells.treated[c];
    const double amount = shrinkage(d, cells.controls[g].n_cols, y.n_cols);
    out.col(c) = arma::vectorise(matrix_logarithm(shrunk(second_moment_of(y), amount)) -
                                 matrix_logarithm(shrunk(of_control[g], amount)));
  });
  return out;
}

arma::mat with_spread(const arma::mat& map, const SpreadOfControl& control,
                      const arma::mat& log_change, double strength) {
  if (strength == 0.0) return map;
  const arma::mat moved = symmetrised(arma::mat(arma::mat(map * control.second_moment) * map.t()));
  const arma::mat wanted = matrix_exponential(symmetrised(
      arma::mat(matrix_logarithm(shrunk(control.second_moment, control.shrinkage)) + log_change)));
  arma::mat stretch = gaussian_map(shrunk(moved, control.shrinkage), wanted);
  if (strength < 1.0) {
    stretch *= strength;
    stretch.diag() += 1.0 - strength;
  }
  return stretch * map;
}

}  // namespace laot
