"""Models of two arrays: right uses, wrong uses, the same bits as in other languages."""

import os
import pickle
import signal
import threading
import time

import numpy as np
import pytest

import laot

RANDOM = np.random.default_rng(2)
CONTROL = RANDOM.exponential(size=(60, 4))
TREATED = RANDOM.exponential(size=(47, 4)) * [1.0, 2.0, 0.5, 1.0] + 1.0
NEW = RANDOM.exponential(size=(20, 4))


def golden(name):
    folder = os.path.join(os.path.dirname(__file__), "..", "..", "tests", "golden", "calibrated")
    return np.genfromtxt(os.path.join(folder, name), delimiter=",", skip_header=1)


def test_a_fit_has_the_golden_values():
    x, y, new = (golden(f"d6n60m75s1_{part}.csv")[:, :-1] for part in ("x", "y", "new"))
    model = laot.fit(x, y, preset="calibrated")
    folder = os.path.join(os.path.dirname(__file__), "..", "..", "tests", "golden", "calibrated", "expected.csv")
    expected = np.full((6, 6), np.nan)
    with open(folder) as lines:
        for line in lines:
            case, quantity, row, col, value = line.strip().split(",")
            if (case, quantity) == ("feature", "predicted"):
                expected[int(row), int(col)] = float(value)
    assert np.allclose(model.predict(new), expected, rtol=1e-8, atol=1e-8)
    assert model.report["iterations"] == 15
    assert model.method == "laot" and model.preset == "calibrated"
    assert laot.fit(x, y).preset == "adaptive" == list(laot.methods()["laot"].presets)[0]


def test_the_map_and_the_offset_are_the_prediction():
    model = laot.fit(CONTROL, TREATED)
    w, b = model.array("map"), model.array("offset")[:, 0]
    assert np.allclose(NEW @ w.T + b, model.predict(NEW), rtol=1e-10)
    with pytest.raises(laot.LaotError, match="nothing") as caught:
        model.array("nothing")
    assert caught.value.name == "not_available"


def test_sparse_cells_give_the_same():
    sparse = pytest.importorskip("scipy.sparse")
    x = np.where(CONTROL > 1, CONTROL, 0)
    y = np.where(TREATED > 1, TREATED, 0)
    dense = laot.fit(x, y).predict(NEW)
    for kind in (sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix):
        assert np.array_equal(laot.fit(kind(x), kind(y)).predict(NEW), dense)
    twice = sparse.coo_matrix((np.array([1.0, 2.0, 3.0]), (np.array([0, 0, 1]), np.array([1, 1, 2]))), shape=(3, 4))
    model = laot.fit(CONTROL, TREATED)
    assert np.array_equal(model.predict(twice), model.predict(twice.toarray()))
    stored = sparse.csr_matrix((np.array([1.0, 2.0, 3.0]), np.array([1, 1, 2]), np.array([0, 2, 3, 3])), shape=(3, 4))
    assert stored.nnz == 3  # one entry stands in two parts
    assert np.array_equal(model.predict(stored), model.predict(twice.toarray()))
    assert stored.nnz == 3  # and the cells that were given stay as they are


@pytest.mark.parametrize("change", [lambda a: a.astype(np.float32), lambda a: np.asfortranarray(a),
                                    lambda a: np.repeat(a, 2, axis=0)[::2], lambda a: a.tolist()])
def test_any_layout_and_type_of_numbers(change):
    assert np.array_equal(laot.fit(change(CONTROL), change(TREATED)).predict(NEW),
                          laot.fit(np.array(change(CONTROL), dtype=float), np.array(change(TREATED), dtype=float))
                          .predict(NEW))


def test_parameters_presets_seeds_and_threads():
    model = laot.fit(CONTROL, TREATED, ridge=0.3, restore="none")
    assert model.parameters["ridge"] == "0.3" and model.parameters["restore"] == "none"
    assert laot.fit(CONTROL, TREATED, preset="algorithm1").preset == "algorithm1"
    network = {"method": "scgen", "hidden_units": 8, "epochs": 3}
    with pytest.warns(laot.LaotWarning, match="train longer"):
        one = laot.fit(CONTROL, TREATED, seed=5, **network)
        two = laot.fit(CONTROL, TREATED, seed=5, threads=2, **network)
        other = laot.fit(CONTROL, TREATED, seed=6, **network)
    assert np.array_equal(one.predict(NEW), two.predict(NEW))
    assert not np.array_equal(one.predict(NEW), other.predict(NEW))
    assert one.trace["epoch"].tolist() == [1, 2, 3]


