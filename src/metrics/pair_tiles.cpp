#include "pair_tiles.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "lanes.hpp"
#include "laot/base/sums.hpp"
#include "laot/linear_algebra.hpp"

namespace laot {

namespace {

// |u - v|^2 = |u|^2 + |v|^2 - 2 u'v loses the digits that cancel. Pairs closer than this share of
// |u|^2 + |v|^2 are computed again from the differences: a squared distance is so right to about
// 1e-12 of itself, and 0 for equal cells.
constexpr double kCancelled = 1e-3;
// Features at a time, so that panels stay in the cache however long the cells are.
constexpr std::size_t kFeatureBlock = 256;
static_assert(1008 % lanes::kPanelRows == 0 && 256 % lanes::kPanelRows == 0 &&
                  128 % lanes::kPanelRows == 0 && 32 % lanes::kPanelColumns == 0,
              "tiles of panels");

// to[k * width] = from[k] - center[k]; the squared length.
double centre(const double* from, const arma::vec& center, double* to, std::size_t width) {
  return sum_in_turn(center.n_elem, [&](std::size_t k) {
    const double value = from[k] - center[k];
    to[k * width] = value;
    return value * value;
  });
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
  std::vector<double> squared, a, b;
};

PairWalk::PairWalk(const arma::mat& x, const arma::mat& y)
    : PairWalk(Cells::dense(x), Cells::dense(y)) {}

PairWalk::PairWalk(Cells x, Cells y) : x_(std::move(x)), y_(std::move(y)), center_(x_.features()) {
  const std::size_t d = x_.features();
  require(x_.cells() > 0 && d > 0, Status::invalid_argument,
          "x must have at least one cell and one feature");
  require(y_.cells() == 0 || d == y_.features(), Status::dimension_mismatch, "x has ", d,
          " features and y has ", y_.features());
  // Strips of many cells against few at a time, so that the tile of distances stays in the cache;
  // fewer where cells are long, to bound the two buffers.
  tile_rows_ = d <= 256 ? 1008 : (d <= 2048 ? 256 : 128);
  tile_columns_ = 32;
  x_strips_ = (x_.cells() + tile_rows_ - 1) / tile_rows_;
  y_strips_ = (y_.cells() + tile_rows_ - 1) / tile_rows_;

  // Distances do not see the centre, but the fewer digits the products have in common the better.
  center_.zeros();
  std::vector<double> scratch(d);
  for (const Cells* cells : {&x_, &y_})
    for (std::size_t i = 0; i < cells->cells(); ++i) {
      const double* cell = cells->cell(i, scratch.data());
      require_finite(cell, *cells, i, cells == &x_ ? "x" : "y");
      for (std::size_t k = 0; k < d; ++k) center_[k] += cell[k];
    }
  const double count = static_cast<double>(x_.cells() + y_.cells());
  for (std::size_t k = 0; k < d; ++k) center_[k] /= count;
}

// The strips of xx come first, then those of yy, then those of xy.
Pairs PairWalk::pairs_of(std::size_t strip) const {
  return strip < x_strips_ ? Pairs::xx : (strip < x_strips_ + y_strips_ ? Pairs::yy : Pairs::xy);
}

void PairWalk::pack(const Cells& cells, std::size_t first, std::size_t count, Packed& out,
                    std::vector<double>& scratch) const {
  const std::size_t d = cells.features(), width = out.width;
  const std::size_t panels = (count + width - 1) / width;
  out.values.assign(panels * width * d, 0.0);
  out.norms.assign(panels * width, 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    const double* from = cells.cell(first + i, scratch.data());
    out.norms[i] =
        centre(from, center_, out.values.data() + (i / width) * width * d + i % width, width);
  }
}

double PairWalk::centred(std::size_t i, double* out) const {
  const bool of_x = i < x_.cells();
  const Cells& cells = of_x ? x_ : y_;
  return centre(cells.cell(of_x ? i : i - x_.cells(), out), center_, out, 1);
}

double PairWalk::squared(std::size_t i, std::size_t j) const {
  const std::size_t d = x_.features();
  std::vector<double> a(d), b(d);
  const double norms = centred(i, a.data()) + centred(j, b.data());
  const double product = lanes::product_in_order(a.data(), b.data(), d);
  const double t = std::max(norms - (product + product), 0.0);
  if (!(t < kCancelled * norms)) return t;
  const auto cell = [&](std::size_t which, double* scratch) {
    return which < x_.cells() ? x_.cell(which, scratch) : y_.cell(which - x_.cells(), scratch);
  };
  return squared_distance(cell(i, a.data()), cell(j, b.data()), d);
}

void PairWalk::fill_tile(const Cells& left, const Cells& right, const PairTile& tile,
                         Workspace& w) const {
  const lanes::Kernels& kernel = lanes::kernels();
  const std::size_t d = x_.features();
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

void PairWalk::repair(const Cells& left, const Cells& right, const PairTile& tile, std::size_t row,
                      std::size_t column, Workspace& w) const {
  const std::size_t columns = std::min(tile.columns, column + lanes::kPanelColumns);
  for (std::size_t j = column; j < columns; ++j) {
    double* t = w.squared.data() + j * tile.stride;
    const std::size_t height = std::min(tile.height(j), row + lanes::kPanelRows);
    for (std::size_t i = row; i < height; ++i)
      if (t[i] < kCancelled * (w.left.norms[i] + w.right.norms[j]))
        t[i] = squared_distance(left.cell(tile.first_row + i, w.a.data()),
                                right.cell(tile.first_column + j, w.b.data()), x_.features());
  }
}

void PairWalk::run_strip(std::size_t strip, int worker, Workspace& w, Context& context,
                         const std::function<void(const PairTile&)>& visit) const {
  const Pairs pairs = pairs_of(strip);
  const Cells& left = pairs == Pairs::yy ? y_ : x_;
  const Cells& right = pairs == Pairs::xx ? x_ : y_;
  const std::size_t strip_before =
      pairs == Pairs::xx ? 0 : (pairs == Pairs::yy ? x_strips_ : x_strips_ + y_strips_);
  const std::size_t d = x_.features(), first_row = (strip - strip_before) * tile_rows_;
  const std::size_t strip_rows = std::min<std::size_t>(tile_rows_, left.cells() - first_row);
  w.a.resize(d);
  w.b.resize(d);
  pack(left, first_row, strip_rows, w.left, w.a);

  for (std::size_t first_column = pairs == Pairs::xy ? 0 : first_row; first_column < right.cells();
       first_column += tile_columns_) {
    if (worker == 0)
      context.poll();
    else
      context.throw_if_stopping();
    const std::size_t columns = std::min<std::size_t>(tile_columns_, right.cells() - first_column);
    PairTile tile{pairs, first_row, first_column, strip_rows, columns, 0, nullptr, strip, worker};
    tile.rows = tile.height(columns - 1);  // near the diagonal the lower rows have no pairs
    if (tile.rows == 0) continue;
    pack(right, first_column, columns, w.right, w.b);
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
