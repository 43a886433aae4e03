#include "pair_tiles.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "lanes.hpp"

namespace laot {

namespace {

// |u - v|^2 = |u|^2 + |v|^2 - 2 u'v loses the digits that cancel. Pairs closer than this share of
// |u|^2 + |v|^2 are computed again from the differences: a squared distance is so right to about
// 1e-12 of itself, and 0 for equal cells.
constexpr double kCancelled = 1e-3;

double squared_distance(const double* a, const double* b, std::size_t d) {
  double sum = 0.0;
  for (std::size_t k = 0; k < d; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return sum;
}

}  // namespace

struct PairWalk::Workspace {
  arma::mat left, right, gram;
  std::vector<double> left_norms, right_norms;
};

PairWalk::PairWalk(const arma::mat& x, const arma::mat& y) : x_(x), y_(y), center_(x.n_rows) {
  require(x.n_cols > 0 && x.n_rows > 0, Status::invalid_argument,
          "x must have at least one cell and one feature");
  require(y.n_cols == 0 || x.n_rows == y.n_rows, Status::dimension_mismatch, "x has ", x.n_rows,
          " features and y has ", y.n_rows);
  require(x.is_finite(), Status::not_finite, "x has a NaN or Inf");
  require(y.is_finite(), Status::not_finite, "y has a NaN or Inf");
  // Two buffers of d x tile beside the tile itself: about 20 MB a thread at d = 20000.
  tile_ = x.n_rows <= 2048 ? 256 : 64;
  x_tiles_ = (x.n_cols + tile_ - 1) / tile_;
  y_tiles_ = (y.n_cols + tile_ - 1) / tile_;

  // Distances do not see the centre, but the fewer digits the products have in common the better.
  center_.zeros();
  for (const arma::mat* cells : {&x_, &y_})
    for (std::size_t i = 0; i < cells->n_cols; ++i) {
      const double* cell = cells->colptr(i);
      for (std::size_t k = 0; k < x_.n_rows; ++k) center_[k] += cell[k];
    }
  const double count = static_cast<double>(x_.n_cols + y_.n_cols);
  for (std::size_t k = 0; k < x_.n_rows; ++k) center_[k] /= count;
}

// Strips: the tile rows of xx, then of yy, then of xy.
Pairs PairWalk::pairs_of(std::size_t strip) const {
  return strip < x_tiles_ ? Pairs::xx : (strip < x_tiles_ + y_tiles_ ? Pairs::yy : Pairs::xy);
}

void PairWalk::fill(const arma::mat& cells, std::size_t first, arma::mat& out,
                    double* norms) const {
  const std::size_t d = cells.n_rows, count = std::min<std::size_t>(tile_, cells.n_cols - first);
  out.set_size(d, count);
  for (std::size_t i = 0; i < count; ++i) {
    const double* from = cells.colptr(first + i);
    double* to = out.colptr(i);
    double sum = 0.0;
    for (std::size_t k = 0; k < d; ++k) {
      to[k] = from[k] - center_[k];
      sum += to[k] * to[k];
    }
    norms[i] = sum;
  }
}

void PairWalk::run_strip(std::size_t strip, int worker, Workspace& w, Context& context,
                         const std::function<void(const PairTile&)>& visit) const {
  const Pairs pairs = pairs_of(strip);
  const arma::mat& left = pairs == Pairs::yy ? y_ : x_;
  const arma::mat& right = pairs == Pairs::xx ? x_ : y_;
  const std::size_t row_tile = pairs == Pairs::xx   ? strip
                               : pairs == Pairs::yy ? strip - x_tiles_
                                                    : strip - x_tiles_ - y_tiles_;
  const std::size_t column_tiles = pairs == Pairs::xx ? x_tiles_ : y_tiles_;
  const lanes::Kernels& kernel = lanes::kernels();
  const std::size_t d = x_.n_rows;
  w.left_norms.resize(tile_);
  w.right_norms.resize(tile_);
  fill(left, row_tile * tile_, w.left, w.left_norms.data());

  for (std::size_t column_tile = pairs == Pairs::xy ? 0 : row_tile; column_tile < column_tiles;
       ++column_tile) {
    if (worker == 0)
      context.poll();
    else
      context.throw_if_stopping();
    fill(right, column_tile * tile_, w.right, w.right_norms.data());
    w.gram = w.left.t() * w.right;
    PairTile tile{pairs,
                  row_tile * tile_,
                  column_tile * tile_,
                  w.left.n_cols,
                  w.right.n_cols,
                  w.left.n_cols,
                  w.gram.memptr(),
                  pairs != Pairs::xy && column_tile == row_tile,
                  strip,
                  worker};
    for (std::size_t j = 0; j < tile.columns; ++j) {
      const std::size_t height = tile.height(j);
      double* t = w.gram.colptr(j);
      if (!kernel.distances(t, w.left_norms.data(), w.right_norms[j], kCancelled, height)) continue;
      for (std::size_t i = 0; i < height; ++i)
        if (t[i] < kCancelled * (w.left_norms[i] + w.right_norms[j]))
          t[i] = squared_distance(left.colptr(tile.first_row + i),
                                  right.colptr(tile.first_column + j), d);
    }
    visit(tile);
  }
}

void PairWalk::run(Context& context, const std::function<void(const PairTile&)>& visit) const {
  const SingleThreadedBlas single;
  std::vector<std::unique_ptr<Workspace>> workspaces(
      static_cast<std::size_t>(std::max(context.num_threads, 1)));
  for (auto& workspace : workspaces) workspace = std::make_unique<Workspace>();
  const std::size_t count = y_tiles_ == 0 ? x_tiles_ : strips();
  parallel_for(context, count, 1, [&](std::size_t first, std::size_t last, int worker) {
    for (std::size_t strip = first; strip < last; ++strip)
      run_strip(strip, worker, *workspaces[static_cast<std::size_t>(worker)], context, visit);
  });
}

}  // namespace laot
