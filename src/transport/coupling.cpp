#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <variant>

#include "laot/assignment/point_assignment.hpp"
#include "laot/base/hash.hpp"
#include "laot/data/columns.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/transport.hpp"
#include "laot/transport/hierarchical_transport.hpp"

namespace laot {

double rounding_of_costs(const arma::mat& x, const arma::mat& y) {
  double largest = 0.0;
  for (const arma::mat* cells : {&x, &y}) {
    const arma::vec mean = arma::mean(*cells, 1);
    for (std::size_t i = 0; i < cells->n_cols; ++i) {
      double square = 0.0;
      for (std::size_t k = 0; k < cells->n_rows; ++k) {
        const double apart = (*cells)(k, i) - mean[k];
        square += apart * apart;
      }
      largest = std::max(largest, square);
    }
  }
  return 8.0 * std::numeric_limits<double>::epsilon() * largest;
}

// Not in the nameless namespace: State below is known outside of this file.
namespace coupling {

// Distinct columns among `cells`, in order of first appearance, with the cells that share each.
struct Collapsed {
  std::vector<std::vector<std::uint32_t>> members;

  std::vector<std::uint32_t> first_members() const {
    std::vector<std::uint32_t> first(members.size());
    for (std::size_t g = 0; g < members.size(); ++g) first[g] = members[g].front();
    return first;
  }
};

struct Level {
  double mass;
  Collapsed x, y;
  std::vector<std::int64_t> units_x;  // of each member of x, group by group
  std::int64_t units_per_y;           // of one cell; equal totals on both sides
  std::int64_t units;                 // in all
  std::variant<ExactTransport, detail::HierarchicalTransport> transport;
  Flow last;

