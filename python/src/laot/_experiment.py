"""Experiments of many conditions: control cells, and conditions with their treated cells and covariates."""

from __future__ import annotations

import ctypes
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Iterator, Mapping, Optional, Sequence

import numpy as np

from ._cells import Context, Data, Path, Progress, doubles, texts
from ._covariates import Parts, covariate_arrays, covariates_of, design, labels_of
from ._library import LaotWarning, check, lib, new
from ._model import Model, Source, condition_names, fit_parameters
from ._tables import table

#: An embedding: coordinates by level, a pandas DataFrame with a row for each level, or "control".
Embedding = Any
#: The word for covariates whose levels are placed by their control cells.
BY_CONTROLS = "control"
#: Conditions to leave out: names, values by covariate, or a list of these.
HoldOut = Any


@dataclass
class _Population:
    cells: Any
    batch: Optional[Sequence[Any]] = None
    names: Optional[Sequence[str]] = None


@dataclass
class _Condition:
    name: str
    treated: _Population
    control: int
    covariates: dict[str, Parts]


def _shown(embedding: Any) -> str:
    """A word, or the first one behind a covariate, else the kind of thing."""
    entries = embedding.items() if isinstance(embedding, Mapping) else ()
    words = [{name: value} for name, value in entries if isinstance(value, str)]
    if words or isinstance(embedding, str):
        return repr(words[0] if words else embedding)
    return type(embedding).__name__


