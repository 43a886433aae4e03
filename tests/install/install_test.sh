#!/usr/bin/env bash
# Installs a build into a folder of its own, moves that folder, and builds and runs a small program
# against it: with find_package (shared and static), with pkg-config (shared and static). On Debian
# also as a package would, into the multi-arch folder under /usr.
#
#   tests/install/install_test.sh BUILD-FOLDER WORK-FOLDER
set -euo pipefail
build=$(realpath "$1")
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
version=$(cat "$here/../../VERSION")
expected="$version 5 6"
rm -rf "$2" && mkdir -p "$2"
work=$(realpath "$2")

die() { echo "install_test: $*" >&2; exit 1; }
runs() {
  local said
  said=$("$@") || die "$* failed: $said"
  [ "$said" = "$expected" ] || die "$* printed '$said', expected '$expected'"
}

cmake --install "$build" --prefix "$work/first" >/dev/null
# Nothing may remember where it was installed.
mv "$work/first" "$work/moved"
prefix=$work/moved
for file in include/laot.h; do [ -s "$prefix/$file" ] || die "$file is not installed"; done
library=$(find "$prefix" -name liblaot.so)
libdir=$(dirname "$library")
[ -s "$libdir/liblaot.a" ] || die "liblaot.a is not installed beside liblaot.so"
if grep -rlF -e "$build" -e "$work" "$libdir/cmake" "$libdir/pkgconfig"; then
  die "these installed files hold a path of the build machine"
fi

# soname with the ABI number; BLAS, LAPACK and the runtimes of C and C++, nothing else.
abi=$(sed -n 's/^#define LAOT_ABI_VERSION //p' "$prefix/include/laot.h")
dynamic=$(readelf -d "$library")
grep -q "SONAME.*\[liblaot\.so\.$abi\]" <<<"$dynamic" || die "the soname is not liblaot.so.$abi"
foreign=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic" |
  grep -vE '^(lib(openblas|blas|lapack|stdc\+\+|gcc_s|gfortran|quadmath|m|c|dl|pthread)|ld-linux[-a-z0-9_]*)\.so\.[0-9]+$' || true)
[ -z "$foreign" ] || die "the shared library needs $foreign"

cmake -S "$here/consumer" -B "$work/consumer" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
  -DLAOT_WANTED="${version%.*}" >"$work/consumer.log" || die "find_package failed: $work/consumer.log"
cmake --build "$work/consumer" >>"$work/consumer.log" || die "the consumer does not build"
runs "$work/consumer/shared"
runs "$work/consumer/static"
# A minor version that was never promised is refused.
if cmake -S "$here/consumer" -B "$work/refused" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
  -DLAOT_WANTED=99.0 >/dev/null 2>&1; then
  die "version 99.0 was found"
fi

# Taken in by another project, under the same names: it configures.
cat >"$work/fetching.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.22)
project(consumer C CXX)
add_subdirectory(${LAOT_TREE} laot)
add_executable(shared ${CONSUMER}/consumer.c)
target_link_libraries(shared PRIVATE laot::laot)
add_executable(static ${CONSUMER}/consumer.c)
target_link_libraries(static PRIVATE laot::static)
if(TARGET laot_tests)
  message(FATAL_ERROR "the tests of a project that is taken in are built")
endif()
CMAKE
mkdir "$work/fetching" && mv "$work/fetching.txt" "$work/fetching/CMakeLists.txt"
cmake -S "$work/fetching" -B "$work/fetched" -G Ninja -DLAOT_TREE="$here/../.." -DCONSUMER="$here/consumer" \
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DMINE" \
  -DBLA_VENDOR="$(sed -n 's/^BLA_VENDOR:[A-Z]*=//p' "$build/CMakeCache.txt")" >"$work/fetching.log" 2>&1 ||
  die "a project that takes the sources in does not configure: $work/fetching.log"
grep -q -e '-O1 -DMINE' "$work/fetched/build.ninja" || die "the user's flags are lost: $work/fetched"
grep -q -e 'FLAGS = .*-O2' "$work/fetched/build.ninja" && die "flags of our own beside the user's: $work/fetched"

# Debian's layout: the same libraries, from a build whose prefix is /usr, below another root.
multiarch=$("${CC:-cc}" -print-multiarch 2>/dev/null || true)
if [ -f /etc/debian_version ] && [ -n "$multiarch" ]; then
  cmake -S "$here/../.." -B "$work/usr-build" -G Ninja -DCMAKE_INSTALL_PREFIX=/usr -DLAOT_BUILD_TESTS=OFF \
    -DBLA_VENDOR="$(sed -n 's/^BLA_VENDOR:[A-Z]*=//p' "$build/CMakeCache.txt")" >"$work/usr.log"
  cp -P "$build"/liblaot.* "$work/usr-build"
  DESTDIR=$work/root cmake --install "$work/usr-build" >>"$work/usr.log"
  usr=$work/root/usr
  for file in liblaot.so "liblaot.so.$abi" liblaot.a pkgconfig/laot.pc cmake/laot/laot-config.cmake; do
    [ -e "$usr/lib/$multiarch/$file" ] || die "$file is not installed in /usr/lib/$multiarch"
  done
  elsewhere=$(find "$usr" -not -type d -not -path "$usr/lib/$multiarch/*" -not -path "$usr/include/laot.h")
  [ -z "$elsewhere" ] || die "installed outside the multi-arch folder: $elsewhere"
  cmake -S "$here/consumer" -B "$work/usr-consumer" -G Ninja -DCMAKE_PREFIX_PATH="$usr" \
    -DLAOT_WANTED="${version%.*}" >>"$work/usr.log" || die "find_package failed under /usr: $work/usr.log"
  cmake --build "$work/usr-consumer" >>"$work/usr.log" || die "the consumer under /usr does not build"
  runs "$work/usr-consumer/shared"
fi

command -v pkg-config >/dev/null || { echo "pkg-config is missing"; exit 77; }
export PKG_CONFIG_PATH=$libdir/pkgconfig
[ "$(pkg-config --modversion laot)" = "$version" ] || die "laot.pc has the wrong version"
read -r -a flags <<<"$(pkg-config --cflags --libs laot)"
"${CC:-cc}" -std=c99 "$here/consumer/consumer.c" "${flags[@]}" -o "$work/with-pkg-config"
runs env LD_LIBRARY_PATH="$libdir" "$work/with-pkg-config"
read -r -a private <<<"$(pkg-config --static --libs-only-l laot | sed 's/-llaot//')"
"${CC:-cc}" -std=c99 -DLAOT_STATIC -I"$prefix/include" "$here/consumer/consumer.c" \
  "$libdir/liblaot.a" "${private[@]}" -o "$work/static-with-pkg-config"
runs "$work/static-with-pkg-config"
echo "installed, found and linked four ways"
