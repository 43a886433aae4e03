"""Records the model files of this version, which every later version must read: once a version, with
its library, before it is released.

    LAOT_LIBRARY=build/release/liblaot.so python3 tests/compat/record.py

Writes tests/compat/<version>/: one file a case, cells.csv and <case>.csv, the predictions for them
(of several conditions: at the first)."""

import ctypes
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "..", "examples", "python"))
from laot import Laot, _check, _Context, _Data, _new, lib  # noqa: E402

CASES = {
    "laot": dict(n_pcs=0),
    "laot_components": dict(n_pcs=2),
    "laot_notebook": dict(preset="notebook", epochs=5),
    "laot_named": dict(batch_control=["a", "b"] * 10, batch_treated=["b", "a"] * 8,
                       feature_names=["gène 1", 'gene "2"', "gene\\3", "gene 4"]),
    "laot_levels": dict(batch_control=["a", "b"] * 10, batch_treated=["b", "a"] * 8),
    "laot_zeros": dict(n_pcs=0, batch_control=["a", "b"] * 10, batch_treated=["b", "a"] * 8),
    "laot_lift": dict(n_pcs=0, lift="yes", restore="marginals"),
    "laot_lift_components": dict(n_pcs=2, lift="yes", landmarks=7),
    "identity": dict(method="identity"),
    "mean_shift": dict(method="mean_shift"),
    "gaussian_map": dict(method="gaussian_map"),
    "gaussian_marginals": dict(method="gaussian_map", restore="marginals"),
    # Format 2, of one condition.
    "conditional_laot": dict(method="conditional_laot"),
    "conditional_gaussian": dict(method="conditional_gaussian"),
    "regressed_shift": dict(method="regressed_shift"),
    "nearest_shift": dict(method="nearest_shift"),
    "cmonge": dict(method="cmonge", hidden_units=4, embedding_units=3, iterations=4, check_every=2),
    "cpa": dict(method="cpa", hidden_units=4, latent=3, iterations=4, check_every=2, batch_norm=True,
                adversary_units=3, adversary_layers=1),
    "cellot": dict(method="cellot", hidden_units=4, hidden_layers=2, iterations=4, check_every=2),
    "scgen": dict(method="scgen", hidden_units=4, latent=2, epochs=2),
    "scgen_cellot": dict(method="scgen", preset="cellot", hidden_units=4, latent=2, epochs=2),
    "cae": dict(method="cae", hidden_units=4, latent=2, epochs=2),
    # The mean restored, and for scGen the place of the populations.
    "cellot_own": dict(method="cellot", center="own", hidden_units=4, hidden_layers=2, iterations=4,
                       check_every=2),
    "scgen_own": dict(method="scgen", center="own", hidden_units=4, latent=2, epochs=2),
}

# Format 2, of several conditions: a model each, and one of all.
EXPERIMENTS = {
    "laot": {},
    "conditional_laot": {},
    "conditional_gaussian": {},
    "cmonge": {},
    "cpa": dict(hidden_units=4, latent=3, iterations=4, check_every=2, adversary_units=3,
                adversary_layers=1),
}
CONDITIONS = {"low": ("a", 1.0), "high": ("a", 10.0), "other": ("b", 3.0)}
# Of patients, who are placed by their control cells.
PLACED = ("conditional_laot", "nearest_shift", "regressed_shift")


class _Experiment:
    """Lent arrays stay until the fit."""

    def __init__(self):
        handle, texts = ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p)
        index, numbers = ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_double)
        lib.laot_experiment_add_control.argtypes = [handle, handle, index]
        lib.laot_experiment_add_condition.argtypes = [handle, ctypes.c_char_p, handle, ctypes.c_size_t, texts,
                                                      texts, numbers, ctypes.c_size_t]
        lib.laot_experiment_place_by_controls.argtypes = [handle, ctypes.c_char_p]
        lib.laot_fit_experiment.argtypes = [handle, handle, handle, ctypes.POINTER(handle)]
        self.handle, self.lent = _new(lib.laot_experiment_new), []

    def add_control(self, cells):
        self.lent.append(_Data(cells))
        index = ctypes.c_size_t()
        _check(lib.laot_experiment_add_control(self.handle, self.lent[-1].handle, ctypes.byref(index)))
        return index

    def add_condition(self, name, treated, control, covariates):
        """covariates: texts, or numbers for a dose."""
        self.lent.append(_Data(treated))
        count, values = len(covariates), list(covariates.values())
        names = (ctypes.c_char_p * count)(*(key.encode() for key in covariates))
        levels = (ctypes.c_char_p * count)(*(v.encode() if isinstance(v, str) else None for v in values))
        numbers = (ctypes.c_double * count)(*(0.0 if isinstance(v, str) else v for v in values))
        _check(lib.laot_experiment_add_condition(self.handle, name.encode(), self.lent[-1].handle, control,
                                                 names, levels, numbers, count))

    def fit(self, method, settings):
        params, fitted = _new(lib.laot_params_new, method.encode()), Laot(ctypes.c_void_p())
        for name, value in settings.items():
            _check(lib.laot_params_set_text(params, name.encode(), str(value).encode()))
        with _Context(1) as context:
            context.run(lib.laot_fit_experiment, params, self.handle, ctypes.byref(fitted._handle))
        return fitted


