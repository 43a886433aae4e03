"""Populations and experiments with known truth, and where the pairing of cells is recovered."""

from __future__ import annotations

import ctypes
from typing import Any, Optional, Sequence

import numpy as np

from ._cells import Context, Progress, doubles, indices, whole
from ._library import lib
from ._registry import usual
from ._scores import findings
from ._tables import Table


def simulate_populations(features: int = 10, cells: int = 100, gap: float = 1.0, noise: float = 0,
                         entries: str = "uniform", seed: int = 1) -> dict[str, np.ndarray]:
    """The paper's synthetic populations: control cells with independent normal features of variance 1 / features,
    moved by one map W = I + gap E / |E|, plus noise, and shuffled.

    Parameters
    ----------
    features, cells
        Of either population, at least 1.
    gap
        |W - I|, the Frobenius norm: 0 or more.
    noise
        Standard deviation of what is added to each treated value, in units of that of the control values.
    entries
        Of E: "uniform" on [0, 1), as in the published notebook, or "gaussian".
    seed
        Fixes the populations, in every language.

    Returns
    -------
    dict
        ``control`` and ``treated`` (cells x features), ``map`` (W, features x features: a control cell x becomes
        W x) and ``partner``: control cell i became treated cell ``partner[i]``.

    Raises
    ------
    LaotError
        Where gap or noise is negative, or there are no such entries.
    ValueError
        Where features or cells is no number of them.
    """
    features, cells = whole(features, "features"), whole(cells, "cells")
    control, treated = np.empty((cells, features)), np.empty((cells, features))
    w, partner = np.empty((features, features), order="F"), np.empty(cells, dtype=np.uintp)
    with Context(seed) as context:
        context.run(lib.laot_simulate_populations, features, cells, gap, noise, entries.encode(), doubles(control),
                    doubles(treated), doubles(w), partner.ctypes.data_as(ctypes.POINTER(ctypes.c_size_t)))
    return {"control": control, "treated": treated, "map": w, "partner": partner.astype(np.int64)}


def recovery_study(features: Optional[Sequence[int]] = None, gaps: Optional[Sequence[float]] = None,
                   cells: Optional[int] = None, trials: Optional[int] = None, iterations: Optional[int] = None,
                   noise: float = 0, entries: str = "uniform", cost: str = "euclidean", seed: int = 1,
                   threads: int = 1, progress: Optional[Progress] = None) -> Table:
    """The paper's phase transition: the share of cells whose partner is found in :func:`simulate_populations` by exact
    assignment and raw least squares in turn, from the identity.

    Parameters
    ----------
    features, gaps
        Numbers of features, each at least 1, and gaps, each 0 or more, to cross.
    cells, trials, iterations
        Cells of a population, simulations for each pair, and turns in each, at least 1. What is None is as
        :func:`laot.settings` has it.
    noise, entries
        As in :func:`simulate_populations`.
    cost
        What the assignment adds up: "euclidean" distances, as the published notebook, or "squared" ones, as
        Algorithm 1.
    seed, threads, progress
        Seed of the trials; threads do not change the result.

    Returns
    -------
    dict
        A column each: features, gap, recovered (mean share over the trials, 0 .. 1) and sd (divisor trials - 1; NaN
        with one). ``pandas.DataFrame`` takes it as it is.

    Raises
    ------
    LaotError
        Where a list is empty, gap or noise is negative, or there are no such entries or cost.
    ValueError
        Where features, cells, trials or iterations are no numbers of them.
    """
    features, gaps, cells, trials, iterations = (usual("recovery_study", name, given) for name, given in (
        ("features", features), ("gaps", gaps), ("cells", cells), ("trials", trials), ("iterations", iterations)))
    rows, grid = [whole(one, "features") for one in features], np.asarray(gaps, dtype=np.float64)
    counts = [whole(one, name) for one, name in ((cells, "cells"), (trials, "trials"), (iterations, "iterations"))]
    mean, sd = (np.empty((len(rows), grid.size), order="F") for _ in range(2))
    with Context(seed, threads, progress) as context:
        context.run(lib.laot_recovery_study, indices(rows), len(rows), doubles(grid), grid.size, *counts, noise,
                    entries.encode(), cost.encode(), doubles(mean), doubles(sd))
    return {"features": np.tile(rows, grid.size), "gap": np.repeat(grid, len(rows)), "recovered": mean.ravel("F"),
            "sd": sd.ravel("F")}


def simulate_screen(features: Optional[int] = None, drugs: Optional[int] = None, cells: Optional[int] = None,
                    new_cells: Optional[int] = None, kappa: Optional[float] = None, noise: Optional[float] = None,
                    seed: int = 1) -> dict[str, Any]:
    """A simulated drug screen: drugs at the doses 1, 3, 7 and 15 and pairs of drugs, in cells of three clusters.

    Four drugs are in no training condition, of eight others one dose is left out, and eight pairs are
    left out. laot_simulate_screen in docs/c-api.md has the formulas.

    Parameters
    ----------
    features, drugs
        How many; at least 1 and 12.
    cells, new_cells
        Controls and cells of each training condition; new controls and cells of each test condition.
    kappa
        Size of effects that switch with the cell; 0: effects are linear in the cell.
    noise
        Standard deviation of what is added to each treated value. What is None of these is as
        :func:`laot.settings` has it: 20 features and drugs, 200 and 300 cells.
    seed
        Fixes the screen, in every language.

    Returns
    -------
    dict
        ``cells`` (cells x features) with ``info``, a dict of their condition, drug ("A+B" for a pair, ""
        for controls) and dose, for :meth:`Experiment.from_labels` with ``combine="+"``; ``embedding``
        (coordinates by drug); ``new_control``; ``test``, a dict of condition, kind, drug and dose of what was
        left out; and by its names ``observed``, fresh treated cells, and ``truth``, ``new_control`` moved.
    """
    features, drugs, cells, new_cells, kappa, noise = (usual("simulate_screen", name, given) for name, given in (
        ("features", features), ("drugs", drugs), ("cells", cells), ("new_cells", new_cells), ("kappa", kappa),
        ("noise", noise)))
    out = ctypes.c_void_p()
    with Context(seed) as context:
        context.run(lib.laot_simulate_screen, features, drugs, cells, new_cells, kappa, noise, ctypes.byref(out))
    found = findings(out, tables=("drugs", "training", "test"))
    training, test = found["training"], found["test"]

    def by_condition(values: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(test["condition"], np.split(values.T, len(test["condition"]))))

    return {
        "cells": np.vstack([found["control"].T, found["treated"].T]),
        "info": {name: np.repeat(np.array([first, *training[name]]), cells)
                 for name, first in (("condition", "control"), ("drug", ""), ("dose", 0.0))},
        "embedding": dict(zip(found["drugs"]["drug"], found["embedding"].T)),
        "new_control": found["new_control"].T,
        "test": test,
        "observed": by_condition(found["test_treated"]),
        "truth": by_condition(found["test_truth"]),
    }