def test_batches_and_names():
    a, b = np.arange(60) % 2, np.arange(47) % 2
    model = laot.fit(CONTROL, TREATED, batch=(a, b), features=["p", "q", "r", "s"])
    assert model.feature_names == ["p", "q", "r", "s"]
    assert not np.array_equal(model.predict(NEW), laot.fit(CONTROL, TREATED).predict(NEW))
    with pytest.raises(laot.LaotError, match="level"):
        laot.fit(CONTROL, TREATED, batch=(a, b + 1))


@pytest.mark.parametrize("arguments, settings, error, words", [
    ((CONTROL, TREATED[:, :3]), {}, laot.LaotError, "features"),
    ((CONTROL,), {}, ValueError, "second argument"),
    ((CONTROL[0], TREATED), {}, ValueError, "matrix of"),
    ((CONTROL, np.where(TREATED > 1.5, np.nan, TREATED)), {}, laot.LaotError, "treated has NaN"),
    ((CONTROL[:0], TREATED), {}, laot.LaotError, "control"),
    ((CONTROL, TREATED), {"method": "loat"}, laot.LaotError, "did you mean"),
    ((CONTROL, TREATED), {"rigde": 1}, laot.LaotError, "did you mean"),
    ((CONTROL, TREATED), {"iterations": 1}, laot.LaotError, 'did you mean "max_iter"'),
    ((CONTROL, TREATED), {"metod": "cellot"}, TypeError, 'no argument "metod"; did you mean "method"'),
    ((CONTROL, TREATED), {"threat": 2}, TypeError, 'did you mean "threads"'),
    ((CONTROL, TREATED), {"ridge": -1}, laot.LaotError, "ridge"),
    ((CONTROL, TREATED), {"preset": "none"}, laot.LaotError, "preset"),
    ((CONTROL, TREATED), {"seed": -1}, ValueError, "seed"),
    ((CONTROL, TREATED), {"seed": 2**64}, ValueError, "seed"),
    ((CONTROL, TREATED), {"threads": 0}, laot.LaotError, "threads"),
    ((CONTROL, TREATED), {"features": ["a"]}, laot.LaotError, "feature"),
])
def test_wrong_arguments_get_one_sentence(arguments, settings, error, words):
    with pytest.raises(error, match=words) as caught:
        laot.fit(*arguments, **settings)
    assert "\n" not in str(caught.value)


