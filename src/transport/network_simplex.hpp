// The spanning tree of the network simplex for a balanced transport problem.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace laot::detail {

/// A strongly feasible spanning tree (Cunningham, 1976) of rows, columns and an artificial root.
/// Every arc goes from a row to a column, so the kind of a node says which way the arc to its
/// parent points: up from a row, down to a column. Zero-flow arcs always point up, which is why
/// the method cannot cycle. Tree arcs have cost = u_row + v_column; arcs to the root carry what is
/// not routed yet, at a price above every cost.
class SpanningTree {
 public:
  SpanningTree(std::size_t rows, std::size_t columns);

  std::size_t rows() const { return n_; }
  std::size_t columns() const { return m_; }

  /// A tree from positive flows on a forest: row, column, units of each arc, and what is left at
  /// each node. A tree of the forest has at most one node with something left.
  struct Arc {
    std::uint32_t row, column;
    std::int64_t units;
  };
  void plant(const std::vector<Arc>& forest, const std::vector<std::int64_t>& row_left,
             const std::vector<std::int64_t>& column_left);

  /// Finds all potentials again, from the costs of the tree arcs: cost(row, column), and for arcs
  /// to the root `artificial` on top of a guess for the node's potential. The guess lets parts of
  /// the tree that only meet at the root start in tune with each other.
  template <class Cost>
  void set_costs(const Cost& cost, double artificial, const std::vector<double>& u_guess,
                 const std::vector<double>& v_guess) {
    const std::uint32_t n = static_cast<std::uint32_t>(n_);
    for (std::uint32_t node = 0; node < n_ + m_; ++node) {
      const std::uint32_t above = parent_[node];
      if (above == root_)
        cost_[node] = artificial + (node < n ? u_guess[node] : v_guess[node - n]);
      else
        cost_[node] = node < n ? cost(node, above - n) : cost(above, node - n);
    }
    find_potentials();
  }

  double u(std::size_t row) const { return potential_[row]; }
  double v(std::size_t column) const { return potential_[n_ + column]; }
  const double* column_potentials() const { return potential_.data() + n_; }

  /// Brings the arc into the tree; `reduced` = cost - u - v < 0.
  void pivot(std::uint32_t row, std::uint32_t column, double cost, double reduced);

  /// Arcs between rows and columns that carry flow, in no particular order.
  std::vector<Arc> flows() const;
  /// Units still on arcs to the root.
  std::int64_t unrouted() const;

 private:
  void find_potentials();
  void attach(std::uint32_t node, std::uint32_t parent);
  void detach(std::uint32_t node);
  std::uint32_t next_in_subtree(std::uint32_t node, std::uint32_t top) const;

  std::size_t n_, m_;
  std::uint32_t root_;
  std::vector<std::uint32_t> parent_, first_child_, next_, previous_, depth_;
  std::vector<std::int64_t> flow_;  // on the arc to the parent
  std::vector<double> cost_;        // of the arc to the parent
  std::vector<double> potential_;
};

}  // namespace laot::detail
