"""Experiments of many conditions."""

import pickle

import numpy as np
import pytest

import laot

SCREEN = laot.simulate_screen(features=5, drugs=12, cells=40, new_cells=60, seed=3)
INFO = {name: SCREEN["info"][name] for name in ("drug", "dose")}
NEW = SCREEN["new_control"]
PAIR = {"drug": ["drug01", "drug02"], "dose": [3, 7]}


def experiment():
    return laot.Experiment.from_labels(SCREEN["cells"], SCREEN["info"]["condition"], "control", covariates=INFO, combine="+")


@pytest.fixture(scope="module")
def fitted():
    return laot.fit(experiment(), method="conditional_laot", embedding=SCREEN["embedding"])


def small():
    """Two drugs at two doses, in rows that are told apart by their mean."""
    random = np.random.default_rng(4)
    screen = laot.Experiment(features=["a", "b", "c"])
    screen.add_control(random.normal(size=(30, 3)))
    for drug, shift in (("A", 1.0), ("B", -1.0)):
        for dose in (1, 3):
            screen.add_condition(f"{drug} {dose}", random.normal(size=(25, 3)) + shift * np.log1p(dose),
                                 {"drug": drug, "dose": dose})
    return screen


def test_what_was_learnt_carries_to_conditions_without_cells(fitted):
    test = SCREEN["test"]
    unseen = [k for k, kind in enumerate(test["kind"]) if kind != "seen"]
    ratios = []
    for k in unseen:
        at = {"drug": test["drug"][k].split("+"), "dose": test["dose"][k]}
        if len(at["drug"]) == 2:
            at["dose"] = [test["dose"][k]] * 2
        assert fitted.at(at).report["kind"] == test["kind"][k]
        truth = SCREEN["truth"][test["condition"][k]]
        ratios.append(np.linalg.norm(fitted.predict(NEW, at=at) - truth) / np.linalg.norm(NEW - truth))
    assert np.mean(ratios) < 0.8 and fitted.method == "conditional_laot"


def test_a_condition_is_asked_for_by_its_name_or_its_covariates(fitted):
    by_name = fitted.predict(NEW, at="drug01:3")
    assert np.array_equal(fitted["drug01:3"].predict(NEW), by_name)
    assert np.array_equal(fitted.predict(NEW, at={"dose": 3, "drug": "drug01"}), by_name)
    assert not np.array_equal(fitted.predict(NEW, at="drug01:1"), by_name)
    turned = {"drug": PAIR["drug"][::-1], "dose": PAIR["dose"][::-1]}
    assert np.allclose(fitted.predict(NEW, at=PAIR), fitted.predict(NEW, at=turned), rtol=1e-12)
    crossed = {"drug": PAIR["drug"], "dose": PAIR["dose"][::-1]}
    assert not np.allclose(fitted.predict(NEW, at=PAIR), fitted.predict(NEW, at=crossed))
    assert np.allclose(fitted.predict(NEW, at={"drug": "drug01", "dose": 0}), NEW, rtol=0, atol=1e-12)


def test_a_row_of_a_data_frame_for_each_cell(fitted):
    pandas = pytest.importorskip("pandas")
    doses = np.where(np.arange(len(NEW)) % 2, 3.0, 15.0)
    at = pandas.DataFrame({"drug": "drug01", "dose": doses})
    expected = np.where((doses == 3)[:, None], fitted.predict(NEW, at="drug01:3"), fitted.predict(NEW, at="drug01:15"))
    assert np.allclose(fitted.predict(NEW, at=at), expected, rtol=1e-12)
    with pytest.raises(ValueError, match="59 rows for 60 cells"):
        fitted.predict(NEW, at=at[:-1])


def test_what_was_seen_is_listed(fitted):
    seen = laot.conditions(fitted)
    assert seen["condition"] == experiment().conditions and set(seen["kind"]) == {"seen"}
    assert list(seen) == ["condition", "control", "treated", "kind", "drug", "dose"]
    assert (seen["treated"] == 40).all() and (seen["control"] == 40).all()
    at = seen["condition"].index("drug01:7+drug08:7")
    assert seen["drug"][at] == "drug01 + drug08" and seen["dose"][at] == 7
    unseen = laot.conditions(fitted.at(PAIR))
    assert unseen["kind"] == ["unseen_combination"] and unseen["dose"] == ["3 + 7"]
    assert np.isnan(unseen["treated"][0])
    assert "32 conditions" in repr(fitted) and "unseen_combination" in repr(fitted.at(PAIR))


