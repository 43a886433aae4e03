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
// Features at a time, so that panels stay in the cache however long the cells are.
constexpr std::size_t kFeatureBlock = 256;
static_assert(1008 % lanes::kPanelRows == 0 && 128 % lanes::kPanelRows == 0, "tiles of panels");

double squared_distance(const double* a, const double* b, std::size_t d) {
  double sum = 0.0;
  for (std::size_t k = 0; k < d; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return sum;
}

}  // namespace

/// Cells in panels of lanes::kPanelRows or kPanelColumns, feature after feature; the last panel is
/// filled up with cells at the centre.
struct PairWalk::Packed {
  std::size_t width = 0;
  std::vector<double> values, norms;
};

struct PairWalk::Workspace {
  Packed left, right;
  std::vector<double> squared;
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
  tile_rows_ = narrow ? 1008 : 128;
  tile_columns_ = 32;
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

void PairWalk::pack(const arma::mat& cells, std::size_t first, std::size_t count,
                    Packed& out) const {
  const std::size_t d = cells.n_rows, width = out.width;
  const std::size_t panels = (count + width - 1) / width;
  out.values.assign(panels * width * d, 0.0);
  out.norms.assign(panels * width, 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    const double* from = cells.colptr(first + i);
    double* to = out.values.data() + (i / width) * width * d + i % width;
    double sum[4] = {0.0, 0.0, 0.0, 0.0};
    for (std::size_t k = 0; k < d; ++k) {
      const double value = from[k] - center_[k];
      to[k * width] = value;
      sum[k % 4] += value * value;
    }
    out.norms[i] = (sum[0] + sum[2]) + (sum[1] + sum[3]);
  }
}

void PairWalk::fill_tile(const arma::mat& left, const arma::mat& right, const PairTile& tile,
                         Workspace& w) const {
  const lanes::Kernels& kernel = lanes::kernels();
  const std::size_t d = x_.n_rows;
  const auto panels = [&](std::size_t i, std::size_t j, std::size_t k) {
    return lanes::PanelPair{w.left.values.data() + i * d + k * lanes::kPanelRows,
                            w.right.values.data() + j * d + k * lanes::kPanelColumns,
                            std::min(kFeatureBlock, d - k),
                            w.left.norms.data() + i,
                            w.right.norms.data() + j,
                            w.squared.data() + i + j * tile.stride,
                            tile.stride};
  };
  const std::size_t last = (d - 1) / kFeatureBlock * kFeatureBlock;
  for (std::size_t k = 0; k < last; k += kFeatureBlock)
    for (std::size_t i = 0; i < tile.rows; i += lanes::kPanelRows)
      for (std::size_t j = 0; j < tile.columns; j += lanes::kPanelColumns)
        kernel.products(panels(i, j, k), k > 0);
  for (std::size_t i = 0; i < tile.rows; i += lanes::kPanelRows)
    for (std::size_t j = 0; j < tile.columns; j += lanes::kPanelColumns)
      if (kernel.distances(panels(i, j, last), last > 0, kCancelled))
        repair(left, right, tile, i, j, w);
}

void PairWalk::repair(const arma::mat& left, const arma::mat& right, const PairTile& tile,
                      std::size_t row, std::size_t column, Workspace& w) const {
  const std::size_t columns = std::min(tile.columns, column + lanes::kPanelColumns);
  for (std::size_t j = column; j < columns; ++j) {
    double* t = w.squared.data() + j * tile.stride;
    const std::size_t height = std::min(tile.height(j), row + lanes::kPanelRows);
    for (std::size_t i = row; i < height; ++i)
      if (t[i] < kCancelled * (w.left.norms[i] + w.right.norms[j]))
        t[i] = squared_distance(left.colptr(tile.first_row + i),
                                right.colptr(tile.first_column + j), x_.n_rows);
  }
}

void PairWalk::run_strip(std::size_t strip, int worker, Workspace& w, Context& context,
                         const std::function<void(const PairTile&)>& visit) const {
  const Pairs pairs = pairs_of(strip);
  const arma::mat& left = pairs == Pairs::yy ? y_ : x_;
  const arma::mat& right = pairs == Pairs::xx ? x_ : y_;
  const std::size_t strip_before =
      pairs == Pairs::xx ? 0 : (pairs == Pairs::yy ? x_strips_ : x_strips_ + y_strips_);
  const std::size_t first_row = (strip - strip_before) * tile_rows_;
  const std::size_t strip_rows = std::min<std::size_t>(tile_rows_, left.n_cols - first_row);
  pack(left, first_row, strip_rows, w.left);

  for (std::size_t first_column = pairs == Pairs::xy ? 0 : first_row; first_column < right.n_cols;
       first_column += tile_columns_) {
    if (worker == 0)
      context.poll();
    else
      context.throw_if_stopping();
    const std::size_t columns = std::min<std::size_t>(tile_columns_, right.n_cols - first_column);
    PairTile tile{pairs, first_row, first_column, strip_rows, columns, 0, nullptr, strip, worker};
    tile.rows = tile.height(columns - 1);  // near the diagonal the lower rows have no pairs
    if (tile.rows == 0) continue;
    pack(right, first_column, columns, w.right);
    tile.stride = w.left.norms.size();
    tile.squared = w.squared.data();
    fill_tile(left, right, tile, w);
    visit(tile);
  }
}

void PairWalk::run_strips(std::size_t first_strip, std::size_t end_strip, Context& context,
                          const std::function<void(const PairTile&)>& visit) const {
  std::vector<std::unique_ptr<Workspace>> workspaces(
      static_cast<std::size_t>(std::max(context.num_threads, 1)));
  for (auto& workspace : workspaces) {
    workspace = std::make_unique<Workspace>();
    workspace->left.width = lanes::kPanelRows;
    workspace->right.width = lanes::kPanelColumns;
    workspace->squared.resize(tile_rows_ * tile_columns_);
  }
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
