"""Scores of AnnData objects: those of the plain arrays."""

import numpy as np
import pytest

anndata = pytest.importorskip("anndata")
sparse = pytest.importorskip("scipy.sparse")

import laot  # noqa: E402
from test_anndata import balanced_object, dense, made  # noqa: E402
from test_anndata_conditions import SCREEN, adata_of  # noqa: E402


def same(found, expected):
    assert list(found) == list(expected) and len(found["value"]) > 4
    for name, column in expected.items():
        if isinstance(column, list):
            assert list(found[name]) == column, name
        else:
            assert np.array_equal(found[name], column, equal_nan=True), name


def halves(adata):
    held = np.arange(adata.n_obs) % 4 == 0
    return adata[~held].copy(), adata[held].copy()


def sides(adata, layer=None, names=slice(None)):
    values = dense(adata[:, names].X if layer is None else adata[:, names].layers[layer])
    of = adata.obs["condition"].to_numpy()
    return values[of == "stim"], values[of == "ctrl"]


@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_matrix])
def test_an_object_has_the_scores_of_its_arrays(layout):
    train, test = halves(made(layout))
    model = laot.fit(train, target="stim")
    observed, control = sides(test)
    same(model.evaluate(test), laot.evaluate(model, observed, control, condition="stim"))
    assert "laot" not in test.uns
    settings = {"metrics": ["w2", "mmd2"], "gamma": [0.1, 0.2], "methods": ["prediction", "identity"], "markers": 3,
                "reference": "halves", "test": True, "permutations": 19, "seed": 4}
    found = model.evaluate(test[::-1, ::-1].copy(), **settings)
    same(found, laot.evaluate(model, observed[::-1], control[::-1], condition="stim", **settings))
    assert found["metric"][2] == "mmd2" and set(found["condition"]) == {"stim"}
    entropic = {"metrics": "sinkhorn_cost", "epsilon": 0.5, "epsilon_absolute": True}
    same(model.evaluate(test, **entropic), laot.evaluate(model, observed, control, condition="stim", **entropic))
    wide = made(layout, genes=12)
    first = wide[:, [9, *range(7)]].copy()
    same(model.evaluate(first), laot.evaluate(model, *sides(first, names=model.feature_names), condition="stim"))


def test_layer_batch_and_groups_are_read_as_the_fit_read_them(tmp_path):
    adata = made()
    adata.layers["twice"] = 2 * adata.X
    adata.obs["kind"] = np.where(np.arange(90) % 5 < 2, "B", "T")
    train, test = halves(adata)
    model = laot.fit(train, target="stim", layer="twice", batch="donor", features=["gene4", "gene1", "gene0"])
    observed, control = sides(test, "twice", model.feature_names)
    of = test.obs["condition"].to_numpy()
    donor, kind = (test.obs[name].to_numpy() for name in ("donor", "kind"))
    expected = laot.evaluate(model, observed, control, condition="stim", batch=donor[of == "stim"],
                             groups=(kind[of == "stim"], kind[of == "ctrl"]))
    same(model.evaluate(test, groups="kind"), expected)
    assert set(expected["group"]) == {"", "B", "T"} and "training_treated" not in expected["method"]
    model.save(tmp_path / "model.safetensors")
    same(laot.Model.load(tmp_path / "model.safetensors").evaluate(test, groups="kind"), expected)
    test.obs["donor"] = "c"  # of a donor that the fit has not met
    new = model.evaluate(test)
    same(new, laot.evaluate(model, observed, control, condition="stim", batch=["c"] * len(observed)))
    assert "training_treated" in new["method"]
    same(model.evaluate(test, batch="kind", reference="training"), model.evaluate(test, reference="training"))
    del test.obs["donor"]
    same(model.evaluate(test), laot.evaluate(model, observed, control, condition="stim"))
    test.obsm["X_pca"] = test.X[:, :3] - test.X[:, :3].mean(0)
    pca = laot.fit(test, target="stim", obsm="X_pca")
    x = test.obsm["X_pca"]
    same(pca.evaluate(test), laot.evaluate(pca, x[of == "stim"], x[of == "ctrl"], condition="stim"))


def test_a_balanced_fit_finds_the_types():
    adata = balanced_object()
    model = laot.fit(adata, target="stim", types="kind", balance="types", preset="calibrated")
    observed, control = sides(adata)
    kinds = adata.obs["kind"].to_numpy()[:320]
    expected = laot.evaluate(model, observed, control, condition="stim", groups=(None, kinds))
    assert expected["weighted"].any()
    same(model.evaluate(adata), expected)
    same(model.evaluate(adata, types=adata.obs["kind"].to_numpy()), expected)
    assert set(model.evaluate(adata, groups="kind", types="kind")["group"]) == {"", "A", "B"}
    adata.obs["other"] = adata.obs["kind"].to_numpy()[::-1]
    with pytest.raises(ValueError, match="groups and types label the cells differently"):
        model.evaluate(adata, groups="other", types="kind")
    plain = laot.fit(adata, target="stim", preset="calibrated")
    with pytest.raises(ValueError, match="balance='none'"):
        plain.evaluate(adata, types="kind")
    del adata.obs["kind"]
    with pytest.raises(ValueError, match="give types="):
        model.evaluate(adata)


