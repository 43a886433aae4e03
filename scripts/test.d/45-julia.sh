# LAOT.jl: Pkg.test with the library of the release build, offline.
# needs: build
# cost: 70
. scripts/test-lib.sh

library=$(release_library)
if ! logged julia-install scripts/install-julia.sh || [ -z "$library" ]; then
  skip "julia or the shared library is missing, so that LAOT.jl is not tested"
  exit 0
fi
julia=$(cat build/julia/command)
# A depot of its own, with a registry that holds nothing: the package needs none, and Pkg would
# otherwise fetch the general one.
depot=$LAOT_ROOT/build/test/julia-depot
rm -rf "$depot" build/test/julia && mkdir -p "$depot/registries/Empty"
cat >"$depot/registries/Empty/Registry.toml" <<'TOML'
name = "Empty"
uuid = "b3c0d5ae-93b2-4a86-8f63-6c3f2f8f5d10"
repo = ""

[packages]
TOML
# Pkg writes a manifest beside the package, so that it works on a copy.
cp -r julia build/test/julia
test_package() {
  env JULIA_DEPOT_PATH="$depot" LAOT_LIBRARY="$library" LAOT_JUNIT="$RESULTS/julia.xml" JULIA_NUM_THREADS=2 \
    timeout 900 "$julia" --startup-file=no --project=build/test/julia -e 'using Pkg; Pkg.test()'
}
cases julia julia.xml test_package
