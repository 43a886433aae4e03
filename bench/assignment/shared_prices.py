#!/usr/bin/env python3
"""Would the prices of one condition be a start for the next one with the same controls?

Couples the same controls with the treated cells of two conditions of a screen, the second from the
same law or at the next dose, and compares two starts of the second coupling by their dual value as a
share of the optimum: the potentials of the controls in the first coupling ("shared"), and none, the
least cost of each treated cell ("cold"). Either is completed by one pass over the costs, so that both
cost the same. Needs POT.

    bench/assignment/shared_prices.py
"""
import numpy as np
import ot


def cells(random, count, spread, dose):
    """Treated cells about their own mean: spread by one map at every dose, and by more of it at a higher one."""
    d = spread.size
    change = np.random.default_rng(5).normal(size=(d, d)) / np.sqrt(d)
    out = (random.normal(size=(count, d)) * spread) @ (np.eye(d) + 0.1 * dose * change).T
    return out - out.mean(0)


def completed(costs, prices):
    """The dual value of prices of the treated cells, with the best potentials of the controls."""
    return (costs - prices).min(1).mean() + prices.mean()


def main():
    for d, n, m, dose in ((50, 4000, 240, 1.0), (50, 4000, 240, 1.3), (50, 8000, 480, 1.0), (10, 4000, 240, 1.0),
                          (5, 4000, 240, 1.0)):
        random, spread = np.random.default_rng(d + n), np.linspace(3, 0.5, d)
        x = random.normal(size=(n, d)) * spread
        x -= x.mean(0)
        first, second = (ot.dist(x, cells(random, m, spread, at), "sqeuclidean") for at in (1.0, dose))
        a, b = np.full(n, 1 / n), np.full(m, 1 / m)
        known = ot.emd(a, b, first, log=True, numItermax=10 ** 7)[1]["u"]
        best = (ot.emd(a, b, second, numItermax=10 ** 7) * second).sum()
        shared, cold = (second - known[:, None]).min(0), second.min(0)
        print(f"{n} x {m}, {d} dimensions, {'the same law' if dose == 1.0 else 'the next dose'}: shared "
              f"{completed(second, shared) / best:.3f}, cold {completed(second, cold) / best:.3f} of the optimum")


if __name__ == "__main__":
    main()
