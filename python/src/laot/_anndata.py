"""AnnData in and out: which of its cells are control and treated, and where results go."""

from __future__ import annotations

import warnings
from typing import Any, Optional, Sequence, Union

import numpy as np

from ._cells import variable_features
from ._covariates import is_lost, labels_of
from ._evaluation import evaluate
from ._experiment import Experiment, fit_experiment
from ._library import LaotWarning
from ._model import Model, Source, fit_arrays
from ._registry import methods, usual
from ._source import PLACES
from ._tables import Table


def _column(adata: Any, name: str) -> np.ndarray:
    if name not in adata.obs:
        raise ValueError(f"obs has no column {name!r}; it has {list(adata.obs.columns)}")
    return np.asarray(adata.obs[name], dtype=object)


def _levels(adata: Any, condition: str) -> np.ndarray:
    return labels_of(_column(adata, condition))


def _control(there: Sequence[str], condition: str, control: Optional[str]) -> str:
    if control is None:
        words = usual("fit", "control")
        known = [level for level in there if level.lower() in words]
        if len(known) != 1:
            raise ValueError(f"name the control level of {condition!r} with control=; its levels are {there}")
        control = known[0]
    if control not in there:
        raise ValueError(f"control = {control!r} is no level of {condition!r}; its levels are {there}")
    return control


def _targets(there: Sequence[str], condition: str, control: str, target: Union[str, Sequence[str], None],
             many: bool) -> Union[str, list[str]]:
    """A list where the fit is of several conditions."""
    others = [level for level in there if level != control]
    if target is None:
        if not others or not many and len(others) != 1:
            raise ValueError(f"name one treated level of {condition!r} with target=, or a list of several; there are {others}")
        return others if many else others[0]
    targets = [target] if isinstance(target, str) else [str(level) for level in target]
    if not targets or len(set(targets)) != len(targets):
        raise ValueError(f"target must be levels of {condition!r}, each once, found {targets}")
    for level in targets:
        if level not in there:
            raise ValueError(f"target = {level!r} is no level of {condition!r}; its levels are {there}")
        if level == control:
            raise ValueError(f"control and target are both {control!r}")
    return targets if many or not isinstance(target, str) else targets[0]


def matrix_of(adata: Any, layer: Optional[str], obsm: Optional[str]) -> tuple[Any, list[str]]:
    """Cells x features, and the names of the features."""
    if layer is not None and obsm is not None:
        raise ValueError("give either layer or obsm, not both")
    if obsm is not None:
        if obsm not in adata.obsm:
            raise ValueError(f"obsm has no {obsm!r}; it has {list(adata.obsm)}")
        values = np.asarray(adata.obsm[obsm], dtype=np.float64)
        return values, [f"{obsm}{k + 1}" for k in range(values.shape[1])]
    if layer is not None and layer not in adata.layers:
        raise ValueError(f"layers has no {layer!r}; it has {list(adata.layers)}")
    values = adata.X if layer is None else adata.layers[layer]
    if values is None:
        raise ValueError("the object has no X; name a layer")
    return values, [str(name) for name in adata.var_names]


def rows_of(values: Any, rows: np.ndarray) -> Any:
    """Some cells of a dense or sparse matrix, also of one that lies in a file."""
    return values[rows] if not hasattr(values, "tocsr") else values.tocsr()[rows]


def _columns(names: Sequence[str], wanted: Sequence[str], what: str) -> np.ndarray:
    place = {name: k for k, name in enumerate(names)}
    missing = [name for name in wanted if name not in place]
    if missing:
        shown = ", ".join(map(repr, missing[:5])) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise ValueError(f"{what}: the object lacks {shown}")
    return np.array([place[name] for name in wanted], dtype=np.int64)


def note(adata: Any, key: str, **entries: Any) -> None:
    """Adds to uns[key]."""
    adata.uns[key] = {**adata.uns.get(key, {}), **entries}


