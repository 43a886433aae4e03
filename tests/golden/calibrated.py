"""Golden values of whole fits, by numpy and scipy alone: preset calibrated, and what it is made of.

Writes tests/golden/calibrated (see README.md there). It shares nothing with the library but the
text of its formulas: transport is scipy's linear_sum_assignment on cells repeated to a common
number, the least squares are numpy's, the map between Gaussians is scipy's sqrtm.

    python3 tests/golden/calibrated.py
"""
import math
import os

import numpy as np
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment

from rng import words

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "calibrated")
M64 = 1 << 64

# name: (features, control, treated, levels, seed, settings). Sizes have small common multiples.
# "few" has min(n, m) < 1.2 d, where the ridge is 0.3; "floor" has 1 - d/min(n, m) < 0.2;
# "floor_small" has so little noise that the ridge there is not capped at 1; "coarse_*" stop by the
# fall of J and not by a repeated plan, "coarse_raw" where J is far from 1.
CASES = {
    "feature": (6, 60, 75, 1, 1, {}),
    "more_controls": (5, 80, 48, 1, 2, {}),
    "few": (30, 25, 40, 1, 3, {"n_pcs": "0"}),
    "floor": (20, 24, 60, 1, 4, {"n_pcs": "0"}),
    "floor_small": (20, 24, 24, 1, 9, {"n_pcs": "0"}),
    "components": (40, 90, 70, 1, 5, {}),
    "batches": (5, 60, 66, 2, 6, {}),
    "batches_components": (24, 72, 60, 2, 7, {}),
    "coarse_half": (6, 60, 75, 1, 1, {"tol": "0.02"}),
    "coarse_fixed": (6, 60, 75, 1, 1, {"tol": "0.01", "ridge": "0.3"}),
    "coarse_raw": (6, 60, 75, 1, 1, {"tol": "0.02", "scale": "none"}),
    "sd": (6, 60, 75, 1, 1, {"restore": "sd"}),
    "joint_common": (6, 60, 75, 1, 1, {"center": "joint", "scale": "common"}),
    "adam": (6, 60, 75, 1, 1, {"update": "adam", "epochs": "4", "learning_rate": "0.05"}),
    "minibatches": (4, 20, 26, 1, 8, {"update": "adam", "epochs": "3", "learning_rate": "0.05",
                                      "batch_size": "6"}),
    "minibatches_more": (4, 26, 20, 1, 10, {"update": "adam", "epochs": "2", "learning_rate": "0.05",
                                           "batch_size": "6"}),
}
NOISE = {9: 0.02}  # of the treated cells, by seed; else 0.3
SEED = 7  # of the context of every fit


