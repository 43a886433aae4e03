// Clusters of the control cells and their shares among the treated cells, by a mixture whose
// centres move by one affine map.
#include <algorithm>
#include <cmath>
#include <limits>

#include "laot/balance.hpp"
#include "laot/linear_algebra.hpp"

namespace laot {

namespace {

bool all_the_same(const arma::mat& cells) {
  for (std::size_t i = 1; i < cells.n_cols; ++i)
    if (!std::equal(cells.colptr(i), cells.colptr(i) + cells.n_rows, cells.colptr(0))) return false;
  return true;
}

// The cell nearest to the mean, then the one farthest from those that were taken.
arma::mat farthest_points(const arma::mat& x, std::size_t count) {
  const arma::vec mean = arma::mean(x, 1);
  std::vector<double> nearest(x.n_cols);
  for (std::size_t i = 0; i < x.n_cols; ++i)
    nearest[i] = squared_distance(x.colptr(i), mean.memptr(), x.n_rows);
  std::size_t taken =
      static_cast<std::size_t>(std::min_element(nearest.begin(), nearest.end()) - nearest.begin());
  std::fill(nearest.begin(), nearest.end(), std::numeric_limits<double>::infinity());
  arma::mat out(x.n_rows, count);
  for (std::size_t c = 0; c < count; ++c) {
    out.col(c) = x.col(taken);
    for (std::size_t i = 0; i < x.n_cols; ++i)
      nearest[i] = std::min(nearest[i], squared_distance(x.colptr(i), x.colptr(taken), x.n_rows));
    taken = static_cast<std::size_t>(std::max_element(nearest.begin(), nearest.end()) -
                                     nearest.begin());
  }
  return out;
}

// Lloyd's iterations; a cluster that loses its cells keeps its centre.
arma::mat centres_of(const arma::mat& x, std::size_t count, Context& context) {
  constexpr int kMostRounds = 100;
  arma::mat centres = farthest_points(x, count);
  std::vector<std::uint32_t> last;
  for (int round = 0; round < kMostRounds; ++round) {
    context.poll();
    std::vector<std::uint32_t> nearest = nearest_centres(x, centres);
    if (nearest == last) break;
    arma::mat sums(x.n_rows, count, arma::fill::zeros);
    std::vector<double> members(count, 0.0);
    for (std::size_t i = 0; i < x.n_cols; ++i) {
      sums.col(nearest[i]) += x.col(i);
      members[nearest[i]] += 1.0;
    }
    for (std::size_t c = 0; c < count; ++c)
      if (members[c] > 0.0) centres.col(c) = sums.col(c) / members[c];
    last = std::move(nearest);
  }
  return centres;
}

class MovedMixture {
 public:
  MovedMixture(const arma::mat& centres, const arma::vec& shares, const arma::mat& y,
               const arma::vec& weights, const arma::vec& mean_x, const ClusterOptions& options)
      : centres_(centres),
        y_(y),
        weights_(weights),
        options_(options),
        mean_y_(y * weights),
        moved_(centres),
        shares_(shares),
        member_(centres.n_cols, y.n_cols) {
    moved_.each_col() += mean_y_ - mean_x;
    for (std::size_t j = 0; j < y.n_cols; ++j)
      variance_ += weights[j] * squared_distance(y.colptr(j), mean_y_.memptr(), y.n_rows) /
                   static_cast<double>(y.n_rows);
    smallest_ = 1e-9 * variance_;
  }

  void run(Context& context) {
    for (int k = 0; k < options_.max_iter; ++k) {
      context.poll();
      assign();
      const arma::vec next = member_ * weights_;
      const double change = arma::abs(next - shares_).max();
      shares_ = next;
      move();
      if (change < options_.tol) return;
    }
  }

  const arma::vec& shares() const { return shares_; }
  std::vector<std::uint32_t> likeliest() const {
    std::vector<std::uint32_t> out;
    for (std::size_t j = 0; j < y_.n_cols; ++j)
      out.push_back(static_cast<std::uint32_t>(member_.col(j).index_max()));
    return out;
  }

 private:
  void assign() {
    for (std::size_t j = 0; j < y_.n_cols; ++j) {
      double top = -std::numeric_limits<double>::infinity(), sum = 0.0;
      for (std::size_t c = 0; c < centres_.n_cols; ++c) {
        member_(c, j) = shares_[c] > 0.0
                            ? std::log(shares_[c]) -
                                  squared_distance(y_.colptr(j), moved_.colptr(c), y_.n_rows) /
                                      (2.0 * variance_)
                            : -std::numeric_limits<double>::infinity();
        top = std::max(top, member_(c, j));
      }
      for (std::size_t c = 0; c < centres_.n_cols; ++c) {
        member_(c, j) = std::exp(member_(c, j) - top);
        sum += member_(c, j);
      }
      for (std::size_t c = 0; c < centres_.n_cols; ++c) member_(c, j) /= sum;
    }
  }