def test_conditions_of_an_object_are_scored_as_its_experiment():
    adata = adata_of(SCREEN)
    train = adata[adata.obs["condition"] != "drug02:1"].copy()
    held = adata[adata.obs["condition"].isin(["control", "drug02:1", "drug01:3", "drug02:7+drug06:7"])].copy()
    settings = {"covariates": ["drug", "dose"], "combine": "+", "embedding": SCREEN["embedding"]}
    model = laot.fit(train, method="conditional_laot", **settings)
    names = [name for name in model.source.target if name in set(held.obs["condition"])] + ["drug02:1"]
    experiment = laot.Experiment.from_labels(held.X, held.obs["condition"], "control", names,
                                             held.obs[["drug", "dose"]], combine="+", features=list(held.var_names))
    other = laot.fit(train, method="cmonge", iterations=5, hidden_units=4, **settings)
    found = model.evaluate(held, beside=[other], metrics="w2")
    same(found, laot.evaluate(model, experiment, beside=[other], metrics="w2"))
    assert dict(zip(found["condition"], found["kind"])) == {"drug01:3": "seen", "drug02:1": "unseen dose"} | {
        name: "seen" for name in names[:-1]}
    each = laot.fit(train, target=["drug01:3", "drug02:15"])
    assert set(each.evaluate(adata)["condition"]) == {"drug01:3", "drug02:15"}
    alone, of = each["drug01:3"], adata.obs["condition"].to_numpy()
    same(alone.evaluate(adata), laot.evaluate(alone, adata.X[of == "drug01:3"], adata.X[of == "control"]))
    seen = held[held.obs["condition"] != "drug02:1"].copy()
    del seen.obs["dose"], seen.obs["drug"]
    assert set(model.evaluate(seen, metrics="w2")["condition"]) == set(names[:-1])
    del held.obs["dose"]
    with pytest.raises(ValueError, match="not seen 'drug02:1', and obs has no column 'dose'"):
        model.evaluate(held)
    with pytest.raises(ValueError, match="model\\['drug01:3'\\]"):
        each.evaluate(adata, groups="drug")


def test_the_table_is_kept_where_that_is_asked_for(tmp_path):
    pytest.importorskip("h5py")
    train, test = halves(made())
    model = laot.fit(train, target="stim")
    found = model.evaluate(test, store=True)
    model.evaluate(train, store=True)
    assert "model" in train.uns["laot"] and "evaluation" in train.uns["laot"]
    test.write_h5ad(tmp_path / "scored.h5ad")
    same(anndata.read_h5ad(tmp_path / "scored.h5ad").uns["laot"]["evaluation"], found)
    model.evaluate(test, metrics="w2", store=True, key="mine")
    assert set(test.uns["mine"]["evaluation"].metric) == {"w2"}


def of_condition(adata, level):
    return adata[adata.obs["condition"] != level].copy()


@pytest.mark.parametrize("change, error, words", [
    (lambda adata: adata.X, TypeError, "takes an AnnData object, found ndarray"),
    (lambda adata: of_condition(adata, "stim"), ValueError, "no cell of the object is 'stim'"),
    (lambda adata: of_condition(adata, "ctrl"), ValueError, "no cell of the object is 'ctrl'"),
    (lambda adata: adata[:, :5].copy(), ValueError, "lacks 'gene5', 'gene6'"),
    (lambda adata: anndata.AnnData(adata.X, var=adata.var), ValueError, "obs has no column 'condition'"),
])
def test_an_object_that_lacks_something_is_refused_in_a_sentence(change, error, words):
    adata = made()
    model = laot.fit(adata, target="stim")
    with pytest.raises(error, match=words) as caught:
        model.evaluate(change(adata))
    assert "\n" not in str(caught.value)


def test_other_wrong_arguments():
    adata = made()
    model = laot.fit(adata, target="stim")
    with pytest.raises(ValueError, match="fitted to arrays"):
        laot.fit(*sides(adata)).evaluate(adata)
    with pytest.raises(ValueError, match="no column 'plate'"):
        model.evaluate(adata, batch="plate")
    with pytest.raises(ValueError, match="beside goes with an experiment"):
        model.evaluate(adata, beside=[model])
    several = laot.fit(adata, target=["stim", "other"])
    with pytest.raises(ValueError, match="no cell of the object has a condition of the fit"):
        several.evaluate(of_condition(of_condition(adata, "stim"), "other"))
