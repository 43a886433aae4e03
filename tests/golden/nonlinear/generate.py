"""Golden values of the lift, the marginals and the choice: numpy, and POT for the exact plans.

    python3 generate.py data       # <case>_x.csv, _y.csv, _new.csv and, with levels, _batch_x.csv, _batch_y.csv
    laot_golden_draws .            # draws.csv: what the library's generator draws (draws.cpp)
    python3 generate.py expected   # expected.csv

Nothing here is shared with the library but the draws: landmarks, relabellings and parts.
"""
import csv
import sys

import numpy as np
import ot

LANDMARKS, SHARE, ITERATIONS = 30, 0.03, 30
CANDIDATES = ["linear", "linear + marginals", "lift", "lift + marginals"]
CASES = {"plain": (90, 130, 1), "two_levels": (84, 126, 2), "donors": (102, 140, 3)}


# ---- data: cells x features in the files, features x cells here --------------------------------------
def response(x, rng):
    bent = np.stack([x[0] + 1.5 * np.tanh(2 * x[1]), x[1] ** 2 / 3 + x[1], np.exp(x[2] / 2), x[3] + 0.8])
    return bent + 0.2 * rng.standard_normal(x.shape)


def population(n, rng, shift):
    x = rng.standard_normal((4, n))
    x[1] += 0.7 * x[0]
    x[3] = x[3] + 0.5 * x[2]
    return x + shift


def make_data():
    rng = np.random.default_rng(20260303)
    for name, (n, m, levels) in CASES.items():
        bx, by = np.sort(rng.integers(0, levels, n)), np.sort(rng.integers(0, levels, m))
        rng.shuffle(bx), rng.shuffle(by)
        shift = rng.standard_normal((4, levels))
        x = population(n, rng, shift[:, bx])
        y = response(population(m, rng, shift[:, by]), rng)
        new = population(12, rng, shift[:, rng.integers(0, levels, 12)])
        new[:, 0] += 9.0  # far outside
        for z in (x, y, new):
            z[3] = np.maximum(0.0, z[3])  # ties at 0
        for part, z in (("x", x), ("y", y), ("new", new)):
            np.savetxt(f"{name}_{part}.csv", z.T, "%.6f", ",", header="f0,f1,f2,f3", comments="")
        if levels > 1:
            np.savetxt(f"{name}_batch_x.csv", bx, "%d", header="level", comments="")
            np.savetxt(f"{name}_batch_y.csv", by, "%d", header="level", comments="")


def read(path):
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2).T


def read_case(name):
    x, y, new = (read(f"{name}_{part}.csv") for part in ("x", "y", "new"))
    if CASES[name][2] == 1:
        return x, y, new, np.zeros(x.shape[1], int), np.zeros(y.shape[1], int)
    return x, y, new, *(read(f"{name}_batch_{part}.csv")[0].astype(int) for part in ("x", "y"))


def read_draws():
    draws = {}
    with open("draws.csv") as file:
        for row in csv.DictReader(file):
            draws.setdefault((row["case"], row["kind"]), []).append([int(v) for v in row["values"].split()])
    return draws


# ---- weights, plans, linear map ------------------------------------------------------------------------
def level_weights(bx, by):
    a, b = np.zeros(len(bx)), np.zeros(len(by))
    for level in np.unique(bx):
        inx, iny = bx == level, by == level
        mass = (inx.mean() + iny.mean()) / 2
        a[inx], b[iny] = mass / inx.sum(), mass / iny.sum()
    return a, b


def plan(z, y, a, b, bx, by):
    out = np.zeros((len(a), len(b)))
    for level in np.unique(bx):
        i, j = np.where(bx == level)[0], np.where(by == level)[0]
        cost = ((y[:, None, j] - z[:, i, None]) ** 2).sum(0)
        mass = a[i].sum()
        out[np.ix_(i, j)] = mass * ot.emd(a[i] / mass, b[j] / b[j].sum(), cost, numItermax=10**7)
    return out


def mean(z, w):
    return (z * w).sum(1)


def covariance(z, w):
    z = z - mean(z, w)[:, None]
    return (z * w) @ z.T


def root(s, power=0.5):
    values, vectors = np.linalg.eigh((s + s.T) / 2)
    return vectors @ np.diag(values**power) @ vectors.T


def gaussian_map(a, b):
    h, i = root(a), root(a, -0.5)
    return i @ root(h @ b @ h) @ i


def shrunk(s, amount):
    return (1 - amount) * s + amount * np.trace(s) / len(s) * np.eye(len(s))


def spread_map(z, a, y, b):
    amount = len(z) / (len(z) + min(z.shape[1], y.shape[1]))
    return gaussian_map(shrunk(covariance(z, a), amount), shrunk(covariance(y, b), amount))


def automatic_ridge(x, y, a, b, p):
    k, fewer = len(x), min(x.shape[1], y.shape[1])
    if fewer < 1.2 * k:
        return 0.3
    cross, s, total = y @ p.T @ x.T, (x * a) @ x.T, ((y**2) * b).sum()
    best = cross @ np.linalg.inv(s)
    left = total - 2 * (best * cross).sum() + (best @ s * best).sum()
    return min(1.0, max(0.0, left) / total / max(0.2, 1 - k / fewer))