def test_a_model_survives_a_file_bytes_and_pickling(tmp_path):
    model = laot.fit(CONTROL, TREATED)
    expected = model.predict(NEW)
    path = tmp_path / "a model.safetensors"
    model.save(path)
    for again in (laot.Model.load(path), laot.Model.from_bytes(model.to_bytes()), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(again.predict(NEW), expected)
        assert again.report == model.report
    assert laot.Model.load(path).notes == {}
    laot.Model.load(path).save(path, {"donor": "P1 \u00e9\n"})
    laot.Model.load(path).save(path, {"day": "3"})
    assert laot.Model.load(path).notes == {"donor": "P1 \u00e9\n", "day": "3"}
    for wrong in ({"day": 3}, {"day": None}, {"a\0b": "3"}):
        with pytest.raises(ValueError, match="notes must be texts by name"):
            model.save(path, wrong)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(laot.LaotError) as caught:
        laot.Model.load(path)
    assert caught.value.name == "bad_format"
    with pytest.raises(laot.LaotError):
        laot.Model.load(tmp_path / "absent")


def test_the_trivial_predictors():
    model = laot.fit(CONTROL, TREATED)
    assert np.array_equal(model.trivial("identity").predict(NEW), NEW)
    assert np.allclose(model.trivial("mean_shift").predict(NEW), NEW + TREATED.mean(0) - CONTROL.mean(0))


def test_progress_errors_and_interrupts_end_a_fit():
    seen = []
    laot.fit(CONTROL, TREATED, progress=lambda stage, fraction: seen.append((stage, fraction)))
    assert seen and all(0 <= fraction <= 1 for _, fraction in seen)

    def fails(stage, fraction):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        laot.fit(CONTROL, TREATED, progress=fails)
    x, y = RANDOM.normal(size=(2, 3000, 30))
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.time()
    with pytest.raises(KeyboardInterrupt):
        laot.fit(x, y, method="cellot", iterations=1000000)
    assert time.time() - started < 20
    assert laot.fit(CONTROL, TREATED).report["outcome"] == "converged"


def test_scores():
    model = laot.fit(CONTROL, TREATED)
    predicted = model.predict(CONTROL)
    assert laot.score("l2_drug_signature", predicted, TREATED, CONTROL) == pytest.approx(
        np.linalg.norm(predicted.mean(0) - TREATED.mean(0)))
    gamma = laot.median_gamma(CONTROL, TREATED)
    pooled = np.vstack([CONTROL, TREATED])
    squared = ((pooled[:, None] - pooled[None]) ** 2).sum(2)[np.triu_indices(107, 1)]
    assert gamma == pytest.approx(1 / np.median(squared[squared > 0]))
    mmd2 = laot.score("mmd2", predicted, TREATED, gamma=gamma)

    def kernel(a, b):
        return np.exp(-gamma * ((a[:, None] - b[None]) ** 2).sum(2))

    n, m = 60, 47
    within = kernel(predicted, predicted).sum() - n, kernel(TREATED, TREATED).sum() - m
    assert mmd2 == pytest.approx(within[0] / (n * (n - 1)) + within[1] / (m * (m - 1))
                                 - 2 * kernel(predicted, TREATED).mean(), abs=1e-12)
    assert np.isnan(laot.score("mmd2", predicted, TREATED))
    assert laot.wasserstein2(CONTROL, CONTROL) == 0.0
    with pytest.raises(laot.LaotError, match="did you mean"):
        laot.score("mmd3", predicted, TREATED)


def test_the_maximum_mean_discrepancy_and_its_test():
    pooled, n, m = np.vstack([CONTROL, TREATED]), 60, 47
    squared = ((pooled[:, None] - pooled[None]) ** 2).sum(2)

    def by_hand(gamma, biased):
        k = np.exp(-gamma * squared)
        x, y, between = k[:n, :n], k[n:, n:], k[:n, n:].mean()
        if biased:
            return x.mean() + y.mean() - 2 * between
        return (x.sum() - n) / (n * (n - 1)) + (y.sum() - m) / (m * (m - 1)) - 2 * between

    for gamma in (0.3, [0.1, 0.7, 2.0]):
        for estimator in ("unbiased", "biased"):
            expected = np.mean([by_hand(one, estimator == "biased") for one in np.atleast_1d(gamma)])
            assert laot.mmd2(CONTROL, TREATED, gamma, estimator) == pytest.approx(expected, abs=1e-12)
    assert laot.mmd2(CONTROL, TREATED) == laot.mmd2(CONTROL, TREATED, laot.median_gamma(CONTROL, TREATED))
    found = laot.mmd2_test(CONTROL, TREATED, permutations=49)
    assert found == (laot.mmd2(CONTROL, TREATED), 1 / 50) and found.p_value == 1 / 50
    assert laot.mmd2_test(CONTROL, TREATED).p_value == 1 / 1000
    alike = laot.mmd2_test(CONTROL[:30], CONTROL[30:], [0.1, 1.0], permutations=99, seed=3)
    assert alike.mmd2 == laot.mmd2(CONTROL[:30], CONTROL[30:], [0.1, 1.0]) and alike.p_value > 0.05
    assert alike.p_value * 100 == pytest.approx(round(alike.p_value * 100))
    assert alike == laot.mmd2_test(CONTROL[:30], CONTROL[30:], [0.1, 1.0], permutations=99, seed=3, threads=2)
    assert np.isnan(laot.mmd2(CONTROL[:1], TREATED, 1.0)) and np.isnan(laot.mmd2_test(CONTROL[:1], TREATED, 1.0).p_value)
    same = np.ones((4, 2))
    assert np.isnan(laot.mmd2(same, same)) and laot.mmd2(same, same, 1.0) == 0
    with pytest.raises(ValueError, match="nothing to test"):
        laot.mmd2_test(same, same)
    for wrong in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match="permutations must be a whole number of at least 1"):
            laot.mmd2_test(CONTROL, TREATED, permutations=wrong)
    for settings in ({"gamma": 0}, {"gamma": []}, {"estimator": "best"}):
        with pytest.raises(laot.LaotError):
            laot.mmd2(CONTROL, TREATED, **settings)


