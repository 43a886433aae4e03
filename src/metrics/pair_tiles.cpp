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
  // Strips of a thousand cells against few at a time, so that the tile of distances stays in
  // the cache; fewer where cells are long, to bound the two buffers.
  const bool narrow = x.n_rows <= 2048;
  tile_rows_ = narrow ? 1000 : 128;
  tile_columns_ = narrow ? 128 : 64;
  x_strips_ = (x.n_cols + tile_rows_ - 1) / tile_rows_;
  y_strips_ = (y.n_cols + tile_rows_ - 1) / tile_rows_;

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

// The strips of xx come first, then those of yy, then those of xy.
Pairs PairWalk::pairs_of(std::size_t strip) const {
  return strip < x_strips_ ? Pairs::xx : (strip < x_strips_ + y_strips_ ? Pairs::yy : Pairs::xy);
}

std::size_t PairWalk::size_of(std::size_t strip) const {
  const Pairs pairs = pairs_of(strip);
  const std::size_t left = pairs == Pairs::yy ? y_.n_cols : x_.n_cols;
  const std::size_t before =
      pairs == Pairs::xx ? 0 : (pairs == Pairs::yy ? x_strips_ : x_strips_ + y_strips_);
  const std::size_t first = (strip - before) * tile_rows_;
  const std::size_t end = std::min(left, first + tile_rows_);
  if (pairs == Pairs::xy) return (end - first) * y_.n_cols;
  return (end - first) * left - (end * (end + 1) - first * (first + 1)) / 2;
}

void PairWalk::fill(const arma::mat& cells, std::size_t first, std::size_t count, arma::mat& out,
                    std::vector<double>& norms) const {
  const std::size_t d = cells.n_rows;
  out.set_size(d, count);
  norms.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double* from = cells.colptr(first + i);
    double* to = out.colptr(i);
    for (std::size_t k = 0; k < d; ++k) to[k] = from[k] - center_[k];
    double sum[4] = {0.0, 0.0, 0.0, 0.0};
    for (std::size_t k = 0; k < d; ++k) sum[k % 4] += to[k] * to[k];
    norms[i] = (sum[0] + sum[2]) + (sum[1] + sum[3]);
  }
}

void PairWalk::run_strip(std::size_t strip, int worker, Workspace& w, Context& context,
                         const std::function<void(const PairTile&)>& visit) const {
  const Pairs pairs = pairs_of(strip);
  const arma::mat& left = pairs == Pairs::yy ? y_ : x_;
  const arma::mat& right = pairs == Pairs::xx ? x_ : y_;
  const std::size_t strip_before =
      pairs == Pairs::xx ? 0 : (pairs == Pairs::yy ? x_strips_ : x_strips_ + y_strips_);
  const lanes::Kernels& kernel = lanes::kernels();
  const std::size_t d = x_.n_rows, first_row = (strip - strip_before) * tile_rows_;
  const std::size_t strip_rows = std::min<std::size_t>(tile_rows_, left.n_cols - first_row);
  fill(left, first_row, strip_rows, w.left, w.left_norms);

  for (std::size_t first_column = pairs == Pairs::xy ? 0 : first_row; first_column < right.n_cols;
       first_column += tile_columns_) {
    if (worker == 0)
      context.poll();
    else
      context.throw_if_stopping();
    const std::size_t columns = std::min<std::size_t>(tile_columns_, right.n_cols - first_column);
    fill(right, first_column, columns, w.right, w.right_norms);
    PairTile tile{pairs, first_row, first_column, strip_rows, columns, 0, nullptr, strip, worker};
    tile.rows = tile.height(columns - 1);  // near the diagonal the lower rows have no pairs
    if (tile.rows == 0) continue;
    const arma::mat rows(w.left.memptr(), d, tile.rows, false, true);
    w.gram = rows.t() * w.right;
    tile.stride = tile.rows;
    tile.squared = w.gram.memptr();
    for (std::size_t j = 0; j < columns; ++j) {
      const std::size_t height = tile.height(j);
      double* t = w.gram.colptr(j);
      if (!kernel.distances(t, w.left_norms.data(), w.right_norms[j], kCancelled, height)) continue;
      for (std::size_t i = 0; i < height; ++i)
        if (t[i] < kCancelled * (w.left_norms[i] + w.right_norms[j]))
          t[i] = squared_distance(left.colptr(first_row + i), right.colptr(first_column + j), d);
    }
    visit(tile);
  }
}

void PairWalk::run_strips(std::size_t first_strip, std::size_t end_strip, Context& context,
                          const std::function<void(const PairTile&)>& visit) const {
  const SingleThreadedBlas single;
  std::vector<std::unique_ptr<Workspace>> workspaces(
      static_cast<std::size_t>(std::max(context.num_threads, 1)));
  for (auto& workspace : workspaces) workspace = std::make_unique<Workspace>();
  parallel_for(context, end_strip - first_strip, 1,
               [&](std::size_t first, std::size_t last, int worker) {
                 for (std::size_t strip = first; strip < last; ++strip)
                   run_strip(first_strip + strip, worker,
                             *workspaces[static_cast<std::size_t>(worker)], context, visit);
               });
}

void PairWalk::run(Context& context, const std::function<void(const PairTile&)>& visit) const {
  run_strips(0, y_strips_ == 0 ? x_strips_ : strips(), context, visit);
}

void PairWalk::run_across(Context& context,
                          const std::function<void(const PairTile&)>& visit) const {
  run_strips(x_strips_ + y_strips_, strips(), context, visit);
}

}  // namespace laot
