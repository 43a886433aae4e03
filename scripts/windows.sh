#!/usr/bin/env bash
# Cross-compiles the core for Windows with MinGW-w64 and runs its tests under Wine: all of the C tests
# that Windows has the calls for, and of the core's those that depend on files, texts and numbers.
# BLAS and LAPACK are the reference ones, from Debian's sources.
#
#   scripts/windows.sh
#
# Needs g++-mingw-w64-x86-64-posix, gfortran-mingw-w64-x86-64-posix, wine64, cmake and ninja-build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=${LAOT_WINDOWS_BUILD:-$PWD/build/windows}
mkdir -p "$work"/{prefix/include,source/lists/partial,source/parts}
work=$(cd "$work" && pwd)
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)  # where Debian's package wine64 alone leaves it
triplet=x86_64-w64-mingw32
export WINEDEBUG=-all WINEPREFIX="$work/wine" WINEPATH="Z:${work//\//\\}\\laot"  # the path of liblaot.dll

cat >"$work/toolchain.cmake" <<CMAKE
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER $triplet-gcc-posix)
set(CMAKE_CXX_COMPILER $triplet-g++-posix)
set(CMAKE_Fortran_COMPILER $triplet-gfortran-posix)
set(CMAKE_CROSSCOMPILING_EMULATOR $wine)
set(CMAKE_FIND_ROOT_PATH $work/prefix)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
CMAKE

if [ ! -f "$work/prefix/lib/liblapack.a" ]; then
  # Source packages of where this machine's apt gets its own.
  for file in /etc/apt/sources.list.d/*.sources; do
    [ ! -f "$file" ] || sed 's/^Types: deb$/Types: deb-src/' "$file" >"$work/source/parts/${file##*/}"
  done
  [ ! -f /etc/apt/sources.list ] || sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$work/source/parts/here.list"
  from=(-qq -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$work/source/parts"
    -o "Dir::State::lists=$work/source/lists")
  (cd "$work/source" && apt-get "${from[@]}" update && apt-get "${from[@]}" --download-only source lapack)
  mkdir -p "$work/lapack"
  tar -xf "$work"/source/lapack_*.orig.tar.* -C "$work/lapack" --strip-components=1
  cmake -S "$work/lapack" -B "$work/lapack-build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$work/toolchain.cmake" \
    -DCMAKE_BUILD_TYPE=Release -DBUILD_COMPLEX=OFF -DBUILD_COMPLEX16=OFF -DBUILD_TESTING=OFF \
    -DCMAKE_EXE_LINKER_FLAGS=-static -DCMAKE_INSTALL_PREFIX="$work/prefix"
  cmake --build "$work/lapack-build" --target install
fi
# Headers alone, which are the same for every machine.
[ -d "$work/prefix/include/doctest" ] ||
  cp -r /usr/include/armadillo /usr/include/armadillo_bits /usr/include/doctest "$work/prefix/include/"

fortran="gfortran;quadmath"
cmake -S . -B "$work/laot" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$work/toolchain.cmake" -DCMAKE_BUILD_TYPE=Release \
  -DBLAS_LIBRARIES="$work/prefix/lib/libblas.a;$fortran" \
  -DLAPACK_LIBRARIES="$work/prefix/lib/liblapack.a;$work/prefix/lib/libblas.a;$fortran" \
  -DARMADILLO_INCLUDE_DIR="$work/prefix/include" -DLAOT_STATIC_RUNTIME=ON \
  -DCMAKE_CXX_FLAGS=-DARMA_DONT_USE_WRAPPER -DCMAKE_EXE_LINKER_FLAGS=-static \
  -DCMAKE_SHARED_LINKER_FLAGS=-static -DCMAKE_UNITY_BUILD=ON \
  -DLAOT_TEST_FILES='/(old_model_files|damaged_files|texts_and_files|base|table|checkpoint|values_base)_test[.]cpp$'
cmake --build "$work/laot" --target laot_c_tests laot_capi_header_test laot_capi_threads_test laot_tests
ctest --test-dir "$work/laot" -R '^(c_|capi_(header|threads))' -FA build --output-on-failure
"$wine" "$work/laot/tests/laot_tests.exe"