def linear(x, y, a, b, bx, by):
    s, w, last = (x * a) @ x.T, np.eye(len(x)), None
    for _ in range(ITERATIONS):
        p = plan(w @ x, y, a, b, bx, by)
        if last is not None and np.allclose(p, last, atol=1e-13):
            break
        r = automatic_ridge(x, y, a, b, p)
        w = (y @ p.T @ x.T + r * np.eye(len(x))) @ np.linalg.inv(s + r * np.eye(len(x)))
        last = p
    return spread_map(w @ x, a, y, b) @ w


# ---- the lift ------------------------------------------------------------------------------------------
def squares(u, v):
    return ((u[:, :, None] - v[:, None, :]) ** 2).sum(0)


def lift(x, y, a, b, bx, by, w0, landmarks):
    k = len(x)
    l = x[:, landmarks]
    pairs = squares(l, l)[np.triu_indices(len(landmarks), 1)]
    h = np.median(pairs[pairs > 0])
    values, vectors = np.linalg.eigh(np.exp(-squares(l, l) / h))
    keep = values > 1e-6 * values.max()
    project = vectors[:, keep].T / np.sqrt(values[keep])[:, None]
    raw = project @ np.exp(-squares(l, x) / h)
    centre = mean(raw, a)
    f = np.vstack([x, raw - centre[:, None]])
    s = (f * a) @ f.T
    weight = np.r_[np.ones(k), SHARE * np.ones(len(f) - k)]
    coef = np.hstack([w0 - np.eye(k), np.zeros((k, len(f) - k))])
    z, last, trace = w0 @ x, None, []
    for _ in range(ITERATIONS):
        p = plan(z, y, a, b, bx, by)
        objective = lambda r: (p * squares(z, y)).sum() + r * ((coef**2) @ weight).sum()
        r = automatic_ridge(x, y, a, b, p)
        before = objective(r)
        if last is not None and np.allclose(p, last, atol=1e-13):
            trace.append((before, before, r))
            break
        bary = y @ p.T / a
        coef = ((bary - x) * a) @ f.T @ np.linalg.inv(s + r * np.diag(weight))
        z, last = x + coef @ f, p
        trace.append((before, objective(r), r))
    m, from_mean, to_mean = spread_map(z, a, y, b), mean(z, a), mean(y, b)

    def apply(v):
        phi = project @ np.exp(-squares(l, v) / h) - centre[:, None]
        return m @ (v + coef @ np.vstack([v, phi]) - from_mean[:, None]) + to_mean[:, None]

    moved = apply(x) - x
    moved = moved - mean(moved, a)[:, None]
    xc = x - mean(x, a)[:, None]
    best = (moved * a) @ xc.T @ np.linalg.inv((xc * a) @ xc.T)
    share = (((moved - best @ xc) ** 2) * a).sum() / ((moved**2) * a).sum()
    return apply, np.array(trace), share


# ---- marginals -----------------------------------------------------------------------------------------
def quantiles(v, w, count):
    order = np.argsort(v, kind="stable")
    places = np.cumsum(w[order]) - w[order] / 2
    return np.interp((np.arange(count) + 0.5) / count, places, v[order])


def moments(v, w):
    centre = (v * w).sum()
    return centre, np.sqrt((w * (v - centre) ** 2).sum())


def by_rank(labels, pooled, strata):
    """Within a stratum the label of its k-th cell goes to that of the k-th smallest value."""
    out = np.empty_like(labels)
    for level in np.unique(strata):
        cells = np.where(strata == level)[0]
        out[cells[np.argsort(pooled[cells], kind="stable")]] = labels[cells]
    return out


def strength(u, v, a, b, strata, as_control, as_treated, relabellings):
    observed = np.mean((quantiles(u, a, 200) - quantiles(v, b, 200)) ** 2)
    pooled, total = np.r_[u, v], 0.0
    for labels in relabellings:
        side = by_rank(np.array(labels) == 1, pooled, strata)
        parts = []
        for mask, weights, (centre, sd) in (
            (side, as_control, moments(u, a)),
            (~side, as_treated, moments(v, b)),
        ):
            values, w = pooled[mask], weights[mask]
            own_centre, own_sd = moments(values, w)
            parts.append((quantiles(values, w, 200) - own_centre) / own_sd * sd + centre)
        total += np.mean((parts[0] - parts[1]) ** 2)
    return max(0.0, 1 - total / len(relabellings) / observed)


