// Two samples of both clouds are solved exactly. The c-transform of a sample's row potentials,
// v(y) = min_i (c(x_i, y) - u_i), continues its column potentials to every y. How far that can be
// trusted the other sample tells: its column potentials are regressed on the transform and on
// |y|^2. In clusters, along curves and in few dimensions the transform is taken as it is; of
// Gaussian clouds in many dimensions it is noise, and a multiple of |y|^2 is what remains.
#include "laot/assignment/first_potentials.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "laot/assignment/point_assignment.hpp"
#include "laot/parallel/tasks.hpp"

namespace laot::detail {

namespace {

constexpr std::size_t kStratum = 12;  // points of the smaller cloud to one of a sample
// Fewer say nothing. More take longer than they save: they are solved, and their distances to all
// columns computed.
constexpr std::size_t kLeastSample = 30, kMostSample = 2000;
// Of few points the pairs are long, and the potentials flatter than those of the map.
constexpr double kFlatter = 0.7;
// Prices only fall. One that begins too high falls alone; below one that is too low all others
// have to fall. So a potential above the regression weighs as many that are below it (expectiles:
// Newey & Powell, 1987).
constexpr double kAbove = 10.0;
constexpr int kRounds = 8;
// A smaller share of the transform is not worth its distances.
constexpr double kUsefulShare = 0.25;

std::size_t sample_size(std::size_t rows, std::size_t columns) {
  return std::min(std::min(rows, columns) / kStratum, kMostSample);
}

/// The potentials -a |y|^2 of clouds that differ in scale alone, a being the ratio of their scales:
/// those that make y = x / a optimal, made flatter.
std::vector<double> potentials_of_scale(const FramedCloud& rows, const FramedCloud& columns) {
  const double x2 = mean_squared_norm(rows), y2 = mean_squared_norm(columns);
  const double ratio = y2 > 0.0 ? std::sqrt(x2 / y2) : 0.0;
  std::vector<double> v(columns.size());
  for (std::size_t j = 0; j < v.size(); ++j) v[j] = -kFlatter * ratio * columns.squared_norm(j);
  return v;
}

std::vector<double> squared_norms(const FramedCloud& cloud) {
  std::vector<double> out(cloud.size());
  for (std::size_t j = 0; j < out.size(); ++j) out[j] = cloud.squared_norm(j);
  return out;
}

arma::mat framed_matrix(const FramedCloud& cloud) {
  arma::mat out(cloud.dimension(), cloud.size());
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    const FramedPoint x = cloud[i];
    for (std::size_t k = 0; k < cloud.dimension(); ++k) out(k, i) = x[k];
  }
  return out;
}

/// A sample of both clouds and its optimal potentials, for the costs -2 <x, y>.
struct SolvedSample {
  FramedCloud rows, columns;
  std::vector<double> u, v;

  void solve(VectorPath path, Context& context) {
    SolverOptions options;
    options.path = path;
    options.gap_limit = kInfinity;  // a start need not be certain
    const Assignment solution =
        PointAssignment(framed_matrix(columns), options).solve_once(framed_matrix(rows), context);
    u = solution.row_potential;
    v = solution.column_potential;
    for (std::size_t i = 0; i < u.size(); ++i) u[i] -= rows.squared_norm(i);
    for (std::size_t j = 0; j < v.size(); ++j) v[j] -= columns.squared_norm(j);
  }
};

/// Of a sample's columns: the potentials, the other sample's transform, |y|^2.
struct Observed {
  std::vector<double> potential, transform, square;
};

struct Regression {
  double transform = 0.0, square = 0.0;  // their shares
  double error = 0.0;                    // what is left, in the mean square
};

/// Asymmetric least squares with a constant for each sample, by weights that are given anew.
Regression regression(const std::array<Observed, 2>& samples, bool with_transform) {
  Regression out;
  std::array<std::vector<double>, 2> weight;
  for (std::size_t h = 0; h < 2; ++h) weight[h].assign(samples[h].potential.size(), 1.0);
  for (int round = 0; round < kRounds; ++round) {
    double tt = 0.0, ts = 0.0, ss = 0.0, tv = 0.0, sv = 0.0;
    std::array<std::array<double, 3>, 2> mean{};
    for (std::size_t h = 0; h < 2; ++h) {
      const Observed& o = samples[h];
      double total = 0.0;
      for (std::size_t j = 0; j < weight[h].size(); ++j) {
        total += weight[h][j];
        mean[h][0] += weight[h][j] * o.potential[j];
        mean[h][1] += weight[h][j] * o.transform[j];
        mean[h][2] += weight[h][j] * o.square[j];
      }
      for (double& value : mean[h]) value /= total;
      for (std::size_t j = 0; j < weight[h].size(); ++j) {
        const double w = weight[h][j], v = o.potential[j] - mean[h][0],
                     t = with_transform ? o.transform[j] - mean[h][1] : 0.0,
                     s = o.square[j] - mean[h][2];
        tt += w * t * t;
        ts += w * t * s;
        ss += w * s * s;
        tv += w * t * v;
        sv += w * s * v;
      }
    }
    // By elimination; what has no spread of its own has no share.
    out = {};
    const double along = tt > 0.0 ? ts / tt : 0.0, left = ss - along * ts;
    if (left > 1e-9 * ss) out.square = (sv - along * tv) / left;
    if (tt > 0.0) out.transform = (tv - ts * out.square) / tt;
    double squares = 0.0, count = 0.0;
    for (std::size_t h = 0; h < 2; ++h) {
      const Observed& o = samples[h];
      for (std::size_t j = 0; j < weight[h].size(); ++j) {
        const double above = o.potential[j] - mean[h][0] -
                             out.transform * (o.transform[j] - mean[h][1]) -
                             out.square * (o.square[j] - mean[h][2]);
        weight[h][j] = above > 0.0 ? kAbove : 1.0;
        squares += above * above;
        count += 1.0;
      }
    }
    out.error = std::sqrt(squares / count);
  }
  return out;
}

}  // namespace

