// Parts of a transport problem that are looked at one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "laot/assignment/scaled_cloud.hpp"
#include "laot/parallel.hpp"
#include "laot/transport/arc_transport.hpp"

namespace laot::detail {

/// Some units of a point.
struct Share {
  std::uint32_t point;
  std::int64_t units;
};

/// Shares of both clouds with equal sums, in the order of the points, and how they are coupled now;
/// nothing: not yet.
struct Part {
  std::vector<Share> sources, targets;
  std::vector<Shipment> plan;
};

std::int64_t units_in(const std::vector<Shipment>& plan);

/// So many random parts of equal mass, but for the last. Each is a small image of the whole, in
/// which a cluster that has to give cells to another one gives as many, so that its potentials are
/// those of the whole but for chance. Parts that are cut from the clouds side by side have cheaper
/// pairs and no idea of each other. There are at least as many units as parts.
std::vector<Part> random_parts(const std::vector<std::int64_t>& supply,
                               const std::vector<std::int64_t>& demand, std::size_t count);

/// Parts of at most `leaf` pairs of a plan between x and y: it is cut in two, again and again, by
/// x_i + y_j along the difference of two of its pairs, so that pairs that might trade places stay
/// together. Other seeds, other parts.
std::vector<Part> similar_parts(const FramedCloud& x, const FramedCloud& y,
                                const std::vector<Shipment>& plan, std::size_t leaf,
                                std::uint64_t seed, Context& context);

}  // namespace laot::detail
