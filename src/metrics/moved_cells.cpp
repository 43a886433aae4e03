#include "laot/metrics/moved_cells.hpp"

#include <algorithm>
#include <cmath>

#include "lanes.hpp"
#include "laot/base/sums.hpp"
#include "laot/linear_algebra.hpp"
#include "pair_sums.hpp"
#include "pair_tiles.hpp"

namespace laot {

namespace {

// As for the distances of a walk (pair_tiles.cpp): below this share of the squares that they come
// from, distances are computed again from the differences.
constexpr double kLostDigits = 1e-3;
// How far cells may be from what the basis says of them, as a share of their largest value: less
// than what this does to a distance is rounding.
constexpr double kRounding = 1e-13;

// Columns of a matrix in panels of `width`, row after row; filled up with zeros.
std::vector<double> packed(const arma::mat& columns, std::size_t width) {
  const std::size_t k = columns.n_rows;
  std::vector<double> out((columns.n_cols + width - 1) / width * width * k, 0.0);
  for (std::size_t i = 0; i < columns.n_cols; ++i)
    for (std::size_t r = 0; r < k; ++r)
      out[(i / width) * width * k + r * width + i % width] = columns.at(r, i);
  return out;
}

// Squared distances that differ from those of a tile by left_i + right_j - 2 <l_i, r_j>.
struct Correction {
  std::size_t dimension = 0;
  std::vector<double> left, right;              // l and r, packed
  std::vector<double> left_added, right_added;  // of each cell
  std::vector<double> left_squares, right_squares;
  const arma::mat *left_cells = nullptr, *right_cells = nullptr;

  void set(const arma::mat& l, const arma::mat& r) {
    dimension = l.n_rows;
    left = packed(l, lanes::kPanelRows);
    right = packed(r, lanes::kPanelColumns);
  }

  double directly(std::size_t i, std::size_t j) const {
    return squared_distance(left_cells->colptr(i), right_cells->colptr(j), left_cells->n_rows);
  }

  void apply(const PairTile& tile, std::vector<double>& out) const {
    out.resize(tile.stride * ((tile.columns + lanes::kPanelColumns - 1) / lanes::kPanelColumns) *
               lanes::kPanelColumns);
    for (std::size_t i = 0; i < tile.rows; i += lanes::kPanelRows)
      for (std::size_t j = 0; j < tile.columns; j += lanes::kPanelColumns)
        lanes::kernels().products({left.data() + (tile.first_row + i) * dimension,
                                   right.data() + (tile.first_column + j) * dimension, dimension,
                                   nullptr, nullptr, out.data() + i + j * tile.stride, tile.stride},
                                  false);
    for (std::size_t j = 0; j < tile.columns; ++j) correct_column(tile, j, out.data());
  }

 private:
  void correct_column(const PairTile& tile, std::size_t j, double* out) const {
    const std::size_t column = tile.first_column + j;
    const double added = right_added[column], square = right_squares[column];
    const double *before = tile.column(j), *on_left = left_added.data() + tile.first_row;
    const double* squares = left_squares.data() + tile.first_row;
    double* t = out + j * tile.stride;
    std::size_t lost = 0;
    const std::size_t height = tile.height(j);
    for (std::size_t i = 0; i < height; ++i) {
      t[i] = before[i] + ((on_left[i] + added) - 2.0 * t[i]);
      lost += t[i] < kLostDigits * (squares[i] + square) ? 1 : 0;
    }
    if (lost == 0) return;
    for (std::size_t i = 0; i < height; ++i)
      if (t[i] < kLostDigits * (squares[i] + square)) t[i] = directly(tile.first_row + i, column);
  }
};

std::vector<double> squares_about(const arma::mat& cells, const arma::vec& center) {
  std::vector<double> out(cells.n_cols);
  for (std::size_t i = 0; i < cells.n_cols; ++i) {
    const double* cell = cells.colptr(i);
    out[i] = sum_in_turn(cells.n_rows, [&](std::size_t k) {
      const double apart = cell[k] - center[k];
      return apart * apart;
    });
  }
  return out;
}

std::vector<double> squares_of(const arma::mat& cells) {
  return squares_about(cells, arma::vec(cells.n_rows, arma::fill::zeros));
}

// product' (cells - center), without a copy of the cells.
arma::mat coordinates(const arma::mat& directions, const arma::mat& cells,
                      const arma::vec& center) {
  arma::mat out = directions.t() * cells;
  out.each_col() -= arma::vec(directions.t() * center);
  return out;
}

// Work that all moved populations share.
struct StartingCells {
  const arma::mat &cells, &basis, &observed;
  arma::vec mean, center;
  arma::mat z, observed_z;  // V' of the cells about one centre
  std::vector<double> squares, observed_squares, z_squares;

