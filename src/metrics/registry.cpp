#include "laot/metrics/registry.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "comparable.hpp"
#include "laot/metrics/distances.hpp"
#include "laot/metrics/features.hpp"
#include "laot/metrics/mmd.hpp"
#include "laot/metrics/moments.hpp"
#include "laot/sinkhorn.hpp"
#include "weighted_comparison.hpp"

namespace laot {

namespace {

constexpr const char* kGretton = "Gretton et al., JMLR 2012";
constexpr const char* kCellOt = "Bunne et al., Nature Methods 2023, scripts/evaluate.py";
constexpr const char* kCmonge = "Driessen et al., arXiv 2504.08328, evaluation code";
constexpr const char* kOneCell = "one cell on a side";
constexpr const char* kFlat = "values that are the same for all features";

double mean_over_features(const arma::vec& values) {
  double sum = 0.0;
  for (std::size_t k = 0; k < values.n_elem; ++k) sum += values[k];
  return sum / static_cast<double>(values.n_elem);
}

// The mean over the cells whose own correlation is defined.
double mean_of_defined(const arma::vec& values) {
  double sum = 0.0, count = 0.0;
  for (std::size_t k = 0; k < values.n_elem; ++k)
    if (!std::isnan(values[k])) {
      sum += values[k];
      count += 1.0;
    }
  return sum / count;
}

SinkhornOptions sinkhorn_options(Comparison& in) {
  const EntropyStrength& asked = in.epsilon;
  require(asked.value > 0.0 && std::isfinite(asked.value), Status::invalid_argument,
          "epsilon must be positive, found ", asked.value);
  require_comparable(in.predicted.cells(), "predicted", in.observed.cells(), "observed");
  SinkhornOptions options;
  options.epsilon =
      asked.absolute ? asked.value
                     : epsilon_of_mean_cost(in.predicted.cells(), in.observed.cells(), asked.value);
  options.tolerance = kMarginalError;
  return options;
}

// Clouds that are one and the same point have no cost and no entropy to speak of.
Measured entropic_cost(Comparison& in, double SinkhornResult::*which, Context& context) {
  const SinkhornOptions options = sinkhorn_options(in);
  if (!(options.epsilon > 0.0)) return 0.0;
  const SinkhornResult result =
      sinkhorn(in.predicted.cells(), in.observed.cells(), options, context);
  return {result.*which, result.marginal_error};
}

Measured sinkhorn_cost(Comparison& in, Context& context) {
  return entropic_cost(in, &SinkhornResult::transport_cost, context);
}

Measured sinkhorn_regularised(Comparison& in, Context& context) {
  return entropic_cost(in, &SinkhornResult::regularised_cost, context);
}

Measured debiased_sinkhorn(Comparison& in, Context& context) {
  const SinkhornOptions options = sinkhorn_options(in);
  if (!(options.epsilon > 0.0)) return 0.0;
  const SinkhornDivergence result = sinkhorn_divergence(
      in.predicted.cells(), in.observed.cells(), PairCost::squared_euclidean, options, context);
  return {std::max(0.0, result.value()), result.marginal_error};
}

// Features that the ratios of sds leave out.
std::size_t flat_among_observed(Comparison& in) {
  return in.moments().sd_ratio_left_out;
}

// Features that the correlations of features leave out.
std::size_t flat_on_a_side(Comparison& in) {
  const arma::vec &predicted = in.predicted.moments().sd, &observed = in.observed.moments().sd;
  std::size_t count = 0;
  for (std::size_t k = 0; k < observed.n_elem; ++k)
    if (!(predicted[k] > kConstantSd && observed[k] > kConstantSd)) ++count;
  return count;
}

// As the published code stops: it looks at the marginals to 1e-3, and not for ever.
template <class Value>
Measured euclidean_entropic(Comparison& in, const Value& value, Context& context) {
  SinkhornOptions options;
  options.epsilon = 0.1;
  options.tolerance = 1e-3;
  options.max_iterations = 2000;
  const SinkhornDivergence& found = in.euclidean_divergence(options, context);
  return {value(found), found.converged ? 0.0 : found.marginal_error};
}

// A metric under construction: each field by its name.
class MetricRow {
 public:
  MetricRow(const char* name, const char* title) {
    spec_.name = name;
    spec_.title = title;
  }
  MetricRow& estimator(const char* text) { return set(spec_.estimator, text); }
  MetricRow& setting(const char* text) { return set(spec_.setting, text); }
  MetricRow& doc(const char* text) { return set(spec_.doc, text); }
  MetricRow& source(const char* text) { return set(spec_.source, text); }
  MetricRow& undefined(const char* when) { return set(spec_.undefined, when); }
  MetricRow& perfect(double value) { return set(spec_.perfect, value); }
  MetricRow& larger_is_better() { return set(spec_.larger_is_better, true); }
  MetricRow& needs_gamma() { return set(spec_.needs_gamma, true); }
  MetricRow& needs_control() { return set(spec_.needs_control, true); }
  MetricRow& takes_epsilon() { return set(spec_.takes_epsilon, true); }
  MetricRow& leaves_out(std::size_t (*features)(Comparison&)) {
    return set(spec_.features_left_out, features);
  }
  MetricRow& by_default() { return set(spec_.by_default, true); }
  MetricRow& couples() { return set(spec_.couples, true); }
  MetricRow& of_same_cells() { return set(spec_.of_same_cells, true); }
  MetricRow& compute(std::function<Measured(Comparison&, Context&)> how) {
    return set(spec_.compute, std::move(how));
  }
  /// The same words of a Comparison and of a WeightedComparison.
  template <class How>
  MetricRow& compute_also_weighted(How how) {
    set(spec_.compute, [how](Comparison& in, Context& c) -> Measured { return how(in, c); });
    return set(spec_.compute_weighted,
               [how](WeightedComparison& in, Context& c) -> double { return how(in, c); });
  }
  operator MetricSpec() const { return spec_; }

