// Transport along few of all pairs, nearly optimal.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "laot/armadillo.hpp"
#include "laot/parallel.hpp"
#include "laot/transport.hpp"

namespace laot::detail {

/// A source, a target that it may send units to, and their squared distance.
struct Arc {
  std::uint32_t source, target;
  float cost;
};

/// Units that go from a source to a target.
struct Shipment {
  std::uint32_t source, target;
  std::int64_t units;
};

/// Brings shipments in the order of their sources and targets, and those of a pair together.
void merge_shipments(std::vector<Shipment>& plan);

/// Integer flow between points of which each source knows a few targets, for the squared distance
/// in single precision: nearly optimal on these arcs. By an auction (Bertsekas & Castanon, Ann.
/// Oper. Res. 20, 1989): a source offers for units of its best target what makes the second best as
/// good, and epsilon beside. Units of a target are alike, and each was sold at some potential; the
/// target's is the highest of these, and who offers a lower one takes the units that were sold at
/// it. Units then cost at most epsilon more than the best that their source knows. Epsilon falls in
/// steps, as in an assignment (see scale_epsilon). Offers are made many at a time, and taken one by
/// one: the same bits for each number of threads.
class ArcTransport {
 public:
  /// Of equal sums.
  ArcTransport(std::vector<std::int64_t> supply, std::vector<std::int64_t> demand);

  void clear();
  /// Takes more arcs; those that are there already are left out.
  void add(const std::vector<std::vector<Arc>>& arcs, Context& context);
  /// Points x and y [d x n, d x m] have moved: of each source, those `most` arcs are kept that are
  /// the best at the potentials v, and those of the plan.
  void move(std::size_t most, const std::vector<Shipment>& plan, const std::vector<double>& v,
            const arma::mat& x, const arma::mat& y, Context& context);

  /// Improves a plan that uses all supply and demand along arcs, and the potentials v of the
  /// targets. The plan that comes out is no dearer: it is the one that went in where the auction,
  /// whose bids are limited, found no place for some units, or a dearer one. Plans are as
  /// merge_shipments leaves them. `width`, above 0, is what epsilon is measured in: how far the
  /// costs of a source's best arcs are apart. Takes about 10 to 20 bids a source.
  void improve(std::vector<Shipment>& plan, std::vector<double>& v, double width,
               Context& context) const;

  /// For each source the least of cost - v over its arcs.
  std::vector<double> source_potentials(const std::vector<double>& v, Context& context) const;

 private:
  static constexpr std::size_t kBlock = 1024;  // sources whose arcs lie together
  struct Partner {
    std::uint32_t target;
    float cost;
  };
  struct Block {
    std::vector<std::uint32_t> begin;  // of the arcs of each source, and the end of the last
    std::vector<Partner> partners;
  };
  /// The arcs of one source.
  struct Row {
    const Partner* first;
    std::size_t count;

    const Partner* begin() const { return first; }
    const Partner* end() const { return first + count; }
    const Partner* of(std::uint32_t target) const {
      return std::find_if(begin(), end(),
                          [&](const Partner& partner) { return partner.target == target; });
    }
  };
  class Auction;

  const std::uint32_t* begin_of(std::size_t source) const {
    return blocks_[source / kBlock].begin.data() + source % kBlock;
  }
  Row row(std::size_t source) const {
    const std::uint32_t* begin = begin_of(source);
    return {blocks_[source / kBlock].partners.data() + begin[0], begin[1] - begin[0]};
  }

  std::vector<std::int64_t> supply_, demand_;
  std::vector<Block> blocks_;
};

}  // namespace laot::detail
