# The two commands of the README on a Debian that has nothing: a fresh system in a folder, a clone of
# the last commit, and the data beside it where they are here.
# seconds: 15000
# processors: all
. scripts/test-lib.sh

for release in bookworm trixie; do
  if [ "$(id -u)" -ne 0 ] || ! have debootstrap || ! have git; then
    skip "the $release system needs root, debootstrap and git"
    continue
  fi
  for command in quickstart test; do
    name=chroot-$release-$command
    started=$SECONDS
    if logged "$name" timeout 3600 scripts/in-bare-debian.sh "$release" "$command"; then
      pass "$name ($((SECONDS - started)) s with the system's own installation)"
      grep -aE '^(took|[0-9]+ passed)' "$LAOT_TEST_LOGS/$name.log" | tail -n 2 | sed 's/^/    /'
    else
      fail "$name"
    fi
  done
done
