# The Python example: numpy and ctypes alone, tested by unittest cases that pytest runs.
# needs: build
# seconds: 600
. scripts/test-lib.sh

library=$(release_library)
python=$(python_with numpy,pytest)
if [ -z "$library" ] || [ -z "$python" ]; then
  skip "the shared library or a python3 with numpy and pytest is missing, so that the Python example is not tested"
  exit 0
fi
cases python python.xml env LAOT_LIBRARY="$library" PYTHONDONTWRITEBYTECODE=1 timeout 500 \
  "$python" -m pytest -q -p no:cacheprovider --junitxml="$RESULTS/python.xml" tests/python