def cells(d, n, m, levels, seed):
    """Control cells, treated cells (others), new control cells and the level of each."""
    rng = np.random.default_rng(20260100 + seed)
    size = np.exp(rng.normal(0, 0.6, d))
    mix = np.eye(d) + rng.normal(0, 0.5 / math.sqrt(d), (d, d))
    response = np.eye(d) + rng.normal(0, 0.5 / math.sqrt(d), (d, d))
    offset = rng.normal(0, 2, (levels, d))
    share_x = [n] if levels == 1 else [2 * n // 3, n - 2 * n // 3]
    share_y = [m] if levels == 1 else [m // 3, m - m // 3]
    batch_x = np.repeat(np.arange(levels), share_x)
    batch_y = np.repeat(np.arange(levels), share_y)
    draw = lambda batch: rng.normal(0, 1, (len(batch), d)) @ mix.T * size + offset[batch]
    x = draw(batch_x)
    y = draw(batch_y) @ response.T + rng.normal(0, NOISE.get(seed, 0.3), (m, d)) * size + rng.normal(0, 1, d)
    new = draw(rng.integers(0, levels, 6))
    return [np.round(a, 6) for a in (x, y, new)] + [batch_x, batch_y]


def transport(x, y):
    """The optimal plan between two sets of cells of equal weight, n x m with sum 1."""
    n, m = len(x), len(y)
    common = math.lcm(n, m)
    cost = ((x[:, None, :] - y[None, :, :]) ** 2).sum(2)
    row, column = linear_sum_assignment(np.repeat(np.repeat(cost, common // n, 0), common // m, 1))
    plan = np.zeros((n, m))
    np.add.at(plan, (row // (common // n), column // (common // m)), 1.0 / common)
    return plan


def coupling(x, y, batch_x, batch_y):
    """Within levels; level b has mass (n_b/n + m_b/m)/2."""
    plan = np.zeros((len(x), len(y)))
    for level in np.unique(batch_x):
        i, j = np.flatnonzero(batch_x == level), np.flatnonzero(batch_y == level)
        mass = (len(i) / len(x) + len(j) / len(y)) / 2
        plan[np.ix_(i, j)] = mass * transport(x[i], y[j])
    return plan


def covariance(z, weights):
    centred = z - weights @ z
    return (weights[:, None] * centred).T @ centred


def gaussian_map(a, b):
    root = np.real(sqrtm(a))
    inverse = np.linalg.inv(root)
    return inverse @ np.real(sqrtm(root @ b @ root)) @ inverse


def shrunk(s, n, m):
    d = len(s)
    a = d / (d + min(n, m))
    return (1 - a) * s + a * np.trace(s) / d * np.eye(d)


class Space:
    def __init__(self, x, y, a, b, settings):
        d, fewer = x.shape[1], min(len(x), len(y))
        means = a @ x, b @ y
        center = settings.get("center", "own")
        self.mx, self.my = means if center == "own" else ((means[0] + means[1]) / 2,) * 2
        k = settings.get("n_pcs", "auto")
        k = (0 if 8 * d <= fewer else min(50, fewer // 8)) if k == "auto" else int(k)
        self.v = np.eye(d)
        if k > 0:
            pooled = (covariance(x, a) + covariance(y, b)) / 2
            self.v = np.linalg.eigh(pooled)[1][:, ::-1][:, :k]
        self.components = k
        zx, zy = x @ self.v, y @ self.v
        vx, vy = np.diag(covariance(zx, a)), np.diag(covariance(zy, b))
        scale = settings.get("scale", "auto")
        if scale == "auto":
            scale = "common" if k > 0 else "feature"
        if scale == "feature":
            self.s = np.sqrt((vx + vy) / 2 + (a @ zx - b @ zy) ** 2 / 4)
        elif scale == "common":
            self.s = np.full(self.v.shape[1], math.sqrt(((vx + vy) / 2).mean()))
        else:
            self.s = np.ones(self.v.shape[1])

    def encode(self, cells, mean):
        return (cells - mean) @ self.v / self.s

    def map(self, w):
        """W in original units, features x features."""
        change = self.s[:, None] * (w - np.eye(len(w))) / self.s[None, :]
        return np.eye(len(self.v)) + self.v @ change @ self.v.T


def automatic_ridge(plan, x, y, n, m):
    """The unexplained fraction of the plan."""
    d, fewer = x.shape[1], min(n, m)
    if fewer < 1.2 * d:
        return 0.3
    row, column = np.nonzero(plan)
    root = np.sqrt(plan[row, column])[:, None]
    w0 = np.linalg.lstsq(root * x[row], root * y[column], rcond=None)[0]
    left = ((root * (y[column] - x[row] @ w0)) ** 2).sum()
    all_of_y = (plan.sum(0)[:, None] * y**2).sum()
    return min(1.0, left / all_of_y / max(0.2, 1 - d / fewer))


def objective(plan, x, y, w):
    row, column = np.nonzero(plan)
    return (plan[row, column] * ((y[column] - x[row] @ w.T) ** 2).sum(1)).sum()


def penalty(w):
    return ((w - np.eye(len(w))) ** 2).sum()


def least_squares(plan, x, y, ridge):
    a = plan.sum(1)
    left = (plan.T @ x).T @ y  # sum P x y'
    s = (a[:, None] * x).T @ x
    return np.linalg.solve(s + ridge * np.eye(len(s)), left + ridge * np.eye(len(s))).T


class Adam:
    def __init__(self, d, rate, decay):
        self.m, self.v, self.t, self.rate, self.decay = np.zeros((d, d)), np.zeros((d, d)), 0, rate, decay

    def step(self, w, gradient):
        g = gradient + self.decay * w
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.v = 0.999 * self.v + 0.001 * g * g
        m, v = self.m / (1 - 0.9**self.t), self.v / (1 - 0.999**self.t)
        return w - self.rate * m / (np.sqrt(v) + 1e-8)


def gradient(plan, x, y, w, ridge):
    """Of n J, the sum that the notebooks minimise."""
    s = (plan.sum(1)[:, None] * x).T @ x
    cross = y.T @ plan.T @ x
    return 2 * len(x) * (w @ s - cross + ridge * (w - np.eye(len(w))))


class Fit:
    """The alternation in the space. Rows of `trace`: ridge, n x residual after plan and update."""

    def __init__(self, x, y, batch_x, batch_y, settings):
        self.x, self.y, self.bx, self.by, self.settings = x, y, batch_x, batch_y, settings
        self.w, self.trace = np.eye(x.shape[1]), []
        self.stop = ""

    def ridge(self, plan, x, y):
        asked = self.settings.get("ridge", "auto")
        return automatic_ridge(plan, x, y, len(x), len(y)) if asked == "auto" else float(asked)

    def record(self, ridge, before, after):
        n = len(self.x)
        self.trace.append((ridge, n * before, n * after))

    def by_least_squares(self):
        tol = float(self.settings.get("tol", "1e-9"))
        old_plan = old = None
        for _ in range(30):
            plan = coupling(self.x @ self.w.T, self.y, self.bx, self.by)
            before = objective(plan, self.x, self.y, self.w)
            ridge = self.ridge(plan, self.x, self.y)
            if old_plan is not None and np.abs(plan - old_plan).max() < 1e-12:
                self.record(ridge, before, before)
                self.stop = "repeated"
                return
            old_plan = plan
            self.w = least_squares(plan, self.x, self.y, ridge)
            after = objective(plan, self.x, self.y, self.w), penalty(self.w)
            self.record(ridge, before, after[0])
            if old is not None:
                last, now = old[0] + ridge * old[1], after[0] + ridge * after[1]
                if last - now <= tol * abs(last):
                    self.stop = "fall"
                    return
            old = after
        self.stop = "limit"

    def by_adam(self):
        adam = Adam(len(self.w), float(self.settings["learning_rate"]), 1e-4)
        for _ in range(int(self.settings["epochs"])):
            plan = coupling(self.x @ self.w.T, self.y, self.bx, self.by)
            before = objective(plan, self.x, self.y, self.w)
            ridge = self.ridge(plan, self.x, self.y)
            self.w = adam.step(self.w, gradient(plan, self.x, self.y, self.w, ridge))
            self.record(ridge, before, objective(plan, self.x, self.y, self.w))
        self.stop = "epochs"

    def by_minibatches(self):
        """Each epoch deals both populations, in an order of its own, into floor(min(n, m)/size)."""
        adam = Adam(len(self.w), float(self.settings["learning_rate"]), 1e-4)
        stream = words(SEED, 10**6)
        n, m = len(self.x), len(self.y)
        for _ in range(int(self.settings["epochs"])):
            order_x, order_y = permutation(stream, n), permutation(stream, m)
            count = max(1, min(n, m) // int(self.settings["batch_size"]))
            for b in range(count):
                x = self.x[order_x[n * b // count:n * (b + 1) // count]]
                y = self.y[order_y[m * b // count:m * (b + 1) // count]]
                plan = transport(x @ self.w.T, y)
                ridge = self.ridge(plan, x, y)
                self.w = adam.step(self.w, gradient(plan, x, y, self.w, ridge))
            plan = transport(self.x @ self.w.T, self.y)
            now = objective(plan, self.x, self.y, self.w)
            self.record(self.ridge(plan, self.x, self.y), now, now)
        self.stop = "epochs"

    def run(self):
        if self.settings.get("update") != "adam":
            self.by_least_squares()
        elif "batch_size" in self.settings:
            self.by_minibatches()
        else:
            self.by_adam()
        return self


def permutation(stream, n):
    """Fisher and Yates from the front; the library's generator, its words below a bound."""
    index = list(range(n))
    for i in range(n):
        bound = n - i
        while True:
            word = next(stream)
            if word >= (M64 - bound) % bound:
                break
        j = i + word % bound
        index[i], index[j] = index[j], index[i]
    return index


def restored(w, x, y, a, b, how):
    sx, sy = covariance(x, a), covariance(y, b)
    moved = w @ sx @ w.T
    if how == "sd":
        return np.sqrt(np.diag(sy) / np.diag(moved))[:, None] * w
    return gaussian_map(shrunk(moved, len(x), len(y)), shrunk(sy, len(x), len(y))) @ w


def weights(batch_x, batch_y):
    a, b = np.zeros(len(batch_x)), np.zeros(len(batch_y))
    for level in np.unique(batch_x):
        i, j = batch_x == level, batch_y == level
        mass = (i.mean() + j.mean()) / 2
        a[i], b[j] = mass / i.sum(), mass / j.sum()
    return a, b


def write(name, header, rows):
    with open(os.path.join(HERE, name), "w") as out:
        out.write(",".join(header) + "\n")
        for row in rows:
            out.write(",".join(v if isinstance(v, str) else repr(float(v)) if isinstance(v, float)
                               else str(v) for v in row) + "\n")


def table(name, cells, batch):
    header = [f"g{k}" for k in range(cells.shape[1])] + ["level"]
    write(name, header, ([float(v) for v in row] + [int(level)] for row, level in zip(cells, batch)))


def long(case, quantity, matrix):
    matrix = np.atleast_2d(matrix)
    return [(case, quantity, r, c, float(matrix[r, c]))
            for r in range(matrix.shape[0]) for c in range(matrix.shape[1])]


def main():
    os.makedirs(HERE, exist_ok=True)
    cases, expected = [], []
    for case, (d, n, m, levels, seed, settings) in CASES.items():
        x, y, new, batch_x, batch_y = cells(d, n, m, levels, seed)
        a, b = weights(batch_x, batch_y)
        space = Space(x, y, a, b, settings)
        zx, zy = space.encode(x, space.mx), space.encode(y, space.my)
        fit = Fit(zx, zy, batch_x, batch_y, settings).run()
        final = restored(fit.w, zx, zy, a, b, settings.get("restore", "covariance"))
        w = space.map(final)
        cases.append((case, f"d{d}n{n}m{m}s{seed}", space.components, len(fit.trace), fit.stop,
                      " ".join(f"{k}={v}" for k, v in settings.items())))
        table(f"d{d}n{n}m{m}s{seed}_x.csv", x, batch_x)
        table(f"d{d}n{n}m{m}s{seed}_y.csv", y, batch_y)
        table(f"d{d}n{n}m{m}s{seed}_new.csv", new, np.zeros(len(new)))
        expected += long(case, "trace", fit.trace)
        expected += long(case, "predicted", space.my + (new - space.mx) @ w.T)
        if d <= 6:
            expected += long(case, "map", w)
        # The Gaussian maps of the same cells: the one beside the fit, and the fixture's formula.
        closed = gaussian_map(shrunk(covariance(zx, a), n, m), shrunk(covariance(zy, b), n, m))
        offset = b @ zy - closed @ (a @ zx)
        moved = space.encode(new, space.mx) @ closed.T + offset
        expected += long(case, "gaussian", new + (space.my - space.mx) +
                         (moved - space.encode(new, space.mx)) * space.s @ space.v.T)
        if case == "feature":
            cx = covariance(x, a) * n / (n - 1) + 1e-6 * np.eye(d)
            cy = covariance(y, b) * m / (m - 1) + 1e-6 * np.eye(d)
            expected += long(case, "gaussian_unbiased", b @ y + (new - a @ x) @ gaussian_map(cx, cy).T)
    write("cases.csv", ["case", "data", "components", "iterations", "stop", "settings"], cases)
    write("expected.csv", ["case", "quantity", "row", "col", "value"], expected)


if __name__ == "__main__":
    main()
