// The spanning tree of the network simplex for a balanced transport problem.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace laot::detail {

/// A strongly feasible spanning tree (Cunningham, 1976) of rows, columns and an artificial root.
/// Every arc goes from a row to a column, so the kind of a node says which way the arc to its
/// parent points: up from a row, down to a column. Zero-flow arcs always point up, which is why
/// the method cannot cycle. Tree arcs have cost = u_row + v_column; arcs to the root carry what is
/// not routed yet, at a price.
///
/// A row that sends all it has to one column is a leaf. Leaves, which are most rows where there are
/// many more rows than columns, are in no list of children, and their potential is found from their
/// column when it is asked for: a pivot walks over inner nodes alone.
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
    for (std::uint32_t k = 0; k < n_ + m_; ++k) {
      const std::uint32_t above = nodes_[k].parent;
      if (above == root_)
        nodes_[k].cost = artificial + (k < n ? u_guess[k] : v_guess[k - n]);
      else
        nodes_[k].cost = k < n ? cost(k, above - n) : cost(above, k - n);
    }
    find_potentials();
  }

  /// Adds to the costs of all arcs to the root, and finds all potentials again.
  void raise_price(double more);

  double u(std::size_t row) const {
    const Node& node = nodes_[row];
    return node.first_child == kNobody ? node.cost - potential_[node.parent] : potential_[row];
  }
  double v(std::size_t column) const { return potential_[n_ + column]; }
  const double* column_potentials() const { return potential_.data() + n_; }

  /// Brings the arc into the tree; `reduced` = cost - u - v < 0.
  void pivot(std::uint32_t row, std::uint32_t column, double cost, double reduced);

  /// Arcs between rows and columns that carry flow, in no particular order.
  std::vector<Arc> flows() const;
  /// Units still on arcs to the root.
  std::int64_t unrouted() const;

 private:
  static constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();
  struct Node {
    std::uint32_t parent = kNobody, first_child = kNobody, next = kNobody, previous = kNobody;
    std::uint32_t depth = 0;
    std::int64_t flow = 0;  // on the arc to the parent
    double cost = 0.0;      // of the arc to the parent
  };

  void find_potentials();
  void settle(std::uint32_t node);
  void attach(std::uint32_t node, std::uint32_t parent);
  void detach(std::uint32_t node);
  void drop_leaf(std::uint32_t node);
  template <class Visit>
  void walk(std::uint32_t top, const Visit& visit);

  std::size_t n_, m_;
  std::uint32_t root_;
  std::vector<Node> nodes_;  // rows, columns, the root
  std::vector<double> potential_;
  std::vector<std::uint32_t> open_;  // of a walk
};

}  // namespace laot::detail
