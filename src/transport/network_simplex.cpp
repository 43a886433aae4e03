#include "network_simplex.hpp"

#include <algorithm>
#include <limits>

namespace laot::detail {

namespace {
constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();
}

SpanningTree::SpanningTree(std::size_t rows, std::size_t columns)
    : n_(rows),
      m_(columns),
      root_(static_cast<std::uint32_t>(rows + columns)),
      parent_(rows + columns + 1, kNobody),
      first_child_(rows + columns + 1, kNobody),
      next_(rows + columns + 1, kNobody),
      previous_(rows + columns + 1, kNobody),
      depth_(rows + columns + 1, 0),
      flow_(rows + columns + 1, 0),
      cost_(rows + columns + 1, 0.0),
      potential_(rows + columns + 1, 0.0) {}

void SpanningTree::attach(std::uint32_t node, std::uint32_t parent) {
  parent_[node] = parent;
  previous_[node] = kNobody;
  next_[node] = first_child_[parent];
  if (next_[node] != kNobody) previous_[next_[node]] = node;
  first_child_[parent] = node;
}

void SpanningTree::detach(std::uint32_t node) {
  if (previous_[node] == kNobody)
    first_child_[parent_[node]] = next_[node];
  else
    next_[previous_[node]] = next_[node];
  if (next_[node] != kNobody) previous_[next_[node]] = previous_[node];
}

// Preorder walk below `top`; kNobody at the end.
std::uint32_t SpanningTree::next_in_subtree(std::uint32_t node, std::uint32_t top) const {
  if (first_child_[node] != kNobody) return first_child_[node];
  while (node != top && next_[node] == kNobody) node = parent_[node];
  return node == top ? kNobody : next_[node];
}

void SpanningTree::plant(const std::vector<Arc>& forest, const std::vector<std::int64_t>& row_left,
                         const std::vector<std::int64_t>& column_left) {
  const std::size_t nodes = n_ + m_;
  std::fill(parent_.begin(), parent_.end(), kNobody);
  std::fill(first_child_.begin(), first_child_.end(), kNobody);
  std::vector<std::vector<std::pair<std::uint32_t, std::int64_t>>> neighbours(nodes);
  for (const Arc& arc : forest) {
    const std::uint32_t column = static_cast<std::uint32_t>(n_) + arc.column;
    neighbours[arc.row].emplace_back(column, arc.units);
    neighbours[column].emplace_back(arc.row, arc.units);
  }
  // Trees hang from the node that has something left; where there is none, from a row, because an
  // arc without flow has to point up.
  std::vector<std::uint32_t> tops, open;
  for (std::uint32_t node = 0; node < nodes; ++node)
    if ((node < n_ ? row_left[node] : column_left[node - n_]) > 0) tops.push_back(node);
  for (std::uint32_t node = 0; node < n_; ++node)
    if (row_left[node] == 0) tops.push_back(node);
  for (const std::uint32_t top : tops) {
    if (parent_[top] != kNobody) continue;
    attach(top, root_);
    flow_[top] = top < n_ ? row_left[top] : column_left[top - n_];
    open.assign(1, top);
    while (!open.empty()) {
      const std::uint32_t node = open.back();
      open.pop_back();
      for (const auto& [other, units] : neighbours[node]) {
        if (other == parent_[node]) continue;
        attach(other, node);
        flow_[other] = units;
        open.push_back(other);
      }
    }
  }
}

void SpanningTree::find_potentials() {
  potential_[root_] = 0.0;
  depth_[root_] = 0;
  for (std::uint32_t node = next_in_subtree(root_, root_); node != kNobody;
       node = next_in_subtree(node, root_)) {
    potential_[node] = cost_[node] - potential_[parent_[node]];
    depth_[node] = depth_[parent_[node]] + 1;
  }
}

void SpanningTree::pivot(std::uint32_t row, std::uint32_t column, double cost, double reduced) {
  const std::uint32_t other = static_cast<std::uint32_t>(n_) + column;
  // The cycle runs row -> column, up from the column to the join, and down to the row. Flow falls
  // on arcs of rows on the row's side and of columns on the column's side.
  std::int64_t units = std::numeric_limits<std::int64_t>::max();
  std::uint32_t leaving = kNobody;
  bool on_row_side = false;
  std::uint32_t a = row, b = other;
  while (a != b) {
    if (depth_[a] >= depth_[b]) {
      // The last blocking arc of the cycle leaves: ties go away from the row, towards the column's
      // side and there to the arc nearest to the join.
      if (a < n_ && flow_[a] < units) {
        units = flow_[a];
        leaving = a;
        on_row_side = true;
      }
      a = parent_[a];
    } else {
      b = parent_[b];
    }
  }
  const std::uint32_t join = a;
  for (b = other; b != join; b = parent_[b])
    if (b >= n_ && flow_[b] <= units) {
      units = flow_[b];
      leaving = b;
      on_row_side = false;
    }

  for (a = row; a != join; a = parent_[a]) flow_[a] += a < n_ ? -units : units;
  for (b = other; b != join; b = parent_[b]) flow_[b] += b < n_ ? units : -units;

  // The part of the tree below the leaving arc hangs from the entering arc from now on: turn the
  // arcs between the two.
  std::uint32_t node = on_row_side ? row : other;
  const std::uint32_t top = node;
  std::uint32_t above = on_row_side ? other : row;
  std::int64_t carried = units;
  double price = cost;
  for (;;) {
    const std::uint32_t old_parent = parent_[node];
    detach(node);
    attach(node, above);
    std::swap(carried, flow_[node]);
    std::swap(price, cost_[node]);
    if (node == leaving) break;
    above = node;
    node = old_parent;
  }

  const double up = on_row_side ? reduced : -reduced;  // what is added to rows; columns lose it
  for (std::uint32_t k = top; k != kNobody; k = next_in_subtree(k, top)) {
    potential_[k] += k < n_ ? up : -up;
    depth_[k] = depth_[parent_[k]] + 1;
  }
}

std::vector<SpanningTree::Arc> SpanningTree::flows() const {
  std::vector<Arc> out;
  for (std::uint32_t node = 0; node < n_ + m_; ++node) {
    if (flow_[node] == 0 || parent_[node] == root_) continue;
    const std::uint32_t row = node < n_ ? node : parent_[node];
    const std::uint32_t column = node < n_ ? parent_[node] : node;
    out.push_back({row, column - static_cast<std::uint32_t>(n_), flow_[node]});
  }
  return out;
}

std::int64_t SpanningTree::unrouted() const {
  std::int64_t sum = 0;
  for (std::uint32_t node = 0; node < n_ + m_; ++node)
    if (parent_[node] == root_) sum += flow_[node];
  return sum;
}

}  // namespace laot::detail
