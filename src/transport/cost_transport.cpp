#include "laot/cost_transport.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "laot/transport/transport_solvers.hpp"

namespace laot {

namespace {

using detail::kNone;

struct Shipment {
  std::uint32_t source;
  std::int64_t units;
};

// Ships the supply of one source after the other along shortest paths in the residual graph. With
// the potentials v of the targets, source i reaches target j at the reduced price c_ij - u_i - v_j
// >= 0, and a target that already receives from source k leads back to k for free.
class DenseTransport {
 public:
  DenseTransport(const arma::mat& cost, const std::vector<std::int64_t>& supply,
                 const std::vector<std::int64_t>& demand)
      : cost_(cost),
        supply_(supply),
        demand_(demand),
        u_(supply.size()),
        v_(demand.size(), 0.0),
        received_(demand.size()),
        distance_(demand.size()),
        from_source_(demand.size()),
        done_(demand.size()),
        entered_by_(supply.size()),
        entered_at_(supply.size()),
        entered_(supply.size(), 0) {
    for (std::size_t i = 0; i < supply_.size(); ++i) u_[i] = least_reduced(i);
  }

  void run(Context& context) {
    const double n = static_cast<double>(supply_.size());
    for (std::size_t i = 0; i < supply_.size(); ++i)
      while (supply_[i] > 0) {
        context.poll("transport", static_cast<double>(i) / n);
        ship_from(static_cast<std::uint32_t>(i));
      }
  }

  double least_reduced(std::size_t source) const {
    const double* c = cost_.colptr(source);
    double least = kInfinity;
    for (std::size_t j = 0; j < v_.size(); ++j) least = std::min(least, c[j] - v_[j]);
    return least;
  }

  const std::vector<double>& target_potentials() const { return v_; }
  const std::vector<std::vector<Shipment>>& received() const { return received_; }

 private:
  // Dijkstra over the targets, from one source to the nearest target with demand left.
  void ship_from(std::uint32_t start) {
    std::fill(distance_.begin(), distance_.end(), kInfinity);
    std::fill(done_.begin(), done_.end(), char{0});
    sources_.clear();
    targets_.clear();
    enter(start, kNone, 0.0);
    std::uint32_t sink = kNone;
    double reach = 0.0;
    while (sink == kNone) {
      std::uint32_t nearest = kNone;
      for (std::size_t j = 0; j < distance_.size(); ++j)
        if (!done_[j] && (nearest == kNone || distance_[j] < distance_[nearest]))
          nearest = static_cast<std::uint32_t>(j);
      require(nearest != kNone, Status::internal_error,
              "the transport search ran out of targets with demand left");
      reach = std::max(reach, distance_[nearest]);
      done_[nearest] = 1;
      targets_.push_back(nearest);
      if (demand_[nearest] > 0) {
        sink = nearest;
      } else {
        for (const Shipment& shipment : received_[nearest])
          if (!entered_[shipment.source]) enter(shipment.source, nearest, reach);
      }
    }
    for (const std::uint32_t i : sources_) {
      u_[i] += reach - entered_at_[i];
      entered_[i] = 0;
    }
    for (const std::uint32_t j : targets_) v_[j] -= std::max(0.0, reach - distance_[j]);
    augment(start, sink);
  }

  void enter(std::uint32_t source, std::uint32_t by_target, double at) {
    entered_[source] = 1;
    entered_by_[source] = by_target;
    entered_at_[source] = at;
    sources_.push_back(source);
    const double* c = cost_.colptr(source);
    for (std::size_t j = 0; j < v_.size(); ++j) {
      if (done_[j]) continue;
      const double through = at + std::max(0.0, c[j] - v_[j] - u_[source]);
      if (through < distance_[j]) {
        distance_[j] = through;
        from_source_[j] = source;
      }
    }
  }

  Shipment& shipment(std::uint32_t target, std::uint32_t source) {
    for (Shipment& s : received_[target])
      if (s.source == source) return s;
    received_[target].push_back({source, 0});
    return received_[target].back();
  }

  void augment(std::uint32_t start, std::uint32_t sink) {
    std::int64_t units = std::min(supply_[start], demand_[sink]);
    for (std::uint32_t j = sink; from_source_[j] != start;) {
      const std::uint32_t i = from_source_[j];
      j = entered_by_[i];
      units = std::min(units, shipment(j, i).units);
    }
    supply_[start] -= units;
    demand_[sink] -= units;
    for (std::uint32_t j = sink;;) {
      const std::uint32_t i = from_source_[j];
      shipment(j, i).units += units;
      if (i == start) return;
      j = entered_by_[i];
      shipment(j, i).units -= units;
      auto& list = received_[j];
      list.erase(
          std::remove_if(list.begin(), list.end(), [](const Shipment& s) { return s.units == 0; }),
          list.end());
    }
  }

  const arma::mat& cost_;
  std::vector<std::int64_t> supply_, demand_;
  std::vector<double> u_, v_;
  std::vector<std::vector<Shipment>> received_;
  std::vector<double> distance_;
  std::vector<std::uint32_t> from_source_;
  std::vector<char> done_;
  std::vector<std::uint32_t> entered_by_;
  std::vector<double> entered_at_;
  std::vector<char> entered_;
  std::vector<std::uint32_t> sources_, targets_;
};

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
  DenseTransport transport(cost, supply, demand);
  transport.run(context);

  Flow out;
  std::vector<std::vector<std::pair<std::uint32_t, std::int64_t>>> of_source(supply.size());
  double primal = 0.0, dual = 0.0, magnitude = 0.0;
  for (std::size_t j = 0; j < demand.size(); ++j) {
    dual += static_cast<double>(demand[j]) * transport.target_potentials()[j];
    for (const Shipment& s : transport.received()[j]) {
      primal += static_cast<double>(s.units) * cost(j, s.source);
      of_source[s.source].emplace_back(static_cast<std::uint32_t>(j), s.units);
    }
  }
  for (std::size_t i = 0; i < supply.size(); ++i) {
    dual += static_cast<double>(supply[i]) * transport.least_reduced(i);
    for (const auto& [target, units] : of_source[i]) {
      out.source.push_back(static_cast<std::uint32_t>(i));
      out.target.push_back(target);
      out.units.push_back(units);
    }
  }
  for (std::size_t k = 0; k < cost.n_elem; ++k) magnitude += std::abs(cost[k]);
  out.certificate.primal = primal / static_cast<double>(total);
  out.certificate.dual = dual / static_cast<double>(total);
  const double scale =
      std::max(std::abs(out.certificate.primal), magnitude / static_cast<double>(cost.n_elem));
  out.certificate.gap = scale > 0.0 ? (out.certificate.primal - out.certificate.dual) / scale : 0.0;
  return out;
}

}  // namespace laot
