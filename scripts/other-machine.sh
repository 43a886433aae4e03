#!/usr/bin/env bash
# Cross-compiles the core for another processor in a Debian made for it, and runs its tests there in
# emulation: all of the C tests, and of the core's those that depend on bytes and their order, on
# files and on texts (the whole would take hours in emulation).
#
#   scripts/other-machine.sh arm64|s390x
#
# Needs root and debootstrap. Packages come from where this machine's apt gets its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
machine=$1
case $machine in
  arm64) triplet=aarch64-linux-gnu emulator=qemu-aarch64-static ;;
  s390x) triplet=s390x-linux-gnu emulator=qemu-s390x-static ;; # big-endian
  *) echo "$0: the machines are arm64 and s390x, found $machine" >&2; exit 2 ;;
esac
root=${LAOT_OTHER_MACHINE:-$PWD/build/other-machine}
release=$(. /etc/os-release && echo "$VERSION_CODENAME")

if [ ! -x "$root/usr/bin/$triplet-g++" ] || [ ! -x "$root/usr/bin/$emulator" ]; then
  mirror=$(apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(SITE)' |
    awk -v release="$release" '$1 == "Packages" && $2 == release {print $3; exit}')
  [ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase --include=ca-certificates "$release" "$root" "$mirror"
  rm -f "$root/etc/apt/sources.list"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.*; do
    [ ! -f "$file" ] || cp "$file" "$root$file"
  done
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  apt-config dump | grep -E '^Acquire::(Check|http|https)' >"$root/etc/apt/apt.conf.d/90-as-here" || true
  chroot "$root" dpkg --add-architecture "$machine"
  chroot "$root" apt-get update -q
  chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
    cmake ninja-build libarmadillo-dev doctest-dev qemu-user-static \
    "crossbuild-essential-$machine" "libopenblas-dev:$machine" "libstdc++6:$machine"
fi

trap 'umount "$root/proc" 2>/dev/null || true' EXIT
mountpoint -q "$root/proc" || mount --bind /proc "$root/proc" # tests look into it

# The last commit; what is built of it stays for the next time.
mkdir -p "$root/laot"
git archive HEAD | tar -x -C "$root/laot"
chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 OPENBLAS_NUM_THREADS=1 \
  bash -euc "cd /laot
    cmake -S . -B build/$machine -G Ninja -DCMAKE_BUILD_TYPE=Release -DBLA_VENDOR=OpenBLAS -DCMAKE_UNITY_BUILD=ON \
      -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=${triplet%%-*} \
      -DCMAKE_C_COMPILER=$triplet-gcc -DCMAKE_CXX_COMPILER=$triplet-g++ \
      -DCMAKE_LIBRARY_ARCHITECTURE=$triplet -DCMAKE_CROSSCOMPILING_EMULATOR='$emulator;-L;/' \
      -DLAOT_TEST_SLOWDOWN=30 -DLAOT_TEST_FILES='/(old_model_files|damaged_files|texts_and_files|base|table|checkpoint|values_base)_test[.]cpp\$'
    cmake --build build/$machine --target laot_c_tests laot_capi_header_test laot_capi_threads_test laot_tests
    ctest --test-dir build/$machine -R '^(c_|capi_(header|threads))' -FA build --output-on-failure
    $emulator -L / build/$machine/tests/laot_tests"
