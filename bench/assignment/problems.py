"""Two clouds of cells for compare.py: made ones, and real ones of the folder LAOT_SHARED_DIR."""
import gzip
import os
import pathlib

import numpy as np
from scipy.io import mmread

SHARED = pathlib.Path(os.environ.get("LAOT_SHARED_DIR",
                                     pathlib.Path(__file__).resolve().parents[3] / "shared"))


def gaussian(n, d, m=None, seed=0):
    """x ~ N(0, I), y = W z + 0.5 with z ~ N(0, I) and W = I + 0.3 N(0, 1) / sqrt(d)."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    w = np.eye(d) + 0.3 * rng.standard_normal((d, d)) / np.sqrt(d)
    y = rng.standard_normal((m or n, d)) @ w.T
    y += 0.5
    return x, y


def clustered(n, d, seed=0, clusters=12):
    """Unbalanced clusters whose weights and places differ between the clouds."""
    rng = np.random.default_rng(seed)
    centres, weights = 3 * rng.standard_normal((clusters, d)), rng.dirichlet(np.ones(clusters))
    x = centres[rng.choice(clusters, n, p=weights)]
    x = x + rng.standard_normal((n, d)) * (0.3 + rng.random(d))
    other = rng.dirichlet(5 * weights * clusters + 0.1)
    moved = centres + rng.standard_normal((clusters, d))
    y = moved[rng.choice(clusters, n, p=other)]
    return x, y + rng.standard_normal((n, d)) * (0.3 + rng.random(d))


def shares(n, d, seed=0, clusters=8):
    """Tight clusters far apart, the same in both clouds but for their shares: many cells have to change cluster."""
    rng = np.random.default_rng(seed)
    centres = 4 * rng.standard_normal((clusters, d))
    weights, other = rng.dirichlet(np.full(clusters, 2.0)), rng.dirichlet(np.full(clusters, 2.0))
    x = centres[rng.choice(clusters, n, p=weights)] + 0.5 * rng.standard_normal((n, d))
    return x, centres[rng.choice(clusters, n, p=other)] + 0.5 * rng.standard_normal((n, d))


def curve(n, d, m=None, noise=0.01, seed=0):
    """Along an arc of a circle in d dimensions, y spread twice as wide and begun elsewhere: a long way to the partner
    beside the distance of neighbours."""
    rng = np.random.default_rng(seed)

    def along(angles):
        points = noise * rng.standard_normal((len(angles), d))
        points[:, 0] += np.cos(angles)
        points[:, 1] += np.sin(angles)
        return points

    return along(0.5 * rng.standard_normal(n)), along(1.0 + rng.standard_normal(m or n))


def read_cells(name, control, target):
    """Log-normalised 50 most variable genes, as the fixtures have them; None without the data."""
    folder = SHARED / "data"
    if not (folder / f"{name}_counts.mtx.gz").exists():
        return None
    with gzip.open(folder / f"{name}_counts.mtx.gz") as stream:
        counts = mmread(stream).tocsc().toarray().T.astype(float)
    with gzip.open(folder / f"{name}_cells.csv.gz", "rt") as stream:
        header = [c.strip('"') for c in stream.readline().strip().split(",")]
        column = header.index("condition")
        condition = np.array([line.strip().split(",")[column].strip('"') for line in stream])
    size = counts.sum(1)
    values = np.log2(counts / (size / size.mean())[:, None] + 1)
    rows = [int(line.split(",")[1]) - 1 for line in open(folder / f"{name}_hvg50.csv").readlines()[1:]]
    values = values[:, rows]
    return (np.ascontiguousarray(values[condition == control]),
            np.ascontiguousarray(values[condition == target]))
