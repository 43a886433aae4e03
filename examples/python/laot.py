"""laot from Python: learn how cells respond to a treatment, and predict it for new cells.

One file over the C interface (capi/laot.h), with ctypes and numpy alone; paste it into a project.
Run as a program it fits, predicts, scores and saves a small made-up experiment:

    LAOT_LIBRARY=build/release/liblaot.so python3 examples/python/laot.py

The library is looked for in LAOT_LIBRARY, then in the build folders of the source tree that this
file lies in, then on the system. Cells are rows here, as numpy users have them: (cells, features)
in C order is what the library calls features x cells, column-major, so nothing is copied.
"""

import contextlib
import ctypes
import ctypes.util
import os
import signal
import threading
from ctypes import (CFUNCTYPE, POINTER, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint64,
                    c_void_p)

import numpy as np

CANCELLED = -6
PROGRESS = CFUNCTYPE(c_int, c_char_p, c_double, c_void_p)
CANCEL = CFUNCTYPE(c_int, c_void_p)



class EvaluationOptions(ctypes.Structure):
    """laot_evaluation_options: 0 or None in a field is the usual."""

    _fields_ = [("struct_size", c_size_t), ("condition", c_char_p), ("methods", c_char_p), ("metrics", c_char_p),
                ("preset", c_char_p), ("gammas", POINTER(c_double)), ("gamma_count", c_size_t), ("epsilon", c_double),
                ("epsilon_absolute", c_int), ("markers", c_size_t), ("reference", c_char_p), ("test", c_int),
                ("permutations", c_size_t)]