def fit_adata(adata: Any, *, condition: str, control: Optional[str], target: Union[str, Sequence[str], None],
              covariates: Union[str, Sequence[str], None], combine: Optional[str], embedding: Any, hold_out: Any,
              batch: Optional[str], types: Optional[str], layer: Optional[str], obsm: Optional[str], features: Any, key: str, threads: int,
              many: bool, **settings: Any) -> Model:
    """:func:`laot.fit` for an AnnData object; ``many``: the method learns all conditions together."""
    levels = _levels(adata, condition)
    there = sorted(set(levels))
    control = _control(there, condition, control)
    chosen = _targets(there, condition, control, target, many or covariates is not None)
    of_control = np.flatnonzero(levels == control)
    # One target after the other, and features in the order of their variance, as in R: the order is in the bits.
    of_treated = np.concatenate([np.flatnonzero(levels == level) for level in ([chosen] if isinstance(chosen, str) else chosen)])
    values, names = matrix_of(adata, layer, obsm)
    x, y = rows_of(values, of_control), rows_of(values, of_treated)
    most = usual("variable_features", "count")
    if features is None and obsm is None and len(names) > most:
        columns = variable_features(x, y, most, threads)
    elif features is None or (isinstance(features, str) and features == "all"):
        columns = None
    else:
        columns = _columns(names, [str(name) for name in features], "features")
    if columns is not None:
        x, y, names = x[:, columns], y[:, columns], [names[k] for k in columns]
    batches = None if batch is None else _levels(adata, batch)
    source = Source(condition, control, chosen if isinstance(chosen, str) else tuple(chosen), layer, obsm, types, batch, combine)
    if isinstance(chosen, str):
        for name, value in (("combine", combine), ("embedding", embedding), ("hold_out", hold_out)):
            if value is not None:
                raise ValueError(f"{name} is of the levels of covariates; give covariates=, say [\"drug\"]")
        of = {} if batches is None else {"batch_control": batches[of_control], "batch_treated": batches[of_treated]}
        if types is not None:
            labels = _levels(adata, types)
            of.update(types_control=labels[of_control], types_treated=labels[of_treated])
        model = fit_arrays(x, y, feature_names=names, control_names=adata.obs_names[of_control],
                           treated_names=adata.obs_names[of_treated], threads=threads, source=source, **of, **settings)
    else:
        if types is not None:
            raise ValueError("types are of one condition; name it with target=, or leave types away")
        places = np.concatenate([of_control, of_treated])
        cells = rows_of(values, places)
        experiment = Experiment.from_labels(
            cells if columns is None else cells[:, columns], levels[places], control, chosen,
            {name: _column(adata, name)[places] for name in ([covariates] if isinstance(covariates, str) else covariates or [])},
            combine=combine, features=names, batch=None if batches is None else batches[places],
            names=np.asarray(adata.obs_names)[places])
        model = fit_experiment(experiment, embedding=embedding, hold_out=hold_out, threads=threads, source=source, **settings)
    where = {name: getattr(source, name) for name in PLACES if getattr(source, name) is not None}
    note(adata, key, method=model.method, preset=model.preset, condition=condition, control=control,
         target=chosen if isinstance(chosen, str) else np.array(chosen, dtype=object), **where,
         parameters=model.parameters, report=model.report, model=np.frombuffer(model.to_bytes(), dtype=np.uint8))
    return model


def _types(model: Model, adata: Any, types: Any) -> Optional[np.ndarray]:
    """The type of each cell of an object: as given, else from the column that the fit had them from."""
    if isinstance(types, str):
        return _levels(adata, types)
    if types is not None:
        if len(types) != adata.n_obs:
            raise ValueError(f"types has {len(types)} labels for {adata.n_obs} cells")
        return np.array([str(label) for label in types], dtype=object)
    column = model.source.types if model.source else None
    return _levels(adata, column) if column is not None and column in adata.obs else None


def _weights(model: Model, adata: Any, rows: np.ndarray, cells: Any, types: Any, threads: int, at: Any) -> Optional[np.ndarray]:
    """The weights of the predicted cells of an object; None where nothing was balanced."""
    balance = model.parameters.get("balance", "none")
    if types is not None and balance != "types":
        raise ValueError(f"types goes with a fit that was balanced by types, and this one has balance={balance!r}")
    if balance == "none" or hasattr(at, "columns"):
        return None
    labels = _types(model, adata, types) if balance == "types" else None
    if balance == "types" and labels is None:
        warnings.warn("the fit was balanced by types, and the predicted cells have no weights without theirs; give types=",
                      LaotWarning, stacklevel=4)
        return None
    one = model if at is None else model.at(at)
    return one.weights(cells, None if labels is None else labels[rows], threads)


def predict_into(model: Model, adata: Any, nonnegative: str, threads: int, key: str, copy: bool, at: Any,
                 types: Any = None) -> Any:
    """:meth:`Model.predict` for an AnnData object."""
    out = adata.copy() if copy else adata
    source = model.source
    values, names = matrix_of(out, source.layer if source else None, source.obsm if source else None)
    rows = np.arange(out.n_obs)
    if source is not None and source.condition in out.obs:
        levels = _levels(out, source.condition)
        if source.control in levels:
            rows = np.flatnonzero(levels == source.control)
    columns = _columns(names, model.feature_names or names, "the model was fitted on features that are not there")
    cells = rows_of(values, rows)
    same = len(columns) == len(names) and np.array_equal(columns, np.arange(len(names)))
    cells = cells if same else cells[:, columns]
    predicted = model.predict_array(cells, nonnegative, threads, at)
    weights = _weights(model, out, rows, cells, types, threads, at)
    if weights is not None:
        of_all = np.full(out.n_obs, np.nan)
        of_all[rows] = weights
        out.obs[f"{key}_weight"] = of_all
    whole = np.full((out.n_obs, len(names)), np.nan)
    whole[np.ix_(rows, columns)] = predicted
    (out.obsm if source is not None and source.obsm is not None else out.layers)[key] = whole
    return out if copy else None


