#!/usr/bin/env bash
# Draws docs/figures/quickstart.png, the README's picture: held-out blood cells, as the quickstart has them.
#
#   R_LIBS=<library with the package> scripts/readme-picture.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
shared=${LAOT_SHARED_DIR:-$(dirname "$PWD")/shared}
exec Rscript examples/R/quickstart/readme_picture.R docs/figures/quickstart.png "$shared/data"
