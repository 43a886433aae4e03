"""Every method on real cells: MMD^2 and sd ratio on test cells, 5 seeds, as a Markdown table.

    python3 bench/nets/quality.py <path of laot_nets_bench> <results.csv>
        [--sets GBM-50,PBMC-PC] [--methods REGEX] [--splits 42,43] [--seeds 5] [--minutes 8]

Every fit adds a line to the results file, and fits that it already has are not repeated: a run that
was stopped, or told to stop after some minutes, goes on where it was. The table is made of what
the file holds. Delete the file after a change of the networks.

Data: PBMC with and without interferon-beta (50 most variable genes, PBMC-50; 50 principal
components of 1000, PBMC-PC) and glioblastoma with and without panobinostat (GBM-50), from
LAOT_SHARED_DIR/data. MMD^2 is unbiased and not clipped, with the median gamma of the training
cells, all unscaled; the networks choose their iterate on cells held out from training, never on test
cells. Needs numpy only.
"""
import argparse
import csv
import json
import os
import re
import subprocess
import tempfile
import time

import numpy as np

import datasets as data

OWN = {"center": "own"}
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
    ("CellOT, `notebook`", "cellot", "notebook", {}, True),
    ("scGen", "scgen", "calibrated", {}, True),
    ("scGen, untrained", "scgen", "calibrated", {"epochs": 0}, True),
    ("scGen, `official`", "scgen", "official", {}, True),
    ("scGen, `cellot`", "scgen", "cellot", {}, True),
    ("cAE", "cae", "calibrated", {}, True),
    ("cAE, untrained", "cae", "calibrated", {"epochs": 0}, True),
    ("cAE, `official`", "cae", "official", {}, True),
    ("own means: CellOT 4 x 64", "cellot", "official", OWN, True),
    ("own means: Compact CellOT 3 x 32", "cellot", "compact", OWN, True),
    ("own means: scGen", "scgen", "calibrated", OWN, True),
    ("own means: cAE", "cae", "calibrated", OWN, True),
]
SETS = ["PBMC-50", "PBMC-PC", "GBM-50"]
COLUMNS = ["set", "method", "split", "seed", "mmd2", "sd_ratio", "seconds", "warning"]


def fit(driver, folder, method, preset, params, seed):
    command = [driver, "fit", "dir=" + folder, "tag=out", "method=" + method, "seed=%d" % seed]
    if preset:
        command.append("preset=" + preset)
    command += ["param.%s=%s" % item for item in params.items()]
    env = dict(os.environ, OPENBLAS_NUM_THREADS="1")
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return json.loads(done.stdout), data.read(os.path.join(folder, "out.predicted.bin"))


def results_in(path):
    if not os.path.exists(path):
        return {}
    with open(path, newline="") as handle:
        rows = list(csv.DictReader(handle))
    return {(r["set"], r["method"], int(r["split"]), int(r["seed"])): r for r in rows}


def add_result(path, row):
    fresh = not os.path.exists(path)
    with open(path, "a", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def run_set(driver, path, name, split, todo, end):
    x, y, x_test, y_test = data.load(name, split)
    gamma = data.median_gamma(x, y)
    with tempfile.TemporaryDirectory() as folder:
        for part, cells in (("control", x), ("treated", y), ("new", x_test)):
            data.write(os.path.join(folder, part + ".bin"), cells)
        for (label, method, preset, params, _), seed in todo:
            if time.time() > end:
                return
            report, moved = fit(driver, folder, method, preset, params, seed)
            add_result(path, {
                "set": name, "method": label, "split": split, "seed": seed,
                "mmd2": "%.6g" % data.mmd2(moved, y_test, gamma),
                "sd_ratio": "%.6g" % data.sd_ratio(moved, y_test),
                "seconds": "%.1f" % report["seconds"], "warning": report.get("warning", "")})


def cell(rows):
    if not rows:
        return "| | "
    scores = np.array([1e3 * float(r["mmd2"]) for r in rows])
    ratio = np.mean([float(r["sd_ratio"]) for r in rows])
    text = "%.1f" % scores.mean()
    if len(scores) > 1:
        text += " +- %.1f (%.1f)" % (scores.std(ddof=1), scores.max())
    return "| %s | %.2f " % (text, ratio)


def show(done, sets, splits):
    done = {key: row for key, row in done.items() if key[2] in splits}
    print("| method " + "".join("| %s | sd ratio " % name for name in sets) + "|")
    print("| --- " + "| --- | --- " * len(sets) + "|")
    for row in ROWS:
        found = [[r for key, r in done.items() if key[:2] == (name, row[0])] for name in sets]
        if any(found):
            print("| " + row[0] + " " + "".join(cell(rows) for rows in found) + "|")
    for (name, method, split, seed), row in done.items():
        if row["warning"]:
            print("warning: %s, %s, split %d, seed %d: %s" % (
                name, method, split, seed, row["warning"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("results")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--methods", default=".")
    parser.add_argument("--splits", default="42")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=1e9)
    asked = parser.parse_args()
    sets, end = asked.sets.split(","), time.time() + 60 * asked.minutes
    splits = [int(s) for s in asked.splits.split(",")]
    rows = [r for r in ROWS if re.search(asked.methods, r[0])]
    for name in sets:
        for split in splits:
            done = results_in(asked.results)
            todo = [(row, seed) for row in rows
                    for seed in (range(1, 1 + asked.seeds) if row[4] else [1])
                    if (name, row[0], split, seed) not in done]
            if todo and time.time() < end:
                run_set(asked.driver, asked.results, name, split, todo, end)
    show(results_in(asked.results), sets, splits)


main()