# Calls that are used of the header: name -> (result, arguments). Handles are void pointers.
H, OUT = c_void_p, POINTER(c_void_p)
DECLARATIONS = {
    "laot_version": (c_char_p, []),
    "laot_abi_version": (c_int, []),
    "laot_last_error": (c_char_p, []),
    "laot_last_error_place": (c_char_p, [POINTER(c_size_t), POINTER(c_size_t), POINTER(c_double)]),
    "laot_status_name": (c_char_p, [c_int]),
    "laot_context_new": (c_int, [OUT]),
    "laot_context_free": (None, [H]),
    "laot_context_set_threads": (c_int, [H, c_int]),
    "laot_context_set_seed": (c_int, [H, c_uint64]),
    "laot_context_set_cancel": (c_int, [H, CANCEL, c_void_p]),
    "laot_context_set_progress": (c_int, [H, PROGRESS, c_void_p]),
    "laot_data_dense": (c_int, [POINTER(c_double), c_size_t, c_size_t, c_size_t, OUT]),
    "laot_data_csc64": (c_int, [c_size_t, c_size_t, POINTER(c_int64), POINTER(c_int64), POINTER(c_double), OUT]),
    "laot_data_set_batch": (c_int, [H, POINTER(c_char_p), c_size_t]),
    "laot_data_set_feature_names": (c_int, [H, POINTER(c_char_p), c_size_t]),
    "laot_data_free": (None, [H]),
    "laot_params_new": (c_int, [c_char_p, OUT]),
    "laot_params_use_preset": (c_int, [H, c_char_p]),
    "laot_params_set_text": (c_int, [H, c_char_p, c_char_p]),
    "laot_params_free": (None, [H]),
    "laot_fit": (c_int, [H, H, H, H, OUT]),
    "laot_predict": (c_int, [H, H, H, c_char_p, POINTER(c_double), c_size_t]),
    "laot_model_trivial": (c_int, [H, c_char_p, OUT]),
    "laot_model_names": (c_int, [H, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_model_text": (c_int, [H, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_report_number": (c_int, [H, c_char_p, POINTER(c_double)]),
    "laot_report_text": (c_int, [H, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_array_size": (c_int, [H, c_char_p, POINTER(c_size_t), POINTER(c_size_t)]),
    "laot_array": (c_int, [H, c_char_p, POINTER(c_double), c_size_t]),
    "laot_model_free": (None, [H]),
    "laot_save": (c_int, [H, c_char_p]),
    "laot_load": (c_int, [c_char_p, OUT]),
    "laot_data_set_groups": (c_int, [H, POINTER(c_char_p), c_size_t]),
    "laot_evaluate": (c_int, [H, H, H, H, H, POINTER(EvaluationOptions), OUT]),
    "laot_response_table": (c_int, [H, H, H, H, H, c_double, OUT]),
    "laot_transitions": (c_int, [H, POINTER(c_char_p), c_size_t, POINTER(c_char_p), c_size_t, OUT]),
    "laot_partners": (c_int, [H, c_char_p, POINTER(c_size_t), c_size_t, OUT]),
    "laot_table_size": (c_int, [H, POINTER(c_size_t), POINTER(c_size_t)]),
    "laot_table_names": (c_int, [H, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_table_column_type": (c_int, [H, c_char_p, POINTER(c_int)]),
    "laot_table_numbers": (c_int, [H, c_char_p, POINTER(c_double), c_size_t]),
    "laot_table_texts": (c_int, [H, c_char_p, c_char_p, c_size_t, POINTER(c_size_t)]),
    "laot_table_free": (None, [H]),
    "laot_wasserstein2": (c_int, [H, H, H, POINTER(c_double), POINTER(c_double)]),
}


class LaotError(Exception):
    """A refused call: the status code, and one sentence that names the argument. place is None or, of
    a bad value, (argument, feature, cell, value), counted from 0."""

    def __init__(self, code, message, place=None):
        super().__init__(message)
        self.code = code
        self.place = place


def _open():
    here = os.path.dirname(os.path.abspath(__file__))
    builds = [os.path.join(here, "..", "..", "build", name, "liblaot.so") for name in ("release", "dev")]
    named = os.environ.get("LAOT_LIBRARY")
    candidates = [named] if named else [path for path in builds if os.path.exists(path)]
    path = (candidates or [ctypes.util.find_library("laot") or "liblaot.so.1"])[0]
    library = ctypes.CDLL(path)
    for name, (result, arguments) in DECLARATIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if library.laot_abi_version() != 1:
        raise OSError(f"{path} has another binary interface than this file, which needs 1")
    return library


lib = _open()


def _check(code):
    if code != 0:
        feature, cell, value = c_size_t(), c_size_t(), c_double()
        argument = lib.laot_last_error_place(ctypes.byref(feature), ctypes.byref(cell), ctypes.byref(value)).decode()
        raise LaotError(code, lib.laot_last_error().decode(),
                        (argument, feature.value, cell.value, value.value) if argument else None)


def _new(call, *arguments):
    out = c_void_p()
    _check(call(*arguments, ctypes.byref(out)))
    return out


def _numbers(array):
    return array.ctypes.data_as(POINTER(c_double))


def _texts(values):
    return (c_char_p * len(values))(*[str(value).encode() for value in values])


class _Data:
    """Cells as the library sees them; holds the array that it borrows."""

    def __init__(self, cells, batch=None, features=None, groups=None):
        if hasattr(cells, "tocsr"):  # scipy.sparse: rows of cells are columns of the library
            csr = cells.tocsr()
            csr.sum_duplicates()
            self.shape = csr.shape
            self.memory = (csr.indptr.astype(np.int64), csr.indices.astype(np.int64), csr.data.astype(np.float64))
            starts, rows, values = self.memory
            self.handle = _new(lib.laot_data_csc64, csr.shape[1], csr.shape[0],
                               starts.ctypes.data_as(POINTER(c_int64)), rows.ctypes.data_as(POINTER(c_int64)),
                               _numbers(values))
        else:
            self.memory = np.ascontiguousarray(cells, dtype=np.float64)
            if self.memory.ndim != 2:
                raise ValueError(f"cells must be a matrix (cells, features), found {self.memory.ndim} axes")
            self.shape = self.memory.shape
            self.handle = _new(lib.laot_data_dense, _numbers(self.memory), self.shape[1], self.shape[0], self.shape[1])
        try:
            if batch is not None:
                _check(lib.laot_data_set_batch(self.handle, _texts(batch), len(batch)))
            if groups is not None:
                _check(lib.laot_data_set_groups(self.handle, _texts(groups), len(groups)))
            if features is not None:
                _check(lib.laot_data_set_feature_names(self.handle, _texts(features), len(features)))
        except LaotError:
            self.close()
            raise

    def close(self):
        lib.laot_data_free(self.handle)
        self.handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Context:
    """Seed, threads and callbacks of one call. What a callback raises comes out of run()."""

    def __init__(self, seed=1, threads=1, progress=None):
        self.handle = _new(lib.laot_context_new)
        self.raised = None

        def report(stage, fraction, _):
            try:
                progress(stage.decode(), fraction)
                return 0
            except BaseException as error:  # may not cross the library
                self.raised = error
                return 1

        def poll(_):
            return 1 if self.raised else 0

        self.callbacks = (PROGRESS(report), CANCEL(poll))  # alive as long as the context
        try:
            _check(lib.laot_context_set_seed(self.handle, seed))
            _check(lib.laot_context_set_threads(self.handle, threads))
            _check(lib.laot_context_set_cancel(self.handle, self.callbacks[1], None))
            if progress is not None:
                _check(lib.laot_context_set_progress(self.handle, self.callbacks[0], None))
        except LaotError:
            lib.laot_context_free(self.handle)
            raise

    def run(self, call, *arguments):
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
        if self.raised is not None and code in (0, CANCELLED):  # 0: it came after the last poll
            raise self.raised
        _check(code)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        lib.laot_context_free(self.handle)
        self.handle = None


def _two_calls(call, *arguments):
    needed = c_size_t()
    _check(call(*arguments, None, 0, ctypes.byref(needed)))
    buffer = ctypes.create_string_buffer(max(needed.value, 1))
    _check(call(*arguments, buffer, needed.value, ctypes.byref(needed)))
    return buffer.raw[:needed.value]


def _table(handle):
    """The columns of a table by name, in order; the handle is freed."""
    try:
        rows, columns = c_size_t(), c_size_t()
        _check(lib.laot_table_size(handle, ctypes.byref(rows), ctypes.byref(columns)))
        out = {}
        for name in _two_calls(lib.laot_table_names, handle)[:-1].decode().split("\n"):
            kind = c_int()
            _check(lib.laot_table_column_type(handle, name.encode(), ctypes.byref(kind)))
            if kind.value == 1:
                out[name] = _two_calls(lib.laot_table_texts, handle, name.encode()).decode().split("\0")[:-1]
            else:
                out[name] = np.empty(rows.value)
                _check(lib.laot_table_numbers(handle, name.encode(), _numbers(out[name]), rows.value))
        return out
    finally:
        lib.laot_table_free(handle)


class Laot:
    """A fitted model. Laot.fit(control, treated) makes one, Laot.load(path) reads one."""

    def __init__(self, handle):
        self._handle = handle

    def __del__(self):
        if getattr(self, "_handle", None):
            lib.laot_model_free(self._handle)
            self._handle = None

    @classmethod
    def fit(cls, control, treated, method="laot", preset=None, batch_control=None, batch_treated=None,
            feature_names=None, types=None, seed=1, threads=1, progress=None, **parameters):
        """control, treated: (cells, features), as many cells each as there are. types: (types of the
        control cells, types of the treated cells), to tell or balance their shares. Parameters go by
        the names of the registry: ridge=0.3, restore="none"."""
        of_control, of_treated = types if types is not None else (None, None)
        params = _new(lib.laot_params_new, method.encode())
        try:
            if preset is not None:
                _check(lib.laot_params_use_preset(params, preset.encode()))
            for name, value in parameters.items():
                text = str(value).lower() if isinstance(value, bool) else str(value)
                _check(lib.laot_params_set_text(params, name.encode(), text.encode()))
            fitted = cls(c_void_p())  # owns the handle from the moment that there is one
            with _Data(control, batch_control, feature_names, of_control) as x, \
                    _Data(treated, batch_treated, feature_names, of_treated) as y, \
                    _Context(seed, threads, progress) as context:
                context.run(lib.laot_fit, params, x.handle, y.handle, ctypes.byref(fitted._handle))
            return fitted
        finally:
            lib.laot_params_free(params)

    @classmethod
    def load(cls, path):
        return cls(_new(lib.laot_load, os.fsencode(path)))

    def save(self, path):
        _check(lib.laot_save(self._handle, os.fsencode(path)))

    def predict(self, cells, nonnegative="no", threads=1):
        """The control cells (cells, features) as they would look treated."""
        with _Data(cells) as data, _Context(threads=threads) as context:
            out = np.empty(data.shape)
            context.run(lib.laot_predict, self._handle, data.handle, nonnegative.encode(), _numbers(out), out.size)
            return out

    def evaluate(self, observed, control=None, predicted=None, metrics=None, methods=None, preset=None, gamma=None,
                 markers=0, reference=None, batch=None, groups=None, test=False, condition=None, seed=1, threads=1):
        """The table of laot_evaluate as a dict of columns (lists of texts, arrays of numbers): this model's
        predictions for the control cells (cells, features), or the predicted cells that are given, beside the
        trivial predictors and the noise reference. batch: a label of each observed cell; groups: (labels of the
        observed cells, labels of the control cells)."""
        listed = [None if names is None else ",".join([names] if isinstance(names, str) else names).encode()
                  for names in (condition, methods, metrics, preset)]
        gammas = np.atleast_1d(np.asarray([] if gamma is None else gamma, dtype=np.float64))
        options = EvaluationOptions(ctypes.sizeof(EvaluationOptions), *listed, _numbers(gammas), gammas.size, 0.0, 0,
                                    markers, None if reference is None else reference.encode(), int(test), 0)
        of_observed, of_control = groups if groups is not None else (None, None)
        with contextlib.ExitStack() as stack:
            def data(cells, **labels):
                return None if cells is None else stack.enter_context(_Data(cells, **labels)).handle

            p, o, c = data(predicted), data(observed, batch=batch, groups=of_observed), data(control, groups=of_control)
            context = stack.enter_context(_Context(seed, threads))
            out = c_void_p()
            context.run(lib.laot_evaluate, self._handle, p, o, c, ctypes.byref(options), ctypes.byref(out))
            return _table(out)

    def response_table(self, observed, control, predicted=None, batch=None, level=0.95, threads=1):
        """The table of laot_response_table as a dict of columns: the observed shift of every feature with an
        interval, and the predicted one. batch: (donors of the observed cells, donors of the control cells)."""
        of_observed, of_control = batch if batch is not None else (None, None)
        with contextlib.ExitStack() as stack:
            def data(cells, labels=None):
                return None if cells is None else stack.enter_context(_Data(cells, batch=labels)).handle

            p, o, c = data(predicted), data(observed, of_observed), data(control, of_control)
            context = stack.enter_context(_Context(1, threads))
            out = c_void_p()
            context.run(lib.laot_response_table, self._handle, p, o, c, level, ctypes.byref(out))
            return _table(out)

    def pairing(self):
        """The last coupling of a laot fit: arrays (control cell, treated cell, mass), numbers from 0; the arguments
        of scipy.sparse.coo_matrix((mass, (control, treated)))."""
        source, target, mass = (self.array(name).ravel() for name in ("plan_source", "plan_target", "plan_mass"))
        return source.astype(np.int64), target.astype(np.int64), mass

    def transitions(self, control_labels, treated_labels):
        """Which group of cells goes where: from, to, mass, share, expected, as a dict of columns. A label for each
        training cell."""
        out = c_void_p()
        _check(lib.laot_transitions(self._handle, _texts(control_labels), len(control_labels), _texts(treated_labels),
                                    len(treated_labels), ctypes.byref(out)))
        return _table(out)

    def partners(self, direction, cells):
        """cell (from 0), name and mass of the "descendants" of control cells, or the "ancestors" of treated ones."""
        out, chosen = c_void_p(), (c_size_t * len(cells))(*cells)
        _check(lib.laot_partners(self._handle, direction.encode(), chosen, len(cells), ctypes.byref(out)))
        return _table(out)

    def trivial(self, name):
        """identity, mean_shift or gaussian_map of the same training cells."""
        return Laot(_new(lib.laot_model_trivial, self._handle, name.encode()))

    def _text(self, call, name):
        needed = c_size_t()
        _check(call(self._handle, name.encode(), None, 0, ctypes.byref(needed)))
        buffer = ctypes.create_string_buffer(needed.value)
        _check(call(self._handle, name.encode(), buffer, needed, ctypes.byref(needed)))
        return buffer.value.decode()

    @property
    def method(self):
        return self._text(lib.laot_model_text, "method")

    @property
    def report(self):
        """The report of the fit: outcome, iterations, objective, ..."""
        out = {}
        for name in self._text(lib.laot_model_names, "report_numbers").split("\n"):
            value = c_double()
            _check(lib.laot_report_number(self._handle, name.encode(), ctypes.byref(value)))
            out[name] = value.value
        for name in self._text(lib.laot_model_names, "report_texts").split("\n"):
            out[name] = self._text(lib.laot_report_text, name)
        return out

    def array(self, name):
        """A result by its name ("map": x_treated = map @ x + offset), indexed as in the library."""
        rows, columns = c_size_t(), c_size_t()
        _check(lib.laot_array_size(self._handle, name.encode(), ctypes.byref(rows), ctypes.byref(columns)))
        out = np.empty((rows.value, columns.value), order="F")
        _check(lib.laot_array(self._handle, name.encode(), _numbers(out), out.size))
        return out


def wasserstein2(x, y, threads=1):
    """The exact 2-Wasserstein distance between two populations (cells, features)."""
    value = c_double()
    with _Data(x) as a, _Data(y) as b, _Context(threads=threads) as context:
        context.run(lib.laot_wasserstein2, a.handle, b.handle, ctypes.byref(value), None)
    return value.value


def main():
    random = np.random.default_rng(1)
    stretch = np.array([[1.4, 0.3, 0.0], [0.0, 0.6, 0.0], [0.4, 0.0, 1.3]])

    def draw(count):
        return random.exponential(size=(count, 3)) * [1.0, 2.0, 0.5]

    def treat(cells):
        return cells @ stretch.T + [2.0, 0.0, -1.0]

    control, treated = draw(300), treat(draw(250))
    fitted = Laot.fit(control, treated)
    print(f"laot {lib.laot_version().decode()}: {fitted.report['outcome']} after {fitted.report['iterations']:.0f} iterations")

    unseen, observed = draw(200), treat(draw(200))
    score = wasserstein2(fitted.predict(unseen), observed)
    shift = wasserstein2(fitted.trivial("mean_shift").predict(unseen), observed)
    print(f"2-Wasserstein distance to unseen treated cells: {score:.3f}; the mean shift's: {shift:.3f}")

    fitted.save("laot_example.safetensors")
    same = np.array_equal(Laot.load("laot_example.safetensors").predict(unseen), fitted.predict(unseen))
    print(f"saved to laot_example.safetensors; loaded, it predicts the same: {same}")


if __name__ == "__main__":
    main()
