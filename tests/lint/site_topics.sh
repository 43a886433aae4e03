# Every page of the R manual, and every vignette, has its place in the site, whose build ends otherwise.
status=0
listed=$(sed -n -E 's/.*contents: \[(.*)\].*/\1/p' R-package/_pkgdown.yml | tr ',' '\n' | tr -d ' ')
for page in R-package/man/*.Rd R-package/vignettes/*.Rmd; do
  case $page in
    *.Rd) name=$(sed -n 's/^\\name{\(.*\)}/\1/p' "$page") ;;
    *) name=$(basename "$page" .Rmd) ;;
  esac
  grep -Fqx "$name" <<<"$listed" || { echo "$page: $name is missing in R-package/_pkgdown.yml"; status=1; }
done
exit $status
