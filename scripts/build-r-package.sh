#!/usr/bin/env bash
# Assembles the R package and leaves build/laot_<version>.tar.gz, which installs anywhere R does.
# The tree is R-package/ plus the core, the C interface and the headers; the sources are those of
# cmake/sources.cmake. The same files give the same tarball. LAOT_URL, the address of a published
# repository, becomes URL and BugReports of the package.
#   --no-vignette   leaves the vignette unbuilt: quick, and enough for installing
#   --tree DIR      only assembles the tree, into DIR/laot
#   --in-place      only puts the core into R-package/src, so that R-package itself installs: its
#                   bootstrap.R and configure call this
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
version=$(tr -d '[:space:]' < "$top/VERSION")
vignette=yes
tree=
in_place=no
while [ $# -gt 0 ]; do
  case "$1" in
    --no-vignette) vignette=no ;;
    --in-place) in_place=yes ;;
    --tree) tree=${2:?"--tree needs a folder"}; shift ;;
    *) echo "unknown option $1; there are --no-vignette, --tree DIR and --in-place" >&2; exit 2 ;;
  esac
  shift
done

if [ -z "$tree" ] && [ "$in_place" = no ] && ! command -v R >/dev/null; then
  echo "R is missing: install it first (Debian: r-base-dev)" >&2
  exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package=$work/laot
if [ -n "$tree" ]; then
  mkdir -p "$tree"
  package=$(cd "$tree" && pwd)/laot
  rm -rf "$package"
fi

if [ "$vignette" = yes ] && [ -z "$tree" ] && [ "$in_place" = no ] &&
  ! Rscript -e 'quit(status = !all(vapply(c("knitr", "rmarkdown"), requireNamespace, NA, quietly = TRUE)))' >/dev/null 2>&1; then
  echo "knitr or rmarkdown is missing: the package is built without its vignettes" >&2
  vignette=no
fi

# The package itself, without what a build or a check may have left in it.
if [ "$in_place" = yes ]; then
  package=$top/R-package
else
  cp -R "$top/R-package" "$package"
fi
rm -rf "$package/src/core" "$package/src/Makevars"
find "$package" \( -name '*.o' -o -name '*.so' -o -name '*.dll' -o -name '.Rhistory' \) -delete
if [ "$in_place" = no ]; then
  sed -i.orig "s/^Version: .*/Version: $version/" "$package/DESCRIPTION" && rm "$package/DESCRIPTION.orig"
  if [ -n "${LAOT_URL:-}" ]; then
    printf 'URL: %s\nBugReports: %s/issues\n' "${LAOT_URL%/}" "${LAOT_URL%/}" >>"$package/DESCRIPTION"
  fi
fi

