# Every change of tests/mutations still fits the file that it changes.
command -v python3 >/dev/null || { echo "python3 is missing"; exit 0; }
python3 scripts/mutate.py --check
