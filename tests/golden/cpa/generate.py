#!/usr/bin/env python3
"""Independent float64 reference of CPA: values, losses and five training steps, in numpy.

  python3 generate.py DIR

Nothing here knows the formulas of the library: neither how a batch normalisation is differentiated
once, nor how it is twice in the penalty.  Gradients are by complex steps, exact to rounding; that
of the penalty, which is a gradient itself, by central differences of two steps, extrapolated.
"""
import csv, os, sys
import numpy as np

D, LATENT, HIDDEN, LEVELS, COORDINATES, CONTEXTS = 4, 3, [5, 4], 3, 2, 2
ADVERSARY = [4, 3]
EPS, FLOOR, COUNT = 1e-3, 1e-4, 9
CLASSES = [[0, 0, 1, 2, 3, 1], [0, 1, 0, 0, 1, 1]]  # of the populations, for the two classifiers
WEIGHTS = [[0.7, 2.0, 3.5, 4.0], [1.0, 1.0]]
BETA1, BETA2, ADAM_EPS = 0.9, 0.999, 1e-8


def populations(embedded):
    """Two controls, two single treatments, a combination, and a treatment in another context."""
    treatments = [[], [], [(0, 0.8)], [(1, 1.5)], [(0, 0.8), (2, 0.4)], [(0, 2.0)]]
    coordinates = [[0.4, -1.1], [-0.9, 0.3], [1.2, 0.8]]
    contexts = [[0.5, -1.0], [-1.5, 0.2], [0.5, -1.0], [0.5, -1.0], [-1.5, 0.2], [-1.5, 0.2]]
    return treatments, (coordinates if embedded else None), contexts


def dense(name, sizes, batch_norm):
    out = []
    for l, (a, b) in enumerate(zip(sizes[:-1], sizes[1:])):
        last = l == len(sizes) - 2
        layer = name + "_out" if last else f"{name}{l}"
        out += [(layer + ".weight", b, a), (layer + ".bias", b, 1)]
        if batch_norm and not last:
            out += [(layer + ".scale", b, 1), (layer + ".shift", b, 1)]
    return out


def shapes(case):
    width = 2 * D if case["variance"] else D
    net = dense("enc", [D] + HIDDEN + [LATENT], case["batch_norm"])
    net += dense("dec", [LATENT] + HIDDEN[::-1] + [width], case["batch_norm"])
    net += [("level.vectors", LATENT, COORDINATES if case["embedded"] else LEVELS)]
    net += [("context.vectors", LATENT, CONTEXTS)]
    if case["dose_curve"]:
        net += [("dose.slope", LEVELS, 1), ("dose.offset", LEVELS, 1)]
    adversary = []
    for k, classes in enumerate(WEIGHTS):
        adversary += dense(f"adv{k}_", [LATENT] + ADVERSARY + [len(classes)], case["batch_norm"])
    return net, adversary


def run(p, name, x, depth, batch_norm, moments=None):
    """x: cells x inputs, real or complex. moments: of each hidden layer, taken from the batch."""
    for l in range(depth):
        u = x @ p[f"{name}{l}.weight"].T + p[f"{name}{l}.bias"][:, 0]
        if batch_norm:
            mean = u.mean(0)
            var = ((u - mean) ** 2).mean(0)
            if moments is not None:
                moments.append((f"{name}{l}", mean, var))
            u = (u - mean) / np.sqrt(var + EPS) * p[f"{name}{l}.scale"][:, 0]
            u = u + p[f"{name}{l}.shift"][:, 0]
        x = np.where(u.real > 0, u, 0)
    return x @ p[name + "_out.weight"].T + p[name + "_out.bias"][:, 0]


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def offsets(p, case):
    treatments, coordinates, contexts = populations(case["embedded"])
    out = []
    for own, context in zip(treatments, contexts):
        z = p["context.vectors"] @ np.array(context)
        for level, dose in own:
            scale = dose
            if case["dose_curve"]:
                slope, bent = p["dose.slope"][level, 0], p["dose.offset"][level, 0]
                scale = sigmoid(slope * dose + bent) - sigmoid(bent)
            v = p["level.vectors"]
            z = z + scale * (v @ np.array(coordinates[level]) if coordinates else v[:, level])
        out.append(z)
    return np.array(out)


