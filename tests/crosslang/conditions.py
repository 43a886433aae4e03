"""A screen of many conditions from the Python package.  conditions.py fit OUT THREADS | load MODEL FILE"""

import os
import sys

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python", "src"))
import laot  # noqa: E402

mode, first, second = sys.argv[1:]
screen = laot.simulate_screen(5, 12, 40, 60, seed=3)
info, test = screen["info"], screen["test"]
places = [{"drug": drug.split("+"), "dose": dose} for drug, dose in zip(test["drug"], test["dose"])]


def write(model, at, path, threads=1):
    np.stack([model.predict(screen["new_control"], at=one, threads=threads) for one in at]).tofile(path)


if mode == "fit":
    threads = int(second)
    screen["cells"].tofile(f"{first}/screen.bin")
    experiment = laot.Experiment.from_labels(screen["cells"], info["condition"], "control", combine="+",
                                             covariates={"drug": info["drug"], "dose": info["dose"]})
    for method in ("conditional_laot", "conditional_gaussian", "laot"):
        many = laot.methods()[method].many_conditions
        model = laot.fit(experiment, method=method, embedding=screen["embedding"] if many else None, seed=11, threads=threads)
        model.save(f"{first}/{method}.safetensors")
        write(model, places if many else experiment.conditions, f"{first}/{method}.bin", threads)
else:
    write(laot.Model.load(first), places, second)
