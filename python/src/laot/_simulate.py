"""Experiments with known truth."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ._cells import Context
from ._library import lib
from ._scores import findings


def simulate_screen(features: int = 20, drugs: int = 20, cells: int = 200, new_cells: int = 300, kappa: float = 1.0,
                    noise: float = 0.15, seed: int = 1) -> dict[str, Any]:
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
        Standard deviation of what is added to each treated value.
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
