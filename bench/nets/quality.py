"""Every method on real cells: MMD^2 and sd ratio on test cells, 5 seeds, as a Markdown table.

    python3 bench/nets/quality.py <path of laot_nets_bench> [splits] [seeds] [sets] [methods]

Splits as 42 or 42,43,44; seeds a number; sets as GBM-50,PBMC-PC; methods a regular expression for
the names in the table.

Data: PBMC with and without interferon-beta (50 most variable genes, PBMC-50; 50 principal
components of 1000, PBMC-PC) and glioblastoma with and without panobinostat (GBM-50), from
LAOT_SHARED_DIR/data. MMD^2 is unbiased and not clipped, with the median gamma of the training
cells, all unscaled; the networks choose their iterate on cells held out from training, never on test
cells. Needs numpy only.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

import datasets as data

# name, method, preset, parameters, whether a seed matters
ROWS = [
    ("identity", "identity", None, {}, False),
    ("mean shift", "mean_shift", None, {}, False),
    ("Gaussian map", "gaussian_map", None, {}, False),
    ("LAOT", "laot", "calibrated", {}, False),
    ("CellOT 4 x 64", "cellot", "official", {}, True),
    ("CellOT 4 x 64, untrained", "cellot", "official", {"iterations": 0}, True),
    ("Compact CellOT 3 x 32", "cellot", "compact", {}, True),
    ("Compact CellOT, untrained", "cellot", "compact", {"iterations": 0}, True),
    ("CellOT, notebook", "cellot", "notebook", {}, True),
    ("scGen", "scgen", "calibrated", {}, True),
    ("scGen, untrained", "scgen", "calibrated", {"epochs": 0}, True),
    ("scGen as CellOT has it", "scgen", "cellot", {}, True),
    ("cAE", "cae", "calibrated", {}, True),
    ("cAE as CellOT has it", "cae", "official", {}, True),
]
SETS = ["PBMC-50", "PBMC-PC", "GBM-50"]


def fit(driver, folder, method, preset, params, seed):
    command = [driver, "fit", "dir=" + folder, "tag=out", "method=" + method, "seed=%d" % seed]
    if preset:
        command.append("preset=" + preset)
    command += ["param.%s=%s" % item for item in params.items()]
    env = dict(os.environ, OPENBLAS_NUM_THREADS="1")
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return json.loads(done.stdout), data.read(os.path.join(folder, "out.predicted.bin"))


def spread(values):
    values = np.array(values)
    if len(values) == 1:
        return "%.1f" % values[0]
    return "%.1f +- %.1f" % (values.mean(), values.std(ddof=1))


def main():
    driver = sys.argv[1]
    splits = [int(s) for s in (sys.argv[2] if len(sys.argv) > 2 else "42").split(",")]
    seeds = range(1, 1 + (int(sys.argv[3]) if len(sys.argv) > 3 else 5))
    sets = sys.argv[4].split(",") if len(sys.argv) > 4 else SETS
    rows = [r for r in ROWS if len(sys.argv) < 6 or re.search(sys.argv[5], r[0])]
    print("| set | method | MMD^2 x 1e-3 | each | sd ratio | seconds | warnings |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in sets:
        for label, method, preset, params, seeded in rows:
            scores, ratios, seconds, warnings = [], [], [], 0
            for split in splits:
                x, y, x_test, y_test = data.load(name, split)
                gamma = data.median_gamma(x, y)
                with tempfile.TemporaryDirectory() as folder:
                    for part, cells in (("control", x), ("treated", y), ("new", x_test)):
                        data.write(os.path.join(folder, part + ".bin"), cells)
                    for seed in seeds if seeded else [1]:
                        report, moved = fit(driver, folder, method, preset, params, seed)
                        scores.append(1e3 * data.mmd2(moved, y_test, gamma))
                        ratios.append(data.sd_ratio(moved, y_test))
                        seconds.append(report["seconds"])
                        warnings += bool(report.get("warning"))
            print("| %s | %s | %s | %s | %.2f | %.1f | %d |" % (
                name, label, spread(scores), " ".join("%.1f" % v for v in scores),
                np.mean(ratios), np.mean(seconds), warnings), flush=True)


main()
