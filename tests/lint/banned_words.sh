# Calls that the core must not make: generators other than its own, printing, ending the process,
# OpenMP, flags that change bits from machine to machine.
names='random_device|mt19937(_64)?|arma_rng|arma::rand[a-z]+|std::(cout|cerr|clog)|std::[a-z_]+_distribution'
calls='(std::)?(printf|fprintf|vprintf|puts|putchar|exit|_Exit|quick_exit|abort|terminate|rand|srand|omp_[a-z_]+)'
status=0
while read -r file; do
  # Comments may name what is banned.
  found=$(sed -E 's@//.*$@@; s@/\*.*\*/@@; s@^[[:space:]]*/?\*.*$@@' "$file" |
    grep -nE "(^|[^A-Za-z0-9_])($names)([^A-Za-z0-9_]|\$)|(^|[^A-Za-z0-9_:.>])$calls[[:space:]]*\(|#[[:space:]]*pragma[[:space:]]+omp")
  [ -z "$found" ] || { printf '%s: not for the core:\n%s\n' "$file" "$found"; status=1; }
done < <(find include src capi -name '*.[ch]pp' -o -name '*.[ch]' -o -name '*.inc' | sort)
if grep -rnE 'march=|ffast-math|Ofast|fopenmp' CMakeLists.txt cmake R-package/src/Makevars* R-package/configure* 2>/dev/null; then
  echo "flags that make results depend on the machine"
  status=1
fi
exit $status