def fit_experiment(method, control, treated, settings):
    """treated: a matrix for each of CONDITIONS, with a drug and a dose each."""
    experiment = _Experiment()
    index = experiment.add_control(control)
    for (name, (drug, dose)), cells in zip(CONDITIONS.items(), treated):
        experiment.add_condition(name, cells, index, {"drug": drug, "dose": dose})
    return experiment.fit(method, settings)


def fit_placed(method, controls, shifts):
    """A condition of one drug for each patient, whose treated cells are some of its controls, shifted."""
    experiment = _Experiment()
    for patient, (control, shift) in enumerate(zip(controls, shifts)):
        index = experiment.add_control(control)
        experiment.add_condition(f"of p{patient}", control[:12] + shift, index,
                                 {"drug": "a", "patient": f"p{patient}"})
    _check(lib.laot_experiment_place_by_controls(experiment.handle, b"patient"))
    return experiment.fit(method, {})


def predict_at(fitted, condition, cells):
    lib.laot_model_at.argtypes = [ctypes.c_void_p, ctypes.c_char_p] + 3 * [ctypes.c_void_p] + \
        [ctypes.c_size_t, ctypes.POINTER(ctypes.c_void_p)]
    return Laot(_new(lib.laot_model_at, fitted._handle, condition.encode(), None, None, None, 0)).predict(cells)


def write(path, values):
    np.savetxt(path, values, fmt="%.17g", delimiter=",", comments="",
               header=",".join(f"f{k}" for k in range(values.shape[1])))


def main():
    folder = os.path.join(HERE, lib.laot_version().decode())
    os.makedirs(folder, exist_ok=True)
    random = np.random.default_rng(3)
    control = random.exponential(size=(20, 4))
    treated = random.exponential(size=(16, 4)) @ random.normal(size=(4, 4)) + 1.0
    cells = random.exponential(size=(5, 4))
    write(os.path.join(folder, "cells.csv"), cells)
    for name, settings in CASES.items():
        if os.path.exists(os.path.join(folder, name + ".safetensors")):
            continue
        # Most of these values are 0, so that the kept cells are stored as sparse tensors.
        zeros = name.endswith("_zeros")
        fitted = Laot.fit(*(np.where(x > 1.2, x, 0.0) if zeros else x for x in (control, treated)), **settings)
        fitted.save(os.path.join(folder, name + ".safetensors"))
        write(os.path.join(folder, name + ".csv"), fitted.predict(cells))
    shifts = random.normal(size=(len(CONDITIONS), 4))
    for method, settings in EXPERIMENTS.items():
        path = os.path.join(folder, "experiment_" + method)
        if os.path.exists(path + ".safetensors"):
            continue
        fitted = fit_experiment(method, control, [1.2 * control[:12] + shift for shift in shifts], settings)
        fitted.save(path + ".safetensors")
        write(path + ".csv", predict_at(fitted, "low", cells))
    controls = [control * scale + scale for scale in (0.5, 1.0, 1.5, 2.0)]
    responses = random.normal(size=(len(controls), 4))
    for method in PLACED:
        path = os.path.join(folder, "placed_" + method)
        if os.path.exists(path + ".safetensors"):
            continue
        fitted = fit_placed(method, controls, responses)
        fitted.save(path + ".safetensors")
        write(path + ".csv", predict_at(fitted, "of p0", cells))


if __name__ == "__main__":
    main()
