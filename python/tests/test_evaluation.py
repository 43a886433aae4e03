"""Tables of scores, and the coupling as a result."""

import numpy as np
import pytest

import laot

RANDOM = np.random.default_rng(5)
CONTROL = RANDOM.normal(size=(60, 4))
TREATED = 1.5 * RANDOM.normal(size=(47, 4)) + 2.0
NEW, OBSERVED = RANDOM.normal(size=(25, 4)), 1.5 * RANDOM.normal(size=(30, 4)) + 2.0
MODEL = laot.fit(CONTROL, TREATED, seed=1)


def test_a_model_is_scored_beside_the_trivial_predictors():
    found = laot.evaluate(MODEL, OBSERVED, NEW, test=True)
    assert list(dict.fromkeys(found["method"])) == ["laot", "identity", "mean_shift", "gaussian_map", "noise_reference"]
    assert found["metric"][8] == "mmd2_p_value"
    assert found["value"][found["metric"].index("w2")] == laot.wasserstein2(MODEL.predict(NEW), OBSERVED)
    assert set(found["kind"]) == {"seen"}


def test_bare_predictions_and_what_is_asked_for():
    found = laot.evaluate(None, OBSERVED, predicted=NEW, metrics=["w2", "mmd2"], gamma=[0.1, 0.2], condition="drug")
    assert found["method"] == ["prediction"] * 3 and found["condition"] == ["drug"] * 3
    assert np.isclose(found["value"][2], laot.score("mmd2", NEW, OBSERVED, gamma=0.2))
    with pytest.raises(laot.LaotError, match="did you mean"):
        laot.evaluate(MODEL, OBSERVED, NEW, metrics="mmd")


def test_the_entropy_and_the_permutations_are_those_that_are_asked_for():
    for settings in ({"epsilon": 0.3}, {"epsilon": 2.0, "epsilon_absolute": True}, {}):
        found = laot.evaluate(MODEL, OBSERVED, NEW, metrics=["sinkhorn_cost", "w2"], methods="prediction", **settings)
        assert found["value"][0] == laot.score("sinkhorn_cost", MODEL.predict(NEW), OBSERVED, **settings)
    p = [laot.evaluate(MODEL, OBSERVED, NEW, metrics="mmd2", methods="prediction", test=True, **settings)["value"][-1]
         for settings in ({"permutations": 9}, {"permutations": 199}, {})]
    assert p[1] == p[2] and np.isclose(p[0] * 10, np.round(p[0] * 10)) and np.isclose(p[1] * 200, np.round(p[1] * 200))
    with pytest.raises(ValueError, match="permutations must be a whole number of at least 1, found 0"):
        laot.evaluate(MODEL, OBSERVED, NEW, test=True, permutations=0)
    with pytest.raises(ValueError, match="give epsilon"):
        laot.evaluate(MODEL, OBSERVED, NEW, epsilon_absolute=True)


def test_groups_have_rows_of_their_own():
    found = laot.evaluate(MODEL, OBSERVED, NEW, metrics="sd_ratio", reference="halves",
                          groups=(["B", "T"] * 15, ["T"] * 20 + ["B"] * 5))
    assert list(dict.fromkeys(found["group"])) == ["", "B", "T"]
    assert "own_group_share" in found["metric"] and "training_treated" in found["method"]


def test_the_coupling_is_a_result():
    source, target, mass = laot.pairing(MODEL)
    plan = np.zeros((60, 47))
    plan[source, target] = mass
    assert np.allclose(plan.sum(1), 1 / 60) and np.allclose(plan.sum(0), 1 / 47)
    moves = laot.transitions(MODEL, ["b", "a"] * 30, ["x"] * 47)
    assert moves["from"] == ["b", "a"] and np.allclose(moves["mass"], 0.5)
    found = laot.descendants(MODEL, [3])
    assert np.isclose(plan[3, int(found["cell"][0])] * 60, found["mass"][0])
    assert np.isclose(laot.ancestors(MODEL, [1, 2])["mass"].sum(), 1)


def test_the_table_of_responses_has_the_shifts_and_their_intervals():
    found = laot.response_table(MODEL, OBSERVED, NEW)
    shift = OBSERVED.mean(0) - NEW.mean(0)
    at = found["position"].astype(int)
    assert np.allclose(found["observed"], shift[at]) and np.all(np.diff(np.abs(found["observed"])) <= 0)
    assert np.all(found["low"] < found["observed"]) and np.all(found["observed"] < found["high"])
    donors = (["a", "b"] * 100)[:len(OBSERVED)], (["a", "b"] * 100)[:len(NEW)]
    over = laot.response_table(MODEL, OBSERVED, NEW, batch=donors)
    assert np.all(over["units"] == 2)
    markers = laot.marker_table(CONTROL, TREATED, 2)
    assert np.all(np.abs(markers["t"][0]) >= np.abs(markers["t"]))