def marginals(moved, treated, a, b, bx, by, relabellings):
    """One (from, to, strength) a feature."""
    count = min(100, min(len(a), len(b)) // 5)
    levels = np.r_[bx, by]
    as_control = np.array([a[bx == level][0] for level in levels])
    as_treated = np.array([b[by == level][0] for level in levels])
    out = []
    for u, v in zip(moved, treated):
        start, stop = quantiles(u, a, count), quantiles(v, b, count)
        distinct = np.unique(start)
        stop = np.array([stop[start == value].mean() for value in distinct])
        out.append((distinct, stop, strength(u, v, a, b, levels, as_control, as_treated, relabellings)))
    return out


def through(maps, cells, clamped=False):
    out = cells.copy()
    for k, (start, stop, c) in enumerate(maps):
        t = np.interp(cells[k], start, stop)
        if clamped:
            out[k] = t
            continue
        t += np.minimum(cells[k] - start[0], 0) + np.maximum(cells[k] - start[-1], 0)
        out[k] = cells[k] + c * (t - cells[k])
    return out


# ---- fits in original units, and the choice -------------------------------------------------------------
class Fit:
    def __init__(self, x, y, bx, by, landmarks, relabellings):
        self.a, self.b = level_weights(bx, by)
        self.mx, self.my = mean(x, self.a), mean(y, self.b)
        variance = np.diag(covariance(x, self.a)) + np.diag(covariance(y, self.b))
        self.scale = np.sqrt(variance / 2 + (self.mx - self.my) ** 2 / 4)[:, None]
        u, v = (x - self.mx[:, None]) / self.scale, (y - self.my[:, None]) / self.scale
        w = linear(u, v, self.a, self.b, bx, by)
        self.lifted, self.trace, self.share = lift(u, v, self.a, self.b, bx, by, w, landmarks)
        self.linear = lambda z: w @ z
        self.maps = {
            lifted: marginals(self.move(x, lifted), y, self.a, self.b, bx, by, relabellings)
            for lifted in (False, True)
        }

    def move(self, cells, lifted):
        z = (cells - self.mx[:, None]) / self.scale
        return (self.lifted if lifted else self.linear)(z) * self.scale + self.my[:, None]

    def predict(self, cells, name):
        lifted = name.startswith("lift")
        moved = self.move(cells, lifted)
        return through(self.maps[lifted], moved) if name.endswith("marginals") else moved


def mmd2(u, v, gamma):
    def off_diagonal(z):
        kernel = np.exp(-gamma * squares(z, z))
        return (kernel.sum() - np.trace(kernel)) / (len(kernel) * (len(kernel) - 1))

    return off_diagonal(u) + off_diagonal(v) - 2 * np.exp(-gamma * squares(u, v)).mean()


def median_gamma(x, y):
    z = np.hstack([x, y])
    pairs = squares(z, z)[np.triu_indices(z.shape[1], 1)]
    return 1 / np.median(pairs[pairs > 0])


def choose(name, x, y, bx, by, draws):
    px, py = (np.array(draws[name, kind][0]) for kind in ("parts_x", "parts_y"))
    gamma, scores = median_gamma(x, y), []
    for part in range(px.max() + 1):
        i, j = px != part, py != part
        fit = Fit(x[:, i], y[:, j], bx[i], by[j], draws[name, f"landmarks_{part}"][0],
                  draws[name, f"relabelling_{part}"])
        scores.append([mmd2(fit.predict(x[:, ~i], c), y[:, ~j], gamma) for c in CANDIDATES])
    scores = np.array(scores)
    off = scores - scores[:, :1]
    gain, error = off.mean(0), off.std(0, ddof=1) / np.sqrt(len(off))
    better = [c for c in range(1, 4) if gain[c] < -error[c]]
    return scores, gain, error, min(better, key=lambda c: scores.mean(0)[c], default=0)


def expected():
    draws, rows = read_draws(), []

    def put(case, quantity, values):
        values = np.atleast_2d(np.asarray(values, float))
        for (r, c), value in np.ndenumerate(values):
            rows.append([case, quantity, r, c, f"{value:.17g}"])

    for name in CASES:
        x, y, new, bx, by = read_case(name)
        fit = Fit(x, y, bx, by, draws[name, "landmarks"][0], draws[name, "relabelling"])
        put(name, "lift_trace", fit.trace)
        put(name, "lift_share", fit.share)
        z = (new - fit.mx[:, None]) / fit.scale
        step = 1e-5
        at = np.repeat(z[:, 1:2], 4, 1)
        put(name, "lift_jacobian",
            (fit.lifted(at + step * np.eye(4)) - fit.lifted(at - step * np.eye(4))) / (2 * step))
        for c in CANDIDATES:
            put(name, f"predicted {c}", fit.predict(new, c))
        put(name, "clamped", through(fit.maps[True], fit.move(new, True), clamped=True))
        for lifted in (False, True):
            for k, (start, stop, c) in enumerate(fit.maps[lifted]):
                put(name, f"knots {int(lifted)} {k}", [start, stop])
            put(name, f"strength {int(lifted)}", [c for _, _, c in fit.maps[lifted]])
        scores, gain, error, chosen = choose(name, x, y, bx, by, draws)
        put(name, "choice_scores", scores)
        put(name, "choice_gain", gain)
        put(name, "choice_error", error)
        put(name, "choice_chosen", chosen)
    with open("expected.csv", "w") as file:
        file.write("case,quantity,row,col,value\n")
        file.writelines(",".join(map(str, row)) + "\n" for row in rows)


if __name__ == "__main__":
    {"data": make_data, "expected": expected}[sys.argv[1]]()
