"""The tables of evaluations, computed without the library: numpy, and POT for the exact transport. Writes the cells and expected_<case>.csv beside this file.

  default   the usual metrics and three markers, with a test of 99 relabellings
  cellot    the preset of that name, with its subsamples
  cmonge    the preset of that name, whose batches are drawn with replacement; entropic transport
            of two small clouds with Euclidean distances, epsilon = 0.5, is in expected_entropic.csv
  held_out  observed cells of a donor that training has not met: halves, and groups of cells
  conditions  one model of three conditions of drug and dose, the mean shift of the nearest one, at a
            condition that was seen, at another dose, at a drug that has an embedding alone, and at a
            combination

The fit of the others is the Gaussian map without components, training cells of donors a and b."""

import csv
import os

import numpy as np
from scipy.special import logsumexp

HERE = os.path.dirname(os.path.abspath(__file__))
M = (1 << 64) - 1
SEED = 7
DONORS = ("a", "b")


class Rng:
    """The library's generator: splitmix64 seeding, xoshiro256++ (tests/golden/rng.py)."""

    def __init__(self, seed):
        self.seed, x, self.s = seed, seed, []
        for _ in range(4):
            x, word = self.splitmix(x)
            self.s.append(word)

    @staticmethod
    def splitmix(x):
        x = (x + 0x9E3779B97F4A7C15) & M
        z = x
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
        return x, z ^ (z >> 31)

    def stream(self, number):
        _, mixed = self.splitmix(self.seed)
        _, seed = self.splitmix(mixed ^ ((number + 0x632BE59BD9B4E019) & M))
        return Rng(seed)

    def bits(self):
        def rot(x, k):
            return ((x << k) | (x >> (64 - k))) & M

        s = self.s
        result = (rot((s[0] + s[3]) & M, 23) + s[0]) & M
        t = (s[1] << 17) & M
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rot(s[3], 45)
        return result

    def below(self, bound):
        threshold = ((1 << 64) - bound) % bound
        while True:
            x = self.bits()
            if x >= threshold:
                return x % bound

    def sample(self, n, count):
        index = list(range(n))
        for i in range(count):
            j = i + self.below(n - i)
            index[i], index[j] = index[j], index[i]
        return index[:count]


# ---- Cells (rows are cells here) -----------------------------------------------------------------

def make_cells():
    rng = np.random.default_rng(20260101)
    mix = rng.normal(size=(3, 6))

    def cells(n, shift, scale, offset):
        values = rng.normal(size=(n, 3)) @ mix * scale + 0.4 * rng.normal(size=(n, 6))
        return np.round(values + shift * np.array([1.5, -1, 0, 0.5, 2, 0]) + offset, 6)

    out = {
        "train_control": np.vstack([cells(60, 0, 1, 0), cells(45, 0, 1, 0.7)]),
        "train_treated": np.vstack([cells(80, 1, 1.3, 0), cells(70, 1, 1.3, 0.7)]),
        "control": cells(117, 0, 1, 0.3),
        "observed": cells(104, 1, 1.3, 0.3),
    }
    for values in out.values():  # a feature that never varies, and one that control cells alone lack
        values[:, 5] = 2.5
    out["control_groups"] = np.array(["T", "B", "B"] * 39)
    out["observed_groups"] = np.array((["B"] * 3 + ["T"] * 4 + ["NK"]) * 13)
    out["control"][out["control_groups"] == "T"] += np.array([3, 3, 0, 0, 0, 0])
    out["observed"][out["observed_groups"] == "T"] += np.array([3, 3, 0, 0, 0, 0])
    return out


# ---- The fit -------------------------------------------------------------------------------------

def root(a):
    values, vectors = np.linalg.eigh(a)
    return vectors @ np.diag(np.sqrt(values)) @ vectors.T