  bool hierarchical() const {
    return std::holds_alternative<detail::HierarchicalTransport>(transport);
  }
  // shared: the same cells, or null where the caller does not share them.
  Flow solve(const arma::mat& cells, const std::shared_ptr<const arma::mat>& shared, bool once,
             Context& context) {
    const bool all = x.members.size() == cells.n_cols;  // nothing to select or collapse
    const std::vector<std::uint32_t> index = all ? std::vector<std::uint32_t>() : x.first_members();
    if (auto* exact = std::get_if<ExactTransport>(&transport); exact != nullptr && once)
      return exact->solve_once(cells, context, index);
    if (auto* exact = std::get_if<ExactTransport>(&transport); exact != nullptr && all && shared)
      return exact->solve(shared, context);
    const arma::mat sources = all ? borrowed(cells) : columns_of(cells, index);
    return std::visit([&](auto& solver) { return solver.solve(sources, context); }, transport);
  }
};

}  // namespace coupling

namespace {

using coupling::Collapsed;
using coupling::Level;

// Equal points have equal hashes: the two zeros count as one.
std::uint64_t hash_of(const double* point, std::size_t d) {
  std::uint64_t hash = kHashStart;
  for (std::size_t k = 0; k < d; ++k) {
    const double value = point[k] + 0.0;
    std::uint64_t word;
    std::memcpy(&word, &value, sizeof word);
    hash = mixed(hash, word);
    hash ^= hash >> 32;
  }
  return hash;
}

Collapsed collapse(const arma::mat& points, const std::vector<std::uint32_t>& cells) {
  const std::size_t d = points.n_rows;
  std::size_t slots = 1;
  while (slots < 2 * cells.size()) slots *= 2;
  constexpr std::uint32_t kNoGroup = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> group_in(slots, kNoGroup);  // open addressing
  Collapsed out;
  out.members.reserve(cells.size());
  for (const std::uint32_t cell : cells) {
    const double* point = points.colptr(cell);
    std::size_t slot = hash_of(point, d) & (slots - 1);
    while (group_in[slot] != kNoGroup &&
           !std::equal(point, point + d, points.colptr(out.members[group_in[slot]].front())))
      slot = (slot + 1) & (slots - 1);
    if (group_in[slot] == kNoGroup) {
      group_in[slot] = static_cast<std::uint32_t>(out.members.size());
      out.members.emplace_back();
    }
    out.members[group_in[slot]].push_back(cell);
  }
  return out;
}

bool is_exact(std::size_t n, std::size_t m, const CouplingOptions& options) {
  if (options.mode != CouplingMode::automatic) return options.mode == CouplingMode::exact;
  return std::max(n, m) <= options.exact_limit;
}

detail::HierarchyOptions hierarchy_of(const CouplingOptions& options) {
  detail::HierarchyOptions out;
  out.leaf = options.leaf;
  out.sweeps = options.sweeps;
  return out;
}

// Before anything is copied for a level of n and m cells.
void require_room(std::size_t n, std::size_t m, std::size_t d, const CouplingOptions& options) {
  if (!is_exact(n, m, options))
    return detail::HierarchicalTransport::require_room(n, m, d, hierarchy_of(options), 1);
  detail::require_room_for_solve(n, m, d, {});
}

std::variant<ExactTransport, detail::HierarchicalTransport> make_transport(
    const arma::mat& y, const Collapsed& targets, std::vector<std::int64_t> supply,
    std::vector<std::int64_t> demand, const CouplingOptions& options) {
  std::vector<std::uint32_t> index = targets.first_members();
  const bool all = index.size() == y.n_cols;
  if (!is_exact(supply.size(), demand.size(), options))
    return detail::HierarchicalTransport(columns_of(y, index), std::move(supply), std::move(demand),
                                         hierarchy_of(options));
  if (!options.once && !(options.in_place && all))
    return ExactTransport(columns_of(y, index), std::move(supply), std::move(demand));
  if (all) index.clear();
  return ExactTransport(borrowed(y), std::move(supply), std::move(demand), std::move(index));
}

// Whole units of cells with these weights, `units` in all and at least one each: rounded down, and
// the largest remainders up, the first of equal ones first.
std::vector<std::int64_t> rounded(const std::vector<double>& weights, std::int64_t units) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const std::int64_t spare = units - static_cast<std::int64_t>(weights.size());
  std::vector<std::int64_t> out;
  std::vector<double> remainder;
  std::int64_t left = spare;
  for (const double weight : weights) {
    const double wanted = weight / sum * static_cast<double>(spare);
    const double whole = std::floor(wanted);
    out.push_back(1 + static_cast<std::int64_t>(whole));
    remainder.push_back(wanted - whole);
    left -= static_cast<std::int64_t>(whole);
  }
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
  for (std::size_t k = 0; left > 0; ++k, --left) ++out[order[k % order.size()]];
  return out;
}

// A pair of cells and its mass.
struct Entry {
  std::uint32_t source, target;
  double mass;
  bool operator<(const Entry& other) const {
    if (source != other.source) return source < other.source;
    return target != other.target ? target < other.target : mass < other.mass;
  }
};

std::vector<std::vector<std::uint32_t>> cells_by_level(const std::vector<std::uint32_t>& batch,
                                                       std::size_t n, std::size_t levels) {
  std::vector<std::vector<std::uint32_t>> cells(levels);
  for (std::size_t i = 0; i < n; ++i)
    cells[batch.empty() ? 0 : batch[i]].push_back(static_cast<std::uint32_t>(i));
  return cells;
}

std::size_t level_count(const std::vector<std::uint32_t>& batch_x,
                        const std::vector<std::uint32_t>& batch_y) {
  std::uint32_t top = 0;
  for (const auto* batch : {&batch_x, &batch_y})
    for (const std::uint32_t level : *batch) top = std::max(top, level);
  return static_cast<std::size_t>(top) + 1;
}

std::vector<double> level_masses(const std::vector<std::vector<std::uint32_t>>& x,
                                 const std::vector<std::vector<std::uint32_t>>& y, std::size_t n,
                                 std::size_t m) {
  std::vector<double> mass(x.size());
  for (std::size_t b = 0; b < x.size(); ++b) {
    require(x[b].empty() == y[b].empty(), Status::invalid_argument, "batch level ", b, " has ",
            x[b].size(), " control and ", y[b].size(),
            " treated cells; cells are paired within a level, so both sides must have it");
    mass[b] = 0.5 * (static_cast<double>(x[b].size()) / static_cast<double>(n) +
                     static_cast<double>(y[b].size()) / static_cast<double>(m));
  }
  return mass;
}

// Shares the flow between two groups of identical cells among their members, in order: any sharing
// has the same cost, and this one has the fewest entries.
class Expansion {
 public:
  explicit Expansion(const Level& level)
      : level_(level), x_(level.x.members.size()), y_(level.y.members.size()) {
    std::size_t first = 0;
    for (const auto& members : level.x.members) {
      first_x_.push_back(first);
      first += members.size();
    }
  }

