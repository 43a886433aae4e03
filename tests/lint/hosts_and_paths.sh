# No file names a package host that this machine uses, nor a path of it: what is written down here
# must be true elsewhere.
hosts=$({
  sed -nE 's#^(URIs:|deb(-src)?)[[:space:]]+(\[[^]]*\][[:space:]]+)?([a-z+]+://)?([^/[:space:]]+).*#\5#p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources
  Rscript --vanilla -e 'cat(sub("^[a-z]+://([^/]+).*", "\\1", getOption("repos")), sep = "\n")'
} 2>/dev/null | grep -E '\.' | sort -u)
here=$(dirname "$PWD")
if git rev-parse --git-dir >/dev/null 2>&1; then files() { git ls-files -z; }
else files() { find . -path ./build -prune -o -type f -print0; }; fi
status=0
while read -r word; do
  [ -n "$word" ] || continue
  if files | xargs -0 grep -nIF -e "$word" --; then echo "names $word"; status=1; fi
done < <(printf '%s\n' "$hosts")
# The folder that the checkout is in, as the beginning of a path: a checkout in a folder called src does not
# take every folder of that name for its own.
# A checkout directly below / has no path worth looking for.
if [ "${#here}" -gt 2 ]; then
  quoted=$(printf '%s/' "$here" | sed 's/[][\.*^$+?(){}|]/\\&/g')
  before='(^|[^A-Za-z0-9_.~}*"-]|(^|[^A-Za-z0-9_})])")' # a quote that ends a variable begins no path
  if files | xargs -0 grep -nIE -e "$before$quoted" --; then echo "names $here/"; status=1; fi
fi
exit $status
