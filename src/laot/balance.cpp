#include "laot/balance.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace laot {

namespace {

// Wilson's interval of a share that `count` cells show.
void wilson(double share, double count, double& low, double& high) {
  constexpr double z = 1.959963984540054;
  const double spread = z * z / count;
  const double middle = (share + spread / 2.0) / (1.0 + spread);
  const double half =
      z * std::sqrt(share * (1.0 - share) / count + spread / (4.0 * count)) / (1.0 + spread);
  low = std::max(0.0, middle - half);
  high = std::min(1.0, middle + half);
}

arma::vec shares_of(const std::vector<std::uint32_t>& types, const arma::vec& weights,
                    std::size_t count) {
  arma::vec out(count, arma::fill::zeros);
  for (std::size_t i = 0; i < types.size(); ++i) out[types[i]] += weights[i];
  return out;
}

// The difference of shares of each type over the standard deviation that it has by chance.
arma::vec differences(const std::vector<std::uint32_t>& pooled, const std::vector<char>& control,
                      std::size_t types) {
  arma::mat counts(2, types, arma::fill::zeros);
  double sizes[2] = {0.0, 0.0};
  for (std::size_t i = 0; i < pooled.size(); ++i) {
    const std::size_t side = control[i] != 0 ? 0 : 1;
    counts(side, pooled[i]) += 1.0;
    sizes[side] += 1.0;
  }
  arma::vec out(types, arma::fill::zeros);
  for (std::size_t t = 0; t < types; ++t) {
    const double share = (counts(0, t) + counts(1, t)) / (sizes[0] + sizes[1]);
    const double variance = share * (1.0 - share) * (1.0 / sizes[0] + 1.0 / sizes[1]);
    if (variance > 0.0)
      out[t] = std::abs(counts(0, t) / sizes[0] - counts(1, t) / sizes[1]) / std::sqrt(variance);
  }
  return out;
}

}  // namespace

CellTypes types_of(const std::vector<std::string>& control, std::size_t n,
                   const std::vector<std::string>& treated, std::size_t m) {
  CellTypes out;
  if (control.empty() || treated.empty()) return out;
  require(control.size() == n && treated.size() == m, Status::dimension_mismatch,
          "types needs one label per cell of both populations: found ", control.size(),
          " labels for ", n, " control cells and ", treated.size(), " for ", m, " treated cells");
  std::map<std::string, std::uint32_t> number;
  const auto numbered = [&](const std::vector<std::string>& labels,
                            std::vector<std::uint32_t>& types) {
    for (const std::string& label : labels) {
      const auto [place, is_new] = number.emplace(label, static_cast<std::uint32_t>(number.size()));
      if (is_new) out.names.push_back(label);
      types.push_back(place->second);
    }
  };
  numbered(control, out.control);
  numbered(treated, out.treated);
  return out;
}

arma::vec Composition::ratios(const std::vector<std::uint32_t>& types) const {
  arma::vec out(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) out[i] = ratio[types[i]];
  return out;
}

Composition composition_of(const CellTypes& types, const arma::vec& weights_x,
                           const arma::vec& weights_y) {
  const std::size_t count = types.names.size();
  Composition out;
  out.names = types.names;
  out.control = shares_of(types.control, weights_x, count);
  out.treated = shares_of(types.treated, weights_y, count);
  out.low.set_size(count);
  out.high.set_size(count);
  out.ratio.zeros(count);
  double reached = 0.0;  // share of the treated cells whose type has control cells
  for (std::size_t t = 0; t < count; ++t)
    if (out.control[t] > 0.0) reached += out.treated[t];
  for (std::size_t t = 0; t < count; ++t) {
    wilson(out.treated[t], static_cast<double>(types.treated.size()), out.low[t], out.high[t]);
    if (out.control[t] > 0.0 && reached > 0.0)
      out.ratio[t] = out.treated[t] / reached / out.control[t];
  }
  return out;
}

std::vector<std::uint32_t> strata_of(const std::vector<std::uint32_t>& batch,
                                     const std::vector<std::uint32_t>& types, std::size_t count) {
  std::vector<std::uint32_t> out = types;
  for (std::size_t i = 0; i < batch.size(); ++i)
    out[i] += batch[i] * static_cast<std::uint32_t>(count);
  return out;
}

arma::vec balanced(const arma::vec& weights, const arma::vec& ratios,
                   const std::vector<std::uint32_t>& batch) {
  std::uint32_t top = 0;
  for (const std::uint32_t level : batch) top = std::max(top, level);
  std::vector<double> before(top + 1, 0.0), after(top + 1, 0.0);
  const auto level = [&](std::size_t i) { return batch.empty() ? 0 : batch[i]; };
  for (std::size_t i = 0; i < weights.n_elem; ++i) {
    before[level(i)] += weights[i];
    after[level(i)] += weights[i] * ratios[i];
  }
  for (std::size_t b = 0; b < before.size(); ++b)
    require(before[b] == 0.0 || after[b] > 0.0, Status::invalid_argument,
            "no type of the control cells", batch.empty() ? "" : " of a level of the batch",
            " is found among the treated cells, so that balance leaves them no weight; check the "
            "labels of types, or set balance to \"none\"");
  arma::vec out(weights.n_elem);
  for (std::size_t i = 0; i < weights.n_elem; ++i)
    out[i] = weights[i] * ratios[i] * before[level(i)] / after[level(i)];
  return out;
}

std::vector<std::size_t> changed_types(const CellTypes& types,
                                       const std::vector<std::uint32_t>& batch_x,
                                       const std::vector<std::uint32_t>& batch_y,
                                       const PermutationOptions& options, Context& context) {
  const std::size_t n = types.control.size(), m = types.treated.size();
  std::vector<std::uint32_t> pooled = types.control, level = batch_x;
  pooled.insert(pooled.end(), types.treated.begin(), types.treated.end());
  level.insert(level.end(), batch_y.begin(), batch_y.end());
  level.resize(n + m, 0);
  std::vector<std::vector<std::size_t>> members;
  std::vector<std::size_t> controls;
  for (std::size_t i = 0; i < n + m; ++i) {
    if (level[i] >= members.size()) {
      members.resize(level[i] + 1);
      controls.resize(level[i] + 1, 0);
    }
    members[level[i]].push_back(i);
    controls[level[i]] += i < n ? 1 : 0;
  }
  std::vector<char> control(n + m, 0);
  std::fill_n(control.begin(), n, char{1});
  const std::size_t count = types.names.size();
  const arma::vec observed = differences(pooled, control, count);
  std::vector<double> largest;
  Rng rng(options.seed);
  for (std::size_t p = 0; p < options.permutations; ++p) {
    context.poll();
    std::fill(control.begin(), control.end(), char{0});
    for (std::size_t b = 0; b < members.size(); ++b)
      for (const std::size_t k : rng.sample(members[b].size(), controls[b]))
        control[members[b][k]] = 1;
    const arma::vec dealt = differences(pooled, control, count);
    largest.push_back(*std::max_element(dealt.begin(), dealt.end()));
  }
  std::vector<std::size_t> out;
  const double all = static_cast<double>(options.permutations + 1);
  for (std::size_t t = 0; t < count; ++t) {
    const auto as_large = std::count_if(largest.begin(), largest.end(), [&](double value) {
      return value >= observed[t] * (1.0 - 1e-12);
    });
    if ((1.0 + static_cast<double>(as_large)) / all <= options.level) out.push_back(t);
  }
  std::stable_sort(out.begin(), out.end(),
                   [&](std::size_t a, std::size_t b) { return observed[a] > observed[b]; });
  return out;
}

}  // namespace laot
