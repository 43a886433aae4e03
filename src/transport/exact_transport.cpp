#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <variant>

#include "laot/assignment/epsilon_schedule.hpp"
#include "laot/data/columns.hpp"
#include "laot/transport/transport_solvers.hpp"

namespace laot {

// Weights that are all one make an assignment, which has a faster solver.
struct ExactTransport::State {
  std::variant<detail::PointAssignment, detail::SimplexTransport> solver;

  const detail::CandidateRows& candidates() const;
};

ExactTransport::ExactTransport(arma::mat targets, std::vector<std::int64_t> supply,
                               std::vector<std::int64_t> demand,
                               std::vector<std::uint32_t> columns) {
  const std::size_t count = columns.empty() ? targets.n_cols : columns.size();
  require(count == demand.size() && !supply.empty() && !demand.empty(), Status::dimension_mismatch,
          "transport needs one demand per target, found ", demand.size(), " demands and ", count,
          " targets");
  const auto total = [](const std::vector<std::int64_t>& units) {
    return std::accumulate(units.begin(), units.end(), std::int64_t{0});
  };
  require(total(supply) == total(demand), Status::invalid_argument,
          "supplies and demands must have the same sum, found ", total(supply), " and ",
          total(demand));
  const auto all = [](const std::vector<std::int64_t>& units, auto test) {
    return std::all_of(units.begin(), units.end(), test);
  };
  const auto positive = [](std::int64_t k) { return k > 0; };
  require(all(supply, positive) && all(demand, positive), Status::invalid_argument,
          "supplies and demands must be positive");
  const auto one = [](std::int64_t k) { return k == 1; };
  if (all(supply, one) && all(demand, one)) {
    state_.reset(new State{detail::PointAssignment(
        columns.empty() ? std::move(targets) : columns_of(targets, columns), {})});
  } else {
    state_.reset(new State{detail::SimplexTransport(std::move(targets), std::move(columns),
                                                    std::move(supply), std::move(demand), {})});
  }
}

ExactTransport::~ExactTransport() = default;
ExactTransport::ExactTransport(ExactTransport&&) noexcept = default;
ExactTransport& ExactTransport::operator=(ExactTransport&&) noexcept = default;

namespace {

Flow flow_of(const Assignment& assignment) {
  Flow out;
  out.target = assignment.column_of_row;
  out.source.resize(out.target.size());
  std::iota(out.source.begin(), out.source.end(), 0u);
  out.units.assign(out.target.size(), 1);
  out.certificate = assignment.certificate;
  out.certificate.primal /= static_cast<double>(out.source.size());
  out.certificate.dual /= static_cast<double>(out.source.size());
  return out;
}

}  // namespace

Flow ExactTransport::solve(const arma::mat& sources, Context& context) {
  if (auto* simplex = std::get_if<detail::SimplexTransport>(&state_->solver))
    return simplex->solve(sources, context);
  auto& assignment = std::get<detail::PointAssignment>(state_->solver);
  return flow_of(assignment.solve(sources, context));
}

Flow ExactTransport::solve(std::shared_ptr<const arma::mat> sources, Context& context) {
  if (auto* simplex = std::get_if<detail::SimplexTransport>(&state_->solver))
    return simplex->solve(std::move(sources), context);
  auto& assignment = std::get<detail::PointAssignment>(state_->solver);
  return flow_of(assignment.solve(std::move(sources), context));
}

Flow ExactTransport::solve_once(const arma::mat& sources, Context& context,
                                const std::vector<std::uint32_t>& columns) {
  if (auto* simplex = std::get_if<detail::SimplexTransport>(&state_->solver))
    return simplex->solve_once(sources, columns, context);
  if (!columns.empty()) return solve_once(columns_of(sources, columns), context);
  auto& assignment = std::get<detail::PointAssignment>(state_->solver);
  return flow_of(assignment.solve_once(sources, context));
}

Flow ExactTransport::solve_once(const arma::mat& sources, const detail::AssignmentStart& start,
                                Context& context) {
  auto* assignment = std::get_if<detail::PointAssignment>(&state_->solver);
  if (assignment == nullptr) return solve_once(sources, context);
  return flow_of(assignment->solve_once(sources, start, context));
}

// The lists of the last solve.
const detail::CandidateRows& ExactTransport::State::candidates() const {
  if (const auto* simplex = std::get_if<detail::SimplexTransport>(&solver))
    return simplex->candidates();
  return std::get<detail::PointAssignment>(solver).candidates();
}

std::vector<detail::PointPair> ExactTransport::near_pairs(std::size_t most) const {
  const auto* simplex = std::get_if<detail::SimplexTransport>(&state_->solver);
  const bool swapped = simplex != nullptr && simplex->sources_are_columns();
  const detail::CandidateRows& rows = state_->candidates();
  std::vector<detail::PointPair> out;
  std::vector<std::uint32_t> columns;
  for (std::uint32_t i = 0; i < rows.rows(); ++i) {
    rows.best_columns(i, most, columns);
    for (const std::uint32_t j : columns)
      out.push_back(swapped ? detail::PointPair{j, i} : detail::PointPair{i, j});
  }
  return out;
}

double ExactTransport::list_width() const {
  const detail::CandidateRows& rows = state_->candidates();
  return std::ldexp(detail::mean_width(rows),
                    rows.sources().frame().exponent + rows.targets().frame().exponent);
}

const std::vector<double>& ExactTransport::source_potentials() const {
  if (const auto* simplex = std::get_if<detail::SimplexTransport>(&state_->solver))
    return simplex->source_potentials();
  return std::get<detail::PointAssignment>(state_->solver).last().row_potential;
}

const std::vector<double>& ExactTransport::target_potentials() const {
  if (const auto* simplex = std::get_if<detail::SimplexTransport>(&state_->solver))
    return simplex->target_potentials();
  return std::get<detail::PointAssignment>(state_->solver).last().column_potential;
}

}  // namespace laot
