# Lines of R have at most 100 characters (.lintr).
python3 - <<'PY'
import glob
import sys

wide = []
for pattern in ("R-package/R/*.R", "R-package/tests/**/*.R", "examples/**/*.R", "bench/**/*.R", "tests/**/*.R"):
    for path in sorted(glob.glob(pattern, recursive=True)):
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if len(line.rstrip("\n")) > 100:
                    wide.append(f"{path}:{number}: {len(line) - 1} characters")
print("\n".join(wide))
sys.exit(1 if wide else 0)
PY
