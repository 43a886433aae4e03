#include <algorithm>
#include <cmath>
#include <limits>

#include "laot/assignment.hpp"
#include "laot/data/columns.hpp"
#include "laot/parallel/product.hpp"
#include "laot/parallel/tasks.hpp"
#include "laot/sinkhorn.hpp"
#include "laot/trackability/populations.hpp"
#include "resampling.hpp"

namespace laot {

namespace {

constexpr std::size_t kBlock = 64;  // columns that are made orthogonal together
constexpr std::size_t kMostTrials = 1000000;

// x^+ [n x d] of cells [d x n] of full rank, so that y x^+ is the least-squares map of least norm
// from x to y. By orthonormal columns, block by block, each made orthogonal to those before it
// twice (Giraud, Langou & Rozloznik, 2005), for a decomposition as a whole hears no cancellation.
arma::mat pseudo_inverse(const arma::mat& x, Context& context) {
  const SingleThreadedBlas blas;
  const bool wide = x.n_cols > x.n_rows;
  arma::mat q = wide ? arma::mat(x.t()) : x;  // tall; its columns become orthonormal
  const std::size_t rows = q.n_rows, columns = q.n_cols;
  arma::mat r(columns, columns, arma::fill::zeros);
  for (std::size_t first = 0; first < columns; first += kBlock) {
    context.poll();
    const std::size_t last = std::min<std::size_t>(first + kBlock, columns) - 1;
    arma::mat block = q.cols(first, last);
    for (int turn = 0; turn < 2 && first > 0; ++turn) {
      const arma::mat along = q.head_cols(first).t() * block;
      context.poll();
      block -= product(q.head_cols(first), along, context);
      r.submat(0, first, first - 1, last) += along;
    }
    arma::mat orthonormal, triangle;
    require(arma::qr_econ(orthonormal, triangle, block), Status::numerical_failure,
            "the QR decomposition of ", rows, " x ", block.n_cols, " values failed");
    q.cols(first, last) = orthonormal;
    r.submat(first, first, last, last) = triangle;
  }
  const arma::vec sizes = arma::abs(arma::vec(r.diag()));
  require(sizes.min() > static_cast<double>(rows) * arma::datum::eps * sizes.max(),
          Status::numerical_failure, "the cells are not of full rank");
  // (Q R)^+ = R^-1 Q'.
  arma::mat out(columns, rows);
  const std::size_t step =
      columns_at_once(static_cast<double>(columns) * static_cast<double>(columns));
  for (std::size_t first = 0; first < rows; first += step) {
    context.poll();
    const std::size_t last = std::min<std::size_t>(first + step, rows) - 1;
    const arma::mat part = q.rows(first, last).t();
    out.cols(first, last) = arma::solve(arma::trimatu(r), part, arma::solve_opts::fast);
  }
  if (wide) arma::inplace_trans(out);
  return out;
}

std::vector<std::uint32_t> assigned(const arma::mat& moved, const arma::mat& y, PairingCost cost,
                                    Context& context) {
  const PairCost kind =
      cost == PairingCost::euclidean ? PairCost::euclidean : PairCost::squared_euclidean;
  return solve_assignment(pairwise_costs(y, moved, kind, context), context).column_of_row;
}

// Share of the partners that Algorithm 1 finds.
double recovered_share(const Populations& cells, const RecoveryStudyOptions& options,
                       Context& context) {
  const arma::mat inverse = pseudo_inverse(cells.control, context);
  arma::mat moved = cells.control;
  std::vector<std::uint32_t> pairing, last;
  for (std::size_t k = 0; k < options.iterations; ++k) {
    pairing = assigned(moved, cells.treated, options.cost, context);
    if (pairing == last) break;
    moved = product(product(columns_of(cells.treated, pairing), inverse, context), cells.control,
                    context);
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
  require(options.trials <= kMostTrials, Status::invalid_argument, "trials must be at most ",
          kMostTrials, ", found ", options.trials);
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
        recovered_share(simulate_populations(population, root.stream(task), inner), options, inner);
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
