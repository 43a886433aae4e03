#include <cmath>
#include <utility>

#include "laot/base.hpp"

namespace laot {

namespace {

std::uint64_t splitmix64(std::uint64_t& x) {
  x += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = x;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::uint64_t rotate_left(std::uint64_t x, int k) {
  return (x << k) | (x >> (64 - k));
}

}  // namespace

Rng::Rng(std::uint64_t seed) : state_{seed, {}, 0.0, false} {
  std::uint64_t x = seed;
  for (std::uint64_t& word : state_.words) word = splitmix64(x);
}

Rng Rng::stream(std::uint64_t stream) const {
  std::uint64_t x = state_.seed;
  const std::uint64_t mixed = splitmix64(x);
  std::uint64_t y = mixed ^ (stream + 0x632be59bd9b4e019ULL);
  return Rng(splitmix64(y));
}

std::uint64_t Rng::bits() {
  auto& s = state_.words;
  const std::uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
  const std::uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left(s[3], 45);
  return result;
}

double Rng::uniform() {
  return static_cast<double>(bits() >> 11) * 0x1.0p-53;
}

double Rng::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

double Rng::normal() {
  if (state_.has_spare) {
    state_.has_spare = false;
    return state_.spare;
  }
  double u, v, s;
  do {
    u = 2.0 * uniform() - 1.0;
    v = 2.0 * uniform() - 1.0;
    s = u * u + v * v;
  } while (s >= 1.0 || s == 0.0);
  const double factor = std::sqrt(-2.0 * std::log(s) / s);
  state_.spare = v * factor;
  state_.has_spare = true;
  return u * factor;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  require(bound > 0, Status::invalid_argument, "Rng::below needs a positive bound");
  // Rejecting the lowest (2^64 mod bound) values makes the remainder unbiased.
  const std::uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t x = bits();
    if (x >= threshold) return x % bound;
  }
}

std::vector<std::size_t> Rng::permutation(std::size_t n) {
  return sample(n, n);
}

std::vector<std::size_t> Rng::sample(std::size_t n, std::size_t count) {
  require(count <= n, Status::invalid_argument, "cannot draw ", count, " of ", n,
          " without replacement");
  std::vector<std::size_t> index(n);
  for (std::size_t i = 0; i < n; ++i) index[i] = i;
  for (std::size_t i = 0; i < count; ++i) std::swap(index[i], index[i + below(n - i)]);
  index.resize(count);
  return index;
}

}  // namespace laot