@dataclass
class Experiment:
    """Control cells, and conditions with the cells that were treated so; :func:`laot.fit` takes one.

        screen = laot.Experiment()
        screen.add_control(untreated)
        screen.add_condition("A 1", cells, {"drug": "A", "dose": 1})
        screen.add_condition("A 3 + B 1", others, {"drug": ["A", "B"], "dose": [3, 1]})
        model = laot.fit(screen, method="conditional_laot")

    Populations are cells x features, dense or scipy.sparse, all with the same features. They are not
    copied: do not change them before the fit.

    Parameters
    ----------
    features
        Names of the features, which the model keeps.
    """

    features: Optional[Sequence[str]] = None
    _controls: list[_Population] = field(default_factory=list, init=False, repr=False)
    _conditions: list[_Condition] = field(default_factory=list, init=False, repr=False)

    def add_control(self, cells: Any, batch: Optional[Sequence[Any]] = None,
                    names: Optional[Sequence[str]] = None) -> int:
        """Adds control cells: one population for all conditions, or one for each cell line or plate.

        Parameters
        ----------
        cells
            Cells x features.
        batch, names
            A label, and a name, of each cell; cells are paired within a label only.

        Returns
        -------
        int
            Its number, from 0, for :meth:`add_condition`.
        """
        self._controls.append(_Population(cells, batch, names))
        return len(self._controls) - 1

    def add_condition(self, name: str, treated: Any, covariates: Optional[Mapping[str, Any]] = None, *,
                      control: int = 0, batch: Optional[Sequence[Any]] = None,
                      names: Optional[Sequence[str]] = None) -> None:
        """Adds a condition.

        Parameters
        ----------
        name
            Of the condition, each its own.
        treated
            Cells x features.
        covariates
            What it is: numbers (a dose) and levels (a drug), by name, the same names in all conditions.
            A list of them is a combination.
        control
            The number of the control cells that go with it.
        batch, names
            As in :meth:`add_control`.
        """
        if not 0 <= control < len(self._controls):
            raise ValueError(f"condition {name!r} goes with control {control}, and there are {len(self._controls)} control "
                             "populations, counted from 0; add_control() comes first")
        self._conditions.append(_Condition(str(name), _Population(treated, batch, names), control,
                                           covariates_of(covariates or {})))

    @classmethod
    def from_labels(cls, cells: Any, condition: Sequence[Any], control: str, target: Optional[Sequence[str]] = None,
                    covariates: Optional[Mapping[str, Sequence[Any]]] = None, *, combine: Optional[str] = None,
                    features: Optional[Sequence[str]] = None, batch: Optional[Sequence[Any]] = None,
                    names: Optional[Sequence[str]] = None) -> "Experiment":
        """The experiment of labelled cells.

        Parameters
        ----------
        cells
            Cells x features, of all conditions and the controls.
        condition
            The label of each cell.
        control
            The label of control cells.
        target
            Labels of the conditions; None: all others, sorted.
        covariates
            Columns by name (a dict, or a pandas DataFrame), a value for each cell: numbers, or levels. One
            value in all cells of a condition. Control cells have dose 0 or nothing; where they have levels
            that conditions have (a cell line, a plate), each condition goes with those of its own.
        combine
            What stands between the parts of a combination: with "+" a drug "A+B" is two.
        features, batch, names
            Names of the features; a label, and a name, of each cell.
        """
        labels = labels_of(condition)
        if labels.size != cells.shape[0]:
            raise ValueError(f"condition has {labels.size} labels for {cells.shape[0]} cells")
        targets = sorted(set(labels) - {control}) if target is None else [str(level) for level in target]
        for level in (control, *targets):
            if level not in labels:
                raise ValueError(f"no cell has the condition {level!r}; there are {sorted(set(labels))}")
        columns = {} if covariates is None else {str(name): covariates[name] for name in covariates}
        for name, column in columns.items():
            if len(column) != labels.size:
                raise ValueError(f"covariate {name} has {len(column)} values for {labels.size} cells")
        known = design(columns, labels, control, targets, combine)
        rows = cells.tocsr() if hasattr(cells, "tocsr") else cells

        def part(values: Optional[Sequence[Any]], at: np.ndarray) -> Any:
            return None if values is None else np.asarray(values, dtype=object)[at]

        out = cls(features)
        for at in known.controls:
            out.add_control(rows[at], part(batch, at), part(names, at))
        for level in targets:
            at = np.flatnonzero(labels == level)
            out.add_condition(level, rows[at], known.covariates[level], control=known.control_of[level],
                              batch=part(batch, at), names=part(names, at))
        return out

    @property
    def conditions(self) -> list[str]:
        """Names of the conditions."""
        return [one.name for one in self._conditions]

    def held_out(self, hold_out: HoldOut) -> list[str]:
        """Names of the conditions that ``hold_out`` of :func:`laot.fit` means.

        Parameters
        ----------
        hold_out
            Names; a dict of values by covariate, of which a condition has one; or a list of such dicts,
            of one of which a condition has all.
        """
        if hold_out is None:
            return []
        rows = [hold_out] if isinstance(hold_out, Mapping) else list([hold_out] if isinstance(hold_out, str) else hold_out)
        if not rows:
            raise ValueError("hold_out is empty; name conditions, give values by covariate, or leave it away")
        if not all(isinstance(row, Mapping) for row in rows):
            unknown = sorted(set(map(str, rows)) - set(self.conditions))
            if unknown:
                raise ValueError(f"hold_out names {unknown[0]!r}, which is no condition; there are {self.conditions}")
            return [name for name in self.conditions if name in {str(row) for row in rows}]
        known = self._conditions[0].covariates if self._conditions else {}
        for row in rows:
            for name in row:
                if name not in known:
                    raise ValueError(f"hold_out names {name!r}, which is no covariate; there are {list(known)}")

        def has(one: _Condition, name: str, wanted: Any) -> bool:
            values = covariates_of({name: wanted})[name]
            return any(value in values for value in one.covariates[name])

        every = any if isinstance(hold_out, Mapping) else all
        out = [one.name for one in self._conditions
               if any(every(has(one, name, wanted) for name, wanted in row.items()) for row in rows)]
        if not out:
            raise ValueError(f"no condition is what hold_out says, {hold_out!r}")
        return out

    @contextmanager
    def handle(self, embedding: Embedding = None, held_out: Sequence[str] = ()) -> Iterator[ctypes.c_void_p]:
        """The library's experiment, which borrows the cells."""
        experiment = new(lib.laot_experiment_new)
        borrowed: list[Data] = []  # as long as the experiment

        def data(population: _Population, what: str) -> Any:
            borrowed.append(Data(population.cells, what, population.batch, self.features, population.names))
            return borrowed[-1].handle

        try:
            for number, control in enumerate(self._controls):
                check(lib.laot_experiment_add_control(experiment, data(control, f"control {number}"),
                                                      ctypes.byref(ctypes.c_size_t())))
            for one in self._conditions:
                check(lib.laot_experiment_add_condition(experiment, one.name.encode(),
                                                        data(one.treated, f"condition {one.name!r}"), one.control,
                                                        *covariate_arrays(one.covariates)))
            for covariate, table in self._embeddings(embedding).items():
                if _is_word(table, BY_CONTROLS):
                    check(lib.laot_experiment_place_by_controls(experiment, covariate.encode()))
                    continue
                levels = [str(level) for level in table]
                coordinates = np.ascontiguousarray(list(table.values()), dtype=np.float64)
                if coordinates.ndim != 2:
                    raise ValueError(f"the embedding of {covariate} must have as many coordinates for each level, one or more")
                check(lib.laot_experiment_add_embedding(experiment, covariate.encode(), texts(levels), len(levels),
                                                        doubles(coordinates), coordinates.shape[1]))
            for name in held_out:
                check(lib.laot_experiment_hold_out(experiment, name.encode()))
            yield experiment
        finally:
            lib.laot_experiment_free(experiment)
            for one in borrowed:
                one.close()

    def placed_by_effect(self, embedding: Embedding) -> Optional[str]:
        """The covariate that a dict of embeddings places by "effect", which is the treatment."""
        words = embedding if isinstance(embedding, Mapping) else {}
        named = [str(name) for name, table in words.items() if _is_word(table, "effect")]
        if not named:
            return None
        known = self._conditions[0].covariates if self._conditions else {}
        others = [name for name, parts in known.items()
                  if isinstance(parts[0], str) and not _is_word(words.get(name), BY_CONTROLS)]
        if others != named:
            raise ValueError('embedding by "effect" is of the treatment, the one covariate of levels that control cells do not '
                             f"place; found {others if others else 'none'}")
        return named[0]

    def _embeddings(self, embedding: Embedding) -> dict[str, Any]:
        """By covariate, coordinates by level or the word for control cells."""
        if embedding is None:
            return {}
        known = self._conditions[0].covariates if self._conditions else {}
        levels = [name for name, parts in known.items() if isinstance(parts[0], str)]
        found = embedding if _is_word(embedding, BY_CONTROLS) else _coordinates(embedding)
        if found is not None:
            if len(levels) != 1:
                raise ValueError("embedding must be {covariate: {level: coordinates}} where there is not one covariate of "
                                 f"levels; found {levels if levels else 'none'}")
            return {levels[0]: found}
        tables = {str(name): table if _is_word(table, BY_CONTROLS) else _coordinates(table)
                  for name, table in embedding.items()} if isinstance(embedding, Mapping) else {}
        for name, table in tables.items():
            if name not in levels:
                raise ValueError(f"embedding names {name!r}, which is no covariate of levels; there are {levels}")
            if table is None:
                tables = {}
                break
        if not tables:
            raise ValueError('embedding must be {level: coordinates}, a data frame with a row for each level, "control", a dict '
                             'of these by covariate, or "effect", found '
                             f"{_shown(embedding)}")
        return {name: table for name, table in tables.items() if table is not None}


