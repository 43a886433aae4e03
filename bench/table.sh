#!/usr/bin/env bash
# All that docs/performance.md and docs/networks.md have in their tables, measured again on this
# machine: builds the benchmarks and runs them one after the other. About an hour where nothing
# else runs; peers (scipy, POT, scikit-learn, torch) are left out where they are not installed.
#
#   bench/table.sh [--quick]     --quick leaves out what takes minutes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/dev/bench
quick=${1:-}
cmake --preset dev >/dev/null
cmake --build --preset dev >/dev/null
export OPENBLAS_NUM_THREADS=1

has() { python3 -c "import $1" 2>/dev/null; }
part() { printf '\n## %s\n\n' "$1"; }

part "A fit, a mean shift, a prediction: 13,000 and 770 cells, then 1000 and 1000"
"$build/fit/laot_one_fit"
"$build/fit/laot_one_fit" 1000 1000
part "A screen"
"$build/fit/laot_screen_fit" "$([ "$quick" = --quick ] && echo 6 || echo 40)"
part "The same in R, from a SingleCellExperiment: fits and predictions, a screen"
if Rscript -e 'library(laot); library(SingleCellExperiment)' >/dev/null 2>&1; then
  Rscript bench/fit/sce.R
  Rscript bench/fit/screen.R "$([ "$quick" = --quick ] && echo 6 || echo 40)"
else
  echo "left out: the R package laot or SingleCellExperiment is not installed"
fi
part "Memory of a fit, and of calls of the C interface"
cmake --build --preset dev --target laot_memory >/dev/null
"$(find build/dev -type f -name laot_memory | head -1)"
if Rscript -e 'library(laot); library(SingleCellExperiment)' >/dev/null 2>&1; then
  Rscript bench/memory/sce_memory.R 1000
fi
part "Cells on disk beside the same cells in memory"
if Rscript -e 'library(laot); library(HDF5Array)' >/dev/null 2>&1; then
  cells=$(mktemp -d)
  trap 'rm -rf "$cells"' EXIT
  if [ "$quick" = --quick ]; then size=(2000 2 500 500 0.05); else size=(); fi
  Rscript bench/memory/hdf5_memory.R make "$cells/cells.h5" ${size[@]+"${size[@]}"}
  Rscript bench/memory/hdf5_memory.R hdf5 "$cells/cells.h5"
  Rscript bench/memory/hdf5_memory.R memory "$cells/cells.h5"
else
  echo "left out: the R package laot or HDF5Array is not installed"
fi
part "Installation of the R package: seconds of the clock and of the processor"
scripts/build-r-package.sh --no-vignette >/dev/null
library=$(mktemp -d)
( time R CMD INSTALL --no-docs --library="$library" build/laot_*.tar.gz >/dev/null 2>&1 ) 2>&1 | grep .
rm -rf "$library"
part "The lift and the choice"
"$build/fit/laot_bent_fit"
part "The table of an evaluation"
"$build/evaluation/laot_evaluation_bench"
part "Couplings"
if has ot && has scipy; then
  python3 bench/assignment/compare.py "$build/assignment/liblaot_assignment_bench.so" \
    ${quick:+--quick --only real cold unequal} --figure build/assignment-scaling.svg
  python3 bench/assignment/shared_prices.py
else
  echo "left out: POT or scipy is missing"
fi
part "Metrics"
if has sklearn; then
  python3 bench/metrics/compare.py "$build/metrics/laot_metrics_bench" ${quick:+--cells 3000}
else
  echo "left out: scikit-learn is missing"
fi
part "Networks"
if has torch; then
  python3 bench/nets/speed.py "$build/nets/laot_nets_bench" ${quick:+1}
else
  echo "left out: torch is missing"
fi
