#!/usr/bin/env bash
# The R package's site, in build/site: reference by topic, articles, change log. Needs R's pkgdown, pandoc and the
# package's vignettes' packages, no network. Ends with the links that lead nowhere, if there are any.
# LAOT_SITE_LIBRARY: an R library that holds this package already, which is then not compiled for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=$PWD/build/site
tree=$PWD/build/site-source
library=${LAOT_SITE_LIBRARY:-$PWD/build/site-library}
rm -rf "$out"
scripts/build-r-package.sh --tree "$tree" >/dev/null
cp R-package/_pkgdown.yml "$tree/laot/"
# The front page is the README; its links to other files of the repository lead into the site or are dropped.
sed -E 's/!\[([^]]*)\]\(docs\/figures\/([^)]*)\)/![\1](figures\/\2)/; s/(^|[^!])\[([^]]+)\]\([^):#]+\)/\1\2/g' README.md >"$tree/laot/index.md"
mkdir -p "$tree/laot/pkgdown/assets/figures"
cp docs/figures/quickstart.png "$tree/laot/pkgdown/assets/figures/"
if [ -z "${LAOT_SITE_LIBRARY:-}" ]; then
  mkdir -p "$library"
  MAKEFLAGS=${MAKEFLAGS:--j2} R CMD INSTALL --no-test-load -l "$library" "$tree/laot" >"$tree/install.log" 2>&1 ||
    { tail -n 5 "$tree/install.log" >&2; exit 1; }
fi
R_LIBS=$library Rscript -e "options(pkgdown.internet = FALSE)
  pkgdown::build_site_github_pages('$tree/laot', dest_dir = '$out', install = FALSE, new_process = FALSE, clean = FALSE)"
python3 scripts/dead-links.py "$out"
echo "$out/index.html"