def test_a_method_of_one_condition_is_fitted_to_each():
    cells, labels = SCREEN["cells"], SCREEN["info"]["condition"]
    model = laot.fit(experiment(), seed=7)
    alone = laot.fit(cells[labels == "control"], cells[labels == "drug02:1"], seed=7)
    assert np.array_equal(model.predict(NEW, at="drug02:1"), alone.predict(NEW))
    assert np.array_equal(model["drug02:1"].array("map"), alone.array("map"))
    assert "kind" not in laot.conditions(model)
    with pytest.raises(laot.LaotError, match="laot is fitted to each condition, and says nothing of others"):
        model.at({"drug": "drug02", "dose": 2})


def test_threads_and_files_keep_the_bits(fitted, tmp_path):
    expected = fitted.predict(NEW, at=PAIR)
    again = laot.fit(experiment(), method="conditional_laot", embedding=SCREEN["embedding"], threads=2)
    assert np.array_equal(again.predict(NEW, at=PAIR, threads=2), expected)
    fitted.save(tmp_path / "screen.safetensors")
    for model in (laot.Model.load(tmp_path / "screen.safetensors"), pickle.loads(pickle.dumps(fitted)),
                  laot.Model.from_bytes(fitted.to_bytes())):
        assert np.array_equal(model.predict(NEW, at=PAIR), expected)
        assert laot.conditions(model)["condition"] == laot.conditions(fitted)["condition"]
    with pytest.raises(laot.LaotError, match="a part of the fit of all of them: save that one"):
        fitted.at(PAIR).save(tmp_path / "pair.safetensors")
    assert not (tmp_path / "pair.safetensors").exists()


def test_embeddings():
    pandas = pytest.importorskip("pandas")
    levels = list(SCREEN["embedding"])
    frame = pandas.DataFrame(np.array(list(SCREEN["embedding"].values())), index=levels)
    at = {"drug": levels[6], "dose": 3}
    models = [laot.fit(experiment(), method="regressed_shift", embedding=one)
              for one in (SCREEN["embedding"], frame, {"drug": SCREEN["embedding"]}, {"drug": frame})]
    assert all(np.array_equal(models[0].predict(NEW, at=at), model.predict(NEW, at=at)) for model in models)
    effect = laot.fit(small(), method="conditional_laot", embedding="effect")
    assert effect.parameters["embedding"] == "effect"
    with pytest.raises(laot.LaotError, match='no level of "drug" "C"'):
        laot.fit(small(), method="conditional_laot").at({"drug": "C", "dose": 1})
    without = {level: values for level, values in SCREEN["embedding"].items() if level != "drug01"}
    with pytest.raises(laot.LaotError, match='the embedding of "drug" has no row for drug01'):
        laot.fit(experiment(), method="regressed_shift", embedding=without)


def test_a_dose_beyond_those_that_were_seen_is_warned_of(fitted):
    with pytest.warns(laot.LaotWarning, match="50 lies beyond those that were seen, 1 to 15"):
        fitted.predict(NEW, at={"drug": "drug01", "dose": 50})


@pytest.mark.parametrize("at, error, words", [
    ("drug1:3", laot.LaotError, 'knows no condition "drug1:3"'),
    ({"drug": "drug01"}, ValueError, "lacks the covariate 'dose'"),
    ({"drug": "drug01", "dose": 1, "plate": 2}, ValueError, "no covariate 'plate'"),
    ({"drug": "aspirin", "dose": 1}, laot.LaotError, 'no level of "drug" "aspirin"'),
    ({"drug": "drug01", "dose": -1}, laot.LaotError, "a dose must be 0 or a positive number, found -1"),
    ({"drug": "drug01", "dose": float("nan")}, ValueError, "covariate dose must be a number"),
    ({"drug": "drug01", "dose": "high"}, laot.LaotError, "\"dose\" is a number in this model, and a level was given"),
    ({"drug": [], "dose": 1}, ValueError, "covariate drug must be"), ({}, ValueError, "at must be"),
    ("", ValueError, "at must be"), (3, ValueError, "at must be"),
])
def test_wrong_places_get_one_sentence(fitted, at, error, words):
    with pytest.raises(error, match=words) as caught:
        fitted.predict(NEW, at=at)
    assert "\n" not in str(caught.value)


