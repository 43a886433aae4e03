#include <algorithm>
#include <cmath>
#include <limits>

#include "laot/assignment.hpp"
#include "laot/data/columns.hpp"
#include "laot/parallel/tasks.hpp"
#include "laot/trackability/populations.hpp"
#include "resampling.hpp"

namespace laot {

namespace {

// x^+ (n x d), so that y x^+ is the least-squares map of least norm from x to y.
arma::mat pseudo_inverse(const arma::mat& x) {
  arma::mat left, right;
  arma::vec singular;
  require(arma::svd_econ(left, singular, right, x), Status::numerical_failure,
          "the singular value decomposition of ", x.n_rows, " features x ", x.n_cols,
          " cells failed");
  const double tolerance =
      static_cast<double>(std::max(x.n_rows, x.n_cols)) * 2.2204460492503131e-16 * singular[0];
  for (std::size_t c = 0; c < singular.n_elem; ++c) {
    const double factor = singular[c] > tolerance ? 1.0 / singular[c] : 0.0;
    for (std::size_t r = 0; r < right.n_rows; ++r) right(r, c) *= factor;
  }
  return right * left.t();
}

std::vector<std::uint32_t> assigned(const arma::mat& moved, const arma::mat& y, PairingCost cost,
                                    Context& context) {
  arma::mat price = squared_distances(moved, y, context);
  if (cost == PairingCost::euclidean)
    for (double& value : price) value = std::sqrt(value);
  return solve_assignment(price, context).column_of_row;
}

// Share of the partners that Algorithm 1 finds.
double recovered_share(const Populations& cells, const RecoveryStudyOptions& options,
                       Context& context) {
  const arma::mat inverse = pseudo_inverse(cells.control);
  arma::mat moved = cells.control;
  std::vector<std::uint32_t> pairing, last;
  for (std::size_t k = 0; k < options.iterations; ++k) {
    pairing = assigned(moved, cells.treated, options.cost, context);
    if (pairing == last) break;
    moved = (columns_of(cells.treated, pairing) * inverse) * cells.control;
    last = pairing;
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < pairing.size(); ++i)
    if (pairing[i] == cells.partner[i]) ++right;
  return static_cast<double>(right) / static_cast<double>(pairing.size());
}

}  // namespace

PairingCost pairing_cost_from(const std::string& name) {
  require(name == "euclidean" || name == "squared", Status::unknown_name,
          "cost must be euclidean or squared, found \"", name, "\"");
  return name == "squared" ? PairingCost::squared : PairingCost::euclidean;
}

RecoveryStudy recovery_study(const RecoveryStudyOptions& options, Context& context) {
  require(!options.features.empty() && !options.gaps.empty(), Status::invalid_argument,
          "features and gaps need at least one entry each");
  require(options.trials >= 1 && options.iterations >= 1, Status::invalid_argument,
          "trials and iterations must be at least 1");
  const SingleThreadedBlas blas;
  const std::size_t rows = options.features.size(), columns = options.gaps.size();
  std::vector<double> share(rows * columns * options.trials);
  const Rng root(context.seed);
  run_tasks(context, "recovery study", share.size(), [&](std::size_t task, Context& inner) {
    const std::size_t cell = task / options.trials;
    PopulationOptions population;
    population.features = options.features[cell / columns];
    population.cells = options.cells;
    population.gap = options.gaps[cell % columns];
    population.noise = options.noise;
    population.entries = options.entries;
    share[task] =
        recovered_share(simulate_populations(population, root.stream(task)), options, inner);
  });
  RecoveryStudy out;
  out.mean.set_size(rows, columns);
  out.sd.set_size(rows, columns);
  for (std::size_t cell = 0; cell < rows * columns; ++cell) {
    const double* of_cell = share.data() + cell * options.trials;
    double sum = 0.0, square = 0.0;
    for (std::size_t t = 0; t < options.trials; ++t) sum += of_cell[t];
    const double mean = sum / static_cast<double>(options.trials);
    for (std::size_t t = 0; t < options.trials; ++t)
      square += (of_cell[t] - mean) * (of_cell[t] - mean);
    out.mean(cell / columns, cell % columns) = mean;
    out.sd(cell / columns, cell % columns) =
        options.trials > 1 ? std::sqrt(square / static_cast<double>(options.trials - 1))
                           : std::numeric_limits<double>::quiet_NaN();
  }
  return out;
}

}  // namespace laot