double memory_of_first_potentials(std::size_t rows, std::size_t columns, std::size_t dimension) {
  const double size = static_cast<double>(sample_size(rows, columns));
  const double cells = static_cast<double>(rows) + static_cast<double>(columns);
  const double placed = 8.0 * static_cast<double>(std::min(dimension, kStrataCoordinates));
  // Both samples' costs in single precision, their points, and where the points of a cloud are.
  return 2.0 * size * (4.0 * size + 60.0 * static_cast<double>(dimension)) + cells * placed;
}

FirstPotentials first_potentials(const Masses& rows, const Masses& columns, VectorPath path,
                                 Context& context) {
  const std::size_t size = sample_size(rows.points.size(), columns.points.size());
  if (size < kLeastSample) return {potentials_of_scale(rows.points, columns.points), kInfinity};

  const auto of_rows = stratified_samples(rows, size, Rng(1)),
             of_columns = stratified_samples(columns, size, Rng(2));
  std::array<SolvedSample, 2> samples;
  run_tasks(context, kStage, 2, [&](std::size_t h, Context& inner) {
    samples[h].rows = FramedCloud(rows.points, of_rows[h]);
    samples[h].columns = FramedCloud(columns.points, of_columns[h]);
    samples[h].solve(path, inner);
  });
  std::vector<CandidateRows> transforms;  // their targets are the sources of a sample
  for (const SolvedSample& sample : samples) {
    transforms.emplace_back(sample.rows, path);
    transforms.back().set_potentials(sample.u);
  }
  std::array<Observed, 2> observed;
  for (std::size_t h = 0; h < 2; ++h) {
    transforms[1 - h].set_sources(samples[h].columns);
    observed[h] = {samples[h].v, transforms[1 - h].least_of_rows(context),
                   squared_norms(samples[h].columns)};
  }
  Regression found = regression(observed, true);
  const bool transformed = found.transform >= kUsefulShare;
  if (!transformed) found = regression(observed, false);

  FirstPotentials out{squared_norms(columns.points), found.error};
  for (double& value : out.of_columns) value *= found.square;
  if (!transformed) return out;
  for (CandidateRows& transform : transforms) {
    transform.set_sources(columns.points);
    const std::vector<double> least = transform.least_of_rows(context);
    for (std::size_t j = 0; j < least.size(); ++j)
      out.of_columns[j] += 0.5 * found.transform * least[j];
  }
  return out;
}

double begin_at_first_potentials(CandidateRows& rows, const std::vector<std::int64_t>* supply,
                                 const std::vector<std::int64_t>* demand, VectorPath path,
                                 Context& context) {
  const Context::Span span(context, 0.0, kFirstPotentialsDone);
  const FirstPotentials first =
      first_potentials({rows.sources(), supply}, {rows.targets(), demand}, path, context);
  rows.set_potentials(first.of_columns);
  return first.error;
}

}  // namespace laot::detail