def test_a_text_of_blanks_is_a_lost_value():
    from laot._covariates import is_lost

    assert [is_lost(value) for value in ("", "  ", " A ", None, float("nan"), 0)] == [True, True, False, True, True, False]


def test_blanks_about_the_parts_of_a_combination_say_nothing():
    spaced = {**INFO, "drug": [str(drug).replace("+", " + ") for drug in INFO["drug"]]}
    assert any(" + " in drug for drug in spaced["drug"])
    one, two = (laot.fit(laot.Experiment.from_labels(SCREEN["cells"], SCREEN["info"]["condition"], "control",
                                                     covariates=info, combine="+"), method="regressed_shift")
                for info in (INFO, spaced))
    assert np.array_equal(one.predict(NEW, at=PAIR), two.predict(NEW, at=PAIR))


def test_models_without_covariates_or_conditions_say_so(fitted):
    with pytest.raises(laot.LaotError, match="say which"):
        fitted.predict(NEW)
    with pytest.raises(TypeError, match="asked for by its name"):
        fitted[0]
    with pytest.raises(TypeError):
        iter(fitted)
    pair = laot.fit(NEW[:30], NEW[30:] + 1)
    with pytest.raises(ValueError, match="no covariates"):
        pair.at({"dose": 1})
    assert laot.conditions(pair)["condition"] == [""]


@pytest.mark.parametrize("change, words", [
    ({"covariates": {"drug": INFO["drug"][:-1]}}, "values for"),
    ({"condition": SCREEN["info"]["condition"][:-1]}, "labels for"),
    ({"condition": np.arange(len(INFO["dose"])) / 7}, "different numbers for .* cells: it must say which population"),
    ({"control": "none"}, "no cell has the condition 'none'"),
    ({"covariates": {"dose": INFO["dose"] + 1}}, "control cells must have dose 0 or a missing value.*found 1 in 40"),
    ({"covariates": {"dose": np.where(INFO["dose"] == 3, np.nan, INFO["dose"])}}, "dose is missing in 40 cells of condition"),
    ({"covariates": {**INFO, "drug": [" " if drug == "drug01" else drug for drug in INFO["drug"]]}},
     "drug is missing in 40 cells of condition"),
    ({"covariates": {"dose": [None if i == 45 else dose for i, dose in enumerate(INFO["dose"])]}},
     "dose is missing in 1 cell of condition"),
    ({"covariates": {"dose": np.arange(len(INFO["dose"]))}}, "must have one value in all cells"),
    ({"combine": ""}, "combine must be"), ({"covariates": None}, "combine is of the levels"),
])
def test_wrong_columns_get_one_sentence(change, words):
    given = {"cells": SCREEN["cells"], "condition": SCREEN["info"]["condition"], "control": "control", "covariates": INFO,
             "combine": "+", **change}
    with pytest.raises(ValueError, match=words) as caught:
        laot.Experiment.from_labels(**given)
    assert "\n" not in str(caught.value)