def test_a_score_says_what_is_known_of_it():
    one, two = (laot.score("w2", CONTROL, TREATED, cells=20, repetitions=count, seed=4) for count in (1, 2))
    second = 2 * two - one  # two is the mean of one and of a second subsample
    assert two.sd == pytest.approx(abs(one - second) / np.sqrt(2)) and np.isnan(one.sd)
    assert isinstance(one, float) and laot.score("w2", CONTROL, TREATED) == laot.wasserstein2(CONTROL, TREATED)
    flat = TREATED.copy()
    flat[:, [0, 2]] = 1.0
    assert laot.score("sd_ratio", CONTROL, flat).features_left_out == 2
    again = pickle.loads(pickle.dumps(two))
    assert (again, again.sd, again.features_left_out, again.marginal_error) == (two, two.sd, 0, 0.0)


def test_the_entropy_of_a_score():
    squared = ((CONTROL[:, None] - TREATED[None]) ** 2).sum(2)
    relative = laot.score("sinkhorn_cost", CONTROL, TREATED, epsilon=0.2)
    assert relative == pytest.approx(laot.score("sinkhorn_cost", CONTROL, TREATED, epsilon=0.2 * squared.mean(),
                                                epsilon_absolute=True))
    usual = laot.score("sinkhorn_cost", CONTROL, TREATED)
    assert usual == laot.score("sinkhorn_cost", CONTROL, TREATED, epsilon=0.05) < relative < squared.mean()
    assert 0 <= relative.marginal_error <= 1e-7
    assert laot.score("w2", CONTROL, TREATED, epsilon=3) == laot.wasserstein2(CONTROL, TREATED)
    with pytest.raises(ValueError, match="epsilon must be above 0"):
        laot.score("sinkhorn_cost", CONTROL, TREATED, epsilon=0)
    with pytest.raises(ValueError, match="give epsilon"):
        laot.score("sinkhorn_cost", CONTROL, TREATED, epsilon_absolute=True)


def test_an_error_says_where_the_bad_value_is():
    bad = TREATED.copy()
    bad[31, 2] = np.inf
    with pytest.raises(laot.LaotError, match="treated has") as caught:
        laot.fit(CONTROL, bad)
    assert caught.value.place == ("treated", 2, 31, np.inf) and caught.value.place.cell == 31
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.place, again.code, str(again)) == (caught.value.place, caught.value.code, str(caught.value))
    with pytest.raises(laot.LaotError) as caught:
        laot.fit(CONTROL, TREATED, method="none")
    assert caught.value.place is None


def test_the_registry():
    methods = laot.methods()
    assert {"laot", "cellot", "scgen", "cae", "identity", "mean_shift", "gaussian_map"} <= set(methods)
    ridge = {p.name: p for p in methods["laot"].parameters}["ridge"]
    assert ridge.default == "auto" and ridge.words == ("auto",) and ridge.minimum == 0
    assert set(methods["laot"].presets) >= {"calibrated", "algorithm1", "notebook"}
    assert methods["cellot"].label == "CellOT" and methods["cellot"].title.startswith("CellOT: ")
    metrics = laot.metrics()
    assert metrics["mmd2"].needs_gamma and not metrics["mmd2"].larger_is_better
    assert metrics["r2_means"].larger_is_better
    assert metrics["knn_enrichment_50"].setting == "k = 50" and "50" in metrics["knn_enrichment_50"].undefined
    assert metrics["w2"].undefined == ""
    assert [name for name, one in metrics.items() if one.takes_epsilon] == [
        "sinkhorn_cost", "sinkhorn_regularised", "sinkhorn_divergence"]
    listed = next(s.usual for s in laot.settings() if (s.call, s.name) == ("laot_evaluate", "metrics"))
    assert [name for name, one in metrics.items() if one.usual] == listed