class Fit:
    """docs: level b has mass (n_b/n + m_b/m)/2, spread evenly over its cells on either side; the
    Gaussian map between the shrunk covariances, features scaled by their joint sd."""

    def __init__(self, x, y, levels_x, levels_y):
        n, m, d = len(x), len(y), x.shape[1]
        a, b = np.zeros(n), np.zeros(m)
        for level in DONORS:
            of_x, of_y = levels_x == level, levels_y == level
            mass = (of_x.sum() / n + of_y.sum() / m) / 2
            a[of_x], b[of_y] = mass / of_x.sum(), mass / of_y.sum()
        self.mean_x, self.mean_y = a @ x, b @ y
        var_x, var_y = a @ (x - self.mean_x) ** 2, b @ (y - self.mean_y) ** 2
        scale = np.sqrt((var_x + var_y) / 2 + (self.mean_x - self.mean_y) ** 2 / 4)
        self.scale = np.where(scale > 1e-12, scale, 1.0)
        zx, zy = (x - self.mean_x) / self.scale, (y - self.mean_y) / self.scale
        amount = d / (d + min(n, m))

        def shrunk(z, w):
            s = (z * w[:, None]).T @ z
            return (1 - amount) * s + amount * np.trace(s) / d * np.eye(d)

        s_x, s_y = shrunk(zx, a), shrunk(zy, b)
        half = root(s_x)
        inverse = np.linalg.inv(half)
        self.map = inverse @ root(half @ s_y @ half) @ inverse

    def gaussian_map(self, x):
        return self.mean_y + self.scale * ((x - self.mean_x) / self.scale @ self.map.T)

    def mean_shift(self, x):
        return x + self.mean_y - self.mean_x


def squared(u, v):
    return ((u[:, None, :] - v[None, :, :]) ** 2).sum(-1)


def median_gamma(x, y):
    z = np.vstack([x, y])
    t = squared(z, z)[np.triu_indices(len(z), 1)]
    return 1 / np.median(t[t > 0])


def markers(x, y, count):
    """By |t| of Welch's test, ties by position; one that differs without varying comes first."""
    difference = np.abs(y.mean(0) - x.mean(0))
    error = np.sqrt(x.var(0, ddof=1) / len(x) + y.var(0, ddof=1) / len(y))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(difference < 1e-12, 0, difference / error)
    return np.argsort(-t, kind="stable")[:count]


# ---- Metrics -------------------------------------------------------------------------------------

def kernel_means(p, t, gamma, biased):
    def mean(u, v):
        return np.exp(-gamma * squared(u, v)).mean()

    def off(u):
        n = len(u)
        return (np.exp(-gamma * squared(u, u)).sum() - n) / (n * (n - 1))

    return (mean(p, p) + mean(t, t) if biased else off(p) + off(t)) - 2 * mean(p, t)


def w2(p, t):
    import ot  # the cells alone, for weighted.py, need none

    return np.sqrt(ot.emd2(ot.unif(len(p)), ot.unif(len(t)), squared(p, t), numItermax=10**7))


def pearson(u, v):
    return np.corrcoef(u, v)[0, 1]


def varying(p, t):
    return (p.std(0) > 1e-12) & (t.std(0) > 1e-12)


def correlations(z, keep):
    return np.corrcoef(z[:, keep].T)[np.triu_indices(keep.sum(), 1)]


def sd_ratios(p, t):
    keep = t.std(0) >= 1e-12
    return p.std(0)[keep] / t.std(0)[keep]


def knn_enrichment(p, t, k):
    m = min(len(p), len(t))
    pool = np.vstack([p[:m], t[:m]])
    distance = squared(p[:m], pool)
    distance[np.arange(m), np.arange(m)] = np.inf
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :k]
    return (nearest < m).mean()


def entropic(p, t, epsilon=0.5):
    """<P, C> + epsilon KL with C the Euclidean distance, converged."""
    cost = np.sqrt(squared(p, t))
    n, m = cost.shape
    f, g = np.zeros(n), np.zeros(m)
    for _ in range(20000):
        f_next = -epsilon * (logsumexp((g[None, :] - cost) / epsilon, axis=1) - np.log(m))
        g_next = -epsilon * (logsumexp((f[:, None] - cost) / epsilon, axis=0) - np.log(n))
        change = max(np.abs(f_next - f).max(), np.abs(g_next - g).max())
        f, g = (f + f_next) / 2, (g + g_next) / 2  # both at once, averaged: fast for a cloud with itself
        if change < 1e-13:
            break
    return f.mean() + g.mean()