def _is_word(value: Any, word: str) -> bool:
    return isinstance(value, str) and value == word


def _coordinates(embedding: Any) -> Optional[dict[str, Any]]:
    """Coordinates by level, or None where it is something else."""
    if hasattr(embedding, "index") and hasattr(embedding, "to_numpy"):  # pandas
        return dict(zip(map(str, embedding.index), embedding.to_numpy(dtype=np.float64)))
    if not isinstance(embedding, Mapping) or not embedding:
        return None
    vectors = {}
    for level, values in embedding.items():
        if isinstance(values, (Mapping, str)) or hasattr(values, "columns"):
            return None
        vectors[str(level)] = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if len({vector.shape for vector in vectors.values()}) > 1:
        raise ValueError("embedding must have as many coordinates for each level")
    return vectors


def fit_experiment(experiment: Experiment, *, method: str = "laot", preset: Optional[str] = None, embedding: Embedding = None,
                   hold_out: HoldOut = None, seed: int = 1, threads: int = 1, progress: Optional[Progress] = None,
                   source: Optional[Source] = None, checkpoint: Optional[Path] = None, checkpoint_seconds: float = 30.0,
                   **parameters: Any) -> Model:
    """:func:`laot.fit` for an experiment."""
    effect = experiment.placed_by_effect(embedding)
    if effect is not None:
        parameters["embedding"] = "effect"
        embedding = {name: table for name, table in embedding.items() if name != effect} or None
    elif isinstance(embedding, str) and embedding in ("effect", "given"):
        parameters["embedding"], embedding = embedding, None
    model = Model(ctypes.c_void_p(), source)  # owns the handle from the moment that there is one
    with fit_parameters(method, preset, parameters) as params, experiment.handle(embedding, experiment.held_out(hold_out)) as handle, \
            Context(seed, threads, progress, checkpoint, checkpoint_seconds) as context:
        context.run(lib.laot_fit_experiment, params, handle, ctypes.byref(model._handle))
    _warn(model)
    return model


def _warn(model: Model) -> None:
    """The warning of a model of several conditions has those of each."""
    said = model._reported("warning", "")
    if said:
        warnings.warn(said, LaotWarning, stacklevel=4)


def conditions(model: Model) -> dict[str, Any]:
    """The conditions of a model that were seen, or, of ``model.at(...)``, that one.

    Returns
    -------
    dict
        A column each: ``condition`` (its name), ``control`` and ``treated`` (numbers of cells, NaN where
        it has none), of a method of many conditions ``kind`` ("seen", "unseen_dose", "unseen_level",
        "unseen_combination", "unseen_context"), and one for each covariate, an array where all are
        single numbers, else texts, the values of a combination with " + " between them.
        ``pandas.DataFrame`` takes it as it is.

    Examples
    --------
    >>> laot.conditions(model)["condition"]         # doctest: +SKIP
    ['A 1', 'A 3', 'B 1']
    """
    names = condition_names(model)
    parts = [model[name] for name in names] or [model]
    kinds = [part._reported("kind") for part in parts]
    out: dict[str, Any] = {
        "condition": names or [model._text("condition")],
        "control": np.array([part._reported("n_control", np.nan) for part in parts]),
        "treated": np.array([part._reported("n_treated", np.nan) for part in parts]),
    }
    if any(kind is not None for kind in kinds):
        out["kind"] = [kind or "" for kind in kinds]
    known = table(new(lib.laot_covariates, model._handle))
    places = list(zip(known["condition"], known["covariate"]))
    for name in model.covariates:
        rows = [[row for row, place in enumerate(places) if place == (of, name)] for of in out["condition"]]
        if all(len(several) == 1 and not np.isnan(known["number"][several[0]]) for several in rows):
            out[name] = np.array([known["number"][row] for row, in rows])
        else:  # a level, or several values
            out[name] = [" + ".join(known["value"][row] for row in several) for several in rows]
    return out
