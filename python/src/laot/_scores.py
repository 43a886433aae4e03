"""Scores of a prediction, and the bandwidth of their kernels."""

from __future__ import annotations

import ctypes
import math
from typing import Any, NamedTuple, Optional, Sequence, Union

import numpy as np

from . import _declarations as c
from ._cells import Context, Data, doubles, whole
from ._library import check, lib, lines, new, text
from ._registry import usual
from ._tables import table


class Score(float):
    """The number of a score, with what is known of it.

    ``sd`` is over the subsamples (divisor repetitions - 1), NaN with one. ``features_left_out`` counts the features
    that do not vary and that the metric leaves out, the most of any subsample. ``marginal_error`` of an entropic
    score is by how much the marginals of the plan are off in total; 1e-7 is asked for.
    """

    sd: float
    features_left_out: int
    marginal_error: float

    def __new__(cls, value: float, sd: float = math.nan, features_left_out: int = 0, marginal_error: float = 0.0) -> "Score":
        out = super().__new__(cls, value)
        out.sd, out.features_left_out, out.marginal_error = sd, features_left_out, marginal_error
        return out

    def __getnewargs__(self) -> tuple[float, float, int, float]:  # type: ignore[override]
        return float(self), self.sd, self.features_left_out, self.marginal_error


def score(metric: str, predicted: Any, observed: Any, control: Any = None, gamma: float = math.nan,
          cells: int = 0, repetitions: int = 1, seed: int = 1, threads: int = 1, epsilon: Optional[float] = None,
          epsilon_absolute: bool = False) -> Score:
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
    epsilon, epsilon_absolute
        Strength of the entropy of the metrics that take it: a share of the mean squared distance between
        predicted and observed cells, or with ``epsilon_absolute`` a number in units of squared distances. None:
        0.05 of it. The smaller, the longer it takes.

    Returns
    -------
    Score
        A float, NaN where the score is undefined (``metrics()[metric].undefined``), with ``sd``,
        ``features_left_out`` and ``marginal_error``.

    Raises
    ------
    LaotError
        Where there is no such metric, control cells that it needs are missing, or a setting is out of range.
    ValueError
        Where epsilon is not above 0, or is missing beside epsilon_absolute.
    """
    options = c.laot_score_options(ctypes.sizeof(c.laot_score_options), gamma, *entropy(epsilon, epsilon_absolute), cells,
                                   repetitions)
    result = c.laot_score_result()
    result.struct_size = ctypes.sizeof(result)
    with Data(predicted, "predicted") as p, Data(observed, "observed") as o, Context(seed, threads) as context:
        base = Data(control, "control") if control is not None else None
        try:
            context.run(lib.laot_score_with, metric.encode(), p.handle, o.handle, base.handle if base else None,
                        ctypes.byref(options), ctypes.byref(result))
        finally:
            if base:
                base.close()
    return Score(result.value, result.sd, result.features_left_out, result.marginal_error)


def entropy(epsilon: Optional[float], absolute: bool) -> tuple[float, bool]:
    """The strength of the entropy, and whether it is in units of squared distances."""
    if absolute and epsilon is None:
        raise ValueError("epsilon_absolute says what epsilon is; give epsilon, a number in units of squared distances")
    if epsilon is not None and not epsilon > 0:
        raise ValueError(f"epsilon must be above 0, found {epsilon}")
    return usual("evaluate", "epsilon", epsilon), absolute


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


def _gammas(gamma: Union[float, Sequence[float], None], x: Any, y: Any, seed: int, threads: int) -> np.ndarray:
    """Bandwidths as they are given, or that of the median, which is NaN where no two cells differ."""
    given = median_gamma(x, y, seed, threads) if gamma is None else gamma
    return np.atleast_1d(np.asarray(given, dtype=np.float64))


def mmd2(x: Any, y: Any, gamma: Union[float, Sequence[float], None] = None, estimator: str = "unbiased", seed: int = 1,
         threads: int = 1) -> float:
    """The squared maximum mean discrepancy between two populations with the kernel exp(-gamma |u - v|^2).

    Parameters
    ----------
    x, y
        Cells x features, dense or scipy.sparse, the same features and units.
    gamma
        A bandwidth, or several, over which the mean is taken; None: :func:`median_gamma` of both populations.
    estimator
        "unbiased": the U-statistic, not clipped, and so negative about half the time where the populations are
        alike. "biased": the V-statistic, never negative.
    seed, threads
        Seed of the cells from which the median is found, where there are more than 4000; threads do not change the
        result.

    Returns
    -------
    float
        NaN where the unbiased one has a population of one cell, or where no two cells differ.

    Raises
    ------
    LaotError
        Where a gamma is not positive, there is none, or there is no such estimator.
    """
    gammas, value = _gammas(gamma, x, y, seed, threads), ctypes.c_double()
    if gamma is None and np.isnan(gammas[0]):
        return math.nan
    with Data(x, "x") as a, Data(y, "y") as b, Context(seed, threads) as context:
        context.run(lib.laot_mmd2, a.handle, b.handle, doubles(gammas), gammas.size, estimator.encode(), ctypes.byref(value))
    return value.value


class Mmd2Test(NamedTuple):
    """The MMD^2 of two populations and the p-value of :func:`mmd2_test`."""

    mmd2: float
    p_value: float


def mmd2_test(x: Any, y: Any, gamma: Union[float, Sequence[float], None] = None, permutations: Optional[int] = None,
              seed: int = 1, threads: int = 1) -> Mmd2Test:
    """A permutation test of equal laws by the unbiased MMD^2.

    Parameters
    ----------
    x, y, gamma
        As in :func:`mmd2`.
    permutations
        Relabellings of the cells; None: 999. The least p-value is 1 over one more.
    seed, threads
        Seed of the relabellings; threads do not change the result.

    Returns
    -------
    Mmd2Test
        ``mmd2`` and ``p_value``, (1 + relabellings with an MMD^2 as large) / (1 + permutations); NaN where a
        population has one cell.

    Raises
    ------
    LaotError
        Where a gamma is not positive, or there is none.
    ValueError
        Where no two cells differ and no gamma is given, and where permutations is no number of them.
    """
    permutations = whole(usual("mmd2_test", "permutations", permutations), "permutations")
    gammas, value, p_value = _gammas(gamma, x, y, seed, threads), ctypes.c_double(), ctypes.c_double()
    if gamma is None and np.isnan(gammas[0]):
        raise ValueError("no two cells differ, so that there is no bandwidth and nothing to test")
    with Data(x, "x") as a, Data(y, "y") as b, Context(seed, threads) as context:
        context.run(lib.laot_mmd2_test, a.handle, b.handle, doubles(gammas), gammas.size, permutations,
                    ctypes.byref(value), ctypes.byref(p_value))
    return Mmd2Test(value.value, p_value.value)


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
