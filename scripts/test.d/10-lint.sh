# The rules of the house that a program can check: one file of tests/lint each.
. scripts/test-lib.sh

for check in tests/lint/*.sh; do
  name=lint-$(basename "$check" .sh)
  if logged "$name" bash "$check"; then pass "$name"; else fail "$name"; fi
done
