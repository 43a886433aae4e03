# The two commands of the README on a Debian that has nothing: a fresh system in a folder, a clone of
# the last commit, and the data beside it where they are here. On the release that this machine is, the
# quickstart, since the other suites are its scripts/test.sh; on the other release scripts/test.sh, of
# which the quickstart is a suite. scripts/in-bare-debian.sh has each on either.
# seconds: 15000
# cost: 3600
. scripts/test-lib.sh

here=$(. /etc/os-release && echo "$VERSION_CODENAME")
for release in bookworm trixie; do
  if [ "$(id -u)" -ne 0 ] || ! have debootstrap || ! have git; then
    skip "the $release system needs root, debootstrap and git"
    continue
  fi
  if [ "$release" = "$here" ]; then command=quickstart; else command=test; fi
  name=chroot-$release-$command
  started=$SECONDS
  if logged "$name" timeout 4500 scripts/in-bare-debian.sh "$release" "$command"; then
    pass "$name ($((SECONDS - started)) s with the system's own installation)"
    grep -aE '^(took|[0-9]+ passed)' "$LAOT_TEST_LOGS/$name.log" | tail -n 2 | sed 's/^/    /'
  else
    fail "$name"
  fi
done