  // W and b by least squares of the cells on the centres, ridge towards I; then the variance.
  void move() {
    const std::size_t d = y_.n_rows;
    const arma::vec mean_c = centres_ * shares_;
    arma::mat about = centres_;
    about.each_col() -= mean_c;
    arma::mat weighted = about;
    for (std::size_t c = 0; c < weighted.n_cols; ++c) weighted.col(c) *= shares_[c];
    const arma::mat second = symmetrised(arma::mat(about * weighted.t()));
    arma::mat to_centre(d, centres_.n_cols, arma::fill::zeros);  // sum_j w_j r_cj (y_j - mean)
    for (std::size_t j = 0; j < y_.n_cols; ++j)
      for (std::size_t c = 0; c < centres_.n_cols; ++c)
        for (std::size_t k = 0; k < d; ++k)
          to_centre(k, c) += weights_[j] * member_(c, j) * (y_(k, j) - mean_y_[k]);
    const double ridge = options_.ridge * arma::trace(second) / static_cast<double>(d);
    if (ridge > 0.0) {
      const arma::mat identity(d, d, arma::fill::eye);
      const arma::mat cross = to_centre * about.t() + ridge * identity;
      const SymmetricEigen eigen = symmetric_eigen(second);
      arma::mat along = cross * eigen.vectors;
      for (std::size_t k = 0; k < d; ++k) along.col(k) /= std::max(0.0, eigen.values[k]) + ridge;
      moved_ = arma::mat(along * eigen.vectors.t()) * about;
    } else {
      moved_ = about;
    }
    for (std::size_t c = 0; c < moved_.n_cols; ++c) moved_.col(c) += mean_y_;
    variance_ = 0.0;
    for (std::size_t j = 0; j < y_.n_cols; ++j)
      for (std::size_t c = 0; c < centres_.n_cols; ++c)
        variance_ += weights_[j] * member_(c, j) *
                     squared_distance(y_.colptr(j), moved_.colptr(c), d) / static_cast<double>(d);
    variance_ = std::max(variance_, smallest_);
  }

  const arma::mat& centres_;
  const arma::mat& y_;
  const arma::vec& weights_;
  const ClusterOptions& options_;
  arma::vec mean_y_;
  arma::mat moved_;
  arma::vec shares_;
  arma::mat member_;  // clusters x m
  double variance_ = 0.0, smallest_ = 0.0;
};

}  // namespace

std::vector<std::uint32_t> nearest_centres(const arma::mat& cells, const arma::mat& centres) {
  std::vector<std::uint32_t> out(cells.n_cols, 0);
  for (std::size_t i = 0; i < cells.n_cols; ++i) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < centres.n_cols; ++c) {
      const double square = squared_distance(cells.colptr(i), centres.colptr(c), cells.n_rows);
      if (square < least) {
        least = square;
        out[i] = static_cast<std::uint32_t>(c);
      }
    }
  }
  return out;
}

Composition clustered(const arma::mat& x, const arma::mat& y, const arma::vec& weights_x,
                      const arma::vec& weights_y, const ClusterOptions& options, CellTypes& types,
                      Context& context) {
  // A mixture without spread: each cell would be 0 over 0 of each cluster.
  require(!all_the_same(y), Status::invalid_argument,
          "the treated cells are all the same and show no shares of clusters; set balance to ",
          "\"none\"");
  const SingleThreadedBlas one_thread;
  const std::size_t count =
      std::min(options.most,
               std::max<std::size_t>(1, x.n_cols / std::max<std::size_t>(1, options.fewest_of)));
  const arma::mat centres = centres_of(x, count, context);
  types = CellTypes();
  for (std::size_t c = 0; c < count; ++c) types.names.push_back(text("cluster ", c + 1));
  types.control = nearest_centres(x, centres);
  arma::vec shares(count, arma::fill::zeros);
  for (std::size_t i = 0; i < x.n_cols; ++i) shares[types.control[i]] += weights_x[i];
  MovedMixture mixture(centres, shares, y, weights_y, x * weights_x, options);
  mixture.run(context);
  types.treated = mixture.likeliest();
  Composition out = composition_of(types, weights_x, weights_y);
  out.treated = mixture.shares();
  for (std::size_t c = 0; c < count; ++c)
    out.ratio[c] = out.control[c] > 0.0 ? out.treated[c] / out.control[c] : 0.0;
  out.centres = centres;
  return out;
}

}  // namespace laot
