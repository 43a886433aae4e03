#include "laot/conditions/map_regression.hpp"

#include <cmath>

#include "laot/linear_algebra.hpp"

namespace laot {

namespace {

constexpr std::size_t kMostDirect = 2000;  // unknowns of a row

double share_of_one(const arma::mat& psi) {
  return 1.0 / static_cast<double>(psi.n_cols);
}

double dot(const arma::cube& a, const arma::cube& b) {
  double sum = 0.0;
  for (arma::uword e = 0; e < a.n_elem; ++e) sum += a[e] * b[e];
  return sum;
}

}  // namespace

MapRegression::MapRegression(arma::mat psi, std::vector<arma::mat> second_moments,
                             std::vector<std::size_t> control_of, MapSolver solver)
    : psi_(std::move(psi)),
      second_moments_(std::move(second_moments)),
      control_of_(std::move(control_of)),
      solver_(solver) {
  const std::size_t d = second_moments_.at(0).n_rows, unknowns = d * psi_.n_rows;
  if (solver_ == MapSolver::automatic)
    solver_ = second_moments_.size() == 1 ? MapSolver::kronecker
              : unknowns <= kMostDirect   ? MapSolver::direct
                                          : MapSolver::iterative;
  arma::mat mean(d, d, arma::fill::zeros);
  for (std::size_t c = 0; c < psi_.n_cols; ++c) mean += second_moment(c);
  const SymmetricEigen eigen = symmetric_eigen(symmetrised(arma::mat(mean * share_of_one(psi_))));
  directions_ = eigen.vectors;
  moments_ = arma::clamp(eigen.values, 0.0, kInfinity);
  psi_squares_ = arma::sum(arma::square(psi_), 1) * share_of_one(psi_);
}

arma::cube MapRegression::right_side(const arma::cube& cross) const {
  const std::size_t d = cross.n_rows;
  arma::cube out(d, d, psi_.n_rows);
  const arma::mat flat(const_cast<double*>(cross.memptr()), d * d, cross.n_slices, false, true);
  arma::mat sums(out.memptr(), d * d, psi_.n_rows, false, true);
  sums = arma::mat(flat * psi_.t()) * share_of_one(psi_);
  return out;
}

arma::cube MapRegression::solve(const arma::cube& cross, double ridge, Context& context) const {
  const arma::cube right = right_side(cross);
  if (solver_ == MapSolver::kronecker) return by_kronecker(right, ridge);
  if (solver_ == MapSolver::direct) return directly(right, ridge);
  return iteratively(right, ridge, context);
}

arma::cube MapRegression::by_kronecker(const arma::cube& right, double ridge) const {
  arma::cube out(arma::size(right));
  for (arma::uword k = 0; k < right.n_slices; ++k) {
    arma::mat along = right.slice(k) * directions_;
    for (arma::uword b = 0; b < along.n_cols; ++b) {
      const double value = psi_squares_[k] * moments_[b] + ridge;
      along.col(b) *= value > 0.0 ? 1.0 / value : 0.0;
    }
    out.slice(k) = along * directions_.t();
  }
  return out;
}

arma::mat MapRegression::normal_matrix(double ridge) const {
  const std::size_t d = moments_.n_elem, r = psi_.n_rows;
  arma::mat out(r * d, r * d, arma::fill::zeros);
  for (std::size_t g = 0; g < second_moments_.size(); ++g) {
    arma::mat together(r, r, arma::fill::zeros);
    for (std::size_t c = 0; c < psi_.n_cols; ++c)
      if (control_of_[c] == g) together += psi_.col(c) * psi_.col(c).t() * share_of_one(psi_);
    out += arma::kron(together, second_moments_[g]);
  }
  out.diag() += ridge;
  return out;
}

arma::cube MapRegression::directly(const arma::cube& right, double ridge) const {
  const std::size_t d = moments_.n_elem, r = psi_.n_rows;
  arma::mat stacked(r * d, d);  // [A_1'; ..; A_r']
  for (std::size_t k = 0; k < r; ++k) stacked.rows(k * d, k * d + d - 1) = right.slice(k).t();
  arma::mat solution;
  require(arma::solve(solution, normal_matrix(ridge), stacked,
                      arma::solve_opts::likely_sympd + arma::solve_opts::no_approx),
          Status::numerical_failure, "the normal equations of ", r, " features and ", d,
          " coordinates could not be solved; give a larger ridge");
  arma::cube out(d, d, r);
  for (std::size_t k = 0; k < r; ++k) out.slice(k) = solution.rows(k * d, k * d + d - 1).t();
  return out;
}

arma::cube MapRegression::normal_product(const arma::cube& maps, double ridge) const {
  arma::cube moved = changes(maps);
  for (arma::uword c = 0; c < moved.n_slices; ++c) moved.slice(c) *= second_moment(c);
  return right_side(moved) + ridge * maps;
}

// Conjugate gradients (Hestenes & Stiefel, 1952), preconditioned by the Kronecker form of the mean
// second moment: few steps where the control populations differ little.
arma::cube MapRegression::iteratively(const arma::cube& right, double ridge,
                                      Context& context) const {
  arma::cube out = by_kronecker(right, ridge);
  arma::cube residual = right - normal_product(out, ridge);
  arma::cube along = by_kronecker(residual, ridge);
  double product = dot(residual, along);
  const double enough = 1e-26 * dot(right, right);
  for (int step = 0; step < 1000 && dot(residual, residual) > enough; ++step) {
    context.poll();
    if (step > 0) {
      const arma::cube turned = by_kronecker(residual, ridge);
      const double next = dot(residual, turned);
      along = turned + (next / product) * along;
      product = next;
    }
    const arma::cube image = normal_product(along, ridge);
    const double length = product / dot(along, image);
    out += length * along;
    residual -= length * image;
  }
  return out;
}

arma::cube MapRegression::changes(const arma::cube& maps) const {
  const std::size_t d = maps.n_rows;
  arma::cube out(d, d, psi_.n_cols);
  const arma::mat flat(const_cast<double*>(maps.memptr()), d * d, maps.n_slices, false, true);
  arma::mat sums(out.memptr(), d * d, psi_.n_cols, false, true);
  sums = flat * psi_;
  return out;
}

// With F_b = (1/C) psi' (s_b Q + ridge)^-1 psi, in direction b of the second moment,
//   D_-g = (D_g - R_g F_gg) (I - s_b F_gg)^-1.
void MapRegression::leave_out_by_kronecker(const arma::cube& cross, const arma::uvec& group,
                                           double ridge, arma::cube& changes) const {
  const arma::mat psi = psi_.cols(group);
  const arma::uword d = moments_.n_elem, size = group.n_elem;
  arma::cube moved(d, d, size), target(d, d, size);
  for (arma::uword c = 0; c < size; ++c) {
    moved.slice(c) = changes.slice(group[c]) * directions_;
    target.slice(c) = cross.slice(group[c]) * directions_;
  }
  arma::mat own(d, size), wanted(d, size);
  for (arma::uword b = 0; b < d; ++b) {
    arma::mat scaled = psi;
    scaled.each_col() /= psi_squares_ * moments_[b] + ridge;
    const arma::mat hat = psi.t() * scaled * share_of_one(psi_);
    for (arma::uword c = 0; c < size; ++c) {
      own.col(c) = moved.slice(c).col(b);
      wanted.col(c) = target.slice(c).col(b);
    }
    const arma::mat keep = arma::eye(size, size) - moments_[b] * hat;
    const arma::mat left = arma::solve(keep, arma::mat((own - wanted * hat).t())).t();
    for (arma::uword c = 0; c < size; ++c) moved.slice(c).col(b) = left.col(c);
  }
  for (arma::uword c = 0; c < size; ++c) changes.slice(group[c]) = moved.slice(c) * directions_.t();
}

// With Z = [psi_c (x) I], G the normal matrix and M = Z' G^-1 Z,
//   D_-g = (D_g - (1/C) R_g M) (I - (1/C) S_g M)^-1.
void MapRegression::leave_out_directly(const arma::cube& cross, const arma::uvec& group,
                                       const arma::mat& root, arma::cube& changes) const {
  const std::size_t d = moments_.n_elem, size = group.n_elem;
  const double share = share_of_one(psi_);
  const arma::mat z = arma::kron(psi_.cols(group), arma::eye(d, d));
  const arma::mat half = arma::solve(arma::trimatl(root), z);
  const arma::mat m = half.t() * half;
  arma::mat own(d, d * size), wanted(d, d * size), keep = arma::eye(d * size, d * size);
  for (std::size_t c = 0; c < size; ++c) {
    const arma::span at(c * d, c * d + d - 1);
    own.cols(c * d, c * d + d - 1) = changes.slice(group[c]);
    wanted.cols(c * d, c * d + d - 1) = cross.slice(group[c]);
    keep.rows(c * d, c * d + d - 1) -=
        share * second_moment(group[c]) * m.rows(c * d, c * d + d - 1);
  }
  const arma::mat left =
      arma::solve(arma::mat(keep.t()), arma::mat((own - share * wanted * m).t())).t();
  for (std::size_t c = 0; c < size; ++c) changes.slice(group[c]) = left.cols(c * d, c * d + d - 1);
}

arma::cube MapRegression::left_out(const arma::cube& cross, const arma::cube& maps, double ridge,
                                   const ConditionGroups& groups) const {
  arma::cube out = changes(maps);
  arma::mat root;
  if (solver_ == MapSolver::direct)
    require(arma::chol(root, normal_matrix(ridge), "lower"), Status::numerical_failure,
            "the normal equations are singular; give a larger ridge");
  for (const arma::uvec& group : members_of(groups, psi_.n_cols)) {
    if (solver_ == MapSolver::direct)
      leave_out_directly(cross, group, root, out);
    else
      leave_out_by_kronecker(cross, group, ridge, out);
  }
  return out;
}

double MapRegression::left_out_error(const arma::cube& cross, const arma::cube& changes) const {
  double sum = 0.0;
  for (arma::uword c = 0; c < changes.n_slices; ++c) {
    const arma::mat& change = changes.slice(c);
    sum += arma::accu((change * second_moment(c)) % change) -
           2.0 * arma::accu(cross.slice(c) % change);
  }
  return sum * share_of_one(psi_);
}

double MapRegression::choose_ridge(const arma::cube& cross, double otherwise,
                                   const ConditionGroups& groups, Context& context) const {
  if (members_of(groups, psi_.n_cols).size() < kFewestLeftOut) return otherwise;
  double best = otherwise, least = kInfinity;
  for (int half = -8; half <= 2; ++half) {
    context.poll();
    const double ridge = std::pow(10.0, 0.5 * half);
    const arma::cube maps = solve(cross, ridge, context);
    const double error = left_out_error(cross, left_out(cross, maps, ridge, groups));
    if (error < least) {
      least = error;
      best = ridge;
    }
  }
  return best;
}

}  // namespace laot
