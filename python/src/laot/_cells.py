"""Cells as the library sees them: an array of (cells, features) lies in memory as its features x
cells, column-major, so that nothing is copied; and the settings of a call."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from ctypes import POINTER, c_char_p, c_double, c_int64, c_size_t
from typing import Any, Callable, Iterable, Optional, Sequence, Union

import numpy as np

from . import _declarations as c
from ._library import LaotError, check, lib, new

Progress = Callable[[str, float], None]
Path = Union[str, "os.PathLike[str]"]


def doubles(array: np.ndarray) -> Any:
    return array.ctypes.data_as(POINTER(c_double))


def whole(value: Any, name: str, least: int = 1) -> int:
    """A count; to C a negative one would be huge."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, found {value!r}")
    return int(value)


def texts(values: Iterable[Any]) -> Any:
    encoded = [str(value).encode() for value in values]
    return (c_char_p * len(encoded))(*encoded)


def indices(values: Sequence[int]) -> Any:
    return (c_size_t * len(values))(*[int(value) for value in values])


class Data:
    """A population, with the array that it borrows. A context manager."""

    def __init__(self, cells: Any, what: str = "cells", batch: Optional[Sequence[Any]] = None,
                 features: Optional[Sequence[str]] = None, names: Optional[Sequence[str]] = None,
                 types: Optional[Sequence[Any]] = None) -> None:
        if hasattr(cells, "tocsr"):  # scipy.sparse: its rows are the columns of the library
            csr = cells.tocsr()
            if not csr.has_canonical_format:
                csr = csr.copy()
                csr.sum_duplicates()
            self.shape = csr.shape
            self.memory = (np.ascontiguousarray(csr.indptr, np.int64), np.ascontiguousarray(csr.indices, np.int64),
                           np.ascontiguousarray(csr.data, np.float64))
            starts, rows, values = self.memory
            self.handle = new(lib.laot_data_csc64, self.shape[1], self.shape[0],
                              starts.ctypes.data_as(POINTER(c_int64)), rows.ctypes.data_as(POINTER(c_int64)),
                              doubles(values))
        else:
            dense = np.ascontiguousarray(cells, dtype=np.float64)
            if dense.ndim != 2:
                raise ValueError(f"{what} must be a matrix of (cells, features), found {dense.ndim} axes")
            self.memory = (dense,)
            self.shape = dense.shape
            self.handle = new(lib.laot_data_dense, doubles(dense), dense.shape[1], dense.shape[0], dense.shape[1])
        try:
            for call, labels in ((lib.laot_data_set_batch, batch), (lib.laot_data_set_feature_names, features),
                                 (lib.laot_data_set_cell_names, names), (lib.laot_data_set_groups, types)):
                if labels is not None:
                    check(call(self.handle, texts(labels), len(labels)))
        except LaotError:
            self.close()
            raise

    def close(self) -> None:
        lib.laot_data_free(self.handle)
        self.handle = None

    def __enter__(self) -> "Data":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class Context:
    """Seed, threads, callbacks and checkpoint of one call. What a callback raises, and Ctrl-C, come out of
    run() when the library has come back. A context manager."""

    def __init__(self, seed: int = 1, threads: int = 1, progress: Optional[Progress] = None,
                 checkpoint: Optional[Path] = None, checkpoint_seconds: float = 30.0) -> None:
        if checkpoint is not None and os.path.isdir(checkpoint):
            raise ValueError(f"checkpoint must be a file, and {os.fspath(checkpoint)!r} is a folder")
        self.handle = new(lib.laot_context_new)
        self.raised: Optional[BaseException] = None

        def report(stage: bytes, fraction: float, _: Any) -> int:
            try:
                progress(stage.decode(), fraction)  # type: ignore[misc]
                return 0
            except BaseException as error:  # may not cross the library
                self.raised = error
                return 1

        def poll(_: Any) -> int:
            return 1 if self.raised else 0

        self.callbacks = (c.laot_progress_fn(report), c.laot_cancel_fn(poll))  # as long as the context
        try:
            if not 0 <= seed < 2**64:
                raise ValueError(f"seed must be from 0 to 2**64 - 1, found {seed}")
            check(lib.laot_context_set_seed(self.handle, seed))
            check(lib.laot_context_set_threads(self.handle, threads))
            check(lib.laot_context_set_cancel(self.handle, self.callbacks[1], None))
            if checkpoint is not None:
                check(lib.laot_context_set_checkpoint(self.handle, os.fsencode(checkpoint), checkpoint_seconds))
            if progress is not None:
                check(lib.laot_context_set_progress(self.handle, self.callbacks[0], None))
        except (LaotError, ValueError):
            self.close()
            raise

    def run(self, call: Callable[..., int], *arguments: Any) -> None:
        # Ctrl-C would raise inside a callback, where ctypes drops it: it is noted instead, the next
        # poll ends the call, and it is raised below.
        catch = threading.current_thread() is threading.main_thread()
        if catch:
            before = signal.signal(signal.SIGINT, lambda *_: setattr(self, "raised", KeyboardInterrupt()))
        try:
            code = call(self.handle, *arguments)
        finally:
            if catch:
                signal.signal(signal.SIGINT, before)
        if self.raised is not None and code in (c.LAOT_OK, c.LAOT_CANCELLED):
            raise self.raised
        check(code)

    def close(self) -> None:
        lib.laot_context_free(self.handle)
        self.handle = None

    def __enter__(self) -> "Context":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def variable_features(control: Any, treated: Any, count: int, threads: int = 1) -> np.ndarray:
    """Columns of the features that vary most among the pooled cells, largest variance first.

    Parameters
    ----------
    control, treated
        Cells x features, dense or scipy.sparse, the same features.
    count
        How many, from 1 to the number of features.
    threads
        Threads to use; the result does not depend on it.
    """
    out = np.empty(count, dtype=np.uintp)
    with Data(control, "control") as x, Data(treated, "treated") as y, Context(threads=threads) as context:
        context.run(lib.laot_variable_features, x.handle, y.handle, count,
                    out.ctypes.data_as(ctypes.POINTER(c_size_t)))
    return out.astype(np.int64)