 private:
  template <class Field, class Value>
  MetricRow& set(Field& field, Value&& value) {
    field = std::forward<Value>(value);
    return *this;
  }
  MetricSpec spec_;
};

// In groups: distributions, distances, moments, structure.
std::vector<MetricSpec> distribution_metrics() {
  return {
      MetricRow("mmd2", "squared MMD")
          .by_default()
          .estimator("unbiased")
          .setting("one gamma")
          .doc("Squared maximum mean discrepancy with the kernel exp(-gamma |u-v|^2), U-statistic, "
               "not clipped: about half of the values are negative where predicted and observed "
               "cells have one law.")
          .source(kGretton)
          .undefined(kOneCell)
          .needs_gamma()
          .compute_also_weighted(
              [](auto& in, Context& c) { return in.mmd2(MmdEstimator::unbiased, c); }),
      MetricRow("mmd2_biased", "squared MMD, biased")
          .estimator("biased")
          .setting("one gamma")
          .doc("The V-statistic: kernel means with the diagonals. Never negative, and above 0 for "
               "equal laws.")
          .source(kGretton)
          .needs_gamma()
          .compute_also_weighted(
              [](auto& in, Context& c) { return in.mmd2(MmdEstimator::biased, c); }),
      MetricRow("mmd2_clipped", "squared MMD, clipped")
          .estimator("unbiased, negative values set to 0")
          .setting("one gamma")
          .doc("As the LAOT notebooks print it. The clipping biases small values upwards.")
          .source("LAOT notebooks (Jafari et al., ICML 2026)")
          .undefined(kOneCell)
          .needs_gamma()
          .compute_also_weighted([](auto& in, Context& c) {
            const double value = in.mmd2(MmdEstimator::unbiased, c);
            return value < 0.0 ? 0.0 : value;
          }),
      MetricRow("mmd2_mean50", "squared MMD, mean over 50 gammas")
          .estimator("biased")
          .setting("50 gammas from 10 to 0.001, equally spaced in the exponent")
          .doc("As CellOT prints it: the biased estimate averaged over fixed gammas, whatever the "
               "scale of the data.")
          .source(kCellOt)
          .compute([](Comparison& in, Context& c) {
            return mmd2_mean(in.predicted.cells(), in.observed.cells(), logspace(1.0, -3.0, 50),
                             MmdEstimator::biased, c);
          }),
      MetricRow("mmd2_mean6", "squared MMD, mean over 6 gammas")
          .estimator("biased")
          .setting("gammas 2, 1, 0.5, 0.1, 0.01, 0.005")
          .doc("As the Conditional Monge Gap prints it: the biased estimate averaged over fixed "
               "gammas, whatever the scale of the data.")
          .source(kCmonge)
          .compute([](Comparison& in, Context& c) {
            return mmd2_mean(in.predicted.cells(), in.observed.cells(),
                             {2.0, 1.0, 0.5, 0.1, 0.01, 0.005}, MmdEstimator::biased, c);
          }),
      MetricRow("energy_distance", "energy distance")
          .estimator("unbiased")
          .doc("2 E|x-y| - E|x-x'| - E|y-y'| with Euclidean distances, cells not paired with "
               "themselves.")
          .source("Szekely & Rizzo, 2013")
          .undefined(kOneCell)
          .compute_also_weighted([](auto& in, Context& c) { return in.energy(c).unbiased; }),
      MetricRow("energy_distance_biased", "energy distance, biased")
          .estimator("biased")
          .doc("The same with the zero distances of cells to themselves.")
          .source("Szekely & Rizzo, 2013")
          .compute_also_weighted([](auto& in, Context& c) { return in.energy(c).biased; }),
      MetricRow("w2", "Wasserstein-2")
          .by_default()
          .estimator("exact")
          .setting("weights 1/n and 1/m")
          .doc("Root of the least mean squared distance of a coupling. It rewards predictions with "
               "too little spread: read it beside sd_ratio.")
          .source("Villani, Optimal Transport, 2009")
          .couples()
          .compute_also_weighted([](auto& in, Context& c) { return in.w2(c); }),
      MetricRow("w1", "Wasserstein-1")
          .estimator("exact")
          .setting("weights 1/n and 1/m")
          .doc("Least mean Euclidean distance of a coupling.")
          .source("Villani, Optimal Transport, 2009")
          .compute([](Comparison& in, Context& c) {
            return wasserstein1(in.predicted.cells(), in.observed.cells(), c);
          }),
      MetricRow("sinkhorn_cost", "Sinkhorn cost")
          .estimator("entropic, the cost without the entropy")
          .setting("epsilon = 0.05 x mean squared distance")
          .doc("Mean squared distance of the entropic coupling. Above 0 for equal laws, and often "
               "printed as a Wasserstein distance, which it is not: see w2.")
          .source("Cuturi, NeurIPS 2013")
          .takes_epsilon()
          .compute(sinkhorn_cost),
      MetricRow("sinkhorn_regularised", "Sinkhorn cost with the entropy")
          .estimator("entropic, cost plus entropy")
          .setting("epsilon = 0.05 x mean squared distance")
          .doc("The least cost plus epsilon KL(P | a b') over couplings P. CellOT's script writes "
               "such a cost as w2, with epsilon = 0.1 in squared units, no root, and the iteration "
               "cut off early: that number depends on where it stopped.")
          .source("Cuturi, NeurIPS 2013")
          .takes_epsilon()
          .compute(sinkhorn_regularised),
      MetricRow("sinkhorn_divergence", "Sinkhorn divergence")
          .estimator("entropic, debiased")
          .setting("epsilon = 0.05 x mean squared distance")
          .doc("OT(p,t) - OT(p,p)/2 - OT(t,t)/2 with OT the cost plus epsilon times the entropy, "
               "one epsilon for all three: 0 for equal laws.")
          .source("Feydy et al., AISTATS 2019")
          .takes_epsilon()
          .compute(debiased_sinkhorn),
      MetricRow("sinkhorn_euclidean", "Sinkhorn cost, Euclidean")
          .estimator("entropic, cost plus entropy")
          .setting("epsilon = 0.1, Euclidean distances")
          .doc("The least cost plus epsilon KL(P | a b') with the distance, not its square, as "
               "cost. The Conditional Monge Gap's code calls it wasserstein, though it is neither "
               "w1 nor w2.")
          .source(kCmonge)
          .compute([](Comparison& in, Context& c) {
            return euclidean_entropic(
                in, [](const SinkhornDivergence& d) { return d.between.regularised_cost; }, c);
          }),
      MetricRow("sinkhorn_divergence_euclidean", "Sinkhorn divergence, Euclidean")
          .estimator("entropic, debiased")
          .setting("epsilon = 0.1, Euclidean distances")
          .doc("OT(p,t) - OT(p,p)/2 - OT(t,t)/2 with the same cost: 0 for equal laws.")
          .source(kCmonge)
          .compute([](Comparison& in, Context& c) {
            return euclidean_entropic(
                in, [](const SinkhornDivergence& d) { return d.value(); }, c);
          })};
}

std::vector<MetricSpec> moment_metrics() {
  return {
      MetricRow("l2_drug_signature", "l2 drug signature")
          .by_default()
          .estimator("exact")
          .doc("|(mean observed - mean control) - (mean predicted - mean control)|, which is the "
               "distance of the means: the control cancels.")
          .source(kCellOt)
          .compute_also_weighted([](auto& in, Context&) { return in.moments().l2_means; }),
      MetricRow("pearson_means", "r of means")
          .by_default()
          .estimator("Pearson")
          .doc("Correlation across features of predicted with observed means. CellOT's tables call "
               "it r2, without a square. High for no change at all: read pearson_mean_shift.")
          .source(kCellOt)
          .undefined(kFlat)
          .perfect(1.0)
          .larger_is_better()
          .compute_also_weighted([](auto& in, Context&) { return in.moments().pearson_means; }),
      MetricRow("pearson_means_squared", "squared r of means")
          .estimator("Pearson, squared")
          .doc("The square of pearson_means, which the Conditional Monge Gap's code calls r2. It "
               "ignores scale and offset.")
          .source(kCmonge)
          .undefined(kFlat)
          .perfect(1.0)
          .larger_is_better()
          .compute_also_weighted([](auto& in, Context&) {
            const double r = in.moments().pearson_means;
            return r * r;
          }),
      MetricRow("pearson_mean_shift", "r of mean shifts")
          .estimator("Pearson")
          .doc("Correlation across features of the predicted with the observed shift of the means "
               "away from control.")
          .source("Roohani et al., Nature Biotechnology 2024")
          .undefined(kFlat)
          .perfect(1.0)
          .larger_is_better()
          .needs_control()
          .compute_also_weighted([](auto& in, Context&) { return in.mean_shift_correlation(); }),
      MetricRow("r2_means", "R2 of means")
          .by_default()
          .estimator("coefficient of determination")
          .doc("1 - SSres/SStot over features, SStot around the mean of the observed means. Not "
               "the square of a correlation: it can be negative.")
          .source("Draper & Smith, Applied Regression Analysis, 1998")
          .undefined(kFlat)
          .perfect(1.0)
          .larger_is_better()
          .compute_also_weighted([](auto& in, Context&) { return in.moments().r2_means; }),
      MetricRow("l2_sds", "l2 of sds")
          .estimator("divisor n")
          .doc("Distance of the standard deviations of the features.")
          .source(kCellOt)
          .compute_also_weighted([](auto& in, Context&) { return in.moments().l2_sds; }),
      MetricRow("l2_sds_ddof1", "l2 of sds, CellOT's")
          .estimator("divisor n - 1")
          .doc("The same with divisor n - 1, as CellOT prints it.")
          .source(kCellOt)
          .undefined(kOneCell)
          .compute([](Comparison& in, Context&) { return in.moments().l2_sds_ddof1; }),
      MetricRow("pearson_sds", "r of sds")
          .by_default()
          .estimator("Pearson")
          .doc("Correlation across features of predicted with observed standard deviations.")
          .source(kCellOt)
          .undefined("one cell on a side, or sds that are the same for all features")
          .perfect(1.0)
          .larger_is_better()
          .compute_also_weighted([](auto& in, Context&) { return in.moments().pearson_sds; }),
      MetricRow("sd_ratio", "sd ratio")
          .by_default()
          .estimator("mean over features, divisor n")
          .doc("Mean over features of sd(predicted)/sd(observed); features with observed sd below "
               "1e-12 are left out. Below 1: the prediction lost spread.")
          .source("this library")
          .undefined("no feature that varies among the observed cells")
          .perfect(1.0)
          .leaves_out(flat_among_observed)
          .compute_also_weighted([](auto& in, Context&) { return in.moments().sd_ratio; }),
      MetricRow("sd_ratio_median", "sd ratio, median")
          .by_default()
          .estimator("median over features, divisor n")
          .doc("The median of the same ratios.")
          .source("this library")
          .undefined("no feature that varies among the observed cells")
          .perfect(1.0)
          .leaves_out(flat_among_observed)
          .compute_also_weighted([](auto& in, Context&) { return in.moments().sd_ratio_median; })};
}

std::vector<MetricSpec> structure_metrics() {
  const auto knn = [](std::size_t k) {
    return [k](Comparison& in, Context& c) {
      return knn_enrichment(in.predicted.cells(), in.observed.cells(), k, c);
    };
  };
  constexpr const char* kKnnDoc =
      "Of as many predicted as observed cells, pooled: the share of predicted cells among the k "
      "nearest neighbours of a predicted cell, mean over cells. 0.5 where they mix, 1 apart.";
  return {
      MetricRow("l2_feature_correlations", "l2 of feature correlations")
          .estimator("Pearson, upper triangle")
          .doc("Distance between the correlations of all pairs of features among predicted and "
               "among observed cells; features with sd up to 1e-12 on a side are left out.")
          .source(kCellOt)
          .undefined("fewer than two features that vary on both sides")
          .leaves_out(flat_on_a_side)
          .compute([](Comparison& in, Context& c) { return in.correlations(c).l2; }),
      MetricRow("pearson_feature_correlations", "r of feature correlations")
          .estimator("Pearson, upper triangle")
          .doc("Correlation over all pairs of features of the same two.")
          .source(kCellOt)
          .undefined("fewer than three features that vary on both sides")
          .perfect(1.0)
          .larger_is_better()
          .leaves_out(flat_on_a_side)
          .compute([](Comparison& in, Context& c) { return in.correlations(c).pearson; }),
      MetricRow("knn_enrichment_50", "kNN enrichment")
          .estimator("min(n, m) cells a side")
          .setting("k = 50")
          .doc(kKnnDoc)
          .source(kCellOt)
          .undefined("fewer than 50 other cells")
          .perfect(0.5)
          .compute(knn(50)),
      MetricRow("knn_enrichment_100", "kNN enrichment")
          .estimator("min(n, m) cells a side")
          .setting("k = 100")
          .doc(kKnnDoc)
          .source(kCellOt)
          .undefined("fewer than 100 other cells")
          .perfect(0.5)
          .compute(knn(100)),
      MetricRow("mean_ks", "mean KS statistic")
          .estimator("two-sample, each feature")
          .doc("Kolmogorov-Smirnov statistic of each feature, mean over features.")
          .source("Kolmogorov, 1933")
          .compute(
              [](Comparison& in, Context& c) { return mean_over_features(in.features(c).ks); }),
      MetricRow("mean_feature_w1", "mean feature W1")
          .estimator("exact, each feature")
          .doc("One-dimensional Wasserstein distance of each feature, mean over features.")
          .source("Villani, Optimal Transport, 2009")
          .compute(
              [](Comparison& in, Context& c) { return mean_over_features(in.features(c).w1); }),
      MetricRow("cell_spearman", "Spearman per cell")
          .estimator("average ranks, mean over cells")
          .doc("Correlation over features of each cell's control state with its own predicted "
               "state. It compares with the control, not with observed cells: no change gives 1.")
          .source("CellOT preprint (Bunne et al., bioRxiv 2021), Figure 4")
          .undefined("cells whose values are all the same")
          .perfect(1.0)
          .larger_is_better()
          .needs_control()
          .of_same_cells()
          .compute([](Comparison& in, Context& c) {
            return mean_of_defined(cell_spearman(in.control->cells(), in.predicted.cells(), c));
          })};
}

}  // namespace

const std::vector<MetricSpec>& metrics() {
  static const std::vector<MetricSpec> all = [] {
    std::vector<MetricSpec> out;
    for (const auto& group : {distribution_metrics(), moment_metrics(), structure_metrics()})
      out.insert(out.end(), group.begin(), group.end());
    return out;
  }();
  return all;
}

const MetricSpec& metric(const std::string& name) {
  std::vector<std::string> names;
  for (const MetricSpec& spec : metrics()) {
    if (spec.name == name) return spec;
    names.push_back(spec.name);
  }
  const std::string near = nearest_name(name, names);
  fail(Status::unknown_name, "there is no metric \"", name, "\"",
       near.empty() ? "; the metrics are " + joined(names) : "; did you mean \"" + near + "\"?");
}

}  // namespace laot
