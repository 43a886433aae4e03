"""Unbalanced entropic transport by POT (ot.unbalanced.sinkhorn_unbalanced): plans of small clouds."""
import csv
import os

import numpy as np
import ot

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(20260107)
x, y = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)) * 1.2 + 0.5
a = rng.uniform(0.5, 1.5, 7)
a /= a.sum()
b = np.full(5, 0.2)
cost = ((x[:, None] - y[None]) ** 2).sum(2)
with open(os.path.join(here, "cells.csv"), "w", newline="") as out:
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["side", "cell", "weight", "f1", "f2", "f3"])
    for side, cells, weights in (("x", x, a), ("y", y, b)):
        for i, (cell, weight) in enumerate(zip(cells, weights)):
            table.writerow([side, i, repr(float(weight))] + [repr(float(v)) for v in cell])
with open(os.path.join(here, "plans.csv"), "w", newline="") as out:
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["epsilon", "relaxation", "row", "col", "mass"])
    for epsilon, relaxation in ((0.5, 1.0), (0.2, 5.0), (1.0, 0.1)):
        plan = ot.unbalanced.sinkhorn_unbalanced(a, b, cost, epsilon, relaxation, method="sinkhorn",
                                                 numItermax=100000, stopThr=1e-14)
        for i in range(7):
            for j in range(5):
                table.writerow([epsilon, relaxation, i, j, repr(float(plan[i, j]))])
