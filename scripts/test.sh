#!/usr/bin/env bash
# Runs every test in every language, after installing what is missing.
#
#   scripts/test.sh                all suites but the slow guards
#   scripts/test.sh --all          the slow guards too: sanitizers, valgrind, R CMD check, bare chroots
#   scripts/test.sh core r         only the suites with these names (files of scripts/test.d)
#   scripts/test.sh --list         their names
#
# The last line, on every exit, is "N passed, N failed, N skipped". Logs: build/test-logs.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

LAOT_TEST_COUNTS=$(mktemp)
export LAOT_TEST_COUNTS

finish() {
  local status=$? totals
  [ -z "$suite_session" ] || end_session "$suite_session"
  totals=$(awk '{p += $1; f += $2; s += $3} END {print p + 0, f + 0, s + 0}' "$LAOT_TEST_COUNTS")
  rm -f "$LAOT_TEST_COUNTS"
  read -r passed failed skipped <<<"$totals"
  # An exit that is no success has a failure to show for it.
  if [ $status -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  [ "$failed" -eq 0 ] || status=1
  echo "$passed passed, $failed failed, $skipped skipped"
  exit $status
}
trap finish EXIT
suite_session=

# Ends what an interrupted suite has started: everything in its session.
end_session() {
  local file line fields
  for file in /proc/[0-9]*/stat; do
    { read -r line <"$file"; } 2>/dev/null || continue
    read -r -a fields <<<"${line##*) }" # state, parent, group, session
    [ "${fields[3]}" != "$1" ] || kill "${line%% *}" 2>/dev/null
  done
}
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# lint from scripts/test.d/10-lint.sh
suite_name() { basename "$1" .sh | sed 's/^[0-9]*-//'; }

run_suite() {
  local file=$1 name before status started=$SECONDS
  name=$(suite_name "$file")
  echo "== $name"
  before=$(wc -l <"$LAOT_TEST_COUNTS")
  setsid bash "$file" </dev/null &
  suite_session=$!
  wait "$suite_session"
  status=$?
  suite_session=
  if [ $status -ne 0 ] && ! tail -n "+$((before + 1))" "$LAOT_TEST_COUNTS" | awk '$2 > 0 {found = 1} END {exit !found}'; then
    echo "  FAILED: $name ended with status $status"
    echo "0 1 0" >>"$LAOT_TEST_COUNTS"
  fi
  echo "   ($((SECONDS - started)) s)"
}

suites=(scripts/test.d/*.sh)
slow=(scripts/test.d/slow/*.sh)
purpose=test
only=()
for argument in "$@"; do
  case $argument in
    --all) suites+=("${slow[@]}"); purpose=test-all ;;
    --list)
      for file in "${suites[@]}"; do suite_name "$file"; done
      for file in "${slow[@]}"; do echo "$(suite_name "$file") (slow)"; done
      exit 0
      ;;
    -*)
      echo "test.sh: unknown option $argument; there are --all and --list." >&2
      exit 2
      ;;
    *) only+=("$argument") ;;
  esac
done
if [ ${#only[@]} -gt 0 ]; then
  chosen=()
  for wanted in "${only[@]}"; do
    found=no
    for file in scripts/test.d/*.sh "${slow[@]}"; do
      [ "$(suite_name "$file")" = "$wanted" ] || continue
      chosen+=("$file")
      found=yes
      case $file in */slow/*) purpose=test-all ;; esac
    done
    if [ $found = no ]; then
      echo "test.sh: no suite is called $wanted; scripts/test.sh --list names them." >&2
      exit 2
    fi
  done
  suites=("${chosen[@]}")
fi

# What could not be installed shows as skipped below, or as failed under CI.
scripts/install-dependencies.sh "$purpose" || true
for file in "${suites[@]}"; do run_suite "$file"; done
