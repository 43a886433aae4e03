#!/usr/bin/env bash
# Runs one of the two commands in a bare Debian made for it, as a new user's machine would.
#
#   scripts/in-bare-debian.sh bookworm|trixie quickstart|test
#
# Needs root and debootstrap. Packages come from where this machine's apt gets its own (read when it
# runs); downloads are kept in build/bare-debian for the next time, and for a day the system as it was
# before anything was installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
release=$1
command=$2
shared=${LAOT_SHARED_DIR:-$(dirname "$PWD")/shared}
cache=$PWD/build/bare-debian/$release
here_release=$(. /etc/os-release && echo "$VERSION_CODENAME")

mkdir -p "$cache/base" "$cache/archives/partial"
bare=$cache/system
root=$(mktemp -d)
clean_up() {
  local folder
  for folder in var/cache/apt/archives dev proc; do
    # Lazily where a process that is about to end still holds it: nothing below may be deleted.
    ! mountpoint -q "$root/$folder" || umount "$root/$folder" || umount -l "$root/$folder"
  done
  rm -rf --one-file-system "$root"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

if [ -n "$(find "$bare" -maxdepth 0 -mmin +1440 2>/dev/null)" ]; then rm -rf "$bare"; fi
if [ ! -d "$bare" ]; then
  mirror=$(apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(SITE)' |
    awk -v release="$here_release" '$1 == "Packages" && $2 == release {print $3; exit}')
  rm -rf "$bare.part"
  debootstrap --variant=minbase --include=ca-certificates --cache-dir="$cache/base" "$release" "$bare.part" "$mirror"
  touch "$bare.part"
  mv "$bare.part" "$bare"
fi
cp -a "$bare/." "$root/"

# The same sources as here, for the other release; certificates and names as here.
rm -f "$root/etc/apt/sources.list"
for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.*; do
  [ -f "$file" ] || continue
  sed "s/$here_release/$release/g" "$file" >"$root${file}"
done
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
apt-config dump | grep -E '^Acquire::(Check|http|https)' >"$root/etc/apt/apt.conf.d/90-as-here" || true
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind "$cache/archives" "$root/var/cache/apt/archives"

# A folder whose name no file of the repository can hold by chance: the lint looks for paths.
place=srv/fresh-machine
mkdir -p "$root/$place"
git clone -q --no-hardlinks . "$root/$place/laot"
[ ! -d "$shared" ] || cp -rL "$shared" "$root/$place/shared"

status=0
TIMEFORMAT='took %0R s; its processes used %0U s of user and %0S s of system time'
time chroot "$root" /usr/bin/env -i HOME=/root \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  CI=true bash -c "cd /$place/laot && scripts/$command.sh" </dev/null || status=$?
case $command in
  quickstart)
    mkdir -p build/bare-debian/results
    cp "$root/$place/laot/build/quickstart/"*.png "build/bare-debian/results/$release.png"
    ;;
  test)
    rm -rf "build/bare-debian/results/$release"
    mkdir -p "build/bare-debian/results/$release"
    cp -r "$root/$place/laot/build/test-results" "$root/$place/laot/build/test-logs" "build/bare-debian/results/$release/" || true
    ;;
esac
exit $status
