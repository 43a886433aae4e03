# A benchmark and a fit of several conditions through BatchtoolsParam("slurm"), on a Slurm of one node
# that is started here: killed in the midst, gone on with, and equal to the bit to one process.
# needs: r-library
# seconds: 900
. scripts/test-lib.sh

export R_LIBS=$R_LIBRARY
if ! have slurmctld || ! have slurmd || ! have munged || [ "$(id -u)" -ne 0 ]; then
  skip "slurm or munge is missing, or this is not root"
  exit 0
fi
if ! Rscript -e 'quit(status = !all(vapply(c("laot", "BiocParallel", "batchtools"), requireNamespace, NA, quietly = TRUE)))' >/dev/null 2>&1; then
  skip "R, the installed package, BiocParallel or batchtools is missing"
  exit 0
fi
work=$(mktemp -d)
trap 'status=$?; tests/slurm/cluster.sh stop "$work"; sleep 1; rm -rf "$work"; (exit $status); close_suite' EXIT

if logged slurm-cluster tests/slurm/cluster.sh start "$work" 2; then pass "a node is up"; else fail "a node is up"; exit 1; fi
export SLURM_CONF=$work/slurm.conf
mkdir "$work/here" "$work/there" "$work/killed"
logged slurm-here Rscript tests/slurm/work.R here "$work/here" "$work/here.txt" || fail "one process"

if logged slurm-whole Rscript tests/slurm/work.R slurm "$work/there" "$work/there.txt" &&
  cmp -s "$work/here.txt" "$work/there.txt"; then pass "on the cluster"; else fail "on the cluster"; fi

# Killed once a task is done: the process that waits, and all jobs.
Rscript tests/slurm/work.R slurm "$work/killed" "$work/killed.txt" >"$LAOT_TEST_LOGS/slurm-killed.log" 2>&1 &
waiting=$!
for _ in $(seq 120); do
  [ -z "$(ls "$work/killed/benchmark" 2>/dev/null | grep '\.rds$')" ] || break
  sleep 0.5
done
kill -KILL "$waiting" 2>/dev/null
wait "$waiting" 2>/dev/null
scancel --user=root
done_before=$(ls "$work/killed/benchmark" | grep -c '\.rds$')
[ ! -e "$work/killed.txt" ] && [ "$done_before" -gt 0 ] || fail "the run was not killed in the midst"
if logged slurm-again Rscript tests/slurm/work.R slurm "$work/killed" "$work/killed.txt" &&
  cmp -s "$work/here.txt" "$work/killed.txt"; then pass "killed, and gone on with"; else fail "killed, and gone on with"; fi
