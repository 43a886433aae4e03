# The two commands of the README on a Debian that has nothing: a fresh system in a folder, a clone of
# the last commit, and the data beside it where they are here. scripts/test.sh only on the release that
# this machine is not: it asks for the same packages on both, and on this one the other suites are it
# (scripts/in-bare-debian.sh RELEASE test has it on either).
# seconds: 15000
# processors: all
. scripts/test-lib.sh

here=$(. /etc/os-release && echo "$VERSION_CODENAME")
for release in bookworm trixie; do
  if [ "$(id -u)" -ne 0 ] || ! have debootstrap || ! have git; then
    skip "the $release system needs root, debootstrap and git"
    continue
  fi
  for command in quickstart test; do
    if [ $command = test ] && [ "$release" = "$here" ]; then continue; fi
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
