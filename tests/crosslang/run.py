"""The same data and seed from every language: predictions and tables of scores compared bit for bit,
and every model loaded by every other language.

    run.py WORK NAME=COMMAND...     commands split at spaces: c=build/worker_c "julia=julia worker.jl"

The first is the reference. Prints "ok" or "not ok" a check and exits with 1 if one failed. numpy."""

import json
import os
import re
import shutil
import struct
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "cases.txt")
FEATURES, CONTROLS, TREATED, NEW = 60, 600, 500, 150
failures = 0


def check(good, what):
    global failures
    failures += not good
    print(("ok " if good else "not ok ") + what, flush=True)


def make_data(folder):
    """A generator of our own, so that no version of a package matters."""
    state = 5

    def uniform():
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        return (state >> 11) / 2.0**53

    os.makedirs(folder)
    for name, cells, scale, shift in (("control", CONTROLS, 1.0, 0.0), ("treated", TREATED, 1.6, 0.5),
                                      ("new", NEW, 1.0, 0.0)):
        values = np.array([[uniform() * (1 + k % 7) * (scale if k % 3 else 1.0) + shift * (k % 5)
                            for k in range(FEATURES)] for _ in range(cells)])
        # Directions that features share, and zeros as counts have them.
        values += values[:, :1] * np.sin(np.arange(FEATURES))
        values[values < 0.4] = 0.0
        with open(os.path.join(folder, name + ".bin"), "wb") as file:
            file.write(struct.pack("<qq", FEATURES, cells) + values.astype("<f8").tobytes())


def run(command, arguments, blas_threads):
    environment = dict(os.environ)
    environment.pop("OPENBLAS_NUM_THREADS", None)
    if blas_threads != "unset":
        environment["OPENBLAS_NUM_THREADS"] = blas_threads
    done = subprocess.run(command.split() + arguments, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        print(done.stdout[-2000:] + done.stderr[-4000:])
    return done.returncode == 0


def read(path):
    with open(path, "rb") as file:
        return file.read()


def compare(expected, found, names, what):
    wrong = [name for name in names if read(f"{expected}/{name}.bin") != read(f"{found}/{name}.bin")]
    check(not wrong, what + (f" (differing: {', '.join(wrong)})" if wrong else ""))


def documented_reader():
    """The lines of docs/model-file.md that read a model without this library."""
    page = open(os.path.join(HERE, "..", "..", "docs", "model-file.md"), encoding="utf-8").read()
    scope = {}
    exec(re.search(r"```python\n(.*?)```", page, re.S).group(1), scope)
    return scope["read"]


def predict_by_hand(tensors, cells):
    """docs/model-file.md, "How to predict from it"; cells in rows."""
    start, end, scale = (tensors["space." + name] for name in ("mean_control", "mean_treated", "scale"))
    basis = tensors.get("space.basis")
    moved = cells - start
    z = (moved if basis is None else moved @ basis) / scale
    f = z @ tensors["response.map"].T if "response.map" in tensors else z
    f = f + tensors.get("response.offset", 0.0)
    if basis is None:
        out = end + scale * f
    else:
        out = end + moved + (scale * (f - z)) @ basis.T
    return with_marginals(tensors, out) if "marginals.from" in tensors else out


def with_marginals(tensors, values):
    """Its piecewise linear functions, one a feature."""
    out = values.copy()
    for j, (x, y) in enumerate(zip(tensors["marginals.from"].T, tensors["marginals.to"].T)):
        if x[0] == x[-1]:
            continue
        x, first = np.unique(x, return_index=True)
        y = y[first]
        v = values[:, j]
        moved = np.where(v < x[0], v + y[0] - x[0], np.where(v > x[-1], v + y[-1] - x[-1], np.interp(v, x, y)))
        out[:, j] = v + tensors["marginals.strength"][j] * (moved - v)
    return out


def main():
    work, *workers = sys.argv[1:]
    work = os.path.abspath(work)
    workers = dict(one.split("=", 1) for one in workers)
    rows = [line.split() for line in open(CASES) if line.strip() and not line.startswith("#")]
    names = [row[0] for row in rows]
    shutil.rmtree(work, ignore_errors=True)
    data = os.path.join(work, "data")
    make_data(data)

    if "c" in workers:
        methods = subprocess.run(workers["c"].split() + ["methods"], capture_output=True, text=True).stdout.split()
        left_out = set(methods) - {row[1] for row in rows}
        check(methods and not left_out, "every method has a case" + (f" (not: {left_out})" if left_out else ""))

    reference, blas, models = None, None, []
    for language, command in workers.items():
        for blas_threads in ("unset", "1", "2"):
            for threads in ("1", "2"):
                out = os.path.join(work, "fit", f"{language}-{blas_threads}-{threads}")
                os.makedirs(out)
                what = f"{language}, OPENBLAS_NUM_THREADS {blas_threads}, num_threads {threads}"
                if not run(command, ["fit", CASES, data, out, threads], blas_threads):
                    check(False, what + ": runs")
                    continue
                reference = reference or out
                said = os.path.join(out, "blas.txt")
                blas = blas or open(said).read().strip()
                if os.path.exists(said) and open(said).read().strip() != blas:
                    print(f"skipped {what}: another BLAS ({open(said).read().strip()}; the reference has {blas})")
                    continue
                compare(reference, out, names, what)
                compare(reference, out, [name + "_scores" for name in names], what + ", every row of an evaluation")
                compare(reference, out, [name + "_responses" for name in names], what + ", every row of a response table")
        first = os.path.join(work, "fit", f"{language}-unset-1")
        if os.path.exists(os.path.join(first, names[-1] + ".bin")):
            models.append(first)

    for language, command in workers.items():
        out = os.path.join(work, "load", language)
        for folder in models:
            os.makedirs(os.path.join(out, os.path.basename(folder)))
        if not run(command, ["load", CASES, data, out] + models, "unset"):
            check(False, f"{language} loads models")
            continue
        for folder in models:
            compare(folder, os.path.join(out, os.path.basename(folder)), names,
                    f"{language} predicts from the models of {os.path.basename(folder).split('-')[0]}")

    reader = documented_reader()
    with open(os.path.join(data, "new.bin"), "rb") as file:
        cells = np.frombuffer(file.read()[16:], "<f8").reshape(NEW, FEATURES)
    for name in names:
        texts, tensors = reader(os.path.join(reference, name + ".safetensors"))
        known = texts["format"] == "laot model" and texts["format_version"] == ("2" if "parts" in texts else "1")
        if not any(key.startswith("response.") and key not in ("response.map", "response.offset") for key in tensors):
            expected = np.frombuffer(read(f"{reference}/{name}.bin"), "<f8").reshape(NEW, FEATURES)
            known = known and np.allclose(predict_by_hand(tensors, cells), expected, rtol=1e-10, atol=1e-10)
        json.loads(texts["feature_names"])
        check(known, f"{name}: the documented reader opens the file and predicts from it")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
