# A recipe for BinaryBuilder: `julia build_tarballs.jl` in this folder makes liblaot for every platform,
# and a package laot_jll of it. It is a recipe: it has been written beside the CMake files and not been
# run, since BinaryBuilder's images cannot be reached from where this was tested.
using BinaryBuilder

name = "laot"
version = VersionNumber(strip(read(joinpath(@__DIR__, "..", "..", "VERSION"), String)))
sources = [DirectorySource(joinpath(@__DIR__, "..", ".."))]

script = raw"""
cd ${WORKSPACE}/srcdir
cmake -S . -B build -G Ninja \
    -DCMAKE_INSTALL_PREFIX=${prefix} \
    -DCMAKE_TOOLCHAIN_FILE=${CMAKE_TARGET_TOOLCHAIN} \
    -DCMAKE_BUILD_TYPE=Release \
    -DLAOT_BUILD_TESTS=OFF \
    -DBLAS_LIBRARIES=-lopenblas -DLAPACK_LIBRARIES=-lopenblas
cmake --build build --parallel ${nproc}
cmake --install build
install_license LICENSE
"""

platforms = expand_cxxstring_abis(filter(p -> nbits(p) == 64, supported_platforms()))
products = [LibraryProduct(["liblaot", "laot"], :liblaot)]
# OpenBLAS32: 32-bit integers, as the library calls BLAS.
dependencies = [
    Dependency("OpenBLAS32_jll"),
    Dependency("CompilerSupportLibraries_jll"),
    BuildDependency("armadillo_jll"),
]

build_tarballs(ARGS, name, version, sources, script, platforms, products, dependencies;
               julia_compat = "1.6", preferred_gcc_version = v"9")