def reconstruction(p, case, x, which, moments=None):
    code = run(p, "enc", x, len(HIDDEN), case["batch_norm"], moments)
    out = run(p, "dec", code + offsets(p, case)[which], len(HIDDEN), case["batch_norm"], moments)
    if not case["variance"]:
        return code, 0.5 * ((out - x) ** 2).sum(1).mean()
    var = np.exp(out[:, D:]) + FLOOR
    density = 0.5 * ((out[:, :D] - x) ** 2 / var + np.log(var) + np.log(2 * np.pi))
    return code, density.sum(1).mean()


def logits(q, k, code, case):
    return run(q, f"adv{k}_", code, len(ADVERSARY), case["batch_norm"])


def cross_entropy(q, case, code, which):
    out = 0.0
    for k, classes in enumerate(CLASSES):
        s = logits(q, k, code, case)
        wanted = np.array(classes)[which]
        w = np.array(WEIGHTS[k])[wanted]
        s = s - s.real.max(1, keepdims=True)
        log_chance = s - np.log(np.exp(s).sum(1, keepdims=True))
        out -= (w * log_chance[np.arange(len(which)), wanted]).sum() / w.sum()
    return out


def penalty(q, case, code):
    out = 0.0
    for k in range(len(CLASSES)):
        squares = 0.0
        for i in range(code.shape[0]):
            for j in range(code.shape[1]):
                z = code.astype(complex)
                z[i, j] += 1e-30j
                squares += (logits(q, k, z, case).sum().imag / 1e-30) ** 2
        out += squares / code.size
    return out


def complex_steps(f, p):
    """Gradient of f(p) in all tensors of p."""
    out = {}
    for name, value in p.items():
        g = np.zeros_like(value)
        for at in np.ndindex(value.shape):
            moved = dict(p)
            moved[name] = value.astype(complex)
            moved[name][at] += 1e-30j
            g[at] = f(moved).imag / 1e-30
        out[name] = g
    return out


def differences(f, p):
    """The same of a function that takes no complex numbers."""
    out = {}
    for name, value in p.items():
        g = np.zeros_like(value)
        if name.endswith(".bias") and name[:-5] + ".scale" in p:
            out[name] = g  # a normalisation takes it away again: exactly 0, not what is rounded
            continue
        for at in np.ndindex(value.shape):
            kept = value[at]
            slope = []
            for h in (2e-5, 1e-5):
                value[at] = kept + h
                up = f(p)
                value[at] = kept - h
                slope.append((up - f(p)) / (2 * h))
                value[at] = kept
            g[at] = (4 * slope[1] - slope[0]) / 3
            assert abs(slope[1] - slope[0]) < 1e-3 * max(1, abs(g[at])), (name, at, slope)  # a kink
        out[name] = g
    return out


class Adam:
    def __init__(self, rate, decay):
        self.rate, self.decay, self.t, self.m, self.v = rate, decay, 0, {}, {}

    def step(self, p, g):
        self.t += 1
        for name in g:
            d = g[name] + self.decay * p[name]
            self.m[name] = BETA1 * self.m.get(name, 0) + (1 - BETA1) * d
            self.v[name] = BETA2 * self.v.get(name, 0) + (1 - BETA2) * d * d
            m = self.m[name] / (1 - BETA1 ** self.t)
            v = self.v[name] / (1 - BETA2 ** self.t)
            p[name] -= self.rate * m / (np.sqrt(v) + ADAM_EPS)


