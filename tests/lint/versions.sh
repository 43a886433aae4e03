# One version: VERSION, the R package, the citation, the change log, the Julia package.
version=$(cat VERSION)
status=0
same() { # FILE FOUND
  [ "$2" = "$version" ] || { echo "$1 says '$2', VERSION says '$version'"; status=1; }
}
same CITATION.cff "$(sed -n 's/^version: *"\{0,1\}\([0-9.]*\).*/\1/p' CITATION.cff)"
same CHANGELOG.md "$(sed -n 's/^## *\[\{0,1\}\([0-9.]*\).*/\1/p' CHANGELOG.md | head -n 1)"
for description in R-package/DESCRIPTION R-package/DESCRIPTION.in; do
  # A version that the assembly fills in cannot differ.
  [ ! -f $description ] || grep -q '^Version: *@' $description ||
    same $description "$(sed -n 's/^Version: *//p' $description)"
done
[ ! -f julia/Project.toml ] || same julia/Project.toml "$(sed -n 's/^version *= *"\(.*\)"/\1/p' julia/Project.toml)"
exit $status
