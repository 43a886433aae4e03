# Packages that the tests of the R package name stand in DESCRIPTION. R CMD check looks for
# a package that does not in the repositories, and warns where it cannot reach them.
python3 - <<'PY'
import glob
import re
import sys

with open("R-package/DESCRIPTION", encoding="utf-8") as text:
    fields = re.findall(r"^(\w+):((?:.*\n(?:[ \t].*\n)*))", text.read(), re.M)
known = {"laot", "base"}
for name, value in fields:
    if name in ("Imports", "Suggests", "LinkingTo"):
        known |= {re.sub(r"\(.*", "", one).strip() for one in value.split(",")}

named = re.compile(r"\b([A-Za-z][A-Za-z0-9.]*):::?[A-Za-z`.]|"
                   r"\b(?:library|require|requireNamespace|loadNamespace)\(\"?([A-Za-z][A-Za-z0-9.]*)")
found = []
for path in sorted(glob.glob("R-package/tests/**/*.R", recursive=True)):
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            for match in named.finditer(line.split("#")[0]):
                package = match[1] or match[2]
                if package not in known:
                    found.append(f"{path}:{number}: {package} is not in DESCRIPTION")
print("\n".join(found))
sys.exit(1 if found else 0)
PY