  void add(const Flow& flow, double mass_per_unit, std::vector<Entry>& out) {
    for (std::size_t k = 0; k < flow.units.size(); ++k) {
      std::int64_t left = flow.units[k];
      Cursor& cx = x_[flow.source[k]];
      Cursor& cy = y_[flow.target[k]];
      while (left > 0) {
        const std::int64_t units_x = level_.units_x[first_x_[flow.source[k]] + cx.member];
        const std::int64_t step = std::min({left, units_x - cx.used, level_.units_per_y - cy.used});
        out.push_back({level_.x.members[flow.source[k]][cx.member],
                       level_.y.members[flow.target[k]][cy.member],
                       static_cast<double>(step) * mass_per_unit});
        cx.advance(step, units_x);
        cy.advance(step, level_.units_per_y);
        left -= step;
      }
    }
  }

 private:
  struct Cursor {
    std::size_t member = 0;
    std::int64_t used = 0;
    void advance(std::int64_t step, std::int64_t capacity) {
      used += step;
      if (used == capacity) {
        used = 0;
        ++member;
      }
    }
  };
  const Level& level_;
  std::vector<std::size_t> first_x_;  // of each group among units_x
  std::vector<Cursor> x_, y_;
};

}  // namespace

double plan_cost(const arma::mat& x, const arma::mat& y, const Plan& plan) {
  double sum = 0.0;
  for (std::size_t e = 0; e < plan.mass.size(); ++e)
    sum += plan.mass[e] *
           squared_distance(x.colptr(plan.source[e]), y.colptr(plan.target[e]), y.n_rows);
  return sum;
}

struct Coupling::State {
  std::vector<Level> levels;
  arma::vec weights_x, weights_y;
  Plan plan;
  bool repeated = false;
  bool once = false;
};

void batch_weights(const std::vector<std::uint32_t>& batch_x,
                   const std::vector<std::uint32_t>& batch_y, std::size_t n, std::size_t m,
                   arma::vec& weights_x, arma::vec& weights_y) {
  const std::size_t levels = level_count(batch_x, batch_y);
  const auto x = cells_by_level(batch_x, n, levels);
  const auto y = cells_by_level(batch_y, m, levels);
  const std::vector<double> mass = level_masses(x, y, n, m);
  weights_x.set_size(n);
  weights_y.set_size(m);
  for (std::size_t b = 0; b < levels; ++b) {
    for (const std::uint32_t i : x[b]) weights_x[i] = mass[b] / static_cast<double>(x[b].size());
    for (const std::uint32_t j : y[b]) weights_y[j] = mass[b] / static_cast<double>(y[b].size());
  }
}

Coupling::Coupling(const arma::mat& x, const arma::mat& y,
                   const std::vector<std::uint32_t>& batch_x,
                   const std::vector<std::uint32_t>& batch_y, const CouplingOptions& options)
    : Coupling(x, y, arma::vec(), batch_x, batch_y, options) {}

