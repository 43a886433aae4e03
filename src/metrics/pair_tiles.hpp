// Squared distances of all pairs of two clouds, a tile at a time, in memory that does not grow with
// the number of cells.
#pragma once

#include <cstddef>
#include <functional>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"

namespace laot {

enum class Pairs { xx, yy, xy };

/// Distances between cells first_row ... of the first cloud and first_column ... of the second,
/// column-major, `stride` apart. On the diagonal of xx and yy only the rows above the column are
/// pairs that have not been seen.
struct PairTile {
  Pairs pairs;
  std::size_t first_row, first_column;
  std::size_t rows, columns, stride;
  const double* squared;
  bool diagonal;
  std::size_t strip;  // tiles of a strip come in order, on one thread
  int worker;

  const double* column(std::size_t j) const { return squared + j * stride; }
  /// How many rows of column j count.
  std::size_t height(std::size_t j) const { return diagonal ? j : rows; }
};

/// Walks over the pairs i < j of x, those of y, and all pairs of x with y. The cut into tiles and
/// strips depends on the sizes alone.
class PairWalk {
 public:
  /// x: d x n and y: d x m (no columns: the pairs of x only), both outliving the walk.
  PairWalk(const arma::mat& x, const arma::mat& y);

  std::size_t strips() const { return 2 * x_tiles_ + y_tiles_; }
  Pairs pairs_of(std::size_t strip) const;

  /// Calls visit for every tile, from several threads where the context has them.
  void run(Context& context, const std::function<void(const PairTile&)>& visit) const;

 private:
  struct Workspace;
  void run_strip(std::size_t strip, int worker, Workspace& workspace, Context& context,
                 const std::function<void(const PairTile&)>& visit) const;
  void fill(const arma::mat& cells, std::size_t first, arma::mat& out, double* norms) const;

  const arma::mat &x_, &y_;
  arma::vec center_;
  std::size_t tile_, x_tiles_, y_tiles_;
};

}  // namespace laot
