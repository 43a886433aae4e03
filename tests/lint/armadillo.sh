# Only include/laot/armadillo.hpp includes Armadillo: it sets the configuration, and two
# configurations in one program have different object layouts. RcppArmadillo.h never is included.
found=$(grep -rnE '#[[:space:]]*include[[:space:]]*[<"](armadillo|RcppArmadillo(\.h|/[^>"]*)?)[>"]' \
  --include='*.h' --include='*.hpp' --include='*.cpp' --include='*.c' --include='*.inc' \
  include src capi tests bench R-package/src examples 2>/dev/null |
  grep -v '^include/laot/armadillo\.hpp:')
[ -z "$found" ] || { echo "Armadillo is included by:"; echo "$found"; exit 1; }
