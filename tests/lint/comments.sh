# A comment begins with the thing that it is about, not with "What ...".
if grep -rnE --include=*.{hpp,cpp,h,c,inc,R,jl,py,sh,cmake} --include=CMakeLists.txt \
  "^[[:space:]]*(//+ |#'? |/?\*+ |\"\"\")What " src include capi R-package/R R-package/src R-package/tests julia \
  python tests bench scripts examples cmake; then
  echo "begin these comments with the thing that they are about"
  exit 1
fi
