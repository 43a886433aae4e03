// Findings of an analysis of trackability, by name, for hosts to show.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "laot/table.hpp"
#include "laot/trackability/critical_gap.hpp"
#include "laot/trackability/isometry.hpp"
#include "laot/trackability/recovery_curve.hpp"
#include "laot/trackability/stability.hpp"

namespace laot {

/// Numbers, texts, arrays and tables, each under a name of its own.
struct Findings {
  std::vector<std::pair<std::string, double>> numbers;
  std::vector<std::pair<std::string, std::string>> texts;
  std::vector<std::pair<std::string, arma::mat>> arrays;
  std::vector<std::pair<std::string, Table>> tables;
};

/// The isometry constants of x (d x n) and the critical gap of each scaling. rate: L, in units of
/// the cells over time; NaN: unknown, and any other number that is not positive is refused. Tables:
/// constants (scaling, delta, scale, critical_gap, undefined, vacuous), worst (scaling, first,
/// second, delta: cells from 0), quantiles (scaling, probability, delta).
Findings isometry_findings(const arma::mat& x, double rate, const IsometryOptions& options,
                           Context& context);

/// Table rates, see rates_table; the same as arrays.
Findings rates_findings(const std::vector<arma::mat>& populations, const std::vector<double>& times,
                        const RateOptions& options, Context& context);

/// n, m: cells of the fit. Table agreement: one row for resamples, halves and restarts.
Findings findings_of(const Stability& stability, std::size_t n, std::size_t m);

/// Tables curve (gap, recovery) and simulations (gap, repeat, pairs, identified, map_error,
/// cell_error).
Findings findings_of(const RecoveryCurve& curve);

}  // namespace laot
