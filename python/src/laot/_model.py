"""A fitted model, and how one comes to be from two arrays."""

from __future__ import annotations

import ctypes
import os
import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Iterator, Mapping, Optional, Sequence, Union

import numpy as np

from ._cells import Context, Data, Path, Progress, doubles
from ._covariates import Parts, Place, condition_text, covariate_arrays, covariates_of
from ._library import LaotWarning, check, lib, lines, new, text
from ._registry import methods
from ._source import Source
from ._trackability import Trackability


class Model:
    """A fitted model. :func:`laot.fit` makes one, :meth:`load` reads one.

    It never changes: several threads may use one at once. It can be pickled.
    """

    def __init__(self, handle: ctypes.c_void_p, source: Optional[Source] = None) -> None:
        self._handle = handle
        self.source = source

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            lib.laot_model_free(self._handle)
            self._handle = None

    @classmethod
    def load(cls, path: "os.PathLike[str] | str") -> "Model":
        """Reads a model that any version up to this one has saved, from any language. One that was fitted to an
        AnnData object reads the same layer of another, as before it was saved."""
        return cls._noted(new(lib.laot_load, os.fsencode(path)))

    @classmethod
    def _noted(cls, handle: ctypes.c_void_p) -> "Model":
        model = cls(handle)
        model.source = Source.noted(model.notes)
        return model

    def save(self, path: "os.PathLike[str] | str", notes: Optional[Mapping[str, str]] = None) -> None:
        """Writes one safetensors file, which R, Julia and C read as well. ``notes`` are texts of your own that go
        with the model: see :attr:`notes`."""
        texts = {**(self.source.notes() if self.source else {}), **(notes or {})}
        for one in (*texts.keys(), *texts.values()):
            if not isinstance(one, str) or "\0" in one:
                raise ValueError(f"notes must be texts by name, found {one!r}")
        names, values = ((ctypes.c_char_p * len(texts))(*(one.encode() for one in some))
                         for some in (texts.keys(), texts.values()))
        check(lib.laot_save_with_notes(self._handle, os.fsencode(path), names, values, len(texts)))

    @property
    def notes(self) -> dict[str, str]:
        """Texts that were saved with the model that this one was loaded from; those of an AnnData object say where
        its cells came from ("source.layer", ...)."""
        return {name: self._text(f"note.{name}") for name in self._names("notes")}

    @classmethod
    def from_bytes(cls, data: bytes) -> "Model":
        """The model of :meth:`to_bytes`."""
        return cls._noted(new(lib.laot_from_bytes, bytes(data), len(data)))

    def to_bytes(self) -> bytes:
        """The bytes of the file."""
        needed = ctypes.c_size_t()
        check(lib.laot_to_bytes(self._handle, None, 0, ctypes.byref(needed)))
        buffer = ctypes.create_string_buffer(needed.value)
        check(lib.laot_to_bytes(self._handle, buffer, needed, ctypes.byref(needed)))
        return buffer.raw[:needed.value]

    def __getstate__(self) -> dict[str, Any]:
        return {"bytes": self.to_bytes(), "source": self.source}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._handle = new(lib.laot_from_bytes, state["bytes"], len(state["bytes"]))
        self.source = state["source"]

    # Contents.

    def _text(self, name: str) -> str:
        return text(lib.laot_model_text, self._handle, name.encode())

    def _names(self, what: str) -> list[str]:
        return lines(text(lib.laot_model_names, self._handle, what.encode()))

    @property
    def method(self) -> str:
        """The name of its method."""
        return self._text("method")

    @property
    def preset(self) -> str:
        """The preset that it was fitted with."""
        return self._text("preset")

    @property
    def parameters(self) -> dict[str, str]:
        """The value of every parameter, as text."""
        return {name: self._text(f"param.{name}") for name in self._names("params")}

    @property
    def feature_names(self) -> list[str]:
        """Names of the features in their order; empty where none were given."""
        return self._names("feature_names")

    @property
    def report(self) -> dict[str, Any]:
        """The report of the fit: outcome, iterations, objective, ..."""
        out: dict[str, Any] = {}
        for name in self._names("report_numbers"):
            value = ctypes.c_double()
            check(lib.laot_report_number(self._handle, name.encode(), ctypes.byref(value)))
            out[name] = value.value
        for name in self._names("report_texts"):
            out[name] = text(lib.laot_report_text, self._handle, name.encode())
        return out

    def _reported(self, name: str, default: Any = None) -> Any:
        """One entry of the report: the others may take work."""
        if name in self._names("report_numbers"):
            value = ctypes.c_double()
            check(lib.laot_report_number(self._handle, name.encode(), ctypes.byref(value)))
            return value.value
        if name in self._names("report_texts"):
            return text(lib.laot_report_text, self._handle, name.encode())
        return default

    @property
    def trace(self) -> dict[str, np.ndarray]:
        """Columns of one value an iteration or epoch."""
        length = ctypes.c_size_t()
        check(lib.laot_trace_length(self._handle, ctypes.byref(length)))
        out = {}
        for name in self._names("trace"):
            column = np.empty(length.value)
            check(lib.laot_trace_column(self._handle, name.encode(), doubles(column), column.size))
            out[name] = column
        return out

    @property
    def arrays(self) -> list[str]:
        """Names that :meth:`array` takes."""
        return self._names("arrays")

    def array(self, name: str) -> np.ndarray:
        """A result by its name, rows and columns as laot_array documents them: "map" is W of
        x_treated = W x + "offset" [features x features]; of a fit that bends (report["lift"] is "yes") its
        linear part, beside which :meth:`effects` has the map at a cell and report["lift_share"] the share of
        the displacement's variance that no linear map explains."""
        rows, columns = ctypes.c_size_t(), ctypes.c_size_t()
        check(lib.laot_array_size(self._handle, name.encode(), ctypes.byref(rows), ctypes.byref(columns)))
        out = np.empty((rows.value, columns.value), order="F")
        check(lib.laot_array(self._handle, name.encode(), doubles(out), out.size))
        return out

    def __repr__(self) -> str:
        report = self.report
        names = condition_names(self)
        of = f" of {self.source.target!r} against {self.source.control!r}" if self.source else ""
        if len(names) > 1:
            of = f" of {len(names)} conditions" + (f" against {self.source.control!r}" if self.source else "")
        if "n_control" not in report:  # at covariates without cells
            return f"<laot.Model {self.method}{of}: {report.get('kind', 'at a condition')}, {report['features']:.0f} features>"
        return (f"<laot.Model {self.method}{of}: {report['n_control']:.0f} control and {report['n_treated']:.0f} "
                f"treated cells, {report['features']:.0f} features; {report.get('outcome') or report.get('kind')}>")

    # Of several conditions.

    @property
    def held_out(self) -> list[str]:
        """Names of the conditions of its experiment that the fit left out."""
        return self._names("held_out")

    @property
    def covariates(self) -> list[str]:
        """Names of the covariates of its conditions."""
        return self._names("covariates")

    def at(self, at: Place, controls: Any = None) -> "Model":
        """The model of one condition, with its report, trace and arrays; :func:`conditions` lists them.

        Parameters
        ----------
        at
            The name of a condition that was seen; or covariates, ``{"drug": ["A", "B"], "dose": [3, 1]}``: of a
            method of one condition those of one that was seen, of a method of many conditions any that it can
            answer. ``report["kind"]`` says what they are to it.
        controls
            Control cells x features of a level that was not seen (a new patient), where the fit placed the
            covariate by control cells, ``embedding={"patient": "control"}``; otherwise they are not looked at.

        Warns
        -----
        LaotWarning
            Where a dose, or a level that its control cells place, lies beyond those that were seen, and where
            the conditions say nothing about one that is not among them.
        """
        if isinstance(at, str):
            if not at:
                raise ValueError("at must be the name of a condition or its covariates, found \"\"")
            return Model(self._new_at(at.encode(), (None, None, None, 0), controls), self._source_of(at))
        if not isinstance(at, Mapping) or not at:
            raise ValueError(f'at must be the name of a condition, or its covariates such as {{"drug": "A", "dose": 3}}, found {at!r}')
        wanted = self._checked(covariates_of(at))
        model = Model(self._new_at(None, covariate_arrays(wanted), controls))
        model.source = self._source_of(model._text("condition") or condition_text(wanted))
        said = model._reported("warning", "")
        if said and said != self._reported("warning", ""):
            warnings.warn(f"{condition_text(wanted)}: {said}", LaotWarning, stacklevel=2)
        return model

    def _new_at(self, name: Optional[bytes], covariates: Any, controls: Any) -> ctypes.c_void_p:
        if controls is None:
            return new(lib.laot_model_at, self._handle, name, *covariates)
        out = ctypes.c_void_p()
        with Data(controls, "controls") as data, Context() as context:
            context.run(lib.laot_model_at_controls, self._handle, data.handle, name, *covariates, ctypes.byref(out))
        return out

    def __getitem__(self, name: str) -> "Model":
        """The model of a condition that was seen, by its name."""
        if not isinstance(name, str):
            raise TypeError(f"a condition is asked for by its name, found {name!r}; model.at() takes covariates")
        return self.at(name)

    __iter__ = None  # what stands in [] are names

    def _source_of(self, target: str) -> Optional[Source]:
        return None if self.source is None else replace(self.source, target=target)

    def _checked(self, given: dict[str, Parts]) -> dict[str, Parts]:
        """The covariates that its conditions have, in their order."""
        known = self.covariates
        if not known:
            raise ValueError(f"the conditions of the model have no covariates; at must be one of {condition_names(self)}")
        for name in given:
            if name not in known:
                raise ValueError(f"the conditions of the model have no covariate {name!r}; they have {known}")
        for name in known:
            if name not in given:
                raise ValueError(f"at lacks the covariate {name!r}; the conditions of the model have {known}")
        return {name: given[name] for name in known}

    # Actions.

    def trivial(self, name: str) -> "Model":
        """identity, mean_shift or gaussian_map of the same training cells, to score beside it."""
        return Model(new(lib.laot_model_trivial, self._handle, name.encode()), self.source)

    def predict_array(self, cells: Any, nonnegative: str = "no", threads: int = 1, at: Any = None) -> np.ndarray:
        """:meth:`predict` for cells x features, dense or scipy.sparse."""
        if hasattr(at, "columns"):
            return self._predict_rows(cells, nonnegative, threads, at)
        if at is not None:
            return self.at(at, cells).predict_array(cells, nonnegative, threads)
        with Data(cells) as data, Context(threads=threads) as context:
            out = np.empty(data.shape)
            context.run(lib.laot_predict, self._handle, data.handle, nonnegative.encode(), doubles(out), out.size)
            return out

    def _predict_rows(self, cells: Any, nonnegative: str, threads: int, at: Any) -> np.ndarray:
        """Each cell at the covariates of its row of a data frame."""
        rows = cells.tocsr() if hasattr(cells, "tocsr") else np.asarray(cells, dtype=np.float64)
        if len(at) != rows.shape[0]:
            raise ValueError(f"at has {len(at)} rows for {rows.shape[0]} cells; give one row a cell")
        places: dict[Any, list[int]] = {}
        for row, values in enumerate(zip(*(at[name] for name in at.columns))):
            given = covariates_of(dict(zip(map(str, at.columns), values)))
            places.setdefault(tuple(given.items()), []).append(row)
        out = np.empty(rows.shape)
        for given, of in places.items():
            out[of] = self.predict_array(rows[of], nonnegative, threads, dict(given))
        return out

    def composition(self) -> dict[str, Any]:
        """Shares of cell types before and after, of a fit with types or with balance="clusters": "type",
        "control", "treated", "treated_low", "treated_high" (95% interval over cells) and "ratio", what a
        control cell of the type counts."""
        from ._evaluation import table

        handle = ctypes.c_void_p()
        check(lib.laot_composition(self._handle, ctypes.byref(handle)))
        return table(handle)

    def choices(self) -> dict[str, Any]:
        """Candidates that the fit compared by held-out cells, or conditions, before it settled: "condition" (empty where it
        was compared for all), "choice" ("map", "restore", "own_share"), "candidate", "mmd2" (unbiased), "gain"
        (to the first candidate: negative is better), "standard_error" and "chosen" (1 or 0; of "own_share" the
        part of the conditions that took it). Without rows where nothing was compared."""
        from ._evaluation import table

        handle = ctypes.c_void_p()
        check(lib.laot_choices(self._handle, ctypes.byref(handle)))
        return table(handle)

    def weights(self, cells: Any, types: Optional[Sequence[Any]] = None, threads: int = 1) -> np.ndarray:
        """The weight of each of cells x features in the predicted population: the ratio of its type (``types``,
        where the fit was balanced by types) or of its cluster; 1 where nothing was balanced."""
        with Data(cells, types=types) as data, Context(threads=threads) as context:
            out = np.empty(data.shape[0])
            context.run(lib.laot_weights, self._handle, data.handle, doubles(out), out.size)
            return out

    def effects(self, cells: Any, threads: int = 1) -> np.ndarray:
        """The derivative of the prediction at each of cells x features (dense or scipy.sparse), in the units of
        the training cells: entry ``[i, j, k]`` is the change of the predicted feature j with feature k of cell i.
        """
        with Data(cells) as data, Context(threads=threads) as context:
            count, features = data.shape
            out = np.empty((count, features, features))
            context.run(lib.laot_effects, self._handle, data.handle, doubles(out), out.size)
            return out.transpose(0, 2, 1)

    def strongest_effects(self, count: Optional[int] = None) -> dict[str, Any]:
        """The largest entries of W - I by absolute value, the largest first: columns "treated" and "control" (row and
        column of W: features from 0) and "change"; of a map that bends of its linear part, none of a network."""
        from ._trackability import strongest_effects
        return strongest_effects(self, count)

    def encode(self, cells: Any, about: str = "control", threads: int = 1) -> np.ndarray:
        """Cells x features in the feature space of the model, cells x dimensions, as :func:`laot.isometry` and
        :func:`laot.rates` want them, about the mean of the model's "control" or "treated" cells or their "own"."""
        with Data(cells) as data, Context(threads=threads) as context:
            out = np.empty((data.shape[0], self.array("scale").size))
            context.run(lib.laot_encode, self._handle, data.handle, about.encode(), doubles(out), out.size)
            return out

    def change_at_cells(self, cells: Any = None, most_cells: Optional[int] = None, threads: int = 1) -> dict[str, Any]:
        """How far the map is from the identity at up to ``most_cells`` control cells, evenly taken (None: of those that
        the model kept): columns "cell" (from 0), "change", the largest singular value of the prediction's derivative
        less I in the feature space, and "length", the cell's norm there. A network raises :class:`LaotError`."""
        from ._trackability import change_at_cells
        return change_at_cells(self, cells, most_cells, threads)

    def predict(self, cells: Any, nonnegative: str = "no", threads: int = 1, key: str = "laot",
                copy: bool = False, at: Any = None, types: Any = None) -> Any:
        """Control cells as they would look treated, in the units of the training cells. A feature that has one
        value in all training cells is predicted as exactly that value.

        Parameters
        ----------
        cells
            Cells x features (dense or scipy.sparse), which gives an array of that shape; or an
            AnnData object. Of an object, the control cells are predicted where the model knows its
            condition column and finds it there, else all cells.
        nonnegative
            What happens to values below 0; laot_predict lists the words.
        threads
            Threads to use.
        key, copy
            Of an object: ``layers[key]`` (``obsm[key]`` where the fit was on one) gets the
            prediction, NaN for cells that were not predicted and for features that the model does
            not have. With ``copy`` that happens in a copy, which is returned; else None is. Of a balanced
            fit ``obs[key + "_weight"]`` gets what each predicted cell counts (:meth:`weights`), else NaN.
        at
            Of a model of several conditions: the name of one, its covariates as :meth:`at` takes them, or
            a pandas DataFrame of covariates with one row for each cell that is predicted. A level that was
            not seen and that control cells place (``embedding={"patient": "control"}``) is placed by the cells
            that are predicted at it, all of them; :meth:`at` takes others.
        types
            Of an object and a fit with ``balance="types"``: a column of obs, or the type of each of its
            cells. None: the column that the fit had its types from. Where there is none, a
            :class:`LaotWarning` says that the cells have no weights.
        """
        if hasattr(cells, "obs") and hasattr(cells, "layers"):
            from ._anndata import predict_into

            return predict_into(self, cells, nonnegative, threads, key, copy, at, types)
        if types is not None:
            raise ValueError("an array has no column for the weights of its cells; weights(cells, types) gives them")
        return self.predict_array(cells, nonnegative, threads, at)

    def trackability(self, adata: Any = None, resamples: Optional[int] = None, halves: Optional[int] = None,
                     restarts: Optional[int] = None, gaps: Optional[Sequence[float]] = None,
                     repeats: Optional[int] = None, most_cells: Optional[int] = None,
                     design: str = "counterpart", seed: int = 1, threads: int = 1,
                     progress: Optional[Progress] = None, key: str = "laot") -> Trackability:
        """Whether the pairing can be recovered, from the training cells that the model has kept.

        Parameters
        ----------
        adata
            Where given, ``uns[key]["trackability"]`` gets the numbers.
        resamples, halves, restarts
            Refits on bootstrap resamples, on halves of the cells, and from other starts.
        gaps, repeats, most_cells, design
            Of the recovery curve; 1 must be among the gaps. What is None is as :func:`laot.settings` has it.
        seed, threads, progress, key
            As in :func:`laot.fit`.

        Models of method laot only. Costs resamples + 2 halves + restarts + gaps x repeats fits.
        """
        from ._trackability import track

        return track(self, adata, resamples, halves, restarts, gaps, repeats, most_cells, design, seed, threads, progress, key)

    def evaluate(self, adata: Any, metrics: Union[str, Sequence[str], None] = None,
                 methods: Union[str, Sequence[str], None] = None, preset: Optional[str] = None,
                 gamma: Union[float, Sequence[float], None] = None, markers: int = 0, reference: Optional[str] = None,
                 batch: Any = None, groups: Optional[str] = None, types: Any = None, test: bool = False,
                 beside: Sequence["Model"] = (), seed: int = 1, threads: int = 1, store: bool = False,
                 key: str = "laot", epsilon: Optional[float] = None, epsilon_absolute: bool = False,
                 permutations: Optional[int] = None) -> dict[str, Any]:
        """Scores the model on the cells of an object that no fit has seen, as :func:`laot.evaluate` does on arrays.

        Parameters
        ----------
        adata
            An AnnData object with control and treated cells, in the layer or the embedding that the fit read. Its
            features are found by name, and may be more and in another order. Of a model of one condition the treated
            cells are those of that condition. Of several they are those of the conditions of the fit that the object
            has, also of ones that were held out, and of a method of many conditions with covariates those of all
            others, which the covariates in ``obs`` describe.
        batch
            A column of ``obs``. None: the one that the fit had, where the object has it. See ``reference`` of
            :func:`laot.evaluate`.
        groups
            A column of ``obs``, cell types say: rows for each group that both sides have.
        types
            Of a fit with ``balance="types"``: a column of ``obs``, or the type of each cell. None: ``groups``, else
            the column that the fit had its types from.
        metrics, methods, preset, gamma, epsilon, epsilon_absolute, markers, reference, seed, threads
            As in :func:`laot.evaluate`.
        test, permutations, beside
            As there, too: ``beside`` goes with several conditions, ``test`` and ``groups`` go with one.
        store, key
            With ``store``, ``uns[key]["evaluation"]`` gets the table, a pandas DataFrame that an h5ad file keeps.

        Returns
        -------
        dict
            The table of :func:`laot.evaluate`, a column each; ``condition`` is the level of the condition column.

        Raises
        ------
        TypeError
            Where ``adata`` is no AnnData object.
        ValueError
            Where the model was fitted to arrays; and where the object lacks the condition column, control cells,
            treated cells of the condition, a feature of the fit, a column that is named, or the types of a fit that
            was balanced by them.
        LaotError
            Where the library refuses what it was given.
        """
        from ._anndata import evaluate_adata

        return evaluate_adata(self, adata, batch, groups, types, beside, store, key, metrics=metrics, methods=methods,
                              preset=preset, gamma=gamma, markers=markers, reference=reference, test=test, seed=seed,
                              threads=threads, epsilon=epsilon, epsilon_absolute=epsilon_absolute, permutations=permutations)


