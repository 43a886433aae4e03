#include "laot/transport/arc_transport.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "laot/assignment/epsilon_schedule.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/parallel/helpers.hpp"

namespace laot::detail {

namespace {

// The first epsilon is this part of how much dearer the plan is than the potentials promise: larger
// ones would part pairs that are good, smaller ones take more bids. It and the last one in widths;
// what the last one leaves is little beside what the missing arcs cost.
constexpr double kEpsilonOfExcess = 0.25, kLeastFirst = 0.1, kMostFirst = 5.0, kLast = 0.025;
constexpr std::size_t kChosen = 8;  // arcs of a source that bids look at
// Offers that are made at once, at the same potentials, and those of them that a thread takes.
constexpr std::size_t kOffers = 1024, kOffersOfThread = 64;
constexpr int kBidders = 7;  // threads that share them

bool by_source(const Shipment& a, const Shipment& b) {
  return a.source != b.source ? a.source < b.source : a.target < b.target;
}

float cost_between(const arma::mat& x, std::size_t i, const arma::mat& y, std::size_t j) {
  return static_cast<float>(squared_distance(x.colptr(i), y.colptr(j), x.n_rows));
}

}  // namespace

void merge_shipments(std::vector<Shipment>& plan) {
  std::sort(plan.begin(), plan.end(), by_source);
  std::size_t kept = 0;
  for (const Shipment& s : plan)
    if (kept > 0 && plan[kept - 1].source == s.source && plan[kept - 1].target == s.target)
      plan[kept - 1].units += s.units;
    else
      plan[kept++] = s;
  plan.resize(kept);
}

ArcTransport::ArcTransport(std::vector<std::int64_t> supply, std::vector<std::int64_t> demand)
    : supply_(std::move(supply)), demand_(std::move(demand)) {
  clear();
}

void ArcTransport::clear() {
  const std::size_t n = supply_.size();
  blocks_.assign((n + kBlock - 1) / kBlock, {});
  for (std::size_t b = 0; b < blocks_.size(); ++b)
    blocks_[b].begin.assign(std::min(kBlock, n - b * kBlock) + 1, 0);
}

void ArcTransport::add(const std::vector<std::vector<Arc>>& arcs, const arma::mat& x,
                       const arma::mat& y, Context& context) {
  std::vector<std::size_t> begin(supply_.size() + 1, 0);
  for (const auto& some : arcs)
    for (const Arc& arc : some) ++begin[arc.source + 1];
  for (std::size_t i = 0; i < supply_.size(); ++i) begin[i + 1] += begin[i];
  std::vector<std::uint32_t> added(begin.back());
  std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
  for (const auto& some : arcs)
    for (const Arc& arc : some) added[next[arc.source]++] = arc.target;
  parallel_for(context, blocks_.size(), 1, [&](std::size_t b, std::size_t, int) {
    Block now;
    now.begin.push_back(0);
    for (std::size_t s = 0; s + 1 < blocks_[b].begin.size(); ++s) {
      const std::size_t i = b * kBlock + s, first = now.target.size();
      const Row before = row(i);
      now.target.insert(now.target.end(), before.target, before.target + before.count);
      now.cost.insert(now.cost.end(), before.cost, before.cost + before.count);
      for (std::size_t k = begin[i]; k < begin[i + 1]; ++k) {
        const auto own = now.target.begin() + static_cast<std::ptrdiff_t>(first);
        if (std::find(own, now.target.end(), added[k]) != now.target.end()) continue;
        now.target.push_back(added[k]);
        now.cost.push_back(cost_between(x, i, y, added[k]));
      }
      now.begin.push_back(static_cast<std::uint32_t>(now.target.size()));
    }
    now.target.shrink_to_fit();
    now.cost.shrink_to_fit();
    blocks_[b] = std::move(now);
  });
}

void ArcTransport::move(std::size_t most, const std::vector<Shipment>& plan,
                        const std::vector<double>& v, const arma::mat& x, const arma::mat& y,
                        Context& context) {
  parallel_for(context, blocks_.size(), 1, [&](std::size_t b, std::size_t, int) {
    Block now;
    now.begin.push_back(0);
    std::vector<std::pair<double, std::uint32_t>> order;  // reduced costs; places
    std::vector<float> cost;
    std::vector<std::uint32_t> kept;
    auto used = std::lower_bound(plan.begin(), plan.end(), b * kBlock,
                                 [](const Shipment& s, std::size_t i) { return s.source < i; });
    for (std::size_t s = 0; s + 1 < blocks_[b].begin.size(); ++s) {
      const std::size_t i = b * kBlock + s;
      const Row arcs = row(i);
      order.clear();
      cost.clear();
      for (std::uint32_t k = 0; k < arcs.count; ++k) {
        cost.push_back(cost_between(x, i, y, arcs.target[k]));
        order.push_back({static_cast<double>(cost[k]) - v[arcs.target[k]], k});
      }
      const std::size_t count = std::min(most, order.size());
      std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count),
                        order.end());
      kept.clear();
      for (std::size_t k = 0; k < count; ++k) kept.push_back(order[k].second);
      for (; used != plan.end() && used->source == i; ++used) {
        const std::uint32_t place = static_cast<std::uint32_t>(arcs.place_of(used->target));
        if (std::find(kept.begin(), kept.end(), place) == kept.end()) kept.push_back(place);
      }
      for (const std::uint32_t k : kept) {
        now.target.push_back(arcs.target[k]);
        now.cost.push_back(cost[k]);
      }
      now.begin.push_back(static_cast<std::uint32_t>(now.target.size()));
    }
    blocks_[b] = std::move(now);
  });
}