def test_wrong_experiments_get_one_sentence():
    with pytest.raises(laot.LaotError, match="no control population"):
        laot.fit(laot.Experiment())
    with pytest.raises(ValueError, match="add_control\\(\\) comes first"):
        laot.Experiment().add_condition("A", NEW)
    screen = small()
    with pytest.raises(ValueError, match="covariates must be a dict"):
        screen.add_condition("C", NEW, "C")
    for embedding, words in (({"plate": {"A": [1]}}, "no covariate of levels"), (3, "embedding must be"),
                             ({"drug": "ctrl"}, "or \"effect\", found {'drug': 'ctrl'}"),
                             ("controls", "\"control\", a dict .* found 'controls'"),
                             ({"A": [1], "B": [1, 2]}, "as many coordinates")):
        with pytest.raises(ValueError, match=words):
            laot.fit(screen, method="conditional_laot", embedding=embedding)
    screen.add_condition("A 9", NEW[:, :3], {"drug": "A"})
    with pytest.raises(laot.LaotError, match="covariate"):
        laot.fit(screen)
    with pytest.raises(ValueError, match="an Experiment holds"):
        laot.fit(small(), covariates=["drug"])
    with pytest.raises(ValueError, match="two arrays have one condition"):
        laot.fit(NEW, NEW + 1, covariates=["drug"])


def test_conditions_go_with_the_control_cells_of_their_own_line():
    random = np.random.default_rng(5)
    line = np.repeat(["x", "y"], 60)
    dose = np.tile(np.repeat([0.0, 1.0, 3.0], 20), 2)
    labels = [f"{one} {amount:g}" if amount else "none" for one, amount in zip(line, dose)]
    cells = random.normal(size=(120, 3)) + 5 * (line == "y")[:, None] + dose[:, None]
    screen = laot.Experiment.from_labels(cells, labels, "none", covariates={"line": line, "dose": dose})
    model = laot.fit(screen)
    alone = laot.fit(cells[(line == "y") & (dose == 0)], cells[(line == "y") & (dose == 3)])
    assert np.array_equal(model.predict(NEW[:, :3], at="y 3"), alone.predict(NEW[:, :3]))
    with pytest.raises(ValueError, match='no control cell has line = y, as condition "y 1" has; control cells have x'):
        laot.Experiment.from_labels(cells, labels, "none", covariates={"line": np.where((line == "y") & (dose == 0), "x", line)})


def test_held_out_cells_of_conditions_are_scored(fitted):
    test, held_out = SCREEN["test"], laot.Experiment()
    held_out.add_control(NEW)
    for k, name in enumerate(test["condition"]):
        held_out.add_condition(name, SCREEN["observed"][name], {"drug": test["drug"][k].split("+"), "dose": test["dose"][k]})
    plain = laot.fit(experiment(), method="regressed_shift", embedding=SCREEN["embedding"])
    scores = laot.evaluate(fitted, held_out, beside=[plain], metrics=["mmd2", "w2"])
    assert list(dict.fromkeys(scores["condition"])) == test["condition"]
    assert set(scores["kind"]) == {"seen", "unseen dose", "unseen level", "unseen combination"}
    assert {"conditional_gaussian", "nearest_shift"} < set(scores["method"])  # by themselves
    last = test["condition"][-1]
    at = [k for k, row in enumerate(zip(scores["condition"], scores["method"], scores["metric"]))
          if row == (last, "regressed_shift", "w2")]
    where = {"drug": test["drug"][-1].split("+"), "dose": test["dose"][-1]}
    assert np.isclose(scores["value"][at[0]], laot.wasserstein2(plain.predict(NEW, at=where), SCREEN["observed"][last]))
    with pytest.raises(laot.LaotError, match="regressed_shift"):
        laot.evaluate(plain, held_out, beside=[plain])
    with pytest.raises(ValueError, match="control does not go with an experiment"):
        laot.evaluate(plain, held_out, NEW)
    with pytest.raises(ValueError, match="beside goes with an experiment"):
        laot.evaluate(plain, SCREEN["observed"][last], NEW, beside=[fitted])
    # One condition that was seen, by its name.
    seen = next(name for name, kind in zip(scores["condition"], scores["kind"]) if kind == "seen")
    single = laot.evaluate(fitted, SCREEN["observed"][seen], NEW, metrics=["w2"], condition=seen)
    pick = [value for name, method, metric, value in zip(scores["condition"], scores["method"], scores["metric"], scores["value"])
            if (name, method, metric) == (seen, "conditional_laot", "w2")]
    assert single["value"][0] == pick[0]
    with pytest.raises(laot.LaotError, match="say which"):
        laot.evaluate(fitted, SCREEN["observed"][seen], NEW)
    with pytest.raises(laot.LaotError, match="knows no condition"):
        laot.evaluate(fitted, SCREEN["observed"][seen], NEW, condition="nobody")


