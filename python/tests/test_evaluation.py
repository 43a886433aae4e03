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


def test_markers_have_rows_of_their_own():
    found = laot.evaluate(MODEL, OBSERVED, NEW, metrics="l2_drug_signature", methods="prediction", markers=2)
    assert found["features"] == ["4 features", "top 2 markers"]
    at = laot.marker_table(CONTROL, TREATED, 2)["position"].astype(int)
    assert np.isclose(found["value"][1], np.linalg.norm((MODEL.predict(NEW).mean(0) - OBSERVED.mean(0))[at]))


def test_the_seed_draws_the_halves_and_nothing_else():
    one, two = (laot.evaluate(MODEL, OBSERVED, NEW, metrics="w2", reference="halves", seed=seed) for seed in (1, 2))
    differs = {method for method, a, b in zip(one["method"], one["value"], two["value"]) if a != b}
    assert differs == {"noise_reference", "training_treated"}  # what halves of the observed cells are compared with


def test_the_level_of_an_interval_is_the_one_that_is_asked_for():
    donors = (["a", "b"] * 15, ["a", "b"] * 12 + ["a"])
    found = laot.response_table(MODEL, OBSERVED, NEW, batch=donors, level=0.5)
    of_donor, before = np.array(donors[0]), np.array(donors[1])
    shift = {d: OBSERVED[of_donor == d].mean(0) - NEW[before == d].mean(0) for d in "ab"}
    # Student's t with one degree of freedom is 1 at 0.75: half of the difference of the two donors.
    at = found["position"].astype(int)
    assert np.allclose(found["high"] - found["observed"], np.abs(shift["a"] - shift["b"])[at] / 2)


def test_negative_predictions_are_raised_where_that_is_asked_for():
    below = MODEL.predict(NEW - 5)
    assert below.min() < 0
    assert np.array_equal(MODEL.predict(NEW - 5, nonnegative="clip"), np.maximum(below, 0))


def test_methods_say_what_they_are():
    methods = laot.methods()
    assert {name for name, method in methods.items() if method.pairs} == {"laot"}
    trivial = {name for name, method in methods.items() if method.trivial}
    assert {"identity", "mean_shift", "gaussian_map"} <= trivial and "laot" not in trivial


def test_bandwidths_live_as_long_as_the_options_that_name_them():
    from laot._evaluation import _options

    options = _options(None, None, None, [0.25, 0.5], 0, None, False, None, None, False, None)
    used_again = [np.full(2, 7.0) for _ in range(1000)]  # memory that was let go would be among these
    assert options.gammas[:2] == [0.25, 0.5] and options.gamma_count == 2 and len(used_again) == 1000