# The core beside the glue: src/core/{include,src,capi}.
core=$package/src/core
mkdir -p "$core"
sources=$(sed -n -E 's/^[[:space:]]+((src|capi)\/[A-Za-z0-9_\/.-]+\.cpp)[[:space:]]*$/\1/p' "$top/cmake/sources.cmake")
[ -n "$sources" ] || { echo "cmake/sources.cmake lists no sources" >&2; exit 1; }
# The core is compiled as two files: reading Armadillo and making its and the standard library's templates
# once for each of a hundred files would take users most of the time of an installation. The rooms that
# compute are one, those that describe models, read and write them and report are the other. Files with
# functions for an instruction set stay on their own, so that nothing else is inlined into these and gets
# their rounding.
objects=
for source in $sources; do
  mkdir -p "$core/$(dirname "$source")"
  cp "$top/$source" "$core/$source"
  if grep -qE '__attribute__.*target\(' "$top/$source"; then
    objects="$objects core/${source%.cpp}.o"
    continue
  fi
  case $source in
    src/trackability/* | src/io/* | src/choice/* | src/conditions/* | src/models/* | src/evaluation/* | capi/*)
      part=models ;;
    *) part=numerics ;;
  esac
  [ -e "$core/$part.cpp" ] || objects="$objects core/$part.o"
  echo "#include \"$source\"" >>"$core/$part.cpp"
done
(cd "$top" && find include src capi \( -name '*.hpp' -o -name '*.h' -o -name '*.inc' \) | LC_ALL=C sort) |
  while read -r header; do
    mkdir -p "$core/$(dirname "$header")"
    cp "$top/$header" "$core/$header"
  done
# The glue is one file, too: Rcpp is read once.
for source in $(cd "$package/src" && ls | grep -E "\.(c|cpp)$" | LC_ALL=C sort); do
  case $source in
    *.c) objects="$objects ${source%.c}.o" ;;
    *.cpp) echo "#include \"../$source\"" >>"$core/glue.cpp" ;;
  esac
done
objects="$objects core/glue.o"

cat > "$package/src/Makevars" <<MAKEVARS
# Written by scripts/build-r-package.sh.
CXX_STD = CXX17
PKG_CPPFLAGS = -Icore/include -Icore/capi -DLAOT_STATIC -DLAOT_VERSION=\\"$version\\"
PKG_CXXFLAGS = \$(CXX_VISIBILITY)
PKG_LIBS = \$(LAPACK_LIBS) \$(BLAS_LIBS) \$(FLIBS)
OBJECTS =$(printf ' \\\n  %s' $objects)

# R compiles with -g: tables for a debugger, which would be a third of the time of an installation.
# They are there with DEBUG_TABLES = -g in ~/.R/Makevars.
DEBUG_TABLES = -g0
all: \$(SHLIB)
MAKEVARS
for object in $objects; do
  case $object in core/*) ;; *) continue ;; esac
  printf '%s: %s\n\t$(CXX) $(ALL_CPPFLAGS) $(ALL_CXXFLAGS) $(DEBUG_TABLES) -c %s -o %s\n' \
    "$object" "${object%.o}.cpp" "${object%.o}.cpp" "$object" >>"$package/src/Makevars"
done

# The change log in the form that news(package = "laot") reads.
sed -n -E '/^## /,$ s/^## (.*)/# laot \1/; /^# laot /,$ p' "$top/CHANGELOG.md" >"$package/NEWS.md"

[ -z "$tree" ] && [ "$in_place" = no ] || { echo "$package"; exit 0; }

# An out-of-date tarball must not outlive a failure.
mkdir -p "$top/build"
out=$top/build/laot_$version.tar.gz
rm -f "$out"
options=(--no-manual)
[ "$vignette" = yes ] || options+=(--no-build-vignettes)
(cd "$work" && MAKEFLAGS="${MAKEFLAGS:--j2}" R CMD build "${options[@]}" laot >"$work/build.log" 2>&1) ||
  { cat "$work/build.log" >&2; echo "R CMD build failed" >&2; exit 1; }

# R CMD build writes the time and the user into the package, and tar the time of each file: give all
# of them the time of the sources instead.
when=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 0)}
mkdir "$work/packed"
tar -xzf "$work/laot_$version.tar.gz" -C "$work/packed"
# Building the vignette compiles the package, and R tidies only the first level of src/.
find "$work/packed" \( -name '*.o' -o -name '*.so' \) -delete
stamp=$(TZ=UTC Rscript --vanilla -e "cat(format(as.POSIXct($when, origin = '1970-01-01', tz = 'UTC'), '%Y-%m-%d %H:%M:%S UTC'))")
sed -i.orig "s/^Packaged: .*/Packaged: $stamp; laot/" "$work/packed/laot/DESCRIPTION"
rm "$work/packed/laot/DESCRIPTION.orig"
if tar --version 2>/dev/null | grep -q GNU; then
  tar --sort=name --mtime="@$when" --owner=0 --group=0 --numeric-owner --format=ustar \
    -C "$work/packed" -cf - laot | gzip -n -9 > "$out"
else
  tar -C "$work/packed" -cf - laot | gzip -n -9 > "$out"
fi
echo "$out"
