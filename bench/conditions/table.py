#!/usr/bin/env python3
"""table.py FILE...: the mean over worlds of what laot_screen printed, and paired comparisons with a method (--against NAME)."""
import csv, math, sys

KINDS = ["seen", "unseen_dose", "unseen_level", "unseen_combination"]
args = sys.argv[1:]
against = args.pop(args.index("--against") + 1) if "--against" in args else "conditional_gaussian"
rows = [r for f in args if f != "--against" for r in csv.DictReader(open(f))]
score = {(r["method"], r["kind"], r["world"]): r for r in rows}
methods = sorted({r["method"] for r in rows})
worlds = sorted({r["world"] for r in rows}, key=int)


def mean(values):
    return sum(values) / len(values)


def column(method, kind, what):
    return [float(score[method, kind, w][what]) for w in worlds]


print(f"{len(worlds)} worlds; MMD^2 x 1000 / sd ratio / cell error\n")
print("| method | " + " | ".join(KINDS) + " |\n" + "|---" * (len(KINDS) + 1) + "|")
for m in methods:
    cells = [f"{mean(column(m, k, 'mmd2')):.1f} / {mean(column(m, k, 'sd_ratio')):.2f} / {mean(column(m, k, 'cell_error')):.2f}" for k in KINDS]
    print(f"| {m} | " + " | ".join(cells) + " |")
print(f"\nMMD^2 over that of {against}, and the paired difference +- its standard error\n")
for m in methods:
    cells = []
    for k in KINDS:
        a, b = column(m, k, "mmd2"), column(against, k, "mmd2")
        d = [x - y for x, y in zip(a, b)]
        se = math.sqrt(sum((x - mean(d)) ** 2 for x in d) / max(1, len(d) - 1) / len(d))
        cells.append(f"{mean(a) / mean(b):.2f} ({mean(d):+.1f} +- {se:.1f})")
    print(f"| {m} | " + " | ".join(cells) + " |")
