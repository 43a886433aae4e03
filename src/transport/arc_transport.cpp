#include "laot/transport/arc_transport.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "laot/assignment/epsilon_schedule.hpp"
#include "laot/base/prefetch.hpp"
#include "laot/linear_algebra.hpp"
#include "laot/parallel/helpers.hpp"

namespace laot::detail {

namespace {

// The first epsilon is this part of how much dearer the plan is than the potentials promise: larger
// ones would part pairs that are good, smaller ones take more bids. It and the last one in widths;
// what the last one leaves is little beside what the missing arcs cost.
constexpr double kEpsilonOfExcess = 0.25, kLeastFirst = 0.1, kMostFirst = 5.0, kLast = 0.025;
constexpr std::size_t kChosen = 7;     // arcs of a source that bids look at
constexpr std::size_t kTogether = 64;  // arcs whose potentials are fetched at a time
// Offers that are made at once, at the same potentials, and those of them that a thread takes.
constexpr std::size_t kOffers = 1024, kOffersOfThread = 64;
constexpr int kBidders = 7;        // threads that share them
constexpr std::size_t kAhead = 4;  // purchases

bool by_source(const Shipment& a, const Shipment& b) {
  return a.source != b.source ? a.source < b.source : a.target < b.target;
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

void ArcTransport::add(const std::vector<std::vector<Arc>>& arcs, Context& context) {
  std::vector<std::size_t> begin(supply_.size() + 1, 0);
  for (const auto& some : arcs)
    for (const Arc& arc : some) ++begin[arc.source + 1];
  for (std::size_t i = 0; i < supply_.size(); ++i) begin[i + 1] += begin[i];
  std::vector<Partner> added(begin.back());
  std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
  for (const auto& some : arcs)
    for (const Arc& arc : some) added[next[arc.source]++] = {arc.target, arc.cost};
  parallel_for(context, blocks_.size(), 1, [&](std::size_t b, std::size_t, int) {
    Block now;
    now.begin.push_back(0);
    for (std::size_t s = 0; s + 1 < blocks_[b].begin.size(); ++s) {
      const std::size_t i = b * kBlock + s, first = now.partners.size();
      const Row before = row(i);
      now.partners.insert(now.partners.end(), before.begin(), before.end());
      for (std::size_t k = begin[i]; k < begin[i + 1]; ++k) {
        const Row own{now.partners.data() + first, now.partners.size() - first};
        if (own.of(added[k].target) == own.end()) now.partners.push_back(added[k]);
      }
      now.begin.push_back(static_cast<std::uint32_t>(now.partners.size()));
    }
    now.partners.shrink_to_fit();
    blocks_[b] = std::move(now);
  });
}

void ArcTransport::move(std::size_t most, const std::vector<Shipment>& plan,
                        const std::vector<double>& v, const arma::mat& x, const arma::mat& y,
                        Context& context) {
  parallel_for(context, blocks_.size(), 1, [&](std::size_t b, std::size_t, int) {
    Block now;
    now.begin.push_back(0);
    std::vector<std::pair<double, std::size_t>> order;  // reduced costs; places
    std::vector<Partner> moved;
    auto used = std::lower_bound(plan.begin(), plan.end(), b * kBlock,
                                 [](const Shipment& s, std::size_t i) { return s.source < i; });
    for (std::size_t s = 0; s + 1 < blocks_[b].begin.size(); ++s) {
      const std::size_t i = b * kBlock + s;
      order.clear();
      moved.clear();
      for (const Partner& partner : row(i)) {
        const std::uint32_t j = partner.target;
        moved.push_back(
            {j, static_cast<float>(squared_distance(x.colptr(i), y.colptr(j), x.n_rows))});
        order.push_back({static_cast<double>(moved.back().cost) - v[j], order.size()});
      }
      const std::size_t count = std::min(most, order.size()), first = now.partners.size();
      std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count),
                        order.end());
      for (std::size_t k = 0; k < count; ++k) now.partners.push_back(moved[order[k].second]);
      const Row all{moved.data(), moved.size()};
      for (; used != plan.end() && used->source == i; ++used) {
        const Row kept{now.partners.data() + first, count};
        if (kept.of(used->target) == kept.end()) now.partners.push_back(*all.of(used->target));
      }
      now.begin.push_back(static_cast<std::uint32_t>(now.partners.size()));
    }
    blocks_[b] = std::move(now);
  });
}

std::vector<double> ArcTransport::source_potentials(const std::vector<double>& v,
                                                    Context& context) const {
  std::vector<double> u(supply_.size());
  parallel_for(context, blocks_.size(), 1, [&](std::size_t b, std::size_t, int) {
    for (std::size_t i = b * kBlock; i < std::min(u.size(), (b + 1) * kBlock); ++i) {
      double least = kInfinity;
      for (const Partner& partner : row(i))
        least = std::min(least, static_cast<double>(partner.cost) - v[partner.target]);
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
        markets_(v.size()),
        waits_(arcs.supply_.size(), 0),
        queue_(arcs.supply_.size() + 1),
        chosen_(arcs.supply_.size()),
        offers_(kOffers),
        helpers_(std::min(context.num_threads - 1, kBidders)) {
    for (const Shipment& s : plan)
      markets_[s.target].sales.push_back(
          {v[s.target], s.units, s.source, arcs_.row(s.source).of(s.target)->cost});
  }

  /// By how much the plan is dearer than the potentials promise, in the mean over its units.
  double excess(Context& context) const {
    const std::vector<double> u = arcs_.source_potentials(v_, context);
    double sum = 0.0, units = 0.0;
    for (std::uint32_t j = 0; j < markets_.size(); ++j)
      for (const Sale& sale : markets_[j].sales) {
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
                     offer(first, std::min(count, first + kOffersOfThread), epsilon);
                   });
      bids_ += count;
      head_ = (head_ + count) % queue_.size();
      waiting_ -= count;
      buy(count);
    }
    return waiting_ == 0;
  }

  std::vector<Shipment> plan() const {
    std::vector<Shipment> out;
    for (std::uint32_t j = 0; j < markets_.size(); ++j)
      for (const Sale& sale : markets_[j].sales) out.push_back({sale.source, j, sale.units});
    merge_shipments(out);
    return out;
  }

  double cost() const {
    double sum = 0.0;
    for (const Market& market : markets_)
      for (const Sale& sale : market.sales)
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

  /// The sales of a target.
  struct Market {
    std::vector<Sale> sales;  // a heap, the highest potential first
    std::int64_t room = 0;    // units that nobody has
  };

  /// The arcs of a source that were cheapest once, and what its others cost at least: what the
  /// memory brings at a time.
  struct alignas(64) Chosen {
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
    for (std::uint32_t j = 0; j < markets_.size(); ++j) {
      auto& [sales, room] = markets_[j];
      const auto dear = [&](const Sale& sale) {
        return static_cast<double>(sale.cost) - v_[j] > u[sale.source] + epsilon;
      };
      const std::int64_t before = room;
      for (const Sale& sale : sales) {
        if (!dear(sale)) continue;
        if (waits_[sale.source] == 0) wait(sale.source);
        waits_[sale.source] += sale.units;
        room += sale.units;
      }
      if (room == before) continue;
      sales.erase(std::remove_if(sales.begin(), sales.end(), dear), sales.end());
      std::make_heap(sales.begin(), sales.end());
    }
  }

  // The bound stays true while potentials fall.
  void choose(std::uint32_t i) {
    std::pair<double, const Partner*> least[kChosen + 1];  // in order
    std::size_t count = 0;
    const Row row = arcs_.row(i);
    for (const Partner* first = row.begin(); first != row.end();) {
      const std::size_t some = std::min(static_cast<std::size_t>(row.end() - first), kTogether);
      double reduced[kTogether];  // all first: a potential from memory waits for no comparison
      for (std::size_t k = 0; k < some; ++k)
        reduced[k] = static_cast<double>(first[k].cost) - v_[first[k].target];
      for (std::size_t k = 0; k < some; ++k) {
        if (count > kChosen && reduced[k] >= least[kChosen].first) continue;
        std::size_t at = std::min(count, kChosen);
        for (; at > 0 && least[at - 1].first > reduced[k]; --at) least[at] = least[at - 1];
        least[at] = {reduced[k], first + k};
        count = std::min(count + 1, kChosen + 1);
      }
      first += some;
    }
    Chosen& chosen = chosen_[i];
    chosen.bound = count > kChosen ? least[kChosen].first : kInfinity;
    for (std::size_t t = 0; t < kChosen; ++t) {
      const Partner* partner = least[std::min(t, count - 1)].second;
      chosen.target[t] = partner->target;
      chosen.cost[t] = t < count ? partner->cost : std::numeric_limits<float>::infinity();
    }
  }

  // Offers of some that wait. The memory is asked for what is needed next.
  void offer(std::size_t first, std::size_t last, double epsilon) {
    const auto source = [&](std::size_t a) { return queue_[(head_ + a) % queue_.size()]; };
    std::size_t open[kOffersOfThread], count = 0;
    for (std::size_t a = first; a < last; ++a) prefetch(&chosen_[source(a)]);
    for (std::size_t a = first; a < last; ++a) {
      if (best_offer(source(a), epsilon, offers_[a])) continue;
      open[count++] = a;
      prefetch(arcs_.begin_of(source(a)));
    }
    for (std::size_t k = 0; k < count; ++k) {
      const Row row = arcs_.row(source(open[k]));
      prefetch(row.first, row.count);
    }
    for (std::size_t k = 0; k < count; ++k) {
      choose(source(open[k]));
      (void)best_offer(source(open[k]), epsilon, offers_[open[k]]);
    }
  }

  // False where another arc than the chosen ones may be the best.
  bool best_offer(std::uint32_t i, double epsilon, Offer& out) const {
    const Chosen& chosen = chosen_[i];
    double least = kInfinity, second = kInfinity;
    std::size_t best = 0;
    for (std::size_t t = 0; t < kChosen; ++t) {
      const double reduced = static_cast<double>(chosen.cost[t]) - v_[chosen.target[t]];
      best = reduced < least ? t : best;
      second = std::min(second, std::max(least, reduced));
      least = std::min(least, reduced);
    }
    if (chosen.bound < least) return false;
    second = std::min(second, chosen.bound);
    const std::uint32_t j = chosen.target[best];
    // A single arc has no rival, and its price no meaning.
    const double raise = second == kInfinity ? 0.0 : second - least;
    out = {v_[j] - raise - epsilon, i, j, chosen.cost[best]};
    return true;
  }

  // One offer after the other. The memory is asked for what the next ones need: the market, then
  // its first sale, then whether its buyer waits.
  void buy(std::size_t count) {
    for (std::size_t a = 0; a < count; ++a) {
      const auto market = [&](std::size_t ahead) { return &markets_[offers_[a + ahead].target]; };
      if (a + 4 * kAhead < count) prefetch(market(4 * kAhead));
      if (a + 2 * kAhead < count) prefetch(market(2 * kAhead)->sales.data());
      if (a + kAhead < count && !market(kAhead)->sales.empty())
        prefetch(&waits_[market(kAhead)->sales.front().source]);
      buy(offers_[a]);
      if (waits_[offers_[a].source] > 0) wait(offers_[a].source);
    }
  }

  // Units at the offered potential: first those that nobody has, then those that were sold at a
  // higher one. None are left where others have offered more at the same time.
  void buy(const Offer& offer) {
    const std::uint32_t i = offer.source, j = offer.target;
    auto& [sales, room] = markets_[j];
    std::int64_t bought = std::min(waits_[i], room);
    room -= bought;
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
    if (room == 0) v_[j] = sales.front().potential;
  }

  const ArcTransport& arcs_;
  std::vector<double>& v_;
  std::vector<Market> markets_;
  std::vector<std::int64_t> waits_;   // units of a source without a place
  std::vector<std::uint32_t> queue_;  // circular: sources that wait
  std::size_t head_ = 0, waiting_ = 0, bids_ = 0;
  std::vector<Chosen> chosen_;
  std::vector<Offer> offers_;  // of one time
  Helpers helpers_;
};

void ArcTransport::improve(std::vector<Shipment>& plan, std::vector<double>& v, double width,
                           Context& context) const {
  double largest = 0.0;
  for (const Block& block : blocks_)
    for (const Partner& partner : block.partners)
      largest = std::max(largest, static_cast<double>(partner.cost));
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