  StartingCells(const arma::mat& start, const arma::mat& directions, const arma::mat& seen)
      : cells(start), basis(directions), observed(seen), mean(arma::mean(start, 1)) {
    const double n = static_cast<double>(start.n_cols), m = static_cast<double>(seen.n_cols);
    center = (mean * n + arma::mean(seen, 1) * m) / (n + m);
    z = coordinates(basis, start, center);
    observed_z = coordinates(basis, seen, center);
    squares = squares_about(start, center);
    observed_squares = squares_about(seen, center);
    z_squares = squares_of(z);
  }
};

// How cells were moved: all by shift, and each by V a besides.
struct Step {
  arma::vec shift;
  arma::mat a;
  bool fits = true;   // to rounding
  bool alone = true;  // a is rounding: all were moved by the shift alone
  bool none() const { return alone && shift.is_zero(); }
};

Step step_of(const StartingCells& start, const arma::mat& cells) {
  constexpr std::size_t kBlock = 64;
  Step out;
  out.shift = arma::mean(cells, 1) - start.mean;
  out.a.set_size(start.basis.n_cols, cells.n_cols);
  for (std::size_t first = 0; first < cells.n_cols && out.fits; first += kBlock) {
    const std::size_t last = std::min<std::size_t>(first + kBlock, cells.n_cols) - 1;
    const arma::mat moved = cells.cols(first, last);
    arma::mat step = moved - start.cells.cols(first, last);
    const double bound = kRounding * std::max(arma::abs(moved).max(), arma::abs(step).max());
    step.each_col() -= out.shift;
    out.alone = out.alone && arma::abs(step).max() <= bound;
    const arma::mat a = start.basis.t() * step;
    if (!out.alone) out.fits = arma::abs(step - start.basis * a).max() <= bound;
    out.a.cols(first, last) = a;
  }
  return out;
}

struct MovedCells {
  bool fits = false, same_within = false, same_across = false;
  Correction within, across;
};

Correction correction_within(const StartingCells& start, const arma::mat& cells,
                             const arma::mat& a) {
  Correction out;
  const arma::mat q = start.z + a;
  const std::vector<double> q_squares = squares_of(q);
  out.set(arma::join_cols(q, start.z), arma::join_cols(q, -start.z));
  out.left_squares = start.squares;
  out.left_added.resize(cells.n_cols);
  for (std::size_t i = 0; i < cells.n_cols; ++i) {
    out.left_added[i] = q_squares[i] - start.z_squares[i];
    out.left_squares[i] += q_squares[i] + start.z_squares[i];
  }
  out.right_added = out.left_added;
  out.right_squares = out.left_squares;
  out.left_cells = out.right_cells = &cells;
  return out;
}

Correction correction_across(const StartingCells& start, const arma::mat& cells, const Step& step) {
  Correction out;
  const std::size_t k = start.basis.n_cols, n = cells.n_cols, m = start.observed.n_cols;
  arma::mat left(k + 1, n, arma::fill::ones), right(k + 1, m);
  left.head_rows(k) = step.a;
  right.head_rows(k) = start.observed_z;
  right.row(k) = step.shift.t() * start.observed - arma::dot(step.shift, start.center);
  out.set(left, right);
  out.left_added = out.left_squares = squares_about(cells, start.center);
  for (std::size_t i = 0; i < n; ++i) {
    out.left_squares[i] += start.squares[i];
    out.left_added[i] -= start.squares[i];
  }
  out.right_added.assign(m, 0.0);
  out.right_squares = start.observed_squares;
  out.left_cells = &cells;
  out.right_cells = &start.observed;
  return out;
}

MovedCells moved_from(const StartingCells& start, const arma::mat& cells) {
  const Step step = step_of(start, cells);
  MovedCells out;
  out.fits = step.fits;
  if (!out.fits) return out;
  out.same_within = step.alone;
  out.same_across = step.none();
  if (!out.same_within) out.within = correction_within(start, cells, step.a);
  if (!out.same_across) out.across = correction_across(start, cells, step);
  return out;
}

}  // namespace

std::vector<KernelSums> kernel_sums_of_moved(const arma::mat& start, const arma::mat& basis,
                                             const std::vector<const arma::mat*>& moved,
                                             const arma::mat& observed,
                                             const std::vector<double>& gammas, Context& context,
                                             KeptDistances keep) {
  require(start.n_rows == observed.n_rows && basis.n_rows == start.n_rows,
          Status::dimension_mismatch,
          "start, basis and observed must have the same features, found ", start.n_rows, ", ",
          basis.n_rows, " and ", observed.n_rows);
  const StartingCells from(start, basis, observed);
  std::vector<MovedCells> populations;
  for (const arma::mat* cells : moved) {
    require(cells->n_rows == start.n_rows && cells->n_cols == start.n_cols,
            Status::dimension_mismatch, "start has ", start.n_cols, " cells and moved has ",
            cells->n_cols);
    populations.push_back(moved_from(from, *cells));
  }
  std::vector<std::vector<double>> buffers(
      static_cast<std::size_t>(std::max(context.num_threads, 1)));
  std::vector<arma::mat> kept(keep != KeptDistances::none ? moved.size() + 1 : 0);
  for (std::size_t p = 0; p < kept.size(); ++p)
    if (p == 0 || (populations[p - 1].fits && !populations[p - 1].same_across))
      kept[p].set_size(start.n_cols, observed.n_cols);
  // Of the first of `moved`: its own, or those of the cells where it started.
  arma::mat within_first;
  std::size_t first = moved.size() + 1;
  if (keep == KeptDistances::within_first_too && !populations.empty() && populations[0].fits) {
    first = populations[0].same_within ? 0 : 1;
    within_first.set_size(start.n_cols, start.n_cols);
  }
  const AddFunctions kernels = kernels_of(gammas);
  const auto summed = [&](const PairWalk& walk, Correction MovedCells::*which,
                          bool MovedCells::*same, auto run) {
    StripSums sums(walk.strips(), (moved.size() + 1) * gammas.size());
    const auto take = [&](const PairTile& tile, std::size_t population, const double* squared) {
      sums.add(tile, squared, kernels, population * gammas.size(), gammas.size());
      if (tile.pairs == Pairs::xy && !kept.empty()) copy_distances(tile, squared, kept[population]);
      if (tile.pairs == Pairs::xx && population == first)
        copy_distances(tile, squared, within_first);
    };
    run([&](const PairTile& tile) {
      take(tile, 0, tile.squared);
      std::vector<double>& squared = buffers[static_cast<std::size_t>(tile.worker)];
      for (std::size_t p = 0; p < populations.size(); ++p) {
        if (!populations[p].fits || populations[p].*same) continue;
        (populations[p].*which).apply(tile, squared);
        take(tile, p + 1, squared.data());
      }
    });
    return sums;
  };
  const arma::mat none(start.n_rows, 0);
  const PairWalk inner(start, none), outer(start, observed);
  const StripSums within = summed(inner, &MovedCells::within, &MovedCells::same_within,
                                  [&](const auto& visit) { inner.run(context, visit); });
  const StripSums across = summed(outer, &MovedCells::across, &MovedCells::same_across,
                                  [&](const auto& visit) { outer.run_across(context, visit); });
  const auto of = [&](const StripSums& sums, std::size_t population) {
    return sums.total(population * gammas.size(), gammas.size());
  };
  std::vector<KernelSums> out(1);
  out[0].within = of(within, 0);
  out[0].across = of(across, 0);
  for (std::size_t p = 0; p < populations.size(); ++p) {
    const MovedCells& one = populations[p];
    out.emplace_back();
    if (!one.fits) continue;
    out.back().within = one.same_within ? out[0].within : of(within, p + 1);
    out.back().across = one.same_across ? out[0].across : of(across, p + 1);
    if (!kept.empty()) out.back().squared = one.same_across ? kept[0] : std::move(kept[p + 1]);
  }
  if (!kept.empty()) out[0].squared = std::move(kept[0]);
  if (out.size() > 1) out[1].within_squared = std::move(within_first);
  return out;
}

}  // namespace laot
