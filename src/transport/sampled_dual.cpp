#include "laot/transport/sampled_dual.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "laot/data/columns.hpp"
#include "laot/linear_algebra.hpp"

namespace laot::detail {

SampledDual::SampledDual(const arma::mat& sources, const arma::mat& targets,
                         const std::vector<std::int64_t>& supply,
                         const std::vector<std::int64_t>& demand)
    : sources_(sources),
      supply_(supply),
      demand_(demand),
      up_to_(supply.size()),
      shift_(Extent(targets).mean),
      rows_(framed_cloud(targets, shift_), VectorPath::best) {
  std::partial_sum(supply.begin(), supply.end(), up_to_.begin());
}

void SampledDual::draw(std::size_t rows, std::uint64_t seed) {
  Rng rng(seed);
  drawn_.resize(rows);
  for (std::uint32_t& who : drawn_) {
    const std::int64_t unit = static_cast<std::int64_t>(rng.below(up_to_.back()));
    who = static_cast<std::uint32_t>(std::upper_bound(up_to_.begin(), up_to_.end(), unit) -
                                     up_to_.begin());
  }
  sample_ = columns_of(sources_, drawn_);
  rows_.set_sources(framed_cloud(sample_, shift_));
}

double SampledDual::mean_of(const std::vector<double>& values,
                            const std::vector<std::int64_t>& units) const {
  const double total = static_cast<double>(up_to_.back());
  double mean = 0.0;
  for (std::size_t k = 0; k < values.size(); ++k)
    mean += static_cast<double>(units[k]) / total * values[k];
  return mean;
}

SampledDual::Value SampledDual::value(const std::vector<double>& v,
                                      const std::vector<double>& guess, Context& context) {
  const FramedCloud& columns = rows_.targets();
  const FramedCloud& rows = rows_.sources();
  const int column_exponent = columns.frame().exponent, row_exponent = rows.frame().exponent,
            exponent = row_exponent + column_exponent;
  std::vector<double> scaled(v.size());
  for (std::size_t j = 0; j < v.size(); ++j)
    scaled[j] =
        std::ldexp(v[j] - std::ldexp(columns.squared_norm(j), 2 * column_exponent), -exponent);
  rows_.set_potentials(scaled);
  rows_.build(0.0, context);
  const double count = static_cast<double>(drawn_.size());
  std::vector<double> apart(drawn_.size());
  double mean = 0.0, square = 0.0;
  for (std::size_t q = 0; q < drawn_.size(); ++q) {
    const double u = std::ldexp(rows_.best_two(q).least, exponent) +
                     std::ldexp(rows.squared_norm(q), 2 * row_exponent);
    apart[q] = u - guess[drawn_[q]];
    mean += apart[q] / count;
  }
  for (const double a : apart) square += (a - mean) * (a - mean) / count;
  return {mean_of(v, demand_) + mean_of(guess, supply_) + mean, std::sqrt(square / count)};
}

double SampledDual::spread() const {
  return mean_squared_norm(rows_.sources(), rows_.sources().frame().exponent) +
         mean_squared_norm(rows_.targets(), rows_.targets().frame().exponent);
}

}  // namespace laot::detail
