#include "network_simplex.hpp"

#include <algorithm>
#include <limits>

namespace laot::detail {

SpanningTree::SpanningTree(std::size_t rows, std::size_t columns)
    : n_(rows),
      m_(columns),
      root_(static_cast<std::uint32_t>(rows + columns)),
      nodes_(rows + columns + 1),
      potential_(rows + columns + 1, 0.0),
      open_(rows + columns + 3) {}

void SpanningTree::attach(std::uint32_t node, std::uint32_t parent) {
  Node& child = nodes_[node];
  child.parent = parent;
  child.previous = kNobody;
  child.next = nodes_[parent].first_child;
  if (child.next != kNobody) nodes_[child.next].previous = node;
  nodes_[parent].first_child = node;
}

void SpanningTree::detach(std::uint32_t node) {
  const Node& child = nodes_[node];
  if (child.previous == kNobody)
    nodes_[child.parent].first_child = child.next;
  else
    nodes_[child.previous].next = child.next;
  if (child.next != kNobody) nodes_[child.next].previous = child.previous;
}

// A row without children leaves the list that it is in.
void SpanningTree::drop_leaf(std::uint32_t node) {
  if (node < n_ && nodes_[node].first_child == kNobody) detach(node);
}

// Parents before their children. Each node brings its first child and its next sibling, which are
// written where the next one belongs and counted where they exist: no branch depends on the tree.
template <class Visit>
void SpanningTree::walk(std::uint32_t top, const Visit& visit) {
  std::uint32_t* open = open_.data();
  std::size_t count = 0;
  const auto add = [&](std::uint32_t node) {
    open[count] = node;
    count += node != kNobody ? 1 : 0;
  };
  visit(top);
  add(nodes_[top].first_child);
  for (std::size_t at = 0; at < count; ++at) {
    const std::uint32_t node = open[at];
    add(nodes_[node].first_child);
    add(nodes_[node].next);
    visit(node);
  }
}

void SpanningTree::plant(const std::vector<Arc>& forest, const std::vector<std::int64_t>& row_left,
                         const std::vector<std::int64_t>& column_left) {
  const std::size_t nodes = n_ + m_;
  std::fill(nodes_.begin(), nodes_.end(), Node{});
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
    if (nodes_[top].parent != kNobody) continue;
    attach(top, root_);
    nodes_[top].flow = top < n_ ? row_left[top] : column_left[top - n_];
    open.assign(1, top);
    while (!open.empty()) {
      const std::uint32_t node = open.back();
      open.pop_back();
      for (const auto& [other, units] : neighbours[node]) {
        if (other == nodes_[node].parent) continue;
        attach(other, node);
        nodes_[other].flow = units;
        open.push_back(other);
      }
    }
  }
  for (std::uint32_t node = 0; node < n_; ++node) drop_leaf(node);
}

void SpanningTree::settle(std::uint32_t node) {
  const std::uint32_t parent = nodes_[node].parent;
  potential_[node] = nodes_[node].cost - potential_[parent];
  nodes_[node].depth = nodes_[parent].depth + 1;
}

void SpanningTree::find_potentials() {
  potential_[root_] = 0.0;
  nodes_[root_].depth = 0;
  walk(root_, [this](std::uint32_t node) {
    if (node != root_) settle(node);
  });
}

void SpanningTree::raise_price(double more) {
  for (Node& node : nodes_)
    if (node.parent == root_) node.cost += more;
  find_potentials();
}

void SpanningTree::pivot(std::uint32_t row, std::uint32_t column, double cost, double reduced) {
  const std::uint32_t other = static_cast<std::uint32_t>(n_) + column;
  if (nodes_[row].first_child == kNobody) {
    attach(row, nodes_[row].parent);
    settle(row);
  }
  // The cycle runs row -> column, up from the column to the join, and down to the row. Flow falls
  // on arcs of rows on the row's side and of columns on the column's side.
  std::int64_t units = std::numeric_limits<std::int64_t>::max();
  std::uint32_t leaving = kNobody;
  bool on_row_side = false;
  std::uint32_t a = row, b = other;
  while (a != b) {
    const Node& at = nodes_[a];
    if (at.depth >= nodes_[b].depth) {
      // The last blocking arc of the cycle leaves: ties go away from the row, towards the column's
      // side and there to the arc nearest to the join.
      if (a < n_ && at.flow < units) {
        units = at.flow;
        leaving = a;
        on_row_side = true;
      }
      a = at.parent;
    } else {
      b = nodes_[b].parent;
    }
  }
  const std::uint32_t join = a;
  for (b = other; b != join; b = nodes_[b].parent)
    if (b >= n_ && nodes_[b].flow <= units) {
      units = nodes_[b].flow;
      leaving = b;
      on_row_side = false;
    }

  for (a = row; a != join; a = nodes_[a].parent) nodes_[a].flow += a < n_ ? -units : units;
  for (b = other; b != join; b = nodes_[b].parent) nodes_[b].flow += b < n_ ? units : -units;

  // The part of the tree below the leaving arc hangs from the entering arc from now on: turn the
  // arcs between the two.
  std::uint32_t node = on_row_side ? row : other;
  const std::uint32_t top = node;
  std::uint32_t above = on_row_side ? other : row;
  std::int64_t carried = units;
  double price = cost;
  for (;;) {
    const std::uint32_t old_parent = nodes_[node].parent;
    detach(node);
    attach(node, above);
    std::swap(carried, nodes_[node].flow);
    std::swap(price, nodes_[node].cost);
    above = node;
    node = old_parent;
    if (above == leaving) break;
  }

  const double up = on_row_side ? reduced : -reduced;  // what is added to rows; columns lose it
  walk(top, [&](std::uint32_t k) {
    potential_[k] += k < n_ ? up : -up;
    nodes_[k].depth = nodes_[nodes_[k].parent].depth + 1;
  });

  // Rows whose last child went are leaves now: the one that the leaving arc hung from, and those
  // of the turned path.
  if (node != root_) drop_leaf(node);
  for (std::uint32_t k = leaving;;) {
    const std::uint32_t next = nodes_[k].parent;
    drop_leaf(k);
    if (k == top) break;
    k = next;
  }
}

std::vector<SpanningTree::Arc> SpanningTree::flows() const {
  std::vector<Arc> out;
  for (std::uint32_t node = 0; node < n_ + m_; ++node) {
    const std::uint32_t parent = nodes_[node].parent;
    if (nodes_[node].flow == 0 || parent == root_) continue;
    const std::uint32_t row = node < n_ ? node : parent;
    const std::uint32_t column = node < n_ ? parent : node;
    out.push_back({row, column - static_cast<std::uint32_t>(n_), nodes_[node].flow});
  }
  return out;
}

std::int64_t SpanningTree::unrouted() const {
  std::int64_t sum = 0;
  for (std::uint32_t node = 0; node < n_ + m_; ++node)
    if (nodes_[node].parent == root_) sum += nodes_[node].flow;
  return sum;
}

}  // namespace laot::detail