std::vector<double> ArcTransport::source_potentials(const std::vector<double>& v,
                                                    Context& context) const {
  std::vector<double> u(supply_.size());
  parallel_for(context, blocks_.size(), 1, [&](std::size_t b, std::size_t, int) {
    for (std::size_t i = b * kBlock; i < std::min(u.size(), (b + 1) * kBlock); ++i) {
      const Row arcs = row(i);
      double least = kInfinity;
      for (std::size_t k = 0; k < arcs.count; ++k)
        least = std::min(least, static_cast<double>(arcs.cost[k]) - v[arcs.target[k]]);
      u[i] = least;
    }
  });
  return u;
}

/// The units that were sold, and those that wait.
class ArcTransport::Auction {
 public:
  Auction(const ArcTransport& arcs, const std::vector<Shipment>& plan, std::vector<double>& v,
          const Context& context)
      : arcs_(arcs),
        v_(v),
        sales_(v.size()),
        room_(v.size(), 0),
        waits_(arcs.supply_.size(), 0),
        queue_(arcs.supply_.size() + 1),
        chosen_(arcs.supply_.size()),
        offers_(kOffers),
        helpers_(std::min(context.num_threads - 1, kBidders)) {
    for (const Shipment& s : plan) {
      const Row row = arcs_.row(s.source);
      sales_[s.target].push_back(
          {v[s.target], s.units, s.source, row.cost[row.place_of(s.target)]});
    }
  }

  /// By how much the plan is dearer than the potentials promise, in the mean over its units.
  double excess(Context& context) const {
    const std::vector<double> u = arcs_.source_potentials(v_, context);
    double sum = 0.0, units = 0.0;
    for (std::uint32_t j = 0; j < sales_.size(); ++j)
      for (const Sale& sale : sales_[j]) {
        sum += static_cast<double>(sale.units) *
               (static_cast<double>(sale.cost) - v_[j] - u[sale.source]);
        units += static_cast<double>(sale.units);
      }
    return sum / units;
  }

