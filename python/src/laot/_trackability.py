"""Whether the pairing behind a model can be recovered."""

from __future__ import annotations

import ctypes
import math
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional, Sequence

import numpy as np

from ._cells import Context, Data, Progress, doubles, whole
from ._library import check, lib
from ._registry import usual
from ._scores import findings
from ._tables import Table, table

if TYPE_CHECKING:
    from ._model import Model


@dataclass(frozen=True)
class Trackability:
    """Whether the pairing behind a model can be recovered; docs/trackability.md says how to read it.

    ``verdict`` is "recoverable", "borderline", "not recoverable" or "undefined". ``recovery`` is the
    share of pairs that would be found again if the fit were the truth, ``position`` where the
    experiment stands (1 / critical gap; above 1: beyond recovery), ``residual_over_spacing`` how far
    a partner lies from where the map sends a cell, over the distance to its nearest neighbour.
    ``stability`` and ``curve`` hold everything else, by the names of laot_stability and
    laot_recovery_curve.
    """

    verdict: str
    recovery: float
    position: float
    residual_over_spacing: float
    stability: dict[str, Any] = field(repr=False)
    curve: dict[str, Any] = field(repr=False)


def track(model: Model, adata: Any, resamples: Optional[int], halves: Optional[int], restarts: Optional[int],
          gaps: Optional[Sequence[float]], repeats: Optional[int], most_cells: Optional[int], design: str,
          seed: int, threads: int, progress: Optional[Progress], key: str) -> Trackability:
    """:meth:`Model.trackability`."""
    resamples, halves, restarts = (whole(usual("stability", name, given), name, 0) for name, given in
                                   (("resamples", resamples), ("halves", halves), ("restarts", restarts)))
    gaps = usual("recovery_curve", "gaps", gaps)
    repeats, most_cells = (whole(usual("recovery_curve", name, given), name) for name, given in
                           (("repeats", repeats), ("most_cells", most_cells)))
    if 1 not in gaps:
        raise ValueError("gaps must have 1, the experiment itself, among its values")
    handle = ctypes.c_void_p()
    with Context(seed, threads, progress) as context:
        context.run(lib.laot_stability, model._handle, None, None, resamples, halves, restarts, b"cells",
                    ctypes.byref(handle))
    stability = findings(handle, ("agreement", "effects"))
    grid = np.asarray(gaps, dtype=np.float64)
    handle = ctypes.c_void_p()
    with Context(seed, threads, progress) as context:
        context.run(lib.laot_recovery_curve, model._handle, None, None, design.encode(), doubles(grid), grid.size,
                    repeats, most_cells, ctypes.byref(handle))
    curve = findings(handle, ("curve", "simulations"))
    recovery, residual = curve["recovery_at_one"], stability["residual_over_spacing"]
    out = Trackability(lib.laot_trackability_verdict(recovery, residual).decode(), recovery,
                       curve["position"], residual, stability, curve)
    if adata is not None:
        from ._anndata import note

        note(adata, key, trackability={"verdict": out.verdict, "recovery": recovery, "position": out.position,
                                       "residual_over_spacing": residual, "gaps": grid,
                                       "curve": curve["curve"]["recovery"]})
    return out


def strongest_effects(model: Model, count: Optional[int]) -> Table:
    """:meth:`Model.strongest_effects`."""
    most = whole(usual("strongest_effects", "count", count), "count", 0)
    handle = ctypes.c_void_p()
    check(lib.laot_strongest_effects(model._handle, most, ctypes.byref(handle)))
    return table(handle)


def change_at_cells(model: Model, cells: Any, most_cells: Optional[int], threads: int) -> Table:
    """:meth:`Model.change_at_cells`."""
    most = whole(usual("change_at_cells", "most_cells", most_cells), "most_cells")
    handle = ctypes.c_void_p()
    with ExitStack() as stack:
        given = None if cells is None else stack.enter_context(Data(cells)).handle
        context = stack.enter_context(Context(threads=threads))
        context.run(lib.laot_change_at_cells, model._handle, given, most, ctypes.byref(handle))
    return table(handle)


