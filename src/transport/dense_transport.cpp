// Successive shortest paths on the whole cost.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "laot/transport/transport_solvers.hpp"

namespace laot {

namespace {

using detail::kNone;

struct Arc {
  std::uint32_t source;
  std::int64_t units;
};

// Successive shortest paths on the dense cost: each search starts at a source with supply left and
// ends at a target with demand left, going back along arcs that carry flow.
class SuccessivePaths {
 public:
  SuccessivePaths(const arma::mat& cost, const std::vector<std::int64_t>& supply,
                  const std::vector<std::int64_t>& demand, std::vector<double>& v)
      : cost_(cost),
        supply_left_(supply),
        demand_left_(demand),
        u_(supply.size(), 0.0),
        v_(v),
        into_(demand.size()),
        distance_(demand.size()),
        source_distance_(supply.size()),
        came_from_(demand.size()),
        returned_from_(supply.size()),
        scanned_(demand.size()),
        seen_(supply.size(), 0) {}

  void run(Context& context) {
    const std::size_t n = supply_left_.size();
    for (std::size_t i = 0; i < n; ++i) {
      const double* c = cost_.colptr(i);
      double least = kInfinity;
      for (std::size_t j = 0; j < v_.size(); ++j) least = std::min(least, c[j] - v_[j]);
      u_[i] = least;
    }
    for (std::size_t i = 0; i < n; ++i) {
      while (supply_left_[i] > 0) {
        context.poll("transport", static_cast<double>(i) / static_cast<double>(n));
        augment(static_cast<std::uint32_t>(i));
      }
    }
  }

  Flow flow() const {
    Flow out;
    std::vector<std::vector<std::pair<std::uint32_t, std::int64_t>>> by_source(supply_left_.size());
    for (std::size_t j = 0; j < into_.size(); ++j)
      for (const Arc& arc : into_[j])
        by_source[arc.source].emplace_back(static_cast<std::uint32_t>(j), arc.units);
    for (std::size_t i = 0; i < by_source.size(); ++i)
      for (const auto& [j, units] : by_source[i]) {
        out.source.push_back(static_cast<std::uint32_t>(i));
        out.target.push_back(j);
        out.units.push_back(units);
      }
    return out;
  }

 private:
  void augment(std::uint32_t start) {
    const std::size_t m = v_.size();
    std::fill(distance_.begin(), distance_.end(), kInfinity);
    std::fill(scanned_.begin(), scanned_.end(), char{0});
    reached_sources_.clear();
    scanned_targets_.clear();
    visit(start, kNone, 0.0);
    double reached = 0.0;
    std::uint32_t sink = kNone;
    while (sink == kNone) {
      double nearest = kInfinity;
      std::uint32_t target = kNone;
      for (std::size_t j = 0; j < m; ++j)
        if (!scanned_[j] && distance_[j] < nearest) {
          nearest = distance_[j];
          target = static_cast<std::uint32_t>(j);
        }
      require(target != kNone, Status::numerical_failure,
              "the transport search found no target with demand left");
      reached = std::max(reached, nearest);
      scanned_[target] = 1;
      scanned_targets_.push_back(target);
      if (demand_left_[target] > 0) {
        sink = target;
        break;
      }
      for (const Arc& arc : into_[target])
        if (!seen_[arc.source]) visit(arc.source, target, reached);
    }
    for (const std::uint32_t i : reached_sources_) {
      u_[i] += reached - source_distance_[i];
      seen_[i] = 0;
    }
    for (const std::uint32_t j : scanned_targets_) v_[j] -= std::max(0.0, reached - distance_[j]);
    send(start, sink);
  }

  void visit(std::uint32_t source, std::uint32_t from_target, double at) {
    seen_[source] = 1;
    source_distance_[source] = at;
    returned_from_[source] = from_target;
    reached_sources_.push_back(source);
    const double* c = cost_.colptr(source);
    const double offset = at - u_[source];
    for (std::size_t j = 0; j < v_.size(); ++j) {
      if (scanned_[j]) continue;
      const double through = std::max(at, c[j] - v_[j] + offset);
      if (through < distance_[j]) {
        distance_[j] = through;
        came_from_[j] = source;
      }
    }
  }

  Arc& arc(std::uint32_t target, std::uint32_t source) {
    for (Arc& a : into_[target])
      if (a.source == source) return a;
    into_[target].push_back({source, 0});
    return into_[target].back();
  }

  void send(std::uint32_t start, std::uint32_t sink) {
    std::int64_t units = std::min(supply_left_[start], demand_left_[sink]);
    for (std::uint32_t j = sink;;) {
      const std::uint32_t i = came_from_[j];
      if (i == start) break;
      j = returned_from_[i];
      units = std::min(units, arc(j, i).units);
    }
    supply_left_[start] -= units;
    demand_left_[sink] -= units;
    for (std::uint32_t j = sink;;) {
      const std::uint32_t i = came_from_[j];
      arc(j, i).units += units;
      if (i == start) break;
      j = returned_from_[i];
      arc(j, i).units -= units;
      auto& arcs = into_[j];
      arcs.erase(
          std::remove_if(arcs.begin(), arcs.end(), [](const Arc& a) { return a.units == 0; }),
          arcs.end());
    }
  }

  const arma::mat& cost_;
  std::vector<std::int64_t> supply_left_, demand_left_;
  std::vector<double> u_;
  std::vector<double>& v_;
  std::vector<std::vector<Arc>> into_;
  std::vector<double> distance_, source_distance_;
  std::vector<std::uint32_t> came_from_, returned_from_;
  std::vector<char> scanned_, seen_;
  std::vector<std::uint32_t> reached_sources_, scanned_targets_;
};

}  // namespace

Flow detail::solve_transport_dense(const arma::mat& cost, const std::vector<std::int64_t>& supply,
                                   const std::vector<std::int64_t>& demand, std::vector<double>& v,
                                   Context& context) {
  SuccessivePaths paths(cost, supply, demand, v);
  paths.run(context);
  Flow out = paths.flow();

  double primal = 0.0, dual = 0.0, total = 0.0, magnitude = 0.0;
  for (std::size_t k = 0; k < out.units.size(); ++k)
    primal += static_cast<double>(out.units[k]) * cost(out.target[k], out.source[k]);
  for (std::size_t i = 0; i < supply.size(); ++i) {
    double feasible = kInfinity;
    for (std::size_t j = 0; j < demand.size(); ++j)
      feasible = std::min(feasible, cost(j, i) - v[j]);
    dual += static_cast<double>(supply[i]) * feasible;
    total += static_cast<double>(supply[i]);
  }
  for (std::size_t j = 0; j < demand.size(); ++j) dual += static_cast<double>(demand[j]) * v[j];
  for (std::size_t k = 0; k < cost.n_elem; ++k) magnitude += std::abs(cost[k]);
  magnitude /= static_cast<double>(cost.n_elem);
  out.certificate.primal = primal / total;
  out.certificate.dual = dual / total;
  const double scale = std::max(std::abs(out.certificate.primal), magnitude);
  out.certificate.gap = scale > 0.0 ? (out.certificate.primal - out.certificate.dual) / scale : 0.0;
  return out;
}

}  // namespace laot
