"""The real data sets of the quality table, prepared as the acceptance figures define them.

Counts -> size factors (library / mean library of the whole file) -> log2(count / factor + 1);
80/20 splits from tests/golden/splits. Cells are rows here; the driver gets features x cells.
"""
import csv
import gzip
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def shared():
    return os.environ.get("LAOT_SHARED_DIR", os.path.join(os.path.dirname(ROOT), "shared"))


def _mtx(path):
    with gzip.open(path, "rt") as handle:
        line = handle.readline()
        while line.startswith("%"):
            line = handle.readline()
        rows, cols, _ = map(int, line.split())
        body = np.loadtxt(handle)
    out = np.zeros((rows, cols))
    out[body[:, 0].astype(int) - 1, body[:, 1].astype(int) - 1] = body[:, 2]
    return out


def _table(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt") as handle:
        return list(csv.DictReader(handle))


def _log_counts(name):
    data = os.path.join(shared(), "data")
    counts = _mtx(os.path.join(data, name + "_counts.mtx.gz"))
    library = counts.sum(axis=0)
    return np.log2(counts / (library / library.mean()) + 1), _table(
        os.path.join(data, name + "_cells.csv.gz"))


def _genes(name):
    table = _table(os.path.join(shared(), "data", name))
    return np.array([int(row["row"]) - 1 for row in table])


def _split(name, seed):
    train, test = [], []
    for row in _table(os.path.join(ROOT, "tests", "golden", "splits", name + ".csv")):
        if int(row["seed"]) == seed:
            (train if row["part"] == "train" else test).append(int(row["index"]))
    return np.array(train), np.array(test)


def _pbmc(genes):
    values, cells = _log_counts("pbmc")
    condition = np.array([c["condition"] for c in cells])
    chosen = values[_genes(genes)].T
    return chosen[condition == "ctrl"], chosen[condition == "stim"]


def _gbm():
    values, cells = _log_counts("gbm")
    patient = np.array([c["patient"] for c in cells])
    condition = np.array([c["condition"] for c in cells])
    chosen = values[_genes("gbm_hvg50.csv")].T
    sides = []
    for which in ("ctrl", "panobinostat"):
        index = np.concatenate([np.where((patient == p) & (condition == which))[0][:200]
                                for p in sorted(set(patient))])
        sides.append(chosen[index])
    return sides


def load(name, seed):
    """x_train, y_train, x_test, y_test of one set and split."""
    if name == "GBM-50":
        x, y = _gbm()
        train, test = _split("gbm", seed)
    else:
        x, y = _pbmc("pbmc_hvg50.csv" if name == "PBMC-50" else "pbmc_hvg1000.csv")
        train, test = _split("pbmc", seed)
    parts = [x[train], y[train], x[test], y[test]]
    if name == "PBMC-PC":
        pooled = np.vstack(parts[:2])
        centre = pooled.mean(axis=0)
        axes = np.linalg.svd(pooled - centre, full_matrices=False)[2][:50].T
        parts = [(p - centre) @ axes for p in parts]
    return parts


def _square(a, b):
    return np.maximum((a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T, 0)


def median_gamma(x, y):
    pooled = np.vstack([x, y])
    values = _square(pooled, pooled)[np.triu_indices(len(pooled), 1)]
    return 1.0 / np.median(values[values > 1e-9])


def mmd2(p, t, gamma):
    """Unbiased, not clipped."""
    def off(a):
        k = np.exp(-gamma * _square(a, a))
        return (k.sum() - np.trace(k)) / (len(a) * (len(a) - 1))
    return off(p) + off(t) - 2 * np.exp(-gamma * _square(p, t)).mean()


def sd_ratio(p, t):
    sd = t.std(axis=0)
    use = sd > 1e-12
    return (p.std(axis=0)[use] / sd[use]).mean()


def write(path, cells):
    """cells x features to the driver's features x cells, columns together."""
    cells = np.ascontiguousarray(cells, dtype=np.float64)
    with open(path, "wb") as handle:
        np.array([cells.shape[1], cells.shape[0]], dtype=np.int64).tofile(handle)
        cells.tofile(handle)


def read(path):
    with open(path, "rb") as handle:
        features, cells = np.fromfile(handle, dtype=np.int64, count=2)
        return np.fromfile(handle, dtype=np.float64).reshape(cells, features)
