# The Python package: its tests against the source tree, then a wheel, built and installed without a
# network into an environment of its own, and the lines of its README on real cells.
# needs: build
# seconds: 1200
. scripts/test-lib.sh

library=$(release_library)
modules=numpy,scipy,pandas,pytest,h5py,build,setuptools,wheel tests=()
if in_this_debian python3-anndata; then
  modules=$modules,anndata
else
  echo "  left out: what reads AnnData, which this Debian does not have"
  # Absolute: pytest takes the pattern from where it is called. No other file may need the package: a
  # skip is a failure here.
  tests=(--ignore-glob="$LAOT_ROOT/python/tests/*anndata*")
fi
python=$(python_with "$modules")
if [ -z "$library" ] || [ -z "$python" ]; then
  skip "the shared library or a python3 with $modules is missing, so that the Python package is not tested"
  exit 0
fi
export LAOT_LIBRARY=$library PYTHONDONTWRITEBYTECODE=1
cases python-package package.xml timeout 600 "$python" -m pytest -q -p no:cacheprovider \
  --junitxml="$RESULTS/package.xml" ${tests[@]+"${tests[@]}"} python/tests

folder=$LAOT_ROOT/build/test/python-package
rm -rf "$folder" && mkdir -p "$folder/run"
# The build writes beside its sources, so that it works on a copy.
mkdir "$folder/tree" && cp -r python VERSION "$folder/tree"
if logged python-wheel "$python" -m build --wheel --no-isolation --outdir "$folder" "$folder/tree/python" &&
  logged python-venv "$python" -m venv --system-site-packages "$folder/venv" &&
  logged python-install "$folder/venv/bin/pip" install --no-index --no-deps "$folder"/laot-*.whl; then
  pass "a wheel is built without isolation and installed without an index"
else
  fail "a wheel is built without isolation and installed without an index"
  exit 1
fi
unset LAOT_LIBRARY
# The same tests against what was installed, which has to bring its library along.
cases python-wheel-tests wheel.xml env -C "$folder/run" LAOT_INSTALLED=1 timeout 600 \
  "$folder/venv/bin/python" -m pytest -q -p no:cacheprovider --rootdir="$folder/run" \
  --junitxml="$RESULTS/wheel.xml" ${tests[@]+"${tests[@]}"} "$LAOT_ROOT/python/tests"

in_this_debian python3-anndata || exit 0
if [ ! -f "$LAOT_SHARED_DIR/data/pbmc_counts.mtx.gz" ]; then
  skip "../shared/data is not there, so that the lines of python/README.md do not run"
  exit 0
fi
awk '/^```python$/ {inside = 1; next} /^```$/ {inside = 0} inside' python/README.md >"$folder/run/lines.py"
if logged python-cells "$folder/venv/bin/python" python/tests/real_cells.py "$LAOT_SHARED_DIR/data" "$folder/run/experiment.h5ad" &&
  logged python-lines env -C "$folder/run" timeout 600 "$folder/venv/bin/python" lines.py &&
  grep -q "<laot.Model laot of 'stim' against 'ctrl'" "$LAOT_TEST_LOGS/python-lines.log" &&
  grep -qE '^2-Wasserstein distance to unseen cells: [0-9.]+$' "$LAOT_TEST_LOGS/python-lines.log"; then
  pass "the lines of python/README.md run on real cells"
else
  fail "the lines of python/README.md run on real cells"
fi
