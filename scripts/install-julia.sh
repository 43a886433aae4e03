#!/usr/bin/env bash
# Makes sure that `julia` runs: nothing to do where it is on PATH, else Debian's own package. Debian
# 12 has none, so that there the one of Debian 11 (1.5.3) is taken, from the archive that apt already
# uses; a pin priority of 100 keeps every other package on the installed release.
#
#   scripts/install-julia.sh
#
# Run as root, or as a user with sudo.
set -euo pipefail

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# The archive's address, as the system's own sources name it: the first that has this release.
archive() {
  local release=$1
  {
    # One-line style: deb [options] URI suite components
    sed -nE "s/^deb +(\[[^]]*\] +)?([^ ]+) +$release +.*/\2/p" \
      /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null
    # deb822 style: one field a line, paragraphs apart
    awk -v release="$release" 'BEGIN {RS = ""; FS = "\n"} {
      uri = ""; found = 0
      for (i = 1; i <= NF; ++i) {
        n = split($i, word, /[ \t]+/)
        if (word[1] == "URIs:") uri = word[2]
        if (word[1] == "Suites:") for (j = 2; j <= n; ++j) if (word[j] == release) found = 1
      }
      if (found && uri != "") print uri
    }' /etc/apt/sources.list.d/*.sources 2>/dev/null
  } | head -n 1
}

add_older_release() {
  local older=$1 uri
  uri=$(archive "$(. /etc/os-release && echo "$VERSION_CODENAME")")
  [ -n "$uri" ] || { echo "install-julia.sh: the archive's address is in no apt source." >&2; return 1; }
  as_root tee "/etc/apt/sources.list.d/laot-$older.sources" >/dev/null <<SOURCE
Types: deb
URIs: $uri
Suites: $older
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCE
  as_root tee "/etc/apt/preferences.d/laot-$older" >/dev/null <<PIN
Package: *
Pin: release n=$older
Pin-Priority: 100
PIN
  as_root apt-get update -q
}

has_candidate() {
  apt-cache policy "$1" | grep -q 'Candidate: [0-9]'
}

main() {
  ! command -v julia >/dev/null || return 0
  command -v apt-get >/dev/null || { echo "install-julia.sh: please install julia 1.5 or newer." >&2; return 1; }
  local log
  log=$(dirname "$0")/../build/install-julia.log
  mkdir -p "$(dirname "$log")"
  echo "Installing with apt-get: julia"
  {
    if ! has_candidate julia; then add_older_release bullseye; fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends julia
  } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    echo "install-julia.sh: julia could not be installed (log: build/install-julia.log)." >&2
    return 1
  }
}

main "$@"
