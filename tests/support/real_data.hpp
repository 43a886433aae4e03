// The real data sets of ../shared/data, normalised as the fixtures are (its README). They stay
// outside the repository: available() says whether they are there.
#pragma once

#include <string>
#include <vector>

#include "laot/armadillo.hpp"

namespace real_data {

bool available();

struct Populations {
  arma::mat control, treated;  // features x cells
};

/// log2(count / size factor + 1) of the listed number of most variable genes (50 or 1000).
Populations pbmc(int genes);
/// The first 200 cells of each patient and condition; 50 listed genes, or all 300 (genes = 300).
Populations gbm(int genes);
/// 0 h against `hours` (24, 48, 72); log1p FPKM, 50 genes; cut to equal counts by the split.
Populations hsmm(int hours);
/// The simulated set: control against abexinostat.
Populations simulated();

/// The cells of a table (CSV, gzip) in which `column` is `value`; the columns of `others` hold no
/// features either. In the order of the file.
arma::mat cells_where(const std::string& file, const std::string& column, const std::string& value,
                      const std::vector<std::string>& others = {});
/// Labels of the same cells in the column `wanted`.
std::vector<std::string> labels_where(const std::string& file, const std::string& column,
                                      const std::string& value, const std::string& wanted);

struct Split {
  Populations train, test;
};

/// The split of tests/golden/splits (`set` is its file) for a seed: one order for both populations,
/// which are first cut to equal size.
Split split(const Populations& cells, const std::string& set, int seed);

}  // namespace real_data
