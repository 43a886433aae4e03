"""Tables of scores: the library's own, the same in every language; and the coupling as a result."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import Any, Optional, Sequence, Union

import numpy as np

from . import _declarations as c
from ._cells import Context, Data, indices, texts, whole
from ._experiment import Experiment
from ._library import check, lib
from ._model import Model
from ._registry import usual
from ._scores import entropy
from ._tables import Table, table

Names = Union[str, Sequence[str], None]


def _listed(names: Names) -> Optional[bytes]:
    if names is None:
        return None
    return ",".join([names] if isinstance(names, str) else names).encode()


def _options(metrics: Names, methods: Names, preset: Optional[str], gamma: Union[float, Sequence[float], None],
             markers: int, reference: Optional[str], test: bool, condition: Optional[str], epsilon: Optional[float],
             epsilon_absolute: bool, permutations: Optional[int]) -> Any:
    gammas = np.atleast_1d(np.asarray([] if gamma is None else gamma, dtype=np.float64))
    # Of an array of its own kind a structure keeps what it points to; of numpy's it would not.
    kept = (ctypes.c_double * gammas.size)(*gammas)
    permutations = whole(usual("evaluate", "permutations", permutations), "permutations")
    return c.laot_evaluation_options(
        ctypes.sizeof(c.laot_evaluation_options), _listed(condition), _listed(methods), _listed(metrics),
        _listed(preset), kept, gammas.size, *entropy(epsilon, epsilon_absolute), markers, _listed(reference), int(test),
        permutations)


def evaluate(model: Optional[Model], observed: Any, control: Any = None, predicted: Any = None,
             metrics: Names = None, methods: Names = None, preset: Optional[str] = None,
             gamma: Union[float, Sequence[float], None] = None, markers: int = 0,
             reference: Optional[str] = None, batch: Optional[Sequence[Any]] = None,
             groups: Optional[tuple[Sequence[Any], Sequence[Any]]] = None, test: bool = False,
             condition: Optional[str] = None, beside: Sequence[Model] = (), seed: int = 1,
             threads: int = 1, epsilon: Optional[float] = None, epsilon_absolute: bool = False,
             permutations: Optional[int] = None) -> Table:
    """Scores predictions against observed treated cells, beside trivial predictors and true cells.

    Parameters
    ----------
    model
        Its predictions for ``control`` are scored, where no ``predicted`` cells are given; its
        training cells are those of the trivial predictors, the bandwidth, the markers and the noise
        reference. None: bare predictions.
    observed, control, predicted
        Cells x features, dense or scipy.sparse, the same features and units. ``observed`` may be an
        :class:`Experiment`: control cells, and conditions with the treated cells that were observed,
        seen or, with a method of many conditions, not seen. Of a condition that was seen the name is
        enough, of another its covariates say what it is.
    metrics, methods, preset
        Names: of :func:`metrics`; of methods that have rows ("prediction" is the model's own); of a
        preset of scores, one of :func:`score_presets`. None: the usual.
    gamma
        Bandwidths of kernels; None: 1 / median of the positive squared distances of training cells.
    markers
        Score on so many markers of the training cells as well.
    reference, batch
        "training", "halves", or None: halves where ``batch``, a label of each observed cell, has
        none of the training's.
    groups
        (labels of the observed cells, labels of the control cells): rows for each group. A model that
        was balanced by types needs the types of the control cells here; observed labels may then be
        None. Of a balanced model every method that starts from the control cells has a second row of
        each metric with such a form, in which weighted is 1: with what each cell counts.
    test, permutations
        A permutation test of the prediction against the observed cells, and its relabellings; None: 199.
    condition
        What the rows say they are of; of a model of many conditions the one that it is asked at.
    beside
        With an experiment: models of other methods, whose predictions stand beside those of ``model``. Beside
        a model of many conditions its trivial predictors do by themselves: conditional_gaussian,
        regressed_shift and nearest_shift of the training cells that it keeps.
    seed, threads
        Seed of all draws; threads do not change the result.
    epsilon, epsilon_absolute
        Of the metrics that take it, as in :func:`score`.

    Returns
    -------
    dict
        A column each: condition, kind, group, method, metric, estimator, setting, features, gamma,
        cells, observed, value, sd, left_out, reason, weighted, gamma_from, metric_setting, halvings,
        subsamples, subsample_cells. ``pandas.DataFrame`` takes it as it is. Of an
        experiment one condition after the other; ``kind`` is "seen", "unseen dose", "unseen level",
        "unseen combination", "unseen context", or "unseen" where the method does not tell. Of a
        condition that was not seen there are no training cells: identity is its only trivial
        predictor, and the noise reference is of halves of the observed cells.
    """
    options = _options(metrics, methods, preset, gamma, markers, reference, test, condition, epsilon, epsilon_absolute,
                       permutations)
    if isinstance(observed, Experiment):
        if model is None:
            raise ValueError("model is missing; an experiment is scored with a model of its conditions")
        given = {"control": control, "predicted": predicted, "batch": batch, "groups": groups}
        for name, value in given.items():
            if value is not None:
                raise ValueError(f"{name} does not go with an experiment, which has its own cells")
        if test:
            raise ValueError("test does not go with an experiment; evaluate one condition at a time")
        return _evaluate_experiment([model, *beside], observed, options, seed, threads)
    if len(beside):
        raise ValueError("beside goes with an experiment of held-out cells as observed")
    of_observed, of_control = groups if groups is not None else (None, None)
    with ExitStack() as stack:
        def data(cells: Any, what: str, of_batch: Any = None, labels: Any = None) -> Any:
            if cells is None:
                return None
            handle = stack.enter_context(Data(cells, what, batch=of_batch)).handle
            if labels is not None:
                check(lib.laot_data_set_groups(handle, texts(labels), len(labels)))
            return handle

        p = data(predicted, "predicted")
        o = data(observed, "observed", batch, of_observed)
        x = data(control, "control", None, of_control)
        context = stack.enter_context(Context(seed, threads))
        out = ctypes.c_void_p()
        context.run(lib.laot_evaluate, None if model is None else model._handle, p, o, x, ctypes.byref(options),
                    ctypes.byref(out))
        return table(out)


def _evaluate_experiment(models: Sequence[Model], held_out: Experiment, options: Any, seed: int, threads: int) -> Table:
    handles = (ctypes.c_void_p * len(models))(*[one._handle.value for one in models])
    with held_out.handle() as experiment, Context(seed, threads) as context:
        out = ctypes.c_void_p()
        context.run(lib.laot_evaluate_experiment, handles, len(models), experiment, ctypes.byref(options),
                    ctypes.byref(out))
        return table(out)


def response_table(model: Optional[Model], observed: Any, control: Any, predicted: Any = None,
                   batch: Optional[tuple[Sequence[Any], Sequence[Any]]] = None, level: Optional[float] = None,
                   threads: int = 1) -> Table:
    """The table that a paper shows of each feature: observed shift with an interval, and predicted shift.

    Parameters
    ----------
    model, observed, control, predicted
        As in :func:`evaluate`; the model predicts ``control``, or ``predicted`` cells are given.
    batch
        (labels of the observed cells, labels of the control cells), such as donors: the interval is
        then Student's t over the levels that both have. None: Welch's t over cells.
    level
        Coverage of the interval; None: as :func:`laot.settings` has it.

    Returns
    -------
    dict
        position (from 0), feature, mean_control, observed, low, high, predicted, sd_control,
        sd_observed, sd_predicted, zeros_control, zeros_observed, zeros_predicted, ks, units; the
        largest observed shift first.
    """
    of_observed, of_control = batch if batch is not None else (None, None)
    with ExitStack() as stack:
        def data(cells: Any, what: str, labels: Any = None) -> Any:
            return None if cells is None else stack.enter_context(Data(cells, what, batch=labels)).handle

        p, o, x = data(predicted, "predicted"), data(observed, "observed", of_observed), data(control, "control", of_control)
        context = stack.enter_context(Context(1, threads))
        out = ctypes.c_void_p()
        context.run(lib.laot_response_table, None if model is None else model._handle, p, o, x, level or 0.0,
                    ctypes.byref(out))
        return table(out)


def marker_table(control: Any, treated: Any, count: int, threads: int = 1) -> Table:
    """The features that respond most on training cells, by Welch's t.

    position (from 0), feature, t, shift, mean_control, mean_treated; the largest absolute t first.
    """
    with Data(control, "control") as x, Data(treated, "treated") as y, Context(1, threads) as context:
        out = ctypes.c_void_p()
        context.run(lib.laot_marker_table, x.handle, y.handle, count, ctypes.byref(out))
        return table(out)


def pairing(model: Model) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The last coupling of a laot model: control cell, treated cell (from 0), mass (sums to 1).

    ``scipy.sparse.coo_matrix((mass, (control, treated)))`` makes a matrix of it.
    """
    source, target, mass = (model.array(name).ravel() for name in ("plan_source", "plan_target", "plan_mass"))
    return source.astype(np.int64), target.astype(np.int64), mass


def transitions(model: Model, control_labels: Sequence[Any], treated_labels: Sequence[Any]) -> Table:
    """Which group of cells goes where: from, to, mass, share, expected. A label each training cell."""
    out = ctypes.c_void_p()
    check(lib.laot_transitions(model._handle, texts(control_labels), len(control_labels), texts(treated_labels),
                               len(treated_labels), ctypes.byref(out)))
    return table(out)


def descendants(model: Model, cells: Sequence[int]) -> Table:
    """The treated cells that control cells (from 0) go to: cell, name, mass, the largest first."""
    return _partners(model, b"descendants", cells)


def ancestors(model: Model, cells: Sequence[int]) -> Table:
    """The control cells that treated cells (from 0) come from, as :func:`descendants`."""
    return _partners(model, b"ancestors", cells)


def _partners(model: Model, direction: bytes, cells: Sequence[int]) -> Table:
    out = ctypes.c_void_p()
    check(lib.laot_partners(model._handle, direction, indices(cells), len(cells), ctypes.byref(out)))
    return table(out)
