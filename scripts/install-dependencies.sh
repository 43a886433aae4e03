#!/usr/bin/env bash
# Installs the Debian packages that are missing for a purpose, through apt-get (Debian 12 and 13).
#
#   scripts/install-dependencies.sh quickstart|test|test-all...
#
# Run as root, or as a user with sudo. Nothing is done, and nothing asked, when all are there. What this
# release does not have (Debian 13 has no python3-anndata) is named in build/not-in-this-debian, and
# suites leave out what needs it.
set -euo pipefail

clang_runtime() {
  apt-cache depends clang 2>/dev/null | sed -nE 's/.*Depends: clang-([0-9]+)$/libclang-rt-\1-dev/p'
}

packages_for() {
  # Packages to compile the R package (R, compilers, the BLAS that R's own programs link to) and to
  # run it on a SingleCellExperiment. The certificates are for R's downloads.
  local quickstart="r-base-core g++ gfortran make libopenblas-dev ca-certificates
    r-cran-rcpp r-cran-rcpparmadillo
    r-cran-matrix r-cran-ggplot2 r-bioc-singlecellexperiment r-bioc-hsmmsinglecell"
  local test="cmake ninja-build libarmadillo-dev doctest-dev binutils r-cran-testthat r-cran-lintr r-cran-seuratobject
    r-bioc-hdf5array r-bioc-delayedarray r-cran-generics r-cran-tibble r-cran-uwot r-cran-rcppeigen r-cran-sp r-cran-progressr r-cran-future.apply
    r-bioc-biocparallel r-bioc-scran pkg-config python3 python3-numpy python3-pytest python3-build
    python3-setuptools python3-wheel python3-venv python3-scipy python3-pandas python3-anndata python3-h5py"
  # libFuzzer comes with the runtime of the clang that this release has.
  local slow="git valgrind debootstrap clang $(clang_runtime) r-cran-knitr r-cran-rmarkdown r-cran-pkgdown pandoc qpdf devscripts
    munge slurmctld slurmd slurm-client slurm-wlm-basic-plugins r-cran-batchtools
    g++-mingw-w64-x86-64-posix gfortran-mingw-w64-x86-64-posix wine64"
  case $1 in
    quickstart) echo "$quickstart" ;;
    test) echo "$quickstart $test" ;;
    test-all) echo "$quickstart $test $slow" ;;
    *)
      echo "install-dependencies.sh: unknown purpose '$1'; there are quickstart, test, test-all." >&2
      return 2
      ;;
  esac
}

missing_of() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      echo "$package"
  done | sort -u
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Those of which apt knows a version.
available_of() {
  local package known
  for package in "$@"; do
    known=$(LC_ALL=C apt-cache policy "$package") # its words are translated
    [[ ! $known =~ Candidate:\ [^\(] ]] || echo "$package"
  done
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

main() {
  local purpose wanted="" missing available build log without
  for purpose in "${@:-quickstart}"; do wanted="$wanted $(packages_for "$purpose")"; done
  read -r -a wanted <<<"$(echo $wanted)"
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "This machine has no apt-get; please install what these Debian packages hold: ${wanted[*]}" >&2
    return 1
  fi
  build=$(dirname "$0")/../build
  log=$build/install-dependencies.log without=$build/not-in-this-debian
  mkdir -p "$build"
  mapfile -t missing < <(missing_of "${wanted[@]}" | grep -vxFf <(cat "$without" 2>/dev/null))
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "Packages are missing, and installing them needs root or sudo: apt-get install ${missing[*]}" >&2
    return 1
  fi

  echo "Installing with apt-get: ${missing[*]}"
  {
    # Absent package lists are fetched first, outdated ones after a failure.
    apt-cache show "${missing[@]}" || as_root apt-get update -q
    mapfile -t available < <(available_of "${missing[@]}")
    [ "${#available[@]}" -gt 0 ] &&
      { apt_install "${available[@]}" || { as_root apt-get update -q && apt_install "${available[@]}"; }; }
  } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    echo "apt-get could not install these packages (log: build/install-dependencies.log): ${missing[*]}" >&2
    return 1
  }
  mapfile -t missing < <(printf '%s\n' "${missing[@]}" | grep -vxFf <(printf '%s\n' "${available[@]}"))
  [ "${#missing[@]}" -gt 0 ] || return 0
  printf '%s\n' "${missing[@]}" >>"$without"
  echo "This release has no ${missing[*]}; what needs it is left out."
}

main "$@"
