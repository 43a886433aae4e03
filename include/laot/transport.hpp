// Exact balanced optimal transport between weighted clouds, for the squared Euclidean distance.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/assignment.hpp"
#include "laot/parallel.hpp"

namespace laot {

namespace detail {
struct AssignmentStart;

/// A source and a target.
struct PointPair {
  std::uint32_t source, target;
};
}

/// How a coupling is computed. `automatic` is exact up to exact_limit cells on the larger side of a
/// level, and hierarchical beyond; see Certificate for what is then proven.
enum class CouplingMode { automatic, exact, hierarchical };

struct CouplingOptions {
  CouplingMode mode = CouplingMode::automatic;
  std::size_t exact_limit = 100000;
  std::size_t leaf = 24000;      // hierarchical: cells of a part
  int sweeps = 6;                // hierarchical: rounds of refinement
  std::int64_t units = 1 << 22;  // into which a level is divided where weights are given
  // y outlives the coupling and does not change, and there is one solve: an exact one then reads
  // both clouds in place.
  bool once = false;
  // y outlives the coupling and does not change: an exact one reads it in place.
  bool in_place = false;
};

/// How much rounding may change a squared distance between cells of x and of y [d x n, d x m] in
/// the solvers: they see the cells from the mean of their population, and the rounding goes with
/// the squares of what they see. Beside cells that are far from all others it hides how these
/// differ.
double rounding_of_costs(const arma::mat& x, const arma::mat& y);

/// Integer flow from sources to targets, sorted by source, then target.
struct Flow {
  std::vector<std::uint32_t> source, target;
  std::vector<std::int64_t> units;
  Certificate certificate;  // averaged over the units
};

/// Minimum-cost flow with integer supplies and demands of equal sum, for costs
/// |y_j - x_i|^2. The targets and the weights are fixed; the sources may move between solves, and a
/// solve starts from the potentials of the one before it. The result does not depend on that start
/// in cost, and where the optimum is unique not in the flow.
class ExactTransport {
 public:
  /// targets: d x m, or a larger matrix of which m columns are named. supply[n] and demand[m]:
  /// positive, equal sums.
  ExactTransport(arma::mat targets, std::vector<std::int64_t> supply,
                 std::vector<std::int64_t> demand, std::vector<std::uint32_t> columns = {});
  ~ExactTransport();
  ExactTransport(ExactTransport&&) noexcept;
  ExactTransport& operator=(ExactTransport&&) noexcept;

  /// sources: d x n.
  Flow solve(const arma::mat& sources, Context& context);
  /// The same, which shares the sources with the caller where it can instead of keeping a copy.
  Flow solve(std::shared_ptr<const arma::mat> sources, Context& context);
  /// The same for a last solve: no copy of the sources is kept for a next one. Of a larger matrix
  /// n columns are named.
  Flow solve_once(const arma::mat& sources, Context& context,
                  const std::vector<std::uint32_t>& columns = {});
  /// A last solve whose pairs and potentials are nearly known. What is given is used where all
  /// supplies and demands are 1; elsewhere the solve is a cold one.
  Flow solve_once(const arma::mat& sources, const detail::AssignmentStart& start,
                  Context& context);
  /// For each point of the larger side, up to `most` of the partners that it looked at in the last
  /// solve: the cheapest beside the potentials.
  std::vector<detail::PointPair> near_pairs(std::size_t most) const;
  /// How far the costs of a point's 16 cheapest partners are apart, in the mean; 0 where there are
  /// no more than these.
  double list_width() const;
  /// Dual values of the last solve: u_i + v_j <= |y_j - x_i|^2, with equality where units flow.
  const std::vector<double>& source_potentials() const;
  const std::vector<double>& target_potentials() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A coupling of n control cells and m treated cells: mass[k] goes from cell source[k] to cell
/// target[k]; the masses sum to 1. Sorted by source, then target.
struct Plan {
  std::size_t n = 0, m = 0;
  std::vector<std::uint32_t> source, target;
  std::vector<double> mass;
  bool hierarchical = false;  // whether a level was coupled hierarchically
  /// The worst certificate of the levels, with primal and dual averaged over the mass of all.
  Certificate certificate;
};

/// sum_k mass_k |y_target(k) - x_source(k)|^2, by direct differences.
double plan_cost(const arma::mat& x, const arma::mat& y, const Plan& plan);

/// The coupling problem of an experiment: all cells used, weights 1/n and 1/m, and, where levels of
/// a batch are given, cells paired within a level only. Level b has mass (n_b/n + m_b/m)/2, spread
/// evenly over its control and over its treated cells. Identical cells of one level are collapsed
/// into one point with a multiplicity.
class Coupling {
 public:
  /// x: d x n and y: d x m, in the space where the distances count. batch_x[n], batch_y[m]: level
  /// numbers 0 .. levels-1, each present on both sides; both empty: one level.
  Coupling(const arma::mat& x, const arma::mat& y, const std::vector<std::uint32_t>& batch_x = {},
           const std::vector<std::uint32_t>& batch_y = {}, const CouplingOptions& options = {});
  /// The same with weights of the control cells, [n], at least 0, whose sum within a level is the
  /// level's mass. They are rounded to whole units, options.units a level or a few more, at least
  /// one a cell: see source_weights.
  Coupling(const arma::mat& x, const arma::mat& y, const arma::vec& weights_x,
           const std::vector<std::uint32_t>& batch_x, const std::vector<std::uint32_t>& batch_y,
           const CouplingOptions& options = {});
  ~Coupling();
  Coupling(Coupling&&) noexcept;
  Coupling& operator=(Coupling&&) noexcept;

  /// Weights of the control and of the treated cells; each sums to 1.
  const arma::vec& source_weights() const;
  const arma::vec& target_weights() const;

  /// Couples the moved control cells (same columns as x, moved by one map, so that identical cells
  /// stay identical) with the treated cells.
  const Plan& solve(const arma::mat& moved, Context& context);
  /// The same, which may share them with the caller instead of keeping a copy.
  const Plan& solve(const std::shared_ptr<const arma::mat>& moved, Context& context);

  /// True where the last two solves gave the same flow between the collapsed points.
  bool repeated() const;

 private:
  const Plan& solve(const arma::mat& moved, const std::shared_ptr<const arma::mat>& shared,
                    Context& context);

  struct State;
  std::unique_ptr<State> state_;
};

/// Weights of cells in n cells of one population, given the levels of both populations (see
/// Coupling); uniform where no levels are given.
void batch_weights(const std::vector<std::uint32_t>& batch_x,
                   const std::vector<std::uint32_t>& batch_y, std::size_t n, std::size_t m,
                   arma::vec& weights_x, arma::vec& weights_y);

}  // namespace laot