def _treated(model: Model, adata: Any, levels: np.ndarray, control: str) -> list[str]:
    """The levels of an object that a model of several conditions is scored at."""
    known = [level for level in model.source.target if level in levels]
    if not model.covariates or not methods()[model.method].many_conditions:
        return known
    unlabelled = {level for level, value in zip(levels, _column(adata, model.source.condition)) if is_lost(value)}
    new = sorted(set(levels) - {control, *known} - unlabelled)
    lacking = [name for name in model.covariates if name not in adata.obs]
    if new and lacking:
        raise ValueError(f"the fit has not seen {new[0]!r}, and obs has no column {lacking[0]!r} to say what it is")
    return known + new


def evaluate_adata(model: Model, adata: Any, batch: Optional[str], groups: Optional[str], types: Any,
                   beside: Sequence[Model], store: bool, key: str, **settings: Any) -> Table:
    """:meth:`Model.evaluate`."""
    source = model.source
    if not (hasattr(adata, "obs") and hasattr(adata, "layers")):
        raise TypeError(f"evaluate() takes an AnnData object, found {type(adata).__name__}; "
                        "laot.evaluate(model, observed, control) takes arrays")
    if source is None:
        raise ValueError("the model was fitted to arrays, and does not know which cells of an object are treated; "
                         "laot.evaluate(model, observed, control) takes arrays")
    levels = _levels(adata, source.condition)
    several = not isinstance(source.target, str)
    targets = _treated(model, adata, levels, source.control) if several else [source.target]
    for level in [source.control, *targets]:
        if level not in levels:
            raise ValueError(f"no cell of the object is {level!r} in obs[{source.condition!r}], "
                             f"whose levels are {sorted(set(levels))}")
    if not targets:
        raise ValueError(f"no cell of the object has a condition of the fit in obs[{source.condition!r}], "
                         f"whose levels are {sorted(set(levels))}")
    values, names = matrix_of(adata, source.layer, source.obsm)
    columns = _columns(names, model.feature_names or names, "the model was fitted on features that are not there")
    if batch is None and source.batch is not None and source.batch in adata.obs:
        batch = source.batch
    batches = None if batch is None else _levels(adata, batch)

    def cells(rows: np.ndarray) -> Any:
        return rows_of(values, rows)[:, columns]

    if several:
        if groups is not None or types is not None:
            raise ValueError("groups and types are of one condition; score one at a time, "
                             f"as model[{targets[0]!r}].evaluate(adata)")
        places = np.flatnonzero(np.isin(levels, [source.control, *targets]))
        covariates = {name: _column(adata, name)[places] for name in model.covariates if name in adata.obs}
        experiment = Experiment.from_labels(
            cells(places), levels[places], source.control, targets, covariates,
            combine=source.combine if covariates else None, features=model.feature_names or None,
            batch=None if batches is None else batches[places])
        found = evaluate(model, experiment, beside=beside, **settings)
    else:
        of_control, of_treated = (np.flatnonzero(levels == level) for level in (source.control, source.target))
        found = evaluate(model, cells(of_treated), cells(of_control), beside=beside, condition=source.target,
                         batch=None if batches is None else batches[of_treated],
                         groups=_groups(model, adata, groups, types, of_control, of_treated), **settings)
    if store:
        from pandas import DataFrame  # anndata needs it; in a dict an h5ad file would sort the columns

        note(adata, key, evaluation=DataFrame(found))
    return found


def _groups(model: Model, adata: Any, groups: Optional[str], types: Any, of_control: np.ndarray,
            of_treated: np.ndarray) -> Any:
    """Labels of the observed cells, None where there are none, and of the control cells."""
    labels = None if groups is None else _levels(adata, groups)
    balance = model.parameters.get("balance", "none")
    if types is not None and balance != "types":
        raise ValueError(f"types goes with a fit that was balanced by types, and this one has balance={balance!r}")
    if labels is not None and types is not None and not np.array_equal(labels, _types(model, adata, types)):
        raise ValueError("groups and types label the cells differently; of a fit that was balanced by types give one of them")
    if labels is not None:
        return labels[of_treated], labels[of_control]
    if balance != "types":
        return None
    labels = _types(model, adata, types)
    if labels is None:
        raise ValueError("the fit was balanced by types, and its scores need the type of each control cell; give types=, "
                         "a column of obs or the type of each cell")
    return None, labels[of_control]


def from_uns(adata: Any, key: str = "laot") -> Model:
    """The model that a fit left in ``uns[key]``, also after a trip through an h5ad file.

    Parameters
    ----------
    adata
        The object that was given to :func:`laot.fit`, or what was read from its file.
    key
        As it was given there.
    """
    if key not in adata.uns or "model" not in adata.uns[key]:
        raise ValueError(f"uns[{key!r}] holds no model; fit one with laot.fit(adata, key={key!r})")
    stored = adata.uns[key]
    model = Model.from_bytes(np.asarray(stored["model"], dtype=np.uint8).tobytes())
    target = stored["target"]
    model.source = Source(str(stored["condition"]), str(stored["control"]),
                          tuple(map(str, target)) if isinstance(target, np.ndarray) else str(target),
                          *map(stored.get, PLACES))
    return model
