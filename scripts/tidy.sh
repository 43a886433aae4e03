#!/usr/bin/env bash
# clang-tidy with the checks of .clang-tidy over the sources of the core and of the C interface:
#
#   scripts/tidy.sh BUILD-FOLDER [FILE...]
#
# The build needs compile_commands.json (CMakePresets: dev). Its precompiled headers are gcc's, which
# clang cannot read, so that they are taken out of the commands.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${1:?which build folder}
shift
commands=$(mktemp -d)
trap 'rm -rf "$commands"' EXIT
sed -E 's@-Winvalid-pch +-include +[^ ]+cmake_pch\.hxx@-include include/laot/armadillo.hpp@; s@(-include )(include/)@\1'"$PWD"'/\2@' \
  "$build/compile_commands.json" >"$commands/compile_commands.json"
if [ $# -eq 0 ]; then
  mapfile -t files < <(find src capi -name '*.cpp' | sort)
else
  files=("$@")
fi
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$commands"