def test_conditions_are_held_out(tmp_path):
    screen, new = small(), np.zeros((2, 3))
    model = laot.fit(screen, method="regressed_shift", hold_out="A 3")
    assert model.held_out == ["A 3"] and laot.conditions(model)["condition"] == ["A 1", "B 1", "B 3"]
    rest = laot.Experiment(features=["a", "b", "c"])
    rest._controls, rest._conditions = screen._controls, [one for one in screen._conditions if one.name != "A 3"]
    wanted = laot.fit(rest, method="regressed_shift").predict(new, at={"drug": "A", "dose": 3})
    model.save(tmp_path / "held.safetensors")
    for one in (model, laot.Model.load(tmp_path / "held.safetensors")):
        assert np.array_equal(one.predict(new, at="A 3"), wanted) and one.held_out == ["A 3"]
    for hold_out, names in (({"dose": 3}, ["A 3", "B 3"]), ({"dose": 3, "drug": "A"}, ["A 1", "A 3", "B 3"]),
                            ([{"dose": 3, "drug": "A"}, {"dose": 1, "drug": ["B"]}], ["A 3", "B 1"]),
                            (["B 1", "A 1"], ["A 1", "B 1"])):
        assert laot.fit(screen, method="mean_shift", hold_out=hold_out).held_out == names
    for hold_out, said in (("A 4", "no condition"), ({"drog": "A"}, "no covariate"), ({"dose": 7}, "no condition is what"),
                           ([], "hold_out is empty")):
        with pytest.raises(ValueError, match=said):
            laot.fit(screen, hold_out=hold_out)
    with pytest.raises(laot.LaotError, match="leave one to fit"):
        laot.fit(screen, hold_out={"dose": [1, 3]})
    with pytest.raises(ValueError, match="two arrays have one condition"):
        laot.fit(np.zeros((9, 2)), np.ones((9, 2)), hold_out="A 1")


def test_a_simulated_screen_is_fixed_by_its_seed():
    again = laot.simulate_screen(features=5, drugs=12, cells=40, new_cells=60, seed=3)
    assert np.array_equal(again["cells"], SCREEN["cells"])
    assert not np.array_equal(laot.simulate_screen(5, 12, 40, 60, seed=4)["cells"], SCREEN["cells"])
    assert SCREEN["cells"].shape[0] == len(SCREEN["info"]["dose"]) == 40 * 33
    assert set(SCREEN["observed"]) == set(SCREEN["truth"]) == set(SCREEN["test"]["condition"])
    noise = np.concatenate([SCREEN["truth"][name].mean(0) - SCREEN["observed"][name].mean(0) for name in SCREEN["truth"]])
    assert np.abs(noise).mean() < 0.5
    with pytest.raises(laot.LaotError, match="drugs"):
        laot.simulate_screen(drugs=3)


# Patients that are placed by their control cells.


def patient_cells(at, treated, seed, count=40):
    shift = np.array([at, 2 + at if treated else 0, 0])
    return np.random.default_rng(seed).normal(size=(count, 3)) + shift


def cohort():
    out = laot.Experiment()
    for k in range(6):
        out.add_control(patient_cells(1.5 * k, False, k))
        out.add_condition(f"p{k} treated", patient_cells(1.5 * k, True, 10 + k), {"patient": f"p{k}"}, control=k)
    return out


