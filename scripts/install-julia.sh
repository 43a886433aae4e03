#!/usr/bin/env bash
# Makes sure that a working julia is there, and leaves the path to it in build/julia/command: the
# one on PATH, else Debian's own package. Debian 12 has none, so that there the one of Debian 11
# (1.5.3) is taken, from the archive that apt already uses; a pin priority of 100 keeps every other
# package on the installed release.
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

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

install_julia() {
  if ! has_candidate julia; then add_older_release bullseye; fi
  apt_install julia
}

# Julia 1.5's Pkg looks for a download program before it tests a package, though nothing is downloaded.
has_download_program() {
  command -v curl >/dev/null || command -v wget >/dev/null || command -v busybox >/dev/null
}

# Debian 12's libunwind ends Debian 11's julia with a segmentation fault at every exception that
# passes through compiled code. It then gets the libunwind that it was built with, for itself alone.
throws_and_catches() {
  # In a shell of its own, which keeps the crash's message to itself.
  bash -c '"$1" --startup-file=no -e "f(g) = try g() catch; 0 end; f(() -> error(\"thrown\")) == 0 || exit(1)"; exit $?' _ "$1" >/dev/null 2>&1
}

own_libunwind() {
  local release=$1 folder=$2 version
  version=$(apt-cache madison libunwind8 | awk -F' *[|] *' -v r="$release/" 'index($3, r) {print $2; exit}')
  [ -n "$version" ] || return 1
  rm -rf "$folder/libunwind" && mkdir -p "$folder/libunwind"
  (cd "$folder/libunwind" && apt-get download "libunwind8=$version" && dpkg -x libunwind8_*.deb .)
  {
    echo '#!/bin/sh'
    echo "LD_LIBRARY_PATH=$(echo "$folder"/libunwind/usr/lib/*)\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
    echo "export LD_LIBRARY_PATH"
    echo "exec $(command -v julia) \"\$@\""
  } >"$folder/julia"
  chmod +x "$folder/julia"
}

main() {
  local folder log
  mkdir -p "$(dirname "$0")/../build/julia"
  folder=$(cd "$(dirname "$0")/../build/julia" && pwd)
  log=$folder/install.log
  # Another suite may be using what was made before.
  if [ -s "$folder/command" ] && throws_and_catches "$(cat "$folder/command")"; then return 0; fi
  if ! command -v julia >/dev/null; then
    command -v apt-get >/dev/null || { echo "install-julia.sh: please install julia 1.5 or newer." >&2; return 1; }
    echo "Installing with apt-get: julia"
    install_julia >"$log" 2>&1 || { tail -n 20 "$log" >&2; echo "install-julia.sh: julia could not be installed (log: build/julia/install.log)." >&2; return 1; }
  fi
  has_download_program || apt_install curl >>"$log" 2>&1 ||
    echo "install-julia.sh: Pkg needs curl, wget or busybox." >&2
  if throws_and_catches julia; then
    command -v julia >"$folder/command"
    return 0
  fi
  own_libunwind bullseye "$folder" >>"$log" 2>&1 && throws_and_catches "$folder/julia" || {
    echo "install-julia.sh: julia is there but ends at the first exception (log: build/julia/install.log)." >&2
    return 1
  }
  echo "$folder/julia" >"$folder/command"
}

main "$@"