SIX = (2, 1, 0.5, 0.1, 0.01, 0.005)
METRICS = {
    "mmd2": lambda p, t, g: kernel_means(p, t, g, False),
    "w2": lambda p, t, g: w2(p, t),
    "l2_drug_signature": lambda p, t, g: np.linalg.norm(p.mean(0) - t.mean(0)),
    "pearson_means": lambda p, t, g: pearson(p.mean(0), t.mean(0)),
    "r2_means": lambda p, t, g: 1 - ((t.mean(0) - p.mean(0)) ** 2).sum() / ((t.mean(0) - t.mean()) ** 2).sum(),
    "pearson_sds": lambda p, t, g: pearson(p.std(0), t.std(0)),
    "sd_ratio": lambda p, t, g: sd_ratios(p, t).mean(),
    "sd_ratio_median": lambda p, t, g: np.median(sd_ratios(p, t)),
    "mmd2_mean50": lambda p, t, g: np.mean([kernel_means(p, t, h, True) for h in np.logspace(1, -3, 50)]),
    "l2_sds_ddof1": lambda p, t, g: np.linalg.norm(p.std(0, ddof=1) - t.std(0, ddof=1)),
    "pearson_feature_correlations":
        lambda p, t, g: pearson(correlations(p, varying(p, t)), correlations(t, varying(p, t))),
    "l2_feature_correlations":
        lambda p, t, g: np.linalg.norm(correlations(p, varying(p, t)) - correlations(t, varying(p, t))),
    "knn_enrichment_50": lambda p, t, g: knn_enrichment(p, t, 50),
    "knn_enrichment_100": lambda p, t, g: knn_enrichment(p, t, 100),
    "mmd2_mean6": lambda p, t, g: np.mean([kernel_means(p, t, h, True) for h in SIX]),
    "pearson_means_squared": lambda p, t, g: pearson(p.mean(0), t.mean(0)) ** 2,
}
USUAL = list(METRICS)[:8]
CELLOT = ["mmd2_mean50", "l2_drug_signature", "l2_sds_ddof1", "pearson_means", "pearson_sds",
          "pearson_feature_correlations", "l2_feature_correlations", "knn_enrichment_50", "knn_enrichment_100"]
CMONGE = ["mmd2_mean6", "l2_drug_signature", "pearson_means_squared"]


def left_out(metric, p, t):
    if metric.startswith("sd_ratio"):
        return int((t.std(0) < 1e-12).sum())
    if metric.endswith("feature_correlations"):
        return int((~varying(p, t)).sum())
    return 0


# ---- Tables --------------------------------------------------------------------------------------

def repeated(values):
    values = np.array(values)
    return values.mean(0), values.std(0, ddof=1) if len(values) > 1 else np.full(values.shape[1:], np.nan)


def scores(metrics, p, t, gamma, subsample=None):
    """(value, sd, left out) of each metric; subsample: (cells, repetitions, with replacement)."""
    def once(p, t):
        return [METRICS[m](p, t, gamma) for m in metrics], [left_out(m, p, t) for m in metrics]

    if subsample is None:
        values, missing = once(p, t)
        return list(zip(values, [np.nan] * len(values), missing))
    size, repetitions, replacement = subsample
    draws, missing = [], []
    for r in range(repetitions):
        rng = Rng(SEED).stream(r)

        def drawn(z):
            chosen = [rng.below(len(z)) for _ in range(size)] if replacement else rng.sample(len(z), size)
            return z[chosen]

        parts = drawn(p), drawn(t)
        values, some = once(*parts)
        draws.append(values)
        missing.append(some)
    value, sd = repeated(draws)
    return list(zip(value, sd, np.max(missing, axis=0)))


def p_value(p, t, gamma, permutations):
    z = np.vstack([p, t])
    k = np.exp(-gamma * squared(z, z))
    np.fill_diagonal(k, 0)
    n, m = len(p), len(t)

    def mmd2(label):
        x, y = label, 1 - label
        return x @ k @ x / (n * (n - 1)) + y @ k @ y / (m * (m - 1)) - 2 * x @ k @ y / (n * m)

    first = np.array([1.0] * n + [0.0] * m)
    values = [mmd2(first)]
    for b in range(1, permutations + 1):
        label = np.zeros(n + m)
        label[Rng(SEED).stream(b).sample(n + m, n)] = 1
        values.append(mmd2(label))
    return sum(v >= values[0] - 1e-12 for v in values) / (permutations + 1)


