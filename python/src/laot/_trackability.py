"""Whether the pairing behind a model can be recovered."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional, Sequence

import numpy as np

from ._cells import Context, Progress, doubles
from ._library import lib
from ._registry import usual
from ._scores import findings

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
    resamples, halves, restarts = (usual("stability", name, given) for name, given in
                                   (("resamples", resamples), ("halves", halves), ("restarts", restarts)))
    gaps, repeats, most_cells = (usual("recovery_curve", name, given) for name, given in
                                 (("gaps", gaps), ("repeats", repeats), ("most_cells", most_cells)))
    if 1 not in gaps:
        raise ValueError("gaps must have 1, the experiment itself, among its values")
    handle = ctypes.c_void_p()
    with Context(seed, threads, progress) as context:
        context.run(lib.laot_stability, model._handle, None, None, resamples, halves, restarts, b"cells",
                    ctypes.byref(handle))
    stability = findings(handle, ("agreement",))
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
