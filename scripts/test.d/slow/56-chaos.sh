# Long work killed with SIGKILL at 50 random moments ends with the result of an undisturbed run: the
# trainings, fits of many conditions and savings of tests/chaos/killed_test.c, and a benchmark of R, by
# one worker and by two that share its folder. CHAOS_KILLS: another number.
# needs: build r-library
# seconds: 3600
# cost: 1050
. scripts/test-lib.sh

kills=${CHAOS_KILLS:-50}
build=${LAOT_RELEASE_BUILD:-build/test/release}
if logged chaos-core "$build/tests/chaos/laot_killed_test" "$kills"; then pass "trainings, fits of conditions and savings"; else fail "trainings, fits of conditions and savings"; fi

export R_LIBS=$R_LIBRARY
if ! have Rscript || ! Rscript -e 'quit(status = !requireNamespace("laot", quietly = TRUE))' >/dev/null 2>&1; then
  skip "R or the installed package is missing, so that no benchmark is killed"
  exit 0
fi
work=$(mktemp -d)
trap 'status=$?; rm -rf "$work"; (exit $status); close_suite' EXIT
RANDOM=1

worker() { Rscript tests/chaos/benchmark.R "$1" "$2" >>"$LAOT_TEST_LOGS/chaos-r.log" 2>&1; }
worker "$work/whole" "$work/whole.txt" || fail "an undisturbed benchmark"

# benchmark WORKERS: a run that ends is repeated in a new folder until all kills are done.
benchmark() {
  local deaths=0 round=0 i pids folder=$work/$1
  while [ $deaths -lt "$kills" ]; do
    round=$((round + 1))
    pids=()
    for ((i = 0; i < $1; ++i)); do
      worker "$folder" "$work/table-$1-$i" &
      pids+=($!)
    done
    # Most of the time is R's own start; 0.8 s to 4 s reach it, the tasks and the end.
    sleep "$((RANDOM % 4)).$((RANDOM % 10))"
    for i in "${pids[@]}"; do
      pkill -KILL -P "$i" 2>/dev/null && deaths=$((deaths + 1))
      wait "$i" 2>/dev/null
    done
    if [ -e "$work/table-$1-0" ]; then
      same "$1" && rm -rf "$folder" "$work/table-$1-"* || return 1
    fi
  done
  for ((i = 0; i < $1; ++i)); do worker "$folder" "$work/table-$1-$i" & done
  wait
  for ((i = 0; i < $1; ++i)); do cmp -s "$work/whole.txt" "$work/table-$1-$i" || return 1; done
}
same() { cmp -s "$work/whole.txt" "$work/table-$1-0"; }

for workers in 1 2; do
  if benchmark $workers; then pass "a benchmark by $workers"; else fail "a benchmark by $workers"; fi
done
