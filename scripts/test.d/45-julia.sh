# LAOT.jl: Pkg.test with the library of the release build, offline.
. scripts/test-lib.sh

library=$(find "$RELEASE_BUILD" -maxdepth 2 -name 'liblaot.so' | head -n 1)
if ! logged julia-install scripts/install-julia.sh || [ -z "$library" ]; then
  skip 1 "julia or the shared library is missing, so that LAOT.jl is not tested"
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
  env JULIA_DEPOT_PATH="$depot" LAOT_LIBRARY="$library" JULIA_NUM_THREADS=2 timeout 900 "$julia" --startup-file=no \
    --project=build/test/julia -e 'using Pkg; Pkg.test()'
}
logged julia test_package
status=$?
# A summary is a line of names and one of numbers: "Pass  Total", or with Fail and Error between.
read -r passed other <<<"$(awk '/^Test Summary:/ {for (i = 1; i <= NF; ++i) column[i] = $i; names = NF; next}
  names {offset = NF - names
         for (i = 1; i <= names; ++i) if (column[i] == "Pass") p += $(i + offset)
                                      else if (column[i] == "Fail" || column[i] == "Error") o += $(i + offset)
         names = 0}
  END {print p + 0, o + 0}' "$LAOT_TEST_LOGS/julia.log")"
echo "  julia: $passed passed, $other failed"
count "$passed" "$other" 0
if [ $status -ne 0 ] && [ "$other" -eq 0 ]; then fail "Pkg.test() of LAOT.jl ended with status $status"; fi
if [ $status -eq 0 ] && [ "$passed" -eq 0 ]; then fail "Pkg.test() of LAOT.jl counted nothing"; fi
