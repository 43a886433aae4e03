#include "laot/conditions/condition_regression.hpp"

#include <cmath>
#include <map>

namespace laot {

namespace {

// Singular values below this share of the largest are rounding.
constexpr double kNoDirection = 1e-10;

}  // namespace

std::vector<arma::uvec> members_of(const ConditionGroups& groups, std::size_t conditions) {
  require(groups.empty() || groups.size() == conditions, Status::dimension_mismatch, "there are ",
          groups.size(), " groups for ", conditions, " conditions");
  std::map<std::size_t, std::vector<arma::uword>> by_number;
  for (std::size_t c = 0; c < conditions; ++c)
    by_number[groups.empty() ? c : groups[c]].push_back(c);
  std::vector<arma::uvec> out;
  for (const auto& group : by_number) out.emplace_back(group.second);
  return out;
}

ConditionRegression::ConditionRegression(const arma::mat& phi) {
  require(phi.n_cols > 0 && phi.is_finite(), Status::invalid_argument,
          "the features of conditions must be finite, and there must be conditions");
  arma::mat right;
  arma::vec singular;
  require(arma::svd_econ(basis_, singular, right,
                         arma::mat(phi / std::sqrt(static_cast<double>(phi.n_cols)))),
          Status::numerical_failure, "the singular value decomposition of ", phi.n_rows,
          " features of ", phi.n_cols, " conditions failed");
  arma::uword rank = 0;
  while (rank < singular.n_elem && singular[rank] > kNoDirection * singular[0]) ++rank;
  basis_.resize(phi.n_rows, rank);
  squares_ = arma::square(singular.head(rank));
  psi_ = basis_.t() * phi;
}

arma::vec ConditionRegression::shrinking(double ridge) const {
  return 1.0 / (squares_ + ridge) / static_cast<double>(psi_.n_cols);
}

arma::mat ConditionRegression::fit(const arma::mat& values, double ridge) const {
  arma::mat along = values * psi_.t();
  along.each_row() %= shrinking(ridge).t();
  return along * basis_.t();
}

arma::mat ConditionRegression::left_out(const arma::mat& values, double ridge,
                                        const ConditionGroups& groups) const {
  arma::mat scaled = psi_;
  scaled.each_col() %= shrinking(ridge);
  const arma::mat hat = psi_.t() * scaled;  // C x C, symmetric
  const arma::mat residual = values - values * hat;
  arma::mat out = values;
  for (const arma::uvec& group : members_of(groups, values.n_cols)) {
    // The residuals of a group that is left out are those of the fit times (I - H_gg)^-1.
    const arma::mat keep = arma::eye(group.n_elem, group.n_elem) - hat(group, group);
    arma::mat left;
    require(
        arma::solve(left, keep, arma::mat(residual.cols(group).t()), arma::solve_opts::no_approx),
        Status::numerical_failure,
        "a condition cannot be predicted from the others without a ridge");
    out.cols(group) -= left.t();
  }
  return out;
}

double ConditionRegression::choose_ridge(const arma::mat& values,
                                         const ConditionGroups& groups) const {
  if (members_of(groups, values.n_cols).size() < kFewestLeftOut) return 0.0;
  double best = 0.0, least = kInfinity;
  for (int half = -8; half <= 3; ++half) {
    const double ridge = std::pow(10.0, 0.5 * half);
    const double error = arma::accu(arma::square(values - left_out(values, ridge, groups)));
    if (error < least) {
      least = error;
      best = ridge;
    }
  }
  return best;
}

}  // namespace laot
