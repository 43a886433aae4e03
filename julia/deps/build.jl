# Pkg.build("LAOT"): compiles liblaot from the source tree that this package lies in, unless
# LAOT_LIBRARY names one or the system has one. Needs cmake, a C++17 compiler, BLAS, LAPACK and the
# headers of Armadillo.
using Libdl

source = dirname(dirname(@__DIR__))
if haskey(ENV, "LAOT_LIBRARY")
    println("LAOT_LIBRARY is set: nothing to build.")
elseif Libdl.dlopen("liblaot"; throw_error = false) !== nothing
    println("liblaot is installed: nothing to build.")
elseif isfile(joinpath(source, "capi", "laot.h"))
    build = joinpath(@__DIR__, "build")
    run(`cmake -S $source -B $build -DCMAKE_BUILD_TYPE=Release -DLAOT_BUILD_TESTS=OFF`)
    run(`cmake --build $build --target laot --parallel 2`)
else
    println("The sources of liblaot are not here: install the library, or set LAOT_LIBRARY.")
end
