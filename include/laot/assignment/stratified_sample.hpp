// Samples of a cloud that have as many points in each region as its share of the mass.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "laot/assignment/scaled_cloud.hpp"
#include "laot/base.hpp"

namespace laot::detail {

/// Points and the units that each of them has or takes; without units, one each.
struct Masses {
  const FramedCloud& points;
  const std::vector<std::int64_t>* units = nullptr;
};

constexpr std::size_t kStrataCoordinates = 16;  // the widest, which alone are cut

/// Two samples of `size` points each, by their numbers. The mass is cut into so many equal strata
/// of neighbouring points, each of which gives a point to either sample: the numbers of points in
/// a cluster are off by about one, where those of random samples are by their square roots. A
/// point of more mass than a stratum is taken as often as it fills one.
std::array<std::vector<std::uint32_t>, 2> stratified_samples(const Masses& cloud, std::size_t size,
                                                             Rng rng);

}  // namespace laot::detail
