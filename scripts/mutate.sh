#!/usr/bin/env bash
# Small changes of the sources (tests/mutations), and whether a test notices each: scripts/mutate.py
# says how, and what may follow.
exec nice -n 10 python3 "$(dirname "${BASH_SOURCE[0]}")/mutate.py" "$@"