def test_the_presets_of_scores():
    presets = laot.score_presets()
    assert {"laot", "cellot", "cmonge"} <= set(presets) and presets["cellot"].cells == (100, 250, 500, 1000, 1500)
    assert presets["cellot"].repetitions == 10 and not presets["cellot"].with_replacement
    assert presets["laot"].gamma_from_all_features and presets["laot"].cells == ()
    model = laot.fit(CONTROL, TREATED)
    for name, preset in presets.items():
        assert set(preset.metrics) <= set(laot.metrics())
        found = laot.evaluate(model, TREATED, CONTROL, preset=name, methods="prediction")
        assert list(dict.fromkeys(found["metric"])) == list(preset.metrics)


def test_variable_features():
    pooled = np.vstack([CONTROL, TREATED])
    assert laot.variable_features(CONTROL, TREATED, 4).tolist() == np.argsort(-pooled.var(0), kind="stable").tolist()
    with pytest.raises(laot.LaotError):
        laot.variable_features(CONTROL, TREATED, 5)


def test_usual_settings_are_the_librarys():
    listed = {(s.call, s.name): s.usual for s in laot.settings()}
    assert len(listed) == len(laot.settings())
    assert listed["laot_stability", "resamples"] == 30
    assert listed["laot_recovery_curve", "gaps"] == [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6, 8]
    assert listed["laot_response_table", "level"] == 0.95
    assert "mmd2" in listed["laot_evaluate", "metrics"]


def test_trackability():
    x = RANDOM.normal(size=(80, 3))
    y = x[RANDOM.permutation(80)] @ (np.eye(3) + 0.1 * RANDOM.normal(size=(3, 3)))
    found = laot.fit(x, y).trackability(resamples=4, halves=2, restarts=1, gaps=(0, 1, 4), repeats=2)
    assert found.verdict == "recoverable" and found.recovery > 0.95
    assert found.stability["agreement"]["repetitions"] == ["resamples", "halves", "restarts"]
    assert found.curve["curve"]["gap"].tolist() == [0, 1, 4]
    assert found.curve["simulations"]["pairs"].reshape(3, 2).mean(1) == pytest.approx(found.curve["curve"]["recovery"])
    assert found.stability["draws"].shape == (9, 4)
    effects = found.stability["effects"]
    assert list(effects) == ["treated", "control", "change", "low", "high", "stable"] and len(effects["change"]) == 9
    with pytest.raises(ValueError, match="gaps"):
        laot.fit(x, y).trackability(gaps=(0, 2))
    with pytest.raises(laot.LaotError):
        laot.fit(x, y, method="mean_shift").trackability()


def test_the_change_of_a_linear_map_at_encoded_cells():
    model = laot.fit(CONTROL, TREATED, n_pcs=0, lift="no", restore="none")
    change = model.array("map") - np.eye(CONTROL.shape[1])
    scale = model.array("scale").ravel()
    found = model.change_at_cells(CONTROL, 3)
    assert found["cell"][[0, 2]].tolist() == [0, len(CONTROL) - 1]
    assert found["change"] == pytest.approx(np.linalg.norm(change * scale[None, :] / scale[:, None], 2))
    encoded = model.encode(CONTROL)
    assert encoded == pytest.approx((CONTROL - CONTROL.mean(0)) / scale)
    assert found["length"] == pytest.approx(np.linalg.norm(encoded, axis=1)[found["cell"].astype(int)])
    assert model.encode(CONTROL[:4], "own") == pytest.approx(encoded[:4] - encoded[:4].mean(0))
    assert model.change_at_cells(most_cells=2)["change"] == pytest.approx(found["change"][:2])
    top = model.strongest_effects(4)
    order = np.argsort(-np.abs(change).T.ravel(), kind="stable")[:4]  # column by column
    assert (top["control"] * len(scale) + top["treated"]).tolist() == order.tolist()
    assert top["change"] == pytest.approx(change.T.ravel()[order])
    with pytest.raises(ValueError, match="count must be a whole number of at least 0, found -1"):
        model.strongest_effects(-1)
    with pytest.raises(ValueError, match="most_cells must be a whole number of at least 1, found -1"):
        model.change_at_cells(most_cells=-1)
    for name, least in (("resamples", 0), ("halves", 0), ("restarts", 0), ("repeats", 1), ("most_cells", 1)):
        with pytest.raises(ValueError, match=f"{name} must be a whole number of at least {least}, found -1"):
            model.trackability(**{name: -1})
    with pytest.raises(laot.LaotError, match="about"):
        model.encode(CONTROL, "all")
    with pytest.raises(laot.LaotError, match="derivative"):
        laot.fit(CONTROL, TREATED, method="scgen", epochs=2).change_at_cells()