def isometry(cells: Any, rate: float = math.nan, probabilities: Optional[Sequence[float]] = None, threads: int = 1,
             progress: Optional[Progress] = None) -> dict[str, Any]:
    """The (2, delta)-restricted isometry constant over all pairs of cells, and the critical gap of the paper,
    sqrt((1 - delta) / (2 n L^2)), in three scalings: mean_square (one factor: mean squared norm 1), unit_norm (every
    cell norm 1) and smallest (the one factor that makes delta smallest).

    Parameters
    ----------
    cells
        Cells x features as they are, at least 2: centre or encode them first where that is wanted.
    rate
        L, how fast cells move, in their units over time: see :func:`rates`. NaN: unknown, and no critical gap.
    probabilities
        Of the quantiles of the pairs' deltas; None: as :func:`laot.settings` has them.
    threads, progress
        Threads do not change the result; ``progress`` as in :func:`laot.fit`.

    Returns
    -------
    dict
        Tables, a dict of columns each: ``constants`` (scaling, delta, scale, critical_gap, undefined, vacuous: why
        there is no critical gap), ``worst`` (scaling, first, second, delta: at most 10 pairs of cells, from 0, the
        largest delta first) and ``quantiles`` (scaling, probability, delta); and the number ``n_cells``.

    Raises
    ------
    LaotError
        Where rate is not positive, a probability is not in 0 .. 1 or there is none, or there are fewer than 2 cells.

    Takes time of cells^2 x features: 20,000 x 50 about ten seconds.
    """
    at = np.asarray(usual("isometry", "probabilities", probabilities), dtype=np.float64)
    handle = ctypes.c_void_p()
    with Data(cells) as data, Context(threads=threads, progress=progress) as context:
        context.run(lib.laot_isometry, data.handle, rate, doubles(at), at.size, ctypes.byref(handle))
    return findings(handle, ("constants", "worst", "quantiles"))


def rates(populations: Sequence[Any], times: Sequence[float], probabilities: Optional[Sequence[float]] = None,
          seed: int = 1, threads: int = 1, progress: Optional[Progress] = None) -> Table:
    """How fast cells move in a time course, in their units over time: each time is coupled exactly to the next, so
    that a rate is of the least movement that explains the data.

    Parameters
    ----------
    populations
        Cells x features of each time, at least 2, each with its own number of cells, all with the same features.
    times
        Of the populations, in any unit; they increase.
    probabilities
        Of the quantiles; None: as :func:`laot.settings` has them.
    seed, threads, progress
        Seed of the bootstrap and of the halves; threads do not change the result.

    Returns
    -------
    dict
        A column each, one row a step: from, to, mean, mean_low, mean_high, largest, ``quantile_p`` for each
        probability p (weighted by the coupled mass), last_low, last_high and floor. The intervals (95%, bootstrap
        over the coupled pairs) are of the mean and of the last quantile; floor is the mean rate between two random
        halves of the cells at ``from``, movement that is sampling alone (NaN with one cell).

    Raises
    ------
    LaotError
        Where times do not increase, a probability is not in 0 .. 1, there are fewer than 2 populations, or their
        features differ.
    ValueError
        Where there are not as many times as populations.
    """
    when, at = (np.asarray(values, dtype=np.float64) for values in (times, usual("rates", "probabilities", probabilities)))
    if when.ndim != 1 or when.size != len(populations):
        raise ValueError(f"times must be one number for each of {len(populations)} populations, found {times!r}")
    handle = ctypes.c_void_p()
    with ExitStack() as stack:
        data = [stack.enter_context(Data(cells, f"population {number}")) for number, cells in enumerate(populations)]
        context = stack.enter_context(Context(seed, threads, progress))
        context.run(lib.laot_rates, (ctypes.c_void_p * len(data))(*(one.handle.value for one in data)), doubles(when), len(data),
                    doubles(at), at.size, ctypes.byref(handle))
    return findings(handle, ("rates",))["rates"]
