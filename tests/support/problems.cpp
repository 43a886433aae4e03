#include "support/problems.hpp"

#include <cmath>
#include <stdexcept>

namespace problems {

namespace {

template <class Draw>
arma::mat filled(std::size_t d, std::size_t n, Draw draw) {
  arma::mat out(d, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < d; ++k) out(k, i) = draw(k);
  return out;
}

arma::mat clustered(const arma::mat& centres, std::size_t n, laot::Rng& rng) {
  arma::mat out(centres.n_rows, n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t c = rng.below(rng.below(centres.n_cols) + 1);  // unbalanced
    for (std::size_t k = 0; k < centres.n_rows; ++k) out(k, i) = centres(k, c) + 0.3 * rng.normal();
  }
  return out;
}

arma::mat repeated(const arma::mat& distinct, std::size_t n, laot::Rng& rng) {
  arma::mat out(distinct.n_rows, n);
  for (std::size_t i = 0; i < n; ++i) out.col(i) = distinct.col(rng.below(distinct.n_cols));
  return out;
}

}  // namespace

const std::vector<std::string>& kinds() {
  static const std::vector<std::string> all = {"gaussian",   "clustered", "lattice", "counts",
                                               "duplicates", "identical", "zeros",   "far",
                                               "scales",     "line",      "equal",   "half_zero"};
  return all;
}

Clouds clouds(const std::string& kind, std::size_t d, std::size_t n, std::size_t m,
              laot::Rng& rng) {
  Clouds out;
  arma::mat &x = out.x, &y = out.y;
  const auto normal = [&](std::size_t) { return rng.normal(); };
  const auto both = [&](auto draw) {
    x = filled(d, n, draw);
    y = filled(d, m, draw);
  };
  if (kind == "gaussian" || kind == "half_zero") {
    x = filled(d, n, normal);
    y = filled(d, m, [&](std::size_t k) {
      return (0.5 + 0.1 * static_cast<double>(k)) * rng.normal() + 0.5;
    });
    if (kind == "half_zero")
      for (arma::mat* cloud : {&x, &y})
        for (std::size_t i = 0; i < cloud->n_cols; i += 2) cloud->col(i).zeros();
  } else if (kind == "clustered") {
    const arma::mat centres = filled(d, 6, [&](std::size_t) { return 3.0 * rng.normal(); });
    x = clustered(centres, n, rng);
    y = clustered(centres + 0.5, m, rng);
  } else if (kind == "lattice") {
    both([&](std::size_t) { return static_cast<double>(rng.below(3)); });
  } else if (kind == "counts") {
    both([&](std::size_t) {
      return rng.uniform() < 0.9 ? 0.0 : std::floor(-3.0 * std::log(1.0 - rng.uniform()));
    });
  } else if (kind == "duplicates") {
    x = repeated(filled(d, n / 3 + 1, normal), n, rng);
    y = repeated(filled(d, m / 3 + 1, normal), m, rng);
  } else if (kind == "identical") {
    const double a = rng.normal(), b = rng.normal();
    x.set_size(d, n);
    y.set_size(d, m);
    x.fill(a);
    y.fill(b);
  } else if (kind == "zeros") {
    x.zeros(d, n);
    y.zeros(d, m);
  } else if (kind == "far") {
    both([&](std::size_t) { return 1e6 + rng.normal(); });
  } else if (kind == "scales") {
    both([&](std::size_t k) {
      const double share = d == 1 ? 0.0 : static_cast<double>(k) / static_cast<double>(d - 1);
      return std::pow(10.0, -4.0 + 8.0 * share) * rng.normal();
    });
  } else if (kind == "line") {
    d = 1;
    both(normal);
  } else if (kind == "equal") {
    x = filled(d, n, normal);
    y.set_size(d, m);
    const std::vector<std::size_t> order = rng.permutation(m);
    for (std::size_t j = 0; j < m; ++j) y.col(order[j]) = x.col(j % n);
  } else {
    throw std::runtime_error("no kind of problem " + kind);
  }
  return out;
}

}  // namespace problems