CASES = {
    "gaussian_normalised": dict(variance=True, batch_norm=True, embedded=False, dose_curve=True),
    "gaussian_plain": dict(variance=True, batch_norm=False, embedded=True, dose_curve=True),
    "squared_normalised": dict(variance=False, batch_norm=True, embedded=True, dose_curve=False),
}
ADVERSARY_WEIGHT, PENALTY_WEIGHT, STEPS = 0.7, 1.3, 3


def main(folder):
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(20260101)
    batches = []
    for b in range(5):
        x = rng.normal(size=(COUNT, D)) + 0.3
        which = rng.integers(0, len(CLASSES[0]), COUNT)
        which[:6] = np.arange(6)  # every population is there
        batches.append((x, which))
        with open(os.path.join(folder, f"cells{b}.csv"), "w", newline="") as f:
            w = csv.writer(f)
            w.writerow([f"f{k}" for k in range(D)])
            w.writerows([[repr(v) for v in row] for row in x])
        with open(os.path.join(folder, f"populations{b}.csv"), "w", newline="") as f:
            w = csv.writer(f)
            w.writerow(["population"])
            w.writerows([[int(v)] for v in which])
    tensors, scalars = [], []

    def keep(case, quantity, values):
        for name, value in values.items():
            for (r, c), v in np.ndenumerate(value):
                tensors.append([case, quantity, name, r, c, repr(float(v))])

    for name, case in CASES.items():
        net, adversary = shapes(case)
        draw = lambda rows, cols: rng.normal(size=(rows, cols)) * 0.6
        p = {n: draw(r, c) for n, r, c in net}
        q = {n: draw(r, c) for n, r, c in adversary}
        for values in (p, q):
            for n in values:
                if n.endswith(".scale"):
                    values[n] = 1 + 0.3 * values[n]
        keep(name, "initial", p)
        keep(name, "initial", q)
        x, which = batches[0]
        moments = []
        code, loss = reconstruction(p, case, x, which, moments)
        scalars.append([name, "reconstruction", repr(float(loss))])
        scalars.append([name, "adversary", repr(float(cross_entropy(q, case, code, which)))])
        scalars.append([name, "penalty", repr(float(penalty(q, case, code)))])
        keep(name, "code", {"code": code})
        keep(name, "offsets", {"offsets": offsets(p, case)})
        for layer, mean, var in moments:
            keep(name, "moments", {layer + ".mean": mean[:, None],
                                   layer + ".variance": var[:, None] * COUNT / (COUNT - 1)})

        def of_autoencoder(x, which):
            def loss(p):
                code, gap = reconstruction(p, case, x, which)
                return gap - ADVERSARY_WEIGHT * cross_entropy(q, case, code, which)
            return complex_steps(loss, p)

        def of_adversary(x, which):
            code = run(p, "enc", x, len(HIDDEN), case["batch_norm"])
            first = complex_steps(lambda q: cross_entropy(q, case, code, which), q)
            second = differences(lambda q: penalty(q, case, code), q)
            return {n: first[n] + PENALTY_WEIGHT * second[n] for n in q}

        keep(name, "gradient", of_autoencoder(x, which))
        keep(name, "gradient", of_adversary(x, which))
        adam, doses, opponent = Adam(5e-3, 1e-6), Adam(3e-3, 4e-7), Adam(3e-3, 4e-7)
        for step in range(5):
            x, which = batches[step]
            if step % STEPS != 0:
                opponent.step(q, of_adversary(x, which))
                continue
            g = of_autoencoder(x, which)
            adam.step(p, {n: v for n, v in g.items() if not n.startswith("dose.")})
            doses.step(p, {n: v for n, v in g.items() if n.startswith("dose.")})
        keep(name, "after_5_steps", p)
        keep(name, "after_5_steps", q)
    for file, head, rows in (("tensors.csv", ["case", "quantity", "tensor", "row", "col", "value"], tensors),
                             ("scalars.csv", ["case", "quantity", "value"], scalars)):
        with open(os.path.join(folder, file), "w", newline="") as f:
            w = csv.writer(f)
            w.writerow(head)
            w.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
