// Squared distances of all pairs of two clouds, a tile at a time, in memory that does not grow with
// the number of cells.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/data.hpp"
#include "laot/parallel.hpp"

namespace laot {

enum class Pairs { xx, yy, xy };

/// Distances between cells first_row ... of the first cloud and first_column ... of the second,
/// column-major, `stride` apart. Of xx and yy only the pairs above the diagonal are walked over:
/// in column j the first height(j) rows.
struct PairTile {
  Pairs pairs;
  std::size_t first_row, first_column;
  std::size_t rows, columns, stride;
  const double* squared;
  std::size_t strip;  // tiles of a strip come in order, on one thread
  int worker;

  const double* column(std::size_t j) const { return squared + j * stride; }
  std::size_t height(std::size_t j) const {
    if (pairs == Pairs::xy) return rows;
    const std::size_t above = first_column + j - first_row;
    return above < rows ? above : rows;
  }
};

/// Walks over the pairs i < j of x, those of y, and all pairs of x with y. The cut into tiles and
/// strips depends on the sizes alone.
class PairWalk {
 public:
  /// x: d x n and y: d x m (no columns: the pairs of x only); their memory must outlive the walk.
  /// Sparse or selected cells are made dense a tile at a time.
  PairWalk(Cells x, Cells y);
  PairWalk(const arma::mat& x, const arma::mat& y);

  std::size_t strips() const { return 2 * x_strips_ + y_strips_; }
  Pairs pairs_of(std::size_t strip) const;

  /// Calls visit for every tile, from several threads where the context has them.
  void run(Context& context, const std::function<void(const PairTile&)>& visit) const;
  /// The pairs of x with y alone.
  void run_across(Context& context, const std::function<void(const PairTile&)>& visit) const;

  /// One pair of the pooled cells, those of x first, with the bits that it has in a tile.
  double squared(std::size_t i, std::size_t j) const;
  std::size_t features() const { return x_.features(); }
  std::size_t cells() const { return x_.cells() + y_.cells(); }
  /// Pooled cell i about the centre of all, and its squared length.
  double centred(std::size_t i, double* out) const;

 private:
  struct Packed;
  struct Workspace;
  void run_strips(std::size_t first, std::size_t end, Context& context,
                  const std::function<void(const PairTile&)>& visit) const;
  void run_strip(std::size_t strip, int worker, Workspace& workspace, Context& context,
                 const std::function<void(const PairTile&)>& visit) const;
  void pack(const Cells& cells, std::size_t first, std::size_t count, Packed& out,
            std::vector<double>& scratch) const;
  /// The squared distances of the tile, from the packed cells.
  void fill_tile(const Cells& left, const Cells& right, const PairTile& tile,
                 Workspace& workspace) const;
  /// Computes again, in one pair of panels, the distances that lost digits.
  void repair(const Cells& left, const Cells& right, const PairTile& tile, std::size_t row,
              std::size_t column, Workspace& workspace) const;

  Cells x_, y_;
  arma::vec center_;
  std::size_t tile_rows_, tile_columns_, x_strips_, y_strips_;
};

}  // namespace laot