def condition_names(model: Model) -> list[str]:
    """Of the conditions that were seen; none of a model of two populations."""
    return model._names("conditions")


@contextmanager
def fit_parameters(method: str, preset: Optional[str], parameters: Mapping[str, Any]) -> Iterator[ctypes.c_void_p]:
    """A method with its preset and parameters, as the library takes them."""
    params = new(lib.laot_params_new, method.encode())
    try:
        if preset is not None:
            check(lib.laot_params_use_preset(params, preset.encode()))
        for name, value in parameters.items():
            word = str(value).lower() if isinstance(value, (bool, np.bool_)) else str(value)
            check(lib.laot_params_set_text(params, name.encode(), word.encode()))
        yield params
    finally:
        lib.laot_params_free(params)


def fit_arrays(control: Any, treated: Any, *, method: str = "laot", preset: Optional[str] = None,
               batch_control: Optional[Sequence[Any]] = None, batch_treated: Optional[Sequence[Any]] = None,
               types_control: Optional[Sequence[Any]] = None, types_treated: Optional[Sequence[Any]] = None,
               feature_names: Optional[Sequence[str]] = None, control_names: Optional[Sequence[str]] = None,
               treated_names: Optional[Sequence[str]] = None, seed: int = 1, threads: int = 1,
               progress: Optional[Progress] = None, source: Optional[Source] = None, checkpoint: Optional[Path] = None,
               checkpoint_seconds: float = 30.0, **parameters: Any) -> Model:
    """:func:`laot.fit` for two arrays of cells x features."""
    if checkpoint is not None and method in methods() and not methods()[method].trains:
        raise ValueError("checkpoint goes with methods that train networks, and with fits of several conditions; "
                         f"this one of {method} is done at once")
    model = Model(ctypes.c_void_p(), source)  # owns the handle from the moment that there is one
    with fit_parameters(method, preset, parameters) as params, \
            Data(control, "control", batch_control, feature_names, control_names, types_control) as x, \
            Data(treated, "treated", batch_treated, feature_names, treated_names, types_treated) as y, \
            Context(seed, threads, progress, checkpoint, checkpoint_seconds) as context:
        context.run(lib.laot_fit, params, x.handle, y.handle, ctypes.byref(model._handle))
    said = model._reported("warning", "")
    if said:
        warnings.warn(said, LaotWarning, stacklevel=3)
    return model