  /// Whether all units found a place in so many bids for each point of the larger side.
  bool run(double epsilon, std::size_t bids_per_point, Context& context) {
    part(epsilon, context);
    const std::size_t n = waits_.size();
    const std::size_t limit = bids_ + bids_per_point * std::max(n, v_.size());
    while (waiting_ > 0 && bids_ < limit) {
      context.poll(kStage, 1.0 - static_cast<double>(waiting_) / static_cast<double>(n));
      const std::size_t count = std::min(waiting_, kOffers);
      helpers_.run((count + kOffersOfThread - 1) / kOffersOfThread,
                   [&](std::size_t chunk, std::size_t) {
                     const std::size_t first = chunk * kOffersOfThread;
                     for (std::size_t a = first; a < std::min(count, first + kOffersOfThread); ++a)
                       offers_[a] = offer(queue_[(head_ + a) % queue_.size()], epsilon);
                   });
      bids_ += count;
      head_ = (head_ + count) % queue_.size();
      waiting_ -= count;
      for (std::size_t a = 0; a < count; ++a) {
        buy(offers_[a]);
        if (waits_[offers_[a].source] > 0) wait(offers_[a].source);
      }
    }
    return waiting_ == 0;
  }

  std::vector<Shipment> plan() const {
    std::vector<Shipment> out;
    for (std::uint32_t j = 0; j < sales_.size(); ++j)
      for (const Sale& sale : sales_[j]) out.push_back({sale.source, j, sale.units});
    merge_shipments(out);
    return out;
  }

  double cost() const {
    double sum = 0.0;
    for (const auto& sales : sales_)
      for (const Sale& sale : sales)
        sum += static_cast<double>(sale.units) * static_cast<double>(sale.cost);
    return sum;
  }

 private:
  /// Units that one source bought at one potential.
  struct Sale {
    double potential;
    std::int64_t units;
    std::uint32_t source;
    float cost;
    bool operator<(const Sale& other) const { return potential < other.potential; }
  };

  /// The arcs of a source that were cheapest once, and what its others cost at least.
  struct Chosen {
    double bound = -kInfinity;
    std::uint32_t target[kChosen] = {};
    float cost[kChosen] = {};
  };

  struct Offer {
    double potential;
    std::uint32_t source, target;
    float cost;
  };

  void wait(std::uint32_t i) { queue_[(head_ + waiting_++) % queue_.size()] = i; }

  // Takes back what is dearer than the best of its source by more than epsilon.
  void part(double epsilon, Context& context) {
    const std::vector<double> u = arcs_.source_potentials(v_, context);
    for (std::uint32_t j = 0; j < sales_.size(); ++j) {
      auto& sales = sales_[j];
      const auto dear = [&](const Sale& sale) {
        return static_cast<double>(sale.cost) - v_[j] > u[sale.source] + epsilon;
      };
      const std::int64_t before = room_[j];
      for (const Sale& sale : sales) {
        if (!dear(sale)) continue;
        if (waits_[sale.source] == 0) wait(sale.source);
        waits_[sale.source] += sale.units;
        room_[j] += sale.units;
      }
      if (room_[j] == before) continue;
      sales.erase(std::remove_if(sales.begin(), sales.end(), dear), sales.end());
      std::make_heap(sales.begin(), sales.end());
    }
  }

  // The bound stays true while potentials fall.
  void choose(std::uint32_t i) {
    const Row row = arcs_.row(i);
    std::pair<double, std::uint32_t> least[kChosen + 1];  // in order
    std::size_t count = 0;
    for (std::uint32_t k = 0; k < row.count; ++k) {
      const double reduced = static_cast<double>(row.cost[k]) - v_[row.target[k]];
      if (count > kChosen && reduced >= least[kChosen].first) continue;
      std::size_t at = std::min(count, kChosen);
      for (; at > 0 && least[at - 1].first > reduced; --at) least[at] = least[at - 1];
      least[at] = {reduced, k};
      count = std::min(count + 1, kChosen + 1);
    }
    Chosen& chosen = chosen_[i];
    chosen.bound = count > kChosen ? least[kChosen].first : kInfinity;
    for (std::size_t t = 0; t < kChosen; ++t) {
      const std::uint32_t k = least[std::min(t, count - 1)].second;
      chosen.target[t] = row.target[k];
      chosen.cost[t] = t < count ? row.cost[k] : std::numeric_limits<float>::infinity();
    }
  }