def test_models_may_be_used_by_several_threads():
    model = laot.fit(CONTROL, TREATED)
    expected, out = model.predict(NEW), []
    workers = [threading.Thread(target=lambda: out.append(model.predict(NEW))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(out) == 8 and all(np.array_equal(one, expected) for one in out)


def test_what_an_adaptive_fit_compared():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(300, 3)), rng.normal(size=(260, 3))
    model = laot.fit(x, y + 1.5 * np.tanh(2 * y) + 1)
    found = model.choices()
    assert found["choice"] == ["map"] * 4 and found["condition"] == [""] * 4
    assert found["candidate"] == ["linear", "linear + marginals", "lift", "lift + marginals"]
    assert np.allclose(found["gain"], found["mmd2"] - found["mmd2"][0]) and (found["standard_error"][1:] > 0).all()
    assert np.array(found["candidate"])[found["chosen"] == 1].tolist() == [model.report["choice"]]
    assert not len(laot.fit(x, y, method="mean_shift").choices()["choice"])


def test_shares_of_types_that_change_are_told_and_balanced():
    rng = np.random.default_rng(3)
    place = lambda counts, shift: rng.normal(size=(sum(counts), 3)) + np.repeat([0, 6], counts)[:, None] + shift
    x, y = place((240, 80), 0), place((80, 240), 1)
    types = np.repeat(["A", "B"], (240, 80)), np.repeat(["A", "B"], (80, 240))
    with pytest.warns(laot.LaotWarning, match="A: 75% to 25%"):
        laot.fit(x, y, types=types, preset="calibrated")
    model = laot.fit(x, y, types=types, preset="calibrated", balance="types")
    shares = model.composition()
    assert shares["type"] == ["A", "B"] and np.allclose(shares["ratio"], [1 / 3, 3])
    assert np.allclose(model.weights(x, types[0]), np.repeat([1 / 3, 3], (240, 80)))
    with pytest.raises(laot.LaotError, match="give one for each"):
        model.weights(x)
    with pytest.raises(ValueError, match="weights\\(cells, types\\)"):
        model.predict(x, types=types[0])
    scores = laot.evaluate(model, y, x, metrics=["mmd2", "w2"], groups=(None, types[0]))
    assert scores["estimator"][:4] == ["unbiased", "exact", "unbiased, weighted", "exact, weighted"]
    assert scores["weighted"][:4].tolist() == [0, 0, 1, 1] and not scores["halvings"][:4].any()
    assert scores["gamma_from"][:4] == ["median", "", "median", ""]
    assert scores["value"][0] > 0.2 and scores["value"][2] < 0.01
    with pytest.raises(laot.LaotError, match="the type of each control cell"):
        laot.evaluate(model, y, x)


def test_a_fit_that_bends_tells_its_linear_part_and_its_effects_at_cells():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(150, 3)), rng.normal(size=(140, 3))
    model = laot.fit(x, y + 1.5 * np.tanh(2 * y) + 1, preset="calibrated", lift="yes")
    assert model.report["lift"] == "yes" and 0 < model.report["lift_share"] <= 1
    at, step = x[:4], 1e-5
    found = model.effects(at)
    assert found.shape == (4, 3, 3)
    for feature in range(3):
        change = step * np.eye(3)[feature]
        slope = (model.predict(at + change) - model.predict(at - change)) / (2 * step)
        assert np.allclose(found[:, :, feature], slope, rtol=1e-6, atol=1e-8)
    # The linear part, about which the kernels bend with a mean of 0 over the training controls.
    linear = x @ model.array("map").T + model.array("offset").ravel()
    assert np.allclose((model.predict(x) - linear).mean(axis=0), 0, atol=1e-9)
    assert not np.allclose(found[0], model.array("map"), atol=1e-3)
    assert np.array_equal(laot.Model.from_bytes(model.to_bytes()).effects(at), found)
    straight = laot.fit(x, y, preset="calibrated")
    assert np.array_equal(straight.effects(at)[2], straight.array("map"))
