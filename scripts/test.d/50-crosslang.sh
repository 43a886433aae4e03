# The same data and seed from C++, C, Python, Julia and R, bit for bit; models carried between them.
# needs: build r-library
# cost: 430
. scripts/test-lib.sh

library=$(release_library)
python=$(python_with_numpy)
if [ -z "$library" ] || [ -z "$python" ] || [ ! -x "$RELEASE_BUILD/tests/crosslang/laot_crosslang_c" ]; then
  skip "the release build or a python3 with numpy is missing, so that the languages are not compared"
  exit 0
fi
workers=("cxx=$RELEASE_BUILD/tests/crosslang/laot_crosslang_cxx" "c=$RELEASE_BUILD/tests/crosslang/laot_crosslang_c"
  "python=$python tests/crosslang/worker.py")
screens=("c=$RELEASE_BUILD/tests/crosslang/laot_crosslang_conditions_c"
  "cxx=$RELEASE_BUILD/tests/crosslang/laot_crosslang_conditions_cxx"
  "python=$python tests/crosslang/conditions.py")
if logged julia-install scripts/install-julia.sh; then
  workers+=("julia=$(cat build/julia/command) --startup-file=no tests/crosslang/worker.jl")
  screens+=("julia=$(cat build/julia/command) --startup-file=no tests/crosslang/conditions.jl")
else
  skip "julia is missing, so that it is not compared with the other languages"
fi
export R_LIBS=$R_LIBRARY
if have Rscript && Rscript -e 'library(laot)' >/dev/null 2>&1; then
  workers+=("r=Rscript tests/crosslang/worker.R")
  screens+=("r=Rscript tests/crosslang/conditions.R")
else
  skip "the R package is not installed in build/test/r-library (suite r), so that R is not compared"
fi
export LAOT_LIBRARY=$library JULIA_LOAD_PATH=$LAOT_ROOT/julia:@stdlib
tap crosslang timeout 1800 "$python" tests/crosslang/run.py build/test/crosslang "${workers[@]}"
tap conditions timeout 1200 "$python" tests/crosslang/run_conditions.py build/test/crosslang-conditions "${screens[@]}"
