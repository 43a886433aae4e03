"""AnnData in and out: which of its cells are control and treated, and where results go."""

from __future__ import annotations

from typing import Any, Optional, Sequence

import numpy as np

from ._cells import variable_features
from ._model import Model, Source, fit_arrays

#: Levels that are taken for the control where none is named.
CONTROL_LEVELS = ("control", "ctrl", "dmso", "vehicle", "untreated", "unstimulated")
#: Features of largest variance that are used where an object has more and none are named.
MOST_FEATURES = 1000


def _levels(adata: Any, condition: str) -> np.ndarray:
    if condition not in adata.obs:
        raise ValueError(f"obs has no column {condition!r}; it has {list(adata.obs.columns)}")
    return np.asarray(adata.obs[condition].astype(str))


def _chosen(levels: np.ndarray, condition: str, control: Optional[str], target: Optional[str]) -> tuple[str, str]:
    there = sorted(set(levels))
    if control is None:
        known = [level for level in there if level.lower() in CONTROL_LEVELS]
        if len(known) != 1:
            raise ValueError(f"name the control level of {condition!r} with control=; its levels are {there}")
        control = known[0]
    others = [level for level in there if level != control]
    if target is None:
        if len(others) != 1:
            raise ValueError(f"name one treated level of {condition!r} with target=; there are {others}")
        target = others[0]
    for level, what in ((control, "control"), (target, "target")):
        if level not in there:
            raise ValueError(f"{what} = {level!r} is no level of {condition!r}; its levels are {there}")
    if control == target:
        raise ValueError(f"control and target are both {control!r}")
    return control, target


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


def fit_adata(adata: Any, *, condition: str, control: Optional[str], target: Optional[str], batch: Optional[str],
              layer: Optional[str], obsm: Optional[str], features: Any, key: str, threads: int,
              **settings: Any) -> Model:
    """:func:`laot.fit` for an AnnData object."""
    levels = _levels(adata, condition)
    control, target = _chosen(levels, condition, control, target)
    of_control, of_target = np.flatnonzero(levels == control), np.flatnonzero(levels == target)
    values, names = matrix_of(adata, layer, obsm)
    x, y = rows_of(values, of_control), rows_of(values, of_target)
    if features is None and obsm is None and len(names) > MOST_FEATURES:
        columns = np.sort(variable_features(x, y, MOST_FEATURES, threads))
    elif features is None or (isinstance(features, str) and features == "all"):
        columns = None
    else:
        columns = _columns(names, [str(name) for name in features], "features")
    if columns is not None:
        x, y, names = x[:, columns], y[:, columns], [names[k] for k in columns]
    batches: dict[str, Any] = {}
    if batch is not None:
        labels = _levels(adata, batch)
        batches = {"batch_control": labels[of_control], "batch_treated": labels[of_target]}
    model = fit_arrays(x, y, feature_names=names, control_names=adata.obs_names[of_control],
                       treated_names=adata.obs_names[of_target], threads=threads,
                       source=Source(condition, control, target, layer, obsm), **batches, **settings)
    where = {name: value for name, value in (("layer", layer), ("obsm", obsm)) if value is not None}
    note(adata, key, method=model.method, preset=model.preset, condition=condition, control=control, target=target,
         **where, parameters=model.parameters, report=model.report, model=np.frombuffer(model.to_bytes(), dtype=np.uint8))
    return model


def predict_into(model: Model, adata: Any, nonnegative: str, threads: int, key: str, copy: bool) -> Any:
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
    predicted = model.predict_array(cells if same else cells[:, columns], nonnegative, threads)
    whole = np.full((out.n_obs, len(names)), np.nan)
    whole[np.ix_(rows, columns)] = predicted
    (out.obsm if source is not None and source.obsm is not None else out.layers)[key] = whole
    return out if copy else None


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
    model.source = Source(str(stored["condition"]), str(stored["control"]), str(stored["target"]),
                          stored.get("layer"), stored.get("obsm"))
    return model
