# Numbers and letters look alike in every locale: the core writes and reads digits in one place,
# through no stream and no function that asks the locale of the host. (Armadillo's own streams are
# silent.)
streams='std::(basic_)?[io]?(string|f)stream|std::(setprecision|setw|locale|imbue)|<(sstream|fstream|iomanip|locale)>'
functions='s?n?printf|sscanf|fscanf|strto(d|f|ld|l|ul|ll|ull)|ato(f|i|l|ll)|std::sto(d|f|ld|i|l|ul|ll|ull)|setlocale|localeconv|is(alpha|alnum|digit|space|upper|lower|punct|print)|to(lower|upper)|strcoll|strerror'
status=0
while read -r file; do
  case $file in src/base/number_text.cpp) continue ;; esac
  found=$(sed -E 's@//.*$@@; s@/\*.*\*/@@; s@^[[:space:]]*/?\*.*$@@' "$file" |
    grep -nE "$streams|(^|[^A-Za-z0-9_>.])(std::)?($functions)[[:space:]]*\(")
  [ -z "$found" ] || { printf '%s: depends on the locale of the host:\n%s\n' "$file" "$found"; status=1; }
done < <(find include src capi R-package/src -name '*.[ch]pp' -o -name '*.[ch]' | sort)
exit $status
