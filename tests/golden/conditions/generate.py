#!/usr/bin/env python3
"""Conditional LAOT at a fixed ridge and the regressions over conditions, in numpy and scipy, for tests/golden/conditions_test.cpp.

The normal equations are built with numpy.kron and solved as they stand; nothing is decomposed. Conditions that are left out are
fitted again, with the weight 1/C of the others as it is. Run from this folder; it rewrites the CSV files.
"""
import csv
import numpy as np
from scipy.linalg import expm, logm, sqrtm
from scipy.optimize import linear_sum_assignment

D, N, C, K, RIDGE, STEPS = 3, 14, 5, 4, 0.2, 6
rng = np.random.default_rng(20261127)


def plan(x, y):
    cost = ((x[:, None] - y[None]) ** 2).sum(-1)
    i, j = linear_sum_assignment(cost)
    return j[np.argsort(i)], cost[i, j].mean()


def solve(phi, x, targets, control_of, keep):
    """A (D x K D) from the conditions in `keep`, each of weight 1/C."""
    g, r = np.zeros((K * D, K * D)), np.zeros((D, K * D))
    for c in keep:
        xc = x[control_of[c]]
        g += np.kron(np.outer(phi[c], phi[c]), xc.T @ xc / N) / C
        r += np.kron(phi[c][None], (targets[c] - xc).T @ xc / N) / C
    return np.linalg.solve(g + RIDGE * np.eye(K * D), r.T).T


def change(a, p):
    return sum(p[k] * a[:, k * D : (k + 1) * D] for k in range(K))


def shrunk(s, n):
    a = D / (D + n)
    return (1 - a) * s + a * np.trace(s) / D * np.eye(D)


def run(name, x, y, control_of, phi):
    a, rows = np.zeros((D, K * D)), []
    for _ in range(STEPS):
        targets, before = [], RIDGE * (a**2).sum()
        for c in range(C):
            w = np.eye(D) + change(a, phi[c])
            j, cost = plan(x[control_of[c]] @ w.T, y[c])
            targets.append(y[c][j])
            before += cost / C
        a = solve(phi, x, targets, control_of, range(C))
        after = RIDGE * (a**2).sum() + sum(
            (((x[control_of[c]] + x[control_of[c]] @ change(a, phi[c]).T) - targets[c]) ** 2).sum(1).mean() / C for c in range(C)
        )
        rows.append((before, after))
    tensors = {"objective": np.array(rows)}
    for c in range(C):
        tensors[f"change{c}"] = change(a, phi[c])
        without = solve(phi, x, targets, control_of, [k for k in range(C) if k != c])
        tensors[f"left_out{c}"] = change(without, phi[c])
    group = [k for k in range(C) if k not in (1, 3)]
    without = solve(phi, x, targets, control_of, group)
    for c in (1, 3):
        tensors[f"group_left_out{c}"] = change(without, phi[c])
    new = np.array([0.3, -0.2, 0.5, 1.0])
    tensors["new_phi"], tensors["new_change"] = new, change(a, new)
    # The spread of the new condition for cells of the first control population.
    logs = []
    for c in range(C):
        sx, sy = (v.T @ v / N for v in (x[control_of[c]], y[c]))
        logs.append((logm(shrunk(sy, N)) - logm(shrunk(sx, N))).real.ravel())
    m = np.linalg.solve(phi.T @ phi / C + RIDGE * np.eye(K), phi.T @ np.array(logs) / C).T
    s, w = x[0].T @ x[0] / N, np.eye(D) + change(a, new)
    wanted = expm(logm(shrunk(s, N)).real + (m @ new).reshape(D, D))
    moved = shrunk(w @ s @ w.T, N)
    half = sqrtm(moved).real
    inverse = np.linalg.inv(half)
    tensors["new_map_restored"] = inverse @ sqrtm(half @ wanted @ half).real @ inverse @ w
    for c in range(C):
        keep = [k for k in range(C) if k != c]
        p, z = phi[keep], np.array(logs)[keep]
        tensors[f"log_spread_left_out{c}"] = np.linalg.solve(p.T @ p / C + RIDGE * np.eye(K), p.T @ z / C).T @ phi[c]
    tensors["phi"] = phi.T
    tensors["control_of"] = np.array(control_of, float)
    for i, v in enumerate(x):
        tensors[f"control{i}"] = v.T
    for i, v in enumerate(y):
        tensors[f"treated{i}"] = v.T
    out = []
    for tensor, value in tensors.items():
        value = np.atleast_2d(value.T).T
        out += [(name, tensor, i, j, format(value[i, j], ".17g")) for i in range(value.shape[0]) for j in range(value.shape[1])]
    return out


def centred(v):
    return v - v.mean(0)


rows = []
for name, populations in (("shared", 1), ("separate", 3)):
    x = [centred(rng.standard_normal((N, D)) @ (np.eye(D) + 0.3 * rng.standard_normal((D, D)))) for _ in range(populations)]
    control_of = [c % populations for c in range(C)]
    phi = rng.standard_normal((C, K))
    y = [centred(x[control_of[c]] @ (np.eye(D) + 0.4 * rng.standard_normal((D, D))).T + 0.3 * rng.standard_normal((N, D))) for c in range(C)]
    rows += run(name, x, y, control_of, phi)
with open("conditional_laot.csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["case", "tensor", "row", "col", "value"])
    w.writerows(rows)
