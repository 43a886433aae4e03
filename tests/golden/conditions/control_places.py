#!/usr/bin/env python3
"""Patients placed by their control cells, and what is predicted of one that was not seen, in numpy and scipy, for
tests/golden/control_places_test.cpp.

Cells are taken about one mean and in one unit, as the feature space has them without components, and patients by an SVD of the
means; nothing of the library's way to them (a Gram matrix, a decomposed regression) is repeated. Run from this folder; it rewrites
control_places.csv.
"""
import csv
import numpy as np
from scipy.linalg import expm, logm, sqrtm

D, N, NEW, RIDGE, ALPHA, BETA = 4, 30, 25, 0.05, 1.0, 0.5
PATIENTS = 5
rng = np.random.default_rng(15)


def cells(count, centre, mix):
    return centre + rng.normal(size=(count, D)) @ mix


def centred(x):
    return x - x.mean(0)


def spread(x):
    return centred(x).T @ centred(x) / len(x)


def shrunk(s, a):
    return (1 - a) * s + a * np.trace(s) / D * np.eye(D)


def gaussian_map(a, b):
    root = sqrtm(a)
    inverse = np.linalg.inv(root)
    return np.real(inverse @ sqrtm(root @ b @ root) @ inverse)


centres = rng.normal(size=(PATIENTS + 1, D)) * [3, 2, 1, 0.5]
mixes = [np.eye(D) + 0.3 * rng.normal(size=(D, D)) for _ in range(PATIENTS + 1)]
# The last patient has two control populations and two drugs; every other has one of either.
controls, control_of, treated, patient_of, drug_of, owner = [], [], [], [], [], []
for p in range(PATIENTS):
    drugs = [0, 1] if p == PATIENTS - 1 else [p % 2]
    for drug in drugs:
        controls.append(cells(N + 5 * drug, centres[p], mixes[p]))
        owner.append(p)
        control_of.append(len(controls) - 1)
        effect = np.array([1.0, -1.0, 0.5, 0.0]) * (1 + drug) + 0.4 * centres[p]
        treated.append(cells(N + p, centres[p] + effect, mixes[p] @ (np.eye(D) + 0.2 * rng.normal(size=(D, D)))))
        patient_of.append(p)
        drug_of.append(drug)
new = cells(NEW, centres[PATIENTS], mixes[PATIENTS])

means = np.array([np.concatenate([controls[g] for g in range(len(controls)) if owner[g] == p]).mean(0) for p in range(PATIENTS)])
about = means - means.mean(0)
left, singular, right = np.linalg.svd(about, full_matrices=False)
axes = right[: int(np.sqrt(PATIENTS))]
for k in range(len(axes)):
    if (places := about @ axes[k])[np.abs(places).argmax()] < 0:
        axes[k] *= -1
coordinates = about @ axes.T
new_coordinates = (new.mean(0) - means.mean(0)) @ axes.T

C = len(treated)
seen = coordinates[patient_of]
scaled = (seen - seen.mean(0)) / seen.std(0)
phi = [np.concatenate([[1], scaled[c], ALPHA * np.eye(2)[drug_of[c]], ALPHA * np.eye(PATIENTS)[patient_of[c]], BETA * np.eye(C)[c]])
       for c in range(C)]
new_phi = np.concatenate([[1], (new_coordinates - seen.mean(0)) / seen.std(0), ALPHA * np.eye(2)[1], np.zeros(PATIENTS + C)])
phi = np.array(phi)


def regressed(values):
    """Coefficients of the ridge regression, each condition of weight 1/C."""
    return np.linalg.solve(phi.T @ phi / C + RIDGE * np.eye(phi.shape[1]), phi.T @ values / C)


shifts = np.array([treated[c].mean(0) - controls[control_of[c]].mean(0) for c in range(C)])
shift = new_phi @ regressed(shifts)

amount = [D / (D + min(len(controls[control_of[c]]), len(treated[c]))) for c in range(C)]
logs = np.array([(logm(shrunk(spread(treated[c]), amount[c])) - logm(shrunk(spread(controls[control_of[c]]), amount[c]))).ravel()
                 for c in range(C)])
change = (new_phi @ regressed(np.real(logs))).reshape(D, D)
of_new = max(np.mean(amount), D / (D + NEW))  # every control population goes with one condition
s = shrunk(spread(new), of_new)
stretch = gaussian_map(s, np.real(expm(logm(s) + (change + change.T) / 2)))
few = new[:7]
few_coordinates = (few.mean(0) - means.mean(0)) @ axes.T
few_phi = new_phi.copy()
few_phi[1 : 1 + len(axes)] = (few_coordinates - seen.mean(0)) / seen.std(0)
pooled = shrunk(np.mean([spread(x) for x in controls], 0), np.mean(amount))
few_change = (few_phi @ regressed(np.real(logs))).reshape(D, D)
few_stretch = gaussian_map(pooled, np.real(expm(logm(pooled) + (few_change + few_change.T) / 2)))

tensors = {
    "means": means.T,
    "coordinates": coordinates.T,
    "new": new.T,
    "new_mean": new.mean(0)[:, None],
    "new_coordinates": new_coordinates[:, None],
    "patient_of": np.array([patient_of]),
    "drug_of": np.array([drug_of]),
    "shifted": (new + shift).T,
    "gaussian": (new.mean(0) + shift + centred(new) @ stretch.T).T,
    "gaussian_few": (few.mean(0) + few_phi @ regressed(shifts) + centred(few) @ few_stretch.T).T,
}
for c in range(C):
    tensors[f"control{c}"] = controls[control_of[c]].T
    tensors[f"treated{c}"] = treated[c].T
with open("control_places.csv", "w", newline="") as f:
    out = csv.writer(f, lineterminator="\n")
    out.writerow(["tensor", "row", "col", "value"])
    for name, values in tensors.items():
        for r, line in enumerate(np.atleast_2d(values)):
            for k, value in enumerate(line):
                out.writerow([name, r, k, repr(float(value))])