def test_a_patient_is_placed_by_its_control_cells(tmp_path):
    pandas = pytest.importorskip("pandas")
    fitted = laot.fit(cohort(), method="regressed_shift", embedding={"patient": "control"})
    control, treated = patient_cells(4.1, False, 30), patient_cells(4.1, True, 31)
    new = {"patient": "new"}
    moved = fitted.predict(control, at=new)
    assert np.abs(moved.mean(0) - treated.mean(0)).sum() < 0.35 * np.abs(control.mean(0) - treated.mean(0)).sum()
    assert fitted.at(new, control).report["kind"] == "unseen_context"
    assert np.array_equal(fitted.at(new, control).predict(control[:5]), moved[:5])
    with pytest.warns(laot.LaotWarning, match="placed by the mean of 5 control cells"):
        assert not np.array_equal(fitted.predict(control[:5], at=new), moved[:5])
    whole = laot.fit(cohort(), method="regressed_shift", embedding="control")
    assert np.array_equal(whole.predict(control, at=new), moved)
    frame = pandas.DataFrame({"patient": ["p2"] * 3 + ["new"] * 40})
    rows = fitted.predict(np.concatenate([control[:3], control]), at=frame)
    assert np.array_equal(rows[3:], moved)
    assert np.array_equal(rows[:3], fitted.predict(control[:3], at="p2 treated"))
    fitted.save(tmp_path / "patients.safetensors")
    assert np.array_equal(laot.Model.load(tmp_path / "patients.safetensors").predict(control, at=new), moved)
    with pytest.raises(laot.LaotError, match="is placed by its control cells; give these"):
        fitted.at(new)


def test_a_held_out_patient_is_scored_from_its_control_cells():
    fitted = laot.fit(cohort(), method="regressed_shift", embedding="control", hold_out={"patient": "p3"})
    held_out = laot.Experiment()
    held_out.add_control(patient_cells(4.5, False, 3))
    held_out.add_condition("p3 treated", patient_cells(4.5, True, 13), {"patient": "p3"})
    scores = laot.evaluate(fitted, held_out, metrics="mmd2")
    assert set(scores["kind"]) == {"unseen context"}
    value = dict(zip(scores["method"], scores["value"]))
    assert value["regressed_shift"] < 0.35 * value["identity"]


def test_contexts_that_control_cells_cannot_place():
    shared = laot.Experiment()
    shared.add_control(patient_cells(0, False, 1))
    for k in range(2):
        shared.add_condition(f"p{k}", patient_cells(k, True, k), {"patient": f"p{k}"})
    with pytest.raises(laot.LaotError, match='"p0" and "p1" have the same ones'):
        laot.fit(shared, method="regressed_shift", embedding="control")
    with pytest.raises(ValueError, match="names 'donor'"):
        laot.fit(cohort(), method="regressed_shift", embedding={"donor": "control"})
    with pytest.raises(ValueError, match='embedding by "effect" is of the treatment'):
        laot.fit(cohort(), method="regressed_shift", embedding={"patient": "control", "drug": "effect"})
    both = laot.Experiment()
    for k in range(4):
        both.add_control(patient_cells(k, False, k))
        for drug in "AB":
            both.add_condition(f"p{k} {drug}", patient_cells(k, True, 20 + k + 7 * (drug == "B")),
                               {"drug": drug, "patient": f"p{k}"}, control=k)
    fitted = laot.fit(both, method="regressed_shift", embedding={"drug": "effect", "patient": "control"})
    assert fitted.parameters["embedding"] == "effect"
    assert np.isfinite(fitted.predict(patient_cells(1.2, False, 9), at={"drug": "B", "patient": "new"})).all()


def test_a_level_that_looks_like_a_number_is_a_level():
    random = np.random.default_rng(5)
    screen = laot.Experiment()
    screen.add_control(random.normal(size=(30, 3)))
    for plate, dose in (("1", 1), ("02", 3)):
        screen.add_condition(f"plate {plate}", random.normal(size=(25, 3)), {"plate": plate, "dose": dose})
    known = laot.conditions(laot.fit(screen, method="mean_shift"))
    assert known["plate"] == ["1", "02"] and known["dose"].tolist() == [1, 3]


def test_the_warning_of_a_condition_comes_once():
    random = np.random.default_rng(6)
    cells = random.normal(size=(90, 3)) + np.repeat([0, 1, 2], 30)[:, None]
    labels = np.repeat(["ctrl", "A", "B"], 30)
    with pytest.warns(laot.LaotWarning) as told:
        laot.fit(laot.Experiment.from_labels(cells, labels, "ctrl"), method="scgen", hidden_units=4, epochs=2)
    said = [str(one.message) for one in told]
    assert len(said) == 1 and said[0].count("train longer") == 2 and '"A": ' in said[0]
