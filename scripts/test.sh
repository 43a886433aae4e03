#!/usr/bin/env bash
# Runs every test in every language, after installing what is missing: configures a release build and
# calls CTest, which knows the suites (tests/suites.cmake).
#
#   scripts/test.sh                all suites but the slow guards
#   scripts/test.sh --all          the slow guards too: sanitizers, valgrind, R CMD check, mutations, bare chroots
#   scripts/test.sh core r         only the suites with these names, and what they need
#   scripts/test.sh --list         their names
#
# The last line, on every exit, is "N passed, N failed, N skipped", counted from the JUnit files in
# build/test-results. Logs: build/test-logs. With CI=true a skip is a failure.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
root=$PWD
results=$root/build/test-results
build=$root/build/test/release
session= started=no

# For awk: the value of an attribute of the element that the record begins.
attribute='function attribute(name) {
  if (!match($0, "[ \t\n]" name "=\"[^\"]*\"")) return ""
  return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
}'

# Cases of each test of CTest: those in its folder, or else itself.
totals() {
  local files
  shopt -s nullglob
  files=("$results"/ctest*.xml "$results"/*/*.xml) # none yet, where the run was stopped
  awk -v RS='<' -v ci="${CI:-}" "$attribute"'
    FNR == 1 {n = split(FILENAME, part, "/"); top = part[n] == "ctest.xml"; suite = part[n - 1]}
    /^testcase[ \t\n>]/ {
      if (top) {name = attribute("name"); state[name] = "passed"}
      else {open = 1; ++passed[suite]; seen[suite] = 1}
    }
    /^(failure|error)[ \t\n\/>]/ {
      if (top) state[name] = "failed"
      else if (open) {--passed[suite]; ++failed[suite]; open = 0}
    }
    /^skipped[ \t\n\/>]/ {
      if (top) state[name] = attribute("message") ~ /SKIP_RETURN_CODE/ ? "skipped" : "failed"
      else if (open) {--passed[suite]; ++skipped[suite]; open = 0}
    }
    END {
      for (suite in seen) {p += passed[suite]; f += failed[suite]; s += skipped[suite]}
      for (name in state) {
        if (!(name in seen)) {
          p += state[name] == "passed"; f += state[name] == "failed"; s += state[name] == "skipped"
        } else if (state[name] == "failed" && !failed[name]) ++f
      }
      if (ci == "true") {f += s; s = 0}
      print p + 0, f + 0, s + 0
    }' "${files[@]}" </dev/null
}

# Cases that were skipped and why: "skipped in r: a picture (capabilities("png") is not TRUE)".
skips() {
  shopt -s nullglob
  awk -v RS='<' "$attribute"'
    FNR == 1 {n = split(FILENAME, part, "/"); suite = part[n - 1]}
    /^testcase[ \t\n>]/ {name = attribute("name")}
    /^skipped[ \t\n\/>]/ {
      why = attribute("message")
      line = "skipped in " suite ": " name (why == "" ? "" : " (" why ")")
      gsub(/&quot;/, "\"", line); gsub(/&lt;/, "<", line); gsub(/&gt;/, ">", line); gsub(/&amp;/, "\\&", line)
      print line
    }' "$results"/*/*.xml </dev/null
}

finish() {
  local status=$? passed failed skipped
  [ -z "$session" ] || end_session "$session"
  passed=0 failed=0 skipped=0
  [ $started = no ] || read -r passed failed skipped <<<"$(totals)"
  [ $started = no ] || skips
  # An exit that is no success has a failure to show for it.
  if [ $status -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  if [ "$failed" -ne 0 ] && [ $status -eq 0 ]; then status=1; fi
  echo "$passed passed, $failed failed, $skipped skipped"
  exit $status
}

# Ends what an interrupted run has started: CTest first, which would go on to its next suite, then
# everything else in its session, again where one of these was just starting another.
end_session() {
  local file line fields round left
  kill "$1" 2>/dev/null
  wait "$1" 2>/dev/null
  for round in 1 2 3 4 5; do
    left=no
    for file in /proc/[0-9]*/stat; do
      { read -r line <"$file"; } 2>/dev/null || continue
      read -r -a fields <<<"${line##*) }" # state, parent, group, session
      if [ "${fields[3]}" = "$1" ] && [ "${fields[0]}" != Z ] && kill "${line%% *}" 2>/dev/null; then left=yes; fi
    done
    [ $left = yes ] || return 0
    sleep "0.$round"
  done
}

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# lint from scripts/test.d/10-lint.sh
name_of() { basename "$1" .sh | sed 's/^[0-9]*-//'; }
quick=core$(for file in scripts/test.d/*.sh; do printf '\n%s' "$(name_of "$file")"; done)
slow=$(for file in scripts/test.d/slow/*.sh; do name_of "$file"; done)

purpose=test
chosen=(-LE '^slow$')
names=()
for argument in "$@"; do
  case $argument in
    --all) purpose=test-all chosen=() ;;
    --list)
      printf '%s\n' "$quick"
      sed 's/$/ (slow)/' <<<"$slow"
      exit 0
      ;;
    -*)
      echo "test.sh: unknown option $argument; there are --all and --list." >&2
      exit 2
      ;;
    *)
      if [[ $'\n'$slow$'\n' == *$'\n'"$argument"$'\n'* ]]; then purpose=test-all
      elif [[ $'\n'$quick$'\n' != *$'\n'"$argument"$'\n'* ]]; then
        echo "test.sh: no suite is called $argument; scripts/test.sh --list names them." >&2
        exit 2
      fi
      names+=("$argument")
      ;;
  esac
done
if [ ${#names[@]} -gt 0 ]; then chosen=(-L "^($(IFS='|' && echo "${names[*]}"))\$"); fi

rm -rf "$results"
started=yes
mkdir -p "$results" "$root/build/test-logs"
# Packages that could not be installed show as skipped below, or as failed under CI.
scripts/install-dependencies.sh "$purpose" || true
for program in ctest ninja; do
  if ! command -v $program >/dev/null; then
    echo "test.sh: $program is missing (Debian: cmake, ninja-build), which builds and runs the suites; what kept it from being installed is said above." >&2
    exit 1
  fi
done
configured=$root/build/test-logs/configure.log
# A room at a time, as the R package is compiled: that takes less long.
if ! cmake -S . -B "$build" -G Ninja -DBLA_VENDOR=OpenBLAS -DCMAKE_BUILD_TYPE=Release -DCMAKE_UNITY_BUILD=ON \
  -DLAOT_SHARED_DIR="${LAOT_SHARED_DIR:-$(dirname "$root")/shared}" -DLAOT_TEST_RESULTS="$results" \
  >"$configured" 2>&1; then
  tail -n 20 "$configured" >&2
  echo "test.sh: the build could not be configured (log: build/test-logs/configure.log)." >&2
  exit 1
fi
setsid ctest --test-dir "$build" "${chosen[@]}" --parallel "$(nproc)" --no-tests=error --output-on-failure \
  --output-junit "$results/ctest.xml" </dev/null &
session=$!
wait "$session"
status=$?
session=
exit $status