Coupling::Coupling(const arma::mat& x, const arma::mat& y, const arma::vec& weights_x,
                   const std::vector<std::uint32_t>& batch_x,
                   const std::vector<std::uint32_t>& batch_y, const CouplingOptions& options)
    : state_(std::make_unique<State>()) {
  const std::size_t n = x.n_cols, m = y.n_cols;
  require(n > 0 && m > 0, Status::dimension_mismatch,
          "a coupling needs cells on both sides, found ", n, " control and ", m, " treated cells");
  require(x.n_rows == y.n_rows, Status::dimension_mismatch, "control cells have ", x.n_rows,
          " features and treated cells ", y.n_rows);
  require(batch_x.empty() == batch_y.empty() && (batch_x.empty() || batch_x.size() == n) &&
              (batch_y.empty() || batch_y.size() == m),
          Status::dimension_mismatch, "batch needs one level per cell on both sides, found ",
          batch_x.size(), " levels for ", n, " control and ", batch_y.size(), " for ", m,
          " treated cells");
  batch_weights(batch_x, batch_y, n, m, state_->weights_x, state_->weights_y);

  require(weights_x.is_empty() || weights_x.n_elem == n, Status::dimension_mismatch,
          "a coupling needs one weight for each of ", n, " control cells, found ",
          weights_x.n_elem);
  const std::size_t levels = level_count(batch_x, batch_y);
  const auto cells_x = cells_by_level(batch_x, n, levels);
  const auto cells_y = cells_by_level(batch_y, m, levels);
  const std::vector<double> mass = level_masses(cells_x, cells_y, n, m);
  for (std::size_t b = 0; b < levels; ++b) {
    if (cells_x[b].empty()) continue;
    require_room(cells_x[b].size(), cells_y[b].size(), x.n_rows, options);
    Collapsed gx = collapse(x, cells_x[b]);
    Collapsed gy = collapse(y, cells_y[b]);
    const std::int64_t nb = static_cast<std::int64_t>(cells_x[b].size());
    const std::int64_t mb = static_cast<std::int64_t>(cells_y[b].size());
    const std::int64_t shared = std::gcd(nb, mb);
    std::vector<std::int64_t> units_x(static_cast<std::size_t>(nb), mb / shared);
    std::int64_t per_y = nb / shared;
    if (!weights_x.is_empty()) {
      // As many units a treated cell that the control cells can share them finely.
      per_y = std::max<std::int64_t>((nb + mb - 1) / mb, (options.units + mb - 1) / mb);
      std::vector<double> weights;
      for (const auto& members : gx.members)
        for (const std::uint32_t i : members) weights.push_back(weights_x[i]);
      units_x = rounded(weights, per_y * mb);
    }
    std::vector<std::int64_t> supply, demand;
    std::size_t first = 0;
    for (const auto& members : gx.members) {
      supply.push_back(0);
      for (const std::uint32_t i : members) {
        if (!weights_x.is_empty())
          state_->weights_x[i] =
              mass[b] * static_cast<double>(units_x[first]) / static_cast<double>(per_y * mb);
        supply.back() += units_x[first++];
      }
    }
    for (const auto& members : gy.members)
      demand.push_back(static_cast<std::int64_t>(members.size()) * per_y);
    auto transport = make_transport(y, gy, std::move(supply), std::move(demand), options);
    state_->levels.push_back({mass[b], std::move(gx), std::move(gy), std::move(units_x), per_y,
                              per_y * mb, std::move(transport), Flow{}});
  }
  state_->once = options.once;
  state_->plan.n = n;
  state_->plan.hierarchical = std::any_of(state_->levels.begin(), state_->levels.end(),
                                          [](const Level& level) { return level.hierarchical(); });
  state_->plan.m = m;
}

Coupling::~Coupling() = default;
Coupling::Coupling(Coupling&&) noexcept = default;
Coupling& Coupling::operator=(Coupling&&) noexcept = default;

const arma::vec& Coupling::source_weights() const {
  return state_->weights_x;
}
const arma::vec& Coupling::target_weights() const {
  return state_->weights_y;
}
bool Coupling::repeated() const {
  return state_->repeated;
}

const Plan& Coupling::solve(const arma::mat& moved, Context& context) {
  return solve(moved, nullptr, context);
}

const Plan& Coupling::solve(const std::shared_ptr<const arma::mat>& moved, Context& context) {
  return solve(*moved, moved, context);
}

const Plan& Coupling::solve(const arma::mat& moved, const std::shared_ptr<const arma::mat>& shared,
                            Context& context) {
  require(moved.n_cols == state_->plan.n, Status::dimension_mismatch, "the coupling was made for ",
          state_->plan.n, " control cells, found ", moved.n_cols);
  std::vector<Entry> entries;
  Certificate total;
  bool repeated = true;
  for (Level& level : state_->levels) {
    const std::size_t k = static_cast<std::size_t>(&level - state_->levels.data());
    const double levels = static_cast<double>(state_->levels.size());
    const Context::Span span(context, static_cast<double>(k) / levels,
                             static_cast<double>(k + 1) / levels);
    Flow flow = level.solve(moved, shared, state_->once, context);
    repeated = repeated && flow.source == level.last.source && flow.target == level.last.target &&
               flow.units == level.last.units;
    Expansion(level).add(flow, level.mass / static_cast<double>(level.units), entries);
    total.primal += level.mass * flow.certificate.primal;
    total.dual += level.mass * flow.certificate.dual;
    total.gap = std::max(total.gap, flow.certificate.gap);
    total.dual_error = std::max(total.dual_error, flow.certificate.dual_error);
    level.last = std::move(flow);
  }
  // Those of one level without repeated cells are in order.
  if (!std::is_sorted(entries.begin(), entries.end())) std::sort(entries.begin(), entries.end());
  Plan& plan = state_->plan;
  plan.source.resize(entries.size());
  plan.target.resize(entries.size());
  plan.mass.resize(entries.size());
  for (std::size_t k = 0; k < entries.size(); ++k) {
    plan.source[k] = entries[k].source;
    plan.target[k] = entries[k].target;
    plan.mass[k] = entries[k].mass;
  }
  plan.certificate = total;
  state_->repeated = repeated;
  return plan;
}

}  // namespace laot
