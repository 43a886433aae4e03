"""The Python example.  worker.py fit CASES DATA OUT THREADS | load CASES DATA OUT MODELS..."""

import os
import sys

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "python"))
from laot import Laot  # noqa: E402


def read(path):
    with open(path, "rb") as file:
        features, cells = np.fromfile(file, "<i8", 2)
        return np.fromfile(file, "<f8").reshape(cells, features)


def cases(path):
    return [line.split() for line in open(path) if line.strip() and not line.startswith("#")]


def evaluate(fitted, observed, control, threads, path):
    """Every row of an evaluation: numbers, NaN as -12345, then texts, each with its final 0."""
    groups = [["abc"[i % 3] for i in range(len(cells))] for cells in (observed, control)]
    table = fitted.evaluate(observed, control, markers=5, reference="halves", groups=groups, seed=11, threads=threads)
    with open(path, "wb") as file:
        for name in ("value", "sd", "gamma", "cells", "observed", "left_out"):
            file.write(np.where(np.isnan(table[name]), -12345.0, table[name]).astype("<f8").tobytes())
        for name in ("group", "kind", "method", "metric", "estimator", "setting", "features", "reason"):
            file.write("".join(text + "\0" for text in table[name]).encode())


def respond(fitted, observed, control, threads, path):
    """Every row of a table of responses over three donors."""
    donors = [["abc"[i % 3] for i in range(len(cells))] for cells in (observed, control)]
    table = fitted.response_table(observed, control, batch=donors, threads=threads)
    with open(path, "wb") as file:
        for name in ("observed", "low", "high", "predicted", "sd_predicted", "zeros_control", "ks"):
            file.write(table[name].astype("<f8").tobytes())


mode, listed, data, out = sys.argv[1:5]
new = read(f"{data}/new.bin")
if mode == "fit":
    control, treated = read(f"{data}/control.bin"), read(f"{data}/treated.bin")
    for name, method, preset, settings in cases(listed):
        parameters = {} if settings == "-" else dict(one.split("=") for one in settings.split(","))
        if parameters.get("balance") == "types":
            parameters["types"] = [[letters[i % len(letters)] for i in range(len(cells))]
                                   for letters, cells in (("abc", control), ("abbc", treated))]
        fitted = Laot.fit(control, treated, method, None if preset == "-" else preset, seed=11,
                          threads=int(sys.argv[5]), **parameters)
        fitted.save(f"{out}/{name}.safetensors")
        fitted.predict(new, threads=int(sys.argv[5])).tofile(f"{out}/{name}.bin")
        evaluate(fitted, treated, new, int(sys.argv[5]), f"{out}/{name}_scores.bin")
        respond(fitted, treated, new, int(sys.argv[5]), f"{out}/{name}_responses.bin")
else:
    for models in sys.argv[5:]:
        for name, *_ in cases(listed):
            predicted = Laot.load(f"{models}/{name}.safetensors").predict(new)
            predicted.tofile(f"{out}/{os.path.basename(models)}/{name}.bin")