class Evaluation:
    def __init__(self, data):
        self.data, self.rows = data, []
        self.fit = Fit(data["train_control"], data["train_treated"],
                       np.repeat(["a", "b"], [60, 45]), np.repeat(["a", "b"], [80, 70]))
        control = data["control"]
        self.candidates = {"gaussian_map": self.fit.gaussian_map(control), "identity": control,
                           "mean_shift": self.fit.mean_shift(control)}
        chosen = sorted(Rng(SEED).stream(1 << 20).sample(len(data["train_treated"]), len(data["observed"])))
        self.training = data["train_treated"][chosen]
        self.gamma = median_gamma(data["train_control"], data["train_treated"])

    def add(self, method, metrics, found, cells, observed, features="6 features", group="", gamma=np.nan):
        for metric, (value, sd, missing) in zip(metrics, found):
            self.rows.append([group, method, metric, features, gamma if metric == "mmd2" else np.nan,
                              cells, observed, value, sd, missing])

    def block(self, metrics, subsample=None, rows=None, features="6 features", gamma=None, training="noise_reference"):
        keep = slice(None) if rows is None else rows
        gamma = self.gamma if gamma is None else gamma
        t = self.data["observed"][:, keep]
        for method, cells in list(self.candidates.items()) + [(training, self.training)]:
            p = cells[:, keep]
            self.add(method, metrics, scores(metrics, p, t, gamma, subsample), len(p), len(t), features, gamma=gamma)
            yield method, p, t, gamma

    def halves(self, metrics, cells, group=""):
        half, draws, missing = len(cells) // 2, [], []
        for h in range(5):
            order = Rng(SEED).stream((1 << 21) + h).sample(len(cells), len(cells))
            found = scores(metrics, cells[order[:half]], cells[order[half:]], self.gamma)
            draws.append([value for value, _, _ in found])
            missing.append([some for _, _, some in found])
        value, sd = repeated(draws)
        self.add("noise_reference", metrics, list(zip(value, sd, np.max(missing, axis=0))), half,
                 len(cells) - half, group=group, gamma=self.gamma)

    def write(self, name):
        with open(os.path.join(HERE, f"expected_{name}.csv"), "w", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(["group", "method", "metric", "features", "gamma", "cells", "observed", "value", "sd", "left_out"])
            out.writerows([[repr(float(x)) if isinstance(x, float) else x for x in row] for row in self.rows])
        self.rows = []


def default_table(e):
    def tested(gamma, features, rows=None):
        for method, p, t, used in e.block(USUAL, rows=rows, features=features, gamma=gamma):
            if method == "gaussian_map":
                e.rows.append(["", method, "mmd2_p_value", features, used, len(p), len(t), p_value(p, t, used, 99),
                               np.nan, 0])

    tested(e.gamma, "6 features")
    rows = markers(e.data["train_control"], e.data["train_treated"], 3)
    gamma = median_gamma(e.data["train_control"][:, rows], e.data["train_treated"][:, rows])
    tested(gamma, "top 3 markers", rows)
    e.write("default")


def held_out_table(e):
    metrics = ["mmd2", "w2", "sd_ratio"]
    control, observed = e.data["control_groups"], e.data["observed_groups"]
    shares = {}
    for method, cells in e.candidates.items():
        nearest = np.argsort(squared(cells, e.data["observed"]), axis=1, kind="stable")[:, :10]
        shares[method] = (observed[nearest] == control[:, None]).mean(1)

    def share(method, of, group):
        e.rows.append([group, method, "own_group_share", "6 features", np.nan, int(of.sum()), len(observed),
                       shares[method][of].mean(), np.nan, 0])

    for group in ("", "B", "T"):
        of_control = control == group if group else np.ones(len(control), bool)
        t = e.data["observed"][observed == group] if group else e.data["observed"]
        for method, cells in e.candidates.items():
            p = cells[of_control]
            e.add(method, metrics, scores(metrics, p, t, e.gamma), len(p), len(t), group=group, gamma=e.gamma)
            share(method, of_control, group)
        e.halves(metrics, t, group)
        if not group:
            e.add("training_treated", metrics, scores(metrics, e.training, t, e.gamma), len(e.training), len(t),
                  gamma=e.gamma)
    e.write("held_out")


# ---- Several conditions --------------------------------------------------------------------------

# Treatments (drug, dose) of each condition, and cells. Of C there is only an embedding.
TRAINING = {"A 1": ([("A", 1.0)], 40), "A 10": ([("A", 10.0)], 45), "B 3": ([("B", 3.0)], 38)}
ASKED = {"again": ([("A", 1.0)], 30, "seen"), "between": ([("A", 3.0)], 26, "unseen dose"),
         "other": ([("C", 10.0)], 24, "unseen level"), "both": ([("A", 1.0), ("B", 3.0)], 28, "unseen combination")}
EMBEDDING = {"A": (0.0, 1.0), "B": (1.0, 0.0), "C": (0.2, 0.9)}


def condition_cells():
    rng = np.random.default_rng(20260102)
    mix = rng.normal(size=(3, 6))
    effect = {"A": np.array([1, -1, 0, 0.5, 1, 0]), "B": np.array([0, 1, 1, 0, -1, 0]), "C": np.array([1, -0.8, 0.3, 0.4, 1, 0])}

    def cells(n, treatments):
        values = rng.normal(size=(n, 3)) @ mix + 0.4 * rng.normal(size=(n, 6))
        for drug, dose in treatments:
            values = values + np.log1p(dose) * effect[drug]
        values[:, 5] = 2.5
        return np.round(values, 6)

    return ({"control": cells(50, []), **{name: cells(n, t) for name, (t, n) in TRAINING.items()}},
            {"control": cells(33, []), **{name: cells(n, t) for name, (t, n, _) in ASKED.items()}})


def nearest_condition(drug, dose):
    """Squared distance of the standardised embeddings, mean over coordinates; 1 for another drug; and
    4 (u - u')^2, u = log1p(dose / smallest) / log1p(largest / smallest)."""
    known = np.array([EMBEDDING[d] for t, _ in TRAINING.values() for d, _ in t])
    scale = known.std(0)
    doses = [d for t, _ in TRAINING.values() for _, d in t]

    def u(dose):
        return np.log1p(dose / min(doses)) / np.log1p(max(doses) / min(doses))

    def distance(other, its_dose):
        gap = (np.array(EMBEDDING[drug]) - np.array(EMBEDDING[other])) / scale
        return (gap**2).mean() + (drug != other) + 4 * (u(dose) - u(its_dose)) ** 2

    return min(TRAINING, key=lambda name: distance(*TRAINING[name][0][0]))


def conditions_table():
    train, test = condition_cells()
    for folder, part in (("train", train), ("test", test)):
        for name, values in part.items():
            np.savetxt(os.path.join(HERE, f"conditions_{folder}_{name.replace(' ', '_')}.csv"), values, "%.6f", ",",
                       header=",".join(f"f{k}" for k in range(6)), comments="")
    metrics = ["mmd2", "w2", "sd_ratio"]
    shift = {name: train[name].mean(0) - train["control"].mean(0) for name in TRAINING}
    gammas = {name: median_gamma(train["control"], train[name]) for name in TRAINING}
    control, table = test["control"], Evaluation.__new__(Evaluation)
    lines = []
    for name, (treatments, _, kind) in ASKED.items():
        nearest = [nearest_condition(*one) for one in treatments]
        seen, t = kind == "seen", test[name]
        table.rows, table.gamma = [], gammas[nearest[0]] if seen else 1 / np.median([1 / g for g in gammas.values()])
        predicted = control + sum(shift[c] for c in nearest)
        methods = {"nearest_shift": predicted, "identity": control, **({"mean_shift": predicted} if seen else {})}
        if seen:
            kept = train[nearest[0]]
            methods["noise_reference"] = kept[sorted(Rng(SEED).stream(1 << 20).sample(len(kept), len(t)))]
        for method, p in methods.items():
            table.add(method, metrics, scores(metrics, p, t, table.gamma), len(p), len(t), gamma=table.gamma)
        if not seen:
            table.halves(metrics, t)
        lines += [[name, kind] + row for row in table.rows]
    with open(os.path.join(HERE, "expected_conditions.csv"), "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["condition", "kind", "group", "method", "metric", "features", "gamma", "cells", "observed",
                      "value", "sd", "left_out"])
        out.writerows([[repr(float(x)) if isinstance(x, float) else x for x in row] for row in lines])


def entropic_scores(data):
    p, t = data["control"][:30], data["observed"][:24]
    value = entropic(p, t)
    with open(os.path.join(HERE, "expected_entropic.csv"), "w", newline="") as file:
        file.write(f"metric,value\nsinkhorn_euclidean,{value!r}\n"
                   f"sinkhorn_divergence_euclidean,{value - entropic(p, p) / 2 - entropic(t, t) / 2!r}\n")


def main():
    data = make_cells()
    entropic_scores(data)
    for name, values in data.items():
        if values.dtype.kind == "f":
            header = ",".join(f"f{k}" for k in range(values.shape[1]))
            np.savetxt(os.path.join(HERE, name + ".csv"), values, "%.6f", ",", header=header, comments="")
    e = Evaluation(data)
    default_table(e)
    for _ in e.block(CELLOT, (100, 10, False)):
        pass
    e.write("cellot")
    for _ in e.block(CMONGE, (512, 10, True)):
        pass
    e.write("cmonge")
    held_out_table(e)
    conditions_table()


if __name__ == "__main__":
    main()
