"""Costs that are no distances, for compare.py: integers, ties, pairs that a large price forbids."""
import numpy as np


def given_costs(n):
    """Costs that are no distances: integers, ties, pairs that are forbidden by a large price."""
    rng = np.random.default_rng(1)
    forbidden = float(2**31 - 1)

    def forbid(cost, share):
        cost[rng.random(cost.shape) < share] = forbidden
        cost[np.arange(n), rng.permutation(n)] = 50.0
        return cost

    yield "uniform 0..n", rng.integers(0, n, (n, n)).astype(float)
    yield "uniform 0..1e6", rng.integers(0, 10**6, (n, n)).astype(float)
    yield "ten values", rng.integers(0, 10, (n, n)).astype(float)
    yield "half forbidden", forbid(rng.integers(0, 10**4, (n, n)).astype(float), 0.5)
    yield "90% forbidden", forbid(rng.integers(0, 10**4, (n, n)).astype(float), 0.9)
    yield "90% forbidden, ties", forbid(rng.integers(0, 10, (n, n)).astype(float), 0.9)
    yield "99% forbidden", forbid(rng.integers(0, 100, (n, n)).astype(float), 0.99)
    yield "99.7% forbidden", forbid(rng.integers(0, 100, (n, n)).astype(float), 0.997)
    yield "real numbers", rng.random((n, n))
    # Rows and columns without any pair that is allowed, or without a zero.
    yield "one pair a row allowed", np.where(rng.random((n, n)) < 1.0 / n, 50.0, forbidden)
    yield "zero or one", rng.integers(0, 2, (n, n)).astype(float)
    yield "two zeros a row, else one", (rng.random((n, n)) > 2.0 / n).astype(float)
    yield "five zeros a row, else one", (rng.random((n, n)) > 5.0 / n).astype(float)
    # Ties that rounding hides.
    yield "row plus column", rng.random(n)[:, None] + rng.random(n)[None]
    yield "distances on a line", np.abs(rng.random(n)[:, None] - rng.random(n)[None])
    yield "squared distances on a line", (rng.random(n)[:, None] - rng.random(n)[None]) ** 2
    yield "repeated blocks of 10 x 10", np.kron(np.ones((n // 10, n // 10)), rng.integers(1, 10, (10, 10)))
