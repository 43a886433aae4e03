// Neighbours are put next to each other as the leaves of a k-d tree are (Bentley, 1975), whose
// cuts go between clusters rather than through the median; strata are stretches of that order.
#include "laot/assignment/stratified_sample.hpp"

#include <algorithm>
#include <numeric>

namespace laot::detail {

namespace {

constexpr std::size_t kLooked = 16;  // points that decide where
constexpr std::size_t kLeaf = 12;    // points whose order does not matter

/// The widest coordinates of a cloud, point by point.
struct Places {
  std::size_t dimension = 0;
  std::vector<double> values;

  explicit Places(const FramedCloud& cloud);
  const double* operator[](std::size_t i) const { return values.data() + i * dimension; }
};

Places::Places(const FramedCloud& cloud) {
  const std::size_t n = cloud.size(), d = cloud.dimension();
  std::vector<std::size_t> widest(d);
  std::iota(widest.begin(), widest.end(), std::size_t{0});
  if (d > kStrataCoordinates) {
    std::vector<double> squares(d, 0.0);  // about the frame's origin, which is near the mean
    for (std::size_t i = 0; i < n; ++i) {
      const FramedPoint x = cloud[i];
      for (std::size_t k = 0; k < d; ++k) squares[k] += x[k] * x[k];
    }
    std::stable_sort(widest.begin(), widest.end(),
                     [&](std::size_t a, std::size_t b) { return squares[a] > squares[b]; });
    widest.resize(kStrataCoordinates);
  }
  dimension = widest.size();
  values.resize(n * dimension);
  for (std::size_t i = 0; i < n; ++i) {
    const FramedPoint x = cloud[i];
    for (std::size_t k = 0; k < dimension; ++k) values[i * dimension + k] = x[widest[k]];
  }
}

struct Cut {
  std::size_t coordinate = 0;
  double at = 0.0;
};

/// The widest coordinate of some of the points, cut such that the squares within both parts are
/// least (Otsu, 1979): where left^2 / count + right^2 / count of their sums is largest.
Cut cut_of(const Places& places, const std::uint32_t* points, std::size_t count) {
  const std::size_t d = places.dimension, looked = std::min(count, kLooked);
  double sum[kStrataCoordinates] = {}, squares[kStrataCoordinates] = {};
  for (std::size_t i = 0; i < looked; ++i) {
    const double* x = places[points[i * count / looked]];
    for (std::size_t k = 0; k < d; ++k) {
      sum[k] += x[k];
      squares[k] += x[k] * x[k];
    }
  }
  Cut out;
  double widest = -kInfinity;
  for (std::size_t k = 0; k < d; ++k) {
    const double width = squares[k] - sum[k] * sum[k] / static_cast<double>(looked);
    if (width > widest) {
      widest = width;
      out.coordinate = k;
    }
  }
  double values[kLooked];
  for (std::size_t i = 0; i < looked; ++i)
    values[i] = places[points[i * count / looked]][out.coordinate];
  std::sort(values, values + looked);
  double left = 0.0, most = -kInfinity;
  for (std::size_t i = 1; i < looked; ++i) {
    left += values[i - 1];
    const double right = sum[out.coordinate] - left;
    const double between =
        left * left / static_cast<double>(i) + right * right / static_cast<double>(looked - i);
    if (between > most) {
      most = between;
      out.at = 0.5 * (values[i - 1] + values[i]);
    }
  }
  return out;
}

/// Points keep their order on either side of a cut, so that it is the same with every library. The
/// larger part is cut in the loop: however far out single cells are, calls nest log2(count) deep.
void put_neighbours_together(const Places& places, std::uint32_t* points, std::size_t count,
                             std::vector<std::uint32_t>& room) {
  while (count > kLeaf) {
    const Cut cut = cut_of(places, points, count);
    std::size_t left = 0, right = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t point = points[i];
      const bool is_right = places[point][cut.coordinate] > cut.at;
      points[left] = point;
      room[right] = point;
      left += is_right ? 0 : 1;
      right += is_right ? 1 : 0;
    }
    std::copy_n(room.begin(), right, points + left);
    if (left == 0 || right == 0) return;  // the same points, as far as was looked
    if (left < right) {
      put_neighbours_together(places, points, left, room);
      points += left;
      count = right;
    } else {
      put_neighbours_together(places, points + left, right, room);
      count = left;
    }
  }
}

}  // namespace

std::array<std::vector<std::uint32_t>, 2> stratified_samples(const Masses& cloud, std::size_t size,
                                                             Rng rng) {
  const std::size_t n = cloud.points.size();
  std::vector<std::uint32_t> order(n), room(n);
  std::iota(order.begin(), order.end(), 0u);
  put_neighbours_together(Places(cloud.points), order.data(), n, room);
  const auto mass = [&](std::size_t i) {
    return cloud.units == nullptr ? 1.0 : static_cast<double>((*cloud.units)[order[i]]);
  };
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i) total += mass(i);
  const double stratum = total / static_cast<double>(size);

  std::array<std::vector<std::uint32_t>, 2> out;
  std::size_t at = 0;
  double end = mass(0);  // of the mass up to that of the point at `at`
  const auto take = [&](std::vector<std::uint32_t>& sample, double place) {
    while (end <= place && at + 1 < n) end += mass(++at);
    sample.push_back(order[at]);
  };
  for (std::size_t s = 0; s < size; ++s) {
    // Half a stratum apart: no point of the mass of one is in both.
    const double offset = static_cast<double>(s) + 0.5 * rng.uniform();
    const std::size_t earlier = rng.below(2);
    take(out[earlier], offset * stratum);
    take(out[1 - earlier], (offset + 0.5) * stratum);
  }
  return out;
}

}  // namespace laot::detail