  Offer offer(std::uint32_t i, double epsilon) {
    const Chosen& chosen = chosen_[i];
    for (;;) {
      double least = kInfinity, second = kInfinity;
      std::size_t best = 0;
      for (std::size_t t = 0; t < kChosen; ++t) {
        const double reduced = static_cast<double>(chosen.cost[t]) - v_[chosen.target[t]];
        best = reduced < least ? t : best;
        second = std::min(second, std::max(least, reduced));
        least = std::min(least, reduced);
      }
      if (chosen.bound < least) {
        choose(i);
        continue;
      }
      second = std::min(second, chosen.bound);
      const std::uint32_t j = chosen.target[best];
      // A single arc has no rival, and its price no meaning.
      const double raise = second == kInfinity ? 0.0 : second - least;
      return {v_[j] - raise - epsilon, i, j, chosen.cost[best]};
    }
  }

  // Units at the offered potential: first those that nobody has, then those that were sold at a
  // higher one. None are left where others have offered more at the same time.
  void buy(const Offer& offer) {
    const std::uint32_t i = offer.source, j = offer.target;
    auto& sales = sales_[j];
    std::int64_t bought = std::min(waits_[i], room_[j]);
    room_[j] -= bought;
    while (bought < waits_[i] && !sales.empty() && sales.front().potential > offer.potential) {
      Sale& cheapest = sales.front();
      const std::int64_t units = std::min(waits_[i] - bought, cheapest.units);
      const std::uint32_t other = cheapest.source;
      cheapest.units -= units;
      bought += units;
      if (cheapest.units == 0) {
        std::pop_heap(sales.begin(), sales.end());
        sales.pop_back();
      }
      if (other != i && waits_[other] == 0) wait(other);
      waits_[other] += units;  // its own ones it buys again, at the new potential
    }
    if (bought == 0) return;
    waits_[i] -= bought;
    sales.push_back({offer.potential, bought, i, offer.cost});
    std::push_heap(sales.begin(), sales.end());
    if (room_[j] == 0) v_[j] = sales.front().potential;
  }

  const ArcTransport& arcs_;
  std::vector<double>& v_;
  std::vector<std::vector<Sale>> sales_;  // of each target: a heap, the highest potential first
  std::vector<std::int64_t> room_;        // units that nobody has
  std::vector<std::int64_t> waits_;       // units of a source without a place
  std::vector<std::uint32_t> queue_;      // circular: sources that wait
  std::size_t head_ = 0, waiting_ = 0, bids_ = 0;
  std::vector<Chosen> chosen_;
  std::vector<Offer> offers_;  // of one time
  Helpers helpers_;
};

void ArcTransport::improve(std::vector<Shipment>& plan, std::vector<double>& v, double width,
                           Context& context) const {
  double largest = 0.0;
  for (const Block& block : blocks_)
    for (const float cost : block.cost) largest = std::max(largest, static_cast<double>(cost));
  Auction auction(*this, plan, v, context);
  const double before = auction.cost();
  const double first = std::clamp(kEpsilonOfExcess * auction.excess(context), kLeastFirst * width,
                                  kMostFirst * width);
  bool placed = false;
  scale_epsilon({first}, kLast * width, largest, context,
                [&](double epsilon, std::size_t bids_per_point) {
                  return placed = auction.run(epsilon, bids_per_point, context);
                });
  if (placed && auction.cost() < before) plan = auction.plan();
}

}  // namespace laot::detail
