#!/usr/bin/python3
"""Compares the metrics with independent numpy, scipy, POT and scikit-learn code in one run.

    compare.py path/to/laot_metrics_bench [--cells 10000] [--rounds 3]

Digits: every metric on unequal clouds but the entropic ones (which the golden tests compare), and the
two presets as their authors' definitions give them, the subsamples of `cellot` included.
Speed: MMD^2 at n = m = cells, d = 50, one thread, taken in turns with scikit-learn; the peak memory
is that of the whole process, which holds the cells.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
from scipy.stats import ks_2samp, wasserstein_distance
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import NearestNeighbors


def mmd2(x, y, gamma, biased):
    kxx, kyy, kxy = rbf_kernel(x, x, gamma), rbf_kernel(y, y, gamma), rbf_kernel(x, y, gamma)
    n, m = len(x), len(y)
    if biased:
        return kxx.mean() + kyy.mean() - 2 * kxy.mean()
    return ((kxx.sum() - np.trace(kxx)) / (n * (n - 1)) + (kyy.sum() - np.trace(kyy)) / (m * (m - 1))
            - 2 * kxy.mean())


def energy(x, y, biased):
    dxx, dyy, dxy = (np.linalg.norm(a[:, None] - b[None], axis=2) for a, b in ((x, x), (y, y), (x, y)))
    n, m = len(x), len(y)
    if biased:
        return 2 * dxy.mean() - dxx.mean() - dyy.mean()
    return 2 * dxy.mean() - dxx.sum() / (n * (n - 1)) - dyy.sum() / (m * (m - 1))


def knn_enrichment(x, y, k):
    count = min(len(x), len(y))
    pool = np.vstack([x[:count], y[:count]])
    neighbours = NearestNeighbors(n_neighbors=k + 1).fit(pool).kneighbors(x[:count], return_distance=False)
    return (neighbours[:, 1:] < count).mean()


def transport(x, y, power):
    import ot
    cost = np.linalg.norm(x[:, None] - y[None], axis=2) ** power
    value = ot.emd2(np.full(len(x), 1 / len(x)), np.full(len(y), 1 / len(y)), cost, numItermax=10**7)
    return value ** (1 / power)


def median_gamma(pooled):
    squared = np.array([((a - b) ** 2).sum() for i, a in enumerate(pooled) for b in pooled[:i]])
    return 1 / np.median(squared[squared > 0])


def expected(x, y):
    gamma = median_gamma(np.vstack([x, y]))
    upper = np.triu_indices(x.shape[1], 1)
    rx, ry = np.corrcoef(x.T)[upper], np.corrcoef(y.T)[upper]
    mx, my, sx, sy = x.mean(0), y.mean(0), x.std(0), y.std(0)
    ratio = sx / sy
    unbiased = mmd2(x, y, gamma, False)
    return {
        "median_gamma": gamma,
        "mmd2": unbiased,
        "mmd2_biased": mmd2(x, y, gamma, True),
        "mmd2_clipped": max(0.0, unbiased),  # preset laot
        "mmd2_mean50": np.mean([mmd2(x, y, g, True) for g in np.logspace(1, -3, 50)]),  # preset cellot
        "mmd2_mean6": np.mean([mmd2(x, y, g, True) for g in (2, 1, 0.5, 0.1, 0.01, 0.005)]),  # cmonge
        "energy_distance": energy(x, y, False),
        "energy_distance_biased": energy(x, y, True),
        "w2": transport(x, y, 2),
        "w1": transport(x, y, 1),
        "l2_drug_signature": np.linalg.norm(mx - my),
        "pearson_means": np.corrcoef(mx, my)[0, 1],
        "pearson_means_squared": np.corrcoef(mx, my)[0, 1] ** 2,
        "r2_means": 1 - ((my - mx) ** 2).sum() / ((my - my.mean()) ** 2).sum(),
        "l2_sds": np.linalg.norm(sx - sy),
        "l2_sds_ddof1": np.linalg.norm(x.std(0, ddof=1) - y.std(0, ddof=1)),
        "pearson_sds": np.corrcoef(sx, sy)[0, 1],
        "sd_ratio": ratio.mean(),
        "sd_ratio_median": np.median(ratio),
        "l2_feature_correlations": np.linalg.norm(rx - ry),
        "pearson_feature_correlations": np.corrcoef(rx, ry)[0, 1],
        "knn_enrichment_50": knn_enrichment(x, y, 50),
        "knn_enrichment_100": knn_enrichment(x, y, 100),
        "mean_ks": np.mean([ks_2samp(a, b).statistic for a, b in zip(x.T, y.T)]),
        "mean_feature_w1": np.mean([wasserstein_distance(a, b) for a, b in zip(x.T, y.T)]),
    }


# Scores as the LAOT notebooks print them: gamma from all features, scores on a part of them.
def laot_preset(x, y, gamma, half):
    p, t = x[:, :half], y[:, :half]
    return {"mmd2_clipped": max(0.0, mmd2(p, t, gamma, False)),
            "l2_drug_signature": np.linalg.norm(p.mean(0) - t.mean(0))}


# One repetition of what CellOT's scripts/evaluate.py writes, from its definitions.
def cellot_preset(x, y):
    upper = np.triu_indices(x.shape[1], 1)
    rx, ry = np.corrcoef(x.T)[upper], np.corrcoef(y.T)[upper]
    mx, my, sx, sy = x.mean(0), y.mean(0), x.std(0, ddof=1), y.std(0, ddof=1)
    return {
        "mmd2_mean50": np.mean([mmd2(x, y, g, True) for g in np.logspace(1, -3, num=50)]),
        "l2_drug_signature": np.linalg.norm(mx - my),
        "l2_sds_ddof1": np.linalg.norm(sx - sy),
        "pearson_means": np.corrcoef(mx, my)[0, 1],
        "pearson_sds": np.corrcoef(sx, sy)[0, 1],
        "pearson_feature_correlations": np.corrcoef(rx, ry)[0, 1],
        "l2_feature_correlations": np.linalg.norm(rx - ry),
        "knn_enrichment_50": knn_enrichment(x, y, 50),
        "knn_enrichment_100": knn_enrichment(x, y, 100),
    }


def output_of(binary, mode, x, y, folder):
    paths = [os.path.join(folder, name) for name in ("x.bin", "y.bin")]
    for path, cells in zip(paths, (x, y)):
        np.ascontiguousarray(cells, dtype=float).tofile(path)
    command = [binary, mode, str(len(x)), str(len(y)), str(x.shape[1])] + paths
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split() for line in output.splitlines()]


def run(binary, mode, x, y, folder):
    return {name: (float(seconds), float(value))
            for name, seconds, value in output_of(binary, mode, x, y, folder)}


def compare_presets(binary, folder):
    rng = np.random.default_rng(6)
    worst = 0.0
    for n, m, d in ((180, 130, 12), (270, 320, 20)):
        mix = rng.normal(size=(d, d)) / np.sqrt(d)
        x, y = rng.normal(size=(n, d)) @ mix + 1, rng.normal(size=(m, d)) @ mix * 1.2 + 1.2
        lines = output_of(binary, "presets", x, y, folder)
        found = {line[0]: float(line[2]) for line in lines if line[0] != "draw"}
        draws = [np.array(line[1:], dtype=int) for line in lines if line[0] == "draw"]
        size = max(count for count in (100, 250, 500, 1000, 1500) if count <= min(n, m))
        assert len(draws) == 20 and all(len(set(draw)) == size for draw in draws)
        each = [cellot_preset(x[p], y[t]) for p, t in zip(draws[::2], draws[1::2])]
        wanted = {"laot:" + name: value for name, value in
                  laot_preset(x, y, median_gamma(np.vstack([x, y])), d // 2).items()}
        wanted.update({"cellot:" + name: np.mean([one[name] for one in each]) for name in each[0]})
        if set(found) != set(wanted):
            sys.exit("the presets have other rows: " + ", ".join(sorted(set(found) ^ set(wanted))))
        for name, value in wanted.items():
            error = abs(found[name] - value) / max(abs(value), 1e-5)
            worst = max(worst, error)
            if error > 1e-9:
                print(f"DIFFERS  {name}: {found[name]!r} against {value!r}")
    print(f"presets: largest relative difference {worst:.1e} over all rows of laot and cellot, "
          "2 pairs of clouds")
    return worst <= 1e-9


def compare_digits(binary, folder):
    worst = 0.0
    rng = np.random.default_rng(5)
    for n, m, d, shift in ((150, 230, 12, 0.3), (200, 180, 5, 0.0), (120, 120, 30, 1.0)):
        mix = rng.normal(size=(d, d)) / np.sqrt(d)
        x, y = rng.normal(size=(n, d)) @ mix + 2, rng.normal(size=(m, d)) @ mix * 1.1 + 2 + shift
        found = run(binary, "digits", x, y, folder)
        wanted = expected(x, y)
        missing = {name for name in set(found) - set(wanted) if not name.startswith("sinkhorn")}
        if missing:
            sys.exit("not compared: " + ", ".join(sorted(missing)))
        for name, value in wanted.items():
            error = abs(found[name][1] - value) / max(abs(value), 1e-5)
            worst = max(worst, error)
            if error > 1e-9:
                print(f"DIFFERS  {name}: {found[name][1]!r} against {value!r}")
    print(f"digits: largest relative difference {worst:.1e} over all metrics, 3 pairs of clouds")
    return worst <= 1e-9


def compare_speed(binary, folder, cells, rounds):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(cells, 50)), rng.normal(size=(cells, 50)) + 0.1
    ours, theirs = [], []
    for _ in range(rounds):
        found = run(binary, "time", x, y, folder)
        ours.append(found)
        start = time.perf_counter()
        value = mmd2(x, y, 0.01, False)
        theirs.append(time.perf_counter() - start)
        assert abs(value - found["mmd2"][1]) < 1e-12
    best = {name: min(round_[name][0] for round_ in ours) for name in ours[0]}
    print(f"n = m = {cells}, d = 50, one thread, best of {rounds} rounds in turns")
    print(f"  MMD^2, one gamma: {best['mmd2']:.3f} s; scikit-learn {min(theirs):.3f} s; "
          f"{min(theirs) / best['mmd2']:.1f} times faster")
    print(f"  mean over 50 gammas: {best['mmd2_mean50']:.3f} s, "
          f"{best['mmd2_mean50'] / best['mmd2']:.2f} times the price of one")
    print(f"  energy distance: {best['energy_distance']:.3f} s")
    print(f"  peak memory of the whole process, cells included: {ours[0]['peak_megabytes'][1]:.0f} MB")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--cells", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3, help="of the timing; 0: digits only")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        right = compare_digits(arguments.binary, folder)
        right = compare_presets(arguments.binary, folder) and right
        if arguments.rounds > 0:
            compare_speed(arguments.binary, folder, arguments.cells, arguments.rounds)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
