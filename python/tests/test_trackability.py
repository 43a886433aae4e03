"""The isometry constant, rates of time courses, and populations with known truth."""

import numpy as np
import pytest

import laot

RANDOM = np.random.default_rng(8)
CELLS = RANDOM.normal(size=(12, 6)) + 0.3


def delta_of(cells):
    """The most that an eigenvalue of the Gram matrix of two cells is away from 1."""
    pairs = [(a, b) for a in range(len(cells)) for b in range(a + 1, len(cells))]
    return {pair: np.abs(np.linalg.eigvalsh(cells[list(pair)] @ cells[list(pair)].T) - 1).max() for pair in pairs}


def test_the_isometry_constant_is_that_of_all_pairs():
    found = laot.isometry(CELLS, rate=0.2, probabilities=[0, 0.5, 1])
    constants = {name: dict(zip(found["constants"]["scaling"], found["constants"][name])) for name in found["constants"]}
    scaled = {"mean_square": CELLS / np.sqrt((CELLS ** 2).sum(1).mean()),
              "unit_norm": CELLS / np.linalg.norm(CELLS, axis=1, keepdims=True),
              "smallest": CELLS * constants["scale"]["smallest"]}
    for scaling, cells in scaled.items():
        deltas = delta_of(cells)
        assert constants["delta"][scaling] == pytest.approx(max(deltas.values()), rel=1e-8)
        at = [k for k, name in enumerate(found["worst"]["scaling"]) if name == scaling]
        assert (found["worst"]["first"][at[0]], found["worst"]["second"][at[0]]) == max(deltas, key=deltas.get)
        quantiles = found["quantiles"]["delta"][[name == scaling for name in found["quantiles"]["scaling"]]]
        assert quantiles[[0, 2]] == pytest.approx([min(deltas.values()), max(deltas.values())], rel=1e-3)
    near = [max(delta_of(CELLS * constants["scale"]["smallest"] * factor).values()) for factor in (0.99, 1.01)]
    assert constants["delta"]["smallest"] < min(near)
    delta = constants["delta"]["smallest"]
    assert delta < 1 and constants["vacuous"]["smallest"] == ""
    # L is in units of the cells, which the scaling changes.
    rate = 0.2 * constants["scale"]["smallest"]
    assert constants["critical_gap"]["smallest"] == pytest.approx(np.sqrt((1 - delta) / (2 * 12 * rate ** 2)))
    assert found["n_cells"] == 12
    unknown = laot.isometry(CELLS)
    assert np.isnan(unknown["constants"]["critical_gap"]).all() and len(unknown["quantiles"]["delta"]) == 3 * 7
    for settings in ({"rate": -1}, {"probabilities": [2]}, {"probabilities": []}):
        with pytest.raises(laot.LaotError):
            laot.isometry(CELLS, **settings)
    with pytest.raises(laot.LaotError, match="at least two cells"):
        laot.isometry(CELLS[:1])


def test_rates_are_those_of_the_least_movement():
    optimize = pytest.importorskip("scipy.optimize")
    course = [RANDOM.normal(size=(20, 3)) + shift for shift in (0, 1, 4)]
    found = laot.rates(course, [0, 1, 3], probabilities=[0.5, 0.95], seed=2)
    assert list(found) == ["from", "to", "mean", "mean_low", "mean_high", "largest", "quantile_0.5", "quantile_0.95",
                           "last_low", "last_high", "floor"]
    for step, (x, y, time) in enumerate(zip(course, course[1:], (1, 2))):
        distances = np.sqrt(((x[:, None] - y[None]) ** 2).sum(2))
        moved = distances[optimize.linear_sum_assignment(distances ** 2)] / time
        assert found["mean"][step] == pytest.approx(moved.mean()) and found["largest"][step] == pytest.approx(moved.max())
        assert found["mean_low"][step] < found["mean"][step] < found["mean_high"][step]
        assert np.sort(moved)[8] <= found["quantile_0.5"][step] <= np.sort(moved)[11]
    assert found["from"].tolist() == [0, 1] and found["to"].tolist() == [1, 3] and (found["floor"] > 0).all()
    again = laot.rates(course, [0, 1, 3], probabilities=[0.5, 0.95], seed=2, threads=2)
    assert all(np.array_equal(again[name], column) for name, column in found.items())
    assert "quantile_0.9" in laot.rates(course, [0, 1, 3])
    with pytest.raises(ValueError, match="one number for each of 3 populations"):
        laot.rates(course, [0, 1])
    for cells, times in ((course, [0, 1, 1]), (course[:1], [0]), ([course[0], course[1][:, :2]], [0, 1])):
        with pytest.raises(laot.LaotError):
            laot.rates(cells, times)


