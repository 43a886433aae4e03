"""Scores of cells with weights, computed without the library: numpy, and scipy (HiGHS)
for the exact transport. Writes expected_weighted.csv; the cells are those of make.py, whose median bandwidth is used.

Training cells have types; control cells weigh the treated share of their type over its control share,
in the fit of the trivial predictors and in the scores. Their unweighted scores stand beside."""

import csv
import os

import numpy as np
from make import HERE, make_cells, median_gamma, root, squared
from scipy import sparse
from scipy.optimize import linprog

TYPES = {"train_control": ["T", "B", "B"], "train_treated": ["B", "T", "T"], "control": ["T", "B", "B"],
         "observed": ["B", "B", "B", "T", "T", "T", "T", "NK"]}


def types_of(name, count):
    return np.array([TYPES[name][i % len(TYPES[name])] for i in range(count)])


def ratios(data):
    x, y = (types_of(name, len(data[name])) for name in ("train_control", "train_treated"))
    return {t: (y == t).mean() / (x == t).mean() for t in np.unique(x)}


def moments(z, w):
    mean = w @ z
    return mean, np.sqrt(w @ (z - mean) ** 2)


def gaussian_map(x, y, a):
    """Between shrunk covariances, features scaled by their joint sd."""
    m, d = len(y), x.shape[1]
    b = np.full(m, 1 / m)
    (mean_x, sd_x), (mean_y, sd_y) = moments(x, a), moments(y, b)
    scale = np.sqrt((sd_x**2 + sd_y**2) / 2 + (mean_x - mean_y) ** 2 / 4)
    scale = np.where(scale > 1e-12, scale, 1.0)
    amount = d / (d + min(len(x), m))

    def shrunk(z, w):
        s = (z * w[:, None]).T @ z
        return (1 - amount) * s + amount * np.trace(s) / d * np.eye(d)

    s_x, s_y = shrunk((x - mean_x) / scale, a), shrunk((y - mean_y) / scale, b)
    half = root(s_x)
    w = np.linalg.inv(half) @ root(half @ s_y @ half) @ np.linalg.inv(half)
    return lambda new: mean_y + scale * ((new - mean_x) / scale @ w.T)


def transport_cost(w, v, cost):
    n, m = cost.shape
    marginals = sparse.vstack([sparse.kron(sparse.eye(n), np.ones((1, m))), sparse.kron(np.ones((1, n)), sparse.eye(m))])
    found = linprog(cost.ravel(), A_eq=marginals.tocsr(), b_eq=np.concatenate([w, v]), method="highs-ds",
                    options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
    return found.fun


def off_diagonal(f, z, w):
    values = np.outer(w, w) * f(z, z)
    return (values.sum() - np.trace(values)) / (1 - (w**2).sum())


def scores(p, w, t, control, gamma):
    v = np.full(len(t), 1 / len(t))
    (mean_p, sd_p), (mean_t, sd_t) = moments(p, w), moments(t, v)
    kernel = lambda a, b: np.exp(-gamma * squared(a, b))
    distance = lambda a, b: np.sqrt(squared(a, b))
    unbiased = off_diagonal(kernel, p, w) + off_diagonal(kernel, t, v) - 2 * w @ kernel(p, t) @ v
    keep = sd_t >= 1e-12
    ratio = sd_p[keep] / sd_t[keep]
    r = np.corrcoef(mean_p, mean_t)[0, 1]
    shift = control.mean(0)
    return {
        "mmd2": unbiased,
        "mmd2_biased": w @ kernel(p, p) @ w + v @ kernel(t, t) @ v - 2 * w @ kernel(p, t) @ v,
        "mmd2_clipped": max(0.0, unbiased),
        "energy_distance": 2 * w @ distance(p, t) @ v - off_diagonal(distance, p, w) - off_diagonal(distance, t, v),
        "energy_distance_biased": 2 * w @ distance(p, t) @ v - w @ distance(p, p) @ w - v @ distance(t, t) @ v,
        "w2": np.sqrt(transport_cost(w, v, squared(p, t))),
        "l2_drug_signature": np.linalg.norm(mean_p - mean_t),
        "pearson_means": r,
        "pearson_means_squared": r**2,
        "pearson_mean_shift":
            np.corrcoef(mean_p - shift, mean_t - shift)[0, 1] if np.abs(mean_p - shift).max() > 1e-12 else np.nan,
        "r2_means": 1 - ((mean_t - mean_p) ** 2).sum() / ((mean_t - mean_t.mean()) ** 2).sum(),
        "l2_sds": np.linalg.norm(sd_p - sd_t),
        "pearson_sds": np.corrcoef(sd_p, sd_t)[0, 1],
        "sd_ratio": ratio.mean(),
        "sd_ratio_median": np.median(ratio),
    }


def own_shares(p, t):
    own, theirs = types_of("control", len(p)), types_of("observed", len(t))
    nearest = np.argsort(squared(p, t), axis=1, kind="stable")[:, :10]
    return (theirs[nearest] == own[:, None]).mean(1)


def main():
    data = make_cells()
    x, y, control, observed = (data[name] for name in ("train_control", "train_treated", "control", "observed"))
    ratio = ratios(data)
    a = np.array([ratio[t] for t in types_of("train_control", len(x))])
    w = np.array([ratio[t] for t in types_of("control", len(control))])
    a, w = a / a.sum(), w / w.sum()
    methods = {"identity": control, "mean_shift": control + y.mean(0) - a @ x,
               "gaussian_map": gaussian_map(x, y, a)(control)}
    gamma = median_gamma(x, y)
    even = np.full(len(control), 1 / len(control))
    with open(os.path.join(HERE, "expected_weighted.csv"), "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["method", "metric", "value", "weighted"])
        for method, p in methods.items():
            alike, counted = scores(p, even, observed, control, gamma), scores(p, w, observed, control, gamma)
            for metric in alike:
                out.writerow([method, metric, repr(float(alike[metric])), repr(float(counted[metric]))])
            share = own_shares(p, observed)
            out.writerow([method, "own_group_share", repr(float(share.mean())), repr(float(w @ share))])


if __name__ == "__main__":
    main()
