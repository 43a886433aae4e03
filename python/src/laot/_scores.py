"""Scores of a prediction, and the bandwidth of their kernels."""

from __future__ import annotations

import ctypes
import math
from typing import Any, Optional, Sequence

import numpy as np

from . import _declarations as c
from ._cells import Context, Data
from ._library import check, lib, lines, new, text
from ._tables import table


def score(metric: str, predicted: Any, observed: Any, control: Any = None, gamma: float = math.nan,
          cells: int = 0, repetitions: int = 1, seed: int = 1, threads: int = 1) -> float:
    """A score of predicted against observed cells.

    Parameters
    ----------
    metric
        A name of :func:`metrics`, which defines each.
    predicted, observed
        Cells x features, dense or scipy.sparse, the same features and units.
    control
        Control cells, where the metric needs them.
    gamma
        Bandwidth of kernels exp(-gamma |x - y|^2), where the metric needs it: ``median_gamma`` of
        the training cells, say.
    cells, repetitions
        The mean over so many random subsamples of so many cells a side; 0: all cells, once.
    seed, threads
        Of the subsamples; threads do not change the result.

    Returns
    -------
    float
        NaN where the score is undefined.
    """
    result = c.laot_score_result()
    result.struct_size = ctypes.sizeof(result)
    with Data(predicted, "predicted") as p, Data(observed, "observed") as o, Context(seed, threads) as context:
        base = Data(control, "control") if control is not None else None
        try:
            context.run(lib.laot_score, metric.encode(), p.handle, o.handle, base.handle if base else None,
                        gamma, cells, repetitions, ctypes.byref(result))
        finally:
            if base:
                base.close()
    return result.value


def median_gamma(x: Any, y: Any = None, seed: int = 1, threads: int = 1) -> float:
    """1 / median of the positive squared distances of the pooled cells (cells x features)."""
    value = ctypes.c_double()
    with Data(x, "x") as a, Context(seed, threads) as context:
        b: Optional[Data] = Data(y, "y") if y is not None else None
        try:
            context.run(lib.laot_median_gamma, a.handle, b.handle if b else None, ctypes.byref(value))
        finally:
            if b:
                b.close()
    return value.value


def wasserstein2(x: Any, y: Any, threads: int = 1) -> float:
    """The exact 2-Wasserstein distance between two populations (cells x features)."""
    value = ctypes.c_double()
    with Data(x, "x") as a, Data(y, "y") as b, Context(threads=threads) as context:
        context.run(lib.laot_wasserstein2, a.handle, b.handle, ctypes.byref(value), None)
    return value.value


def findings(handle: ctypes.c_void_p, tables: Sequence[str] = ()) -> dict[str, Any]:
    """Numbers, texts, arrays and, of those that are named, tables of an analysis by name; frees it."""
    out: dict[str, Any] = {}
    try:
        for name in lines(text(lib.laot_findings_names, handle, b"numbers")):
            value = ctypes.c_double()
            check(lib.laot_findings_number(handle, name.encode(), ctypes.byref(value)))
            out[name] = value.value
        for name in lines(text(lib.laot_findings_names, handle, b"texts")):
            out[name] = text(lib.laot_findings_text, handle, name.encode())
        for name in lines(text(lib.laot_findings_names, handle, b"arrays")):
            rows, columns = ctypes.c_size_t(), ctypes.c_size_t()
            check(lib.laot_findings_array_size(handle, name.encode(), ctypes.byref(rows), ctypes.byref(columns)))
            array = np.empty((rows.value, columns.value), order="F")
            check(lib.laot_findings_array(handle, name.encode(),
                                          array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)), array.size))
            out[name] = array
        for name in tables:
            out[name] = table(new(lib.laot_findings_table, handle, name.encode()))
    finally:
        lib.laot_findings_free(handle)
    return out