def test_simulated_populations_have_the_pairing_that_they_say():
    found = laot.simulate_populations(5, 200, gap=1.5, entries="gaussian", seed=3)
    assert found["control"].shape == found["treated"].shape == (200, 5)
    assert np.allclose(found["treated"][found["partner"]], found["control"] @ found["map"].T)
    assert np.linalg.norm(found["map"] - np.eye(5)) == pytest.approx(1.5)
    assert sorted(found["partner"]) == list(range(200)) and found["control"].var() == pytest.approx(1 / 5, rel=0.2)
    uniform = laot.simulate_populations(5, 200, gap=1.5, seed=3)
    assert (uniform["map"] - np.eye(5) >= 0).all() and not (found["map"] - np.eye(5) >= 0).all()
    noisy = laot.simulate_populations(5, 200, gap=0, noise=0.5, seed=3)
    rest = noisy["treated"][noisy["partner"]] - noisy["control"]
    assert rest.std() == pytest.approx(0.5 / np.sqrt(5), rel=0.1)
    assert laot.simulate_populations()["control"].shape == (100, 10)
    for settings, error in (({"features": 0}, ValueError), ({"cells": -1}, ValueError), ({"gap": -1}, laot.LaotError),
                            ({"entries": "normal"}, laot.LaotError)):
        with pytest.raises(error):
            laot.simulate_populations(**settings)


def test_the_pairing_is_recovered_below_a_gap():
    found = laot.recovery_study([3, 5], [0, 1, 200], cells=20, trials=3, seed=4)
    assert found["features"].tolist() == [3, 5] * 3 and found["gap"].tolist() == [0, 0, 1, 1, 200, 200]
    assert (found["recovered"][:2] == 1).all() and (found["sd"][:2] == 0).all()
    assert (found["recovered"][4:] < 0.7).all()
    again = laot.recovery_study([3, 5], [0, 1, 200], cells=20, trials=3, seed=4, threads=2)
    assert all(np.array_equal(again[name], column) for name, column in found.items())
    one = laot.recovery_study([2], [5], cells=10, trials=1, cost="squared")
    assert np.isnan(one["sd"]).all() and np.isclose(one["recovered"][0] * 10, round(one["recovered"][0] * 10))
    for settings, error in (({"features": []}, laot.LaotError), ({"gaps": [-1]}, laot.LaotError), ({"trials": 0}, ValueError),
                            ({"features": [2.5]}, ValueError), ({"cost": "none"}, laot.LaotError)):
        with pytest.raises(error):
            laot.recovery_study(**{"features": [2], "gaps": [0], "cells": 5, "trials": 1, **settings})


def test_cells_drawn_anew_have_no_pairs():
    found = laot.simulate_populations(3, 60, gap=0.5, entries="gaussian", seed=1)
    model = laot.fit(found["control"], found["treated"], preset="calibrated", seed=1)
    curve = model.trackability(resamples=2, halves=0, restarts=0, gaps=[0, 1], repeats=2, design="anew").curve
    assert curve["design"] == "anew"
    assert np.isnan(curve["simulations"]["pairs"]).all() and not np.isnan(curve["simulations"]["identified"]).any()
