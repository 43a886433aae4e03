#include "laot/cost_transport.hpp"

#include <numeric>

#include "laot/transport/transport_solvers.hpp"

namespace laot {

namespace {

std::int64_t checked_total(const std::vector<std::int64_t>& units, const char* name) {
  for (const std::int64_t k : units)
    require(k > 0, Status::invalid_argument, "every ", name, " must be positive, found ", k);
  return std::accumulate(units.begin(), units.end(), std::int64_t{0});
}

}  // namespace

Flow solve_transport(const arma::mat& cost, const std::vector<std::int64_t>& supply,
                     const std::vector<std::int64_t>& demand, Context& context) {
  require(!supply.empty() && !demand.empty() && cost.n_cols == supply.size() &&
              cost.n_rows == demand.size(),
          Status::dimension_mismatch, "the cost is ", cost.n_rows, " x ", cost.n_cols, " for ",
          demand.size(), " targets and ", supply.size(), " sources");
  require(cost.is_finite(), Status::not_finite, "the cost of a transport has a NaN or Inf");
  const std::int64_t total = checked_total(supply, "supply");
  const std::int64_t wanted = checked_total(demand, "demand");
  require(total == wanted, Status::invalid_argument,
          "supplies and demands must have the same sum, found ", total, " and ", wanted);
  std::vector<double> v(demand.size(), 0.0);
  return detail::solve_transport_dense(cost, supply, demand, v, context);
}

}  // namespace laot
