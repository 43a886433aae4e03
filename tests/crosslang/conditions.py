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


patient_places = [{"patient": "new"}, {"patient": "p1"}]


def patients(experiment):
    """Cells of conditions of the screen, as control and treated cells of patients."""
    cells = [screen["cells"][np.asarray(info["condition"]) == name] for name in experiment.conditions[:10]]
    out = laot.Experiment()
    for k in range(5):
        out.add_control(cells[k])
        out.add_condition(f"p{k}", cells[k + 5], {"patient": f"p{k}"}, control=k)
    return out


if mode == "fit":
    threads = int(second)
    screen["cells"].tofile(f"{first}/screen.bin")
    experiment = laot.Experiment.from_labels(screen["cells"], info["condition"], "control", combine="+",
                                             covariates={"drug": info["drug"], "dose": info["dose"]})
    small = {"cmonge": dict(iterations=12, check_every=6, hidden_units=8, batch_size=16),
             "cpa": dict(iterations=12, check_every=6, hidden_units=8, batch_size=16, latent=4, adversary_units=4)}
    held, fitted = experiment.conditions[2], {}
    upwards = dict(sorted(screen["embedding"].items(), reverse=True))
    for method in ("conditional_laot", "conditional_gaussian", "cmonge", "cpa", "laot"):
        many = laot.methods()[method].many_conditions
        model = laot.fit(experiment, method=method, embedding=upwards if many else None, hold_out=held, seed=11,
                         threads=threads, **small.get(method, {}))
        model.save(f"{first}/{method}.safetensors")
        write(model, places if many else [name for name in experiment.conditions if name != held],
              f"{first}/{method}.bin", threads)
        fitted[method] = model
    model = laot.fit(patients(experiment), method="conditional_laot", embedding={"patient": "control"}, seed=11, threads=threads)
    model.save(f"{first}/patients.safetensors")
    write(model, patient_places, f"{first}/patients.bin", threads)
    held_out = laot.Experiment()
    held_out.add_control(screen["new_control"])
    for name, place in zip(test["condition"], places):
        held_out.add_condition(name, screen["observed"][name], place)
    scores = laot.evaluate(fitted["conditional_laot"], held_out, beside=[fitted["cmonge"], fitted["cpa"]],
                           metrics=["mmd2", "sd_ratio"], seed=11, threads=threads)
    np.asarray(scores["value"], dtype=np.float64).tofile(f"{first}/scores.bin")
else:
    write(laot.Model.load(first), patient_places if "patients" in first else places, second)
