"""AnnData objects in and out."""

import os

import numpy as np
import pytest

anndata = pytest.importorskip("anndata")
sparse = pytest.importorskip("scipy.sparse")

import laot  # noqa: E402
import real_cells  # noqa: E402

DATA = os.path.join(os.environ.get("LAOT_SHARED_DIR", ""), "data")


def made(layout=np.asarray, genes=7):
    random = np.random.default_rng(3)
    counts = random.poisson(1.0, size=(90, genes)).astype(float)
    condition = np.array(["stim", "ctrl", "other"])[np.arange(90) % 3]
    counts[condition == "stim"] += random.poisson(2.0, size=(30, genes))
    adata = anndata.AnnData(layout(np.log1p(counts).astype(np.float32)))
    adata.obs["condition"] = condition
    adata.obs["donor"] = np.where(np.arange(90) % 2, "a", "b")
    adata.var_names = [f"gene{k}" for k in range(genes)]
    adata.obs_names = [f"cell{i}" for i in range(90)]
    return adata


def dense(values):
    return values.toarray() if hasattr(values, "toarray") else np.asarray(values)


@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_a_fit_of_an_object_is_that_of_its_cells(layout):
    adata = made(layout)
    model = laot.fit(adata, target="stim")
    x, of = dense(adata.X), adata.obs["condition"].to_numpy()
    expected = laot.fit(x[of == "ctrl"], x[of == "stim"]).predict(x[of == "ctrl"])
    assert model.predict(adata) is None
    assert np.array_equal(adata.layers["laot"][of == "ctrl"], expected)
    assert np.isnan(adata.layers["laot"][of != "ctrl"]).all()
    assert model.feature_names == list(adata.var_names)
    assert model.source.control == "ctrl" and "'stim' against 'ctrl'" in repr(model)
    adata.obs["condition"] = [{"ctrl": "Ctrl"}.get(level, level) for level in of]
    assert laot.fit(adata, target="stim").source.control == "Ctrl"
    noted = adata.uns["laot"]
    assert noted["target"] == "stim" and noted["report"]["outcome"] == "converged"
    assert noted["parameters"]["ridge"] == "auto"


def test_a_saved_model_knows_where_its_cells_came_from(tmp_path):
    adata = made()
    adata.layers["twice"] = 2 * adata.X
    model = laot.fit(adata, target="stim", layer="twice")
    model.save(tmp_path / "model.safetensors")
    again = laot.Model.load(tmp_path / "model.safetensors")
    assert again.source == model.source and again.notes["source.layer"] == "twice"
    for one, key in ((model, "here"), (again, "there")):
        one.predict(adata, key=key)
    assert np.array_equal(adata.layers["here"], adata.layers["there"], equal_nan=True)
    several = laot.fit(adata, target=["stim", "other"], method="mean_shift")
    several.save(tmp_path / "several.safetensors")
    assert laot.Model.load(tmp_path / "several.safetensors").source == several.source
    assert several.source.target == ("stim", "other")
    again.save(tmp_path / "again.safetensors", {"condition": "my own"})
    assert laot.Model.load(tmp_path / "again.safetensors").source == model.source


def test_layers_embeddings_batches_and_features():
    adata = made()
    adata.layers["twice"] = 2 * adata.X
    adata.obsm["X_pca"] = adata.X[:, :3] - adata.X[:, :3].mean(0)
    model = laot.fit(adata, target="stim", layer="twice", features=["gene4", "gene1"], batch="donor", key="two")
    model.predict(adata, key="two")
    predicted = adata.layers["two"]
    of = adata.obs["condition"].to_numpy() == "ctrl"
    assert np.isfinite(predicted[np.ix_(of, [1, 4])]).all()
    assert np.isnan(predicted[:, [0, 2, 3, 5, 6]]).all()
    x, y = (adata.layers["twice"][adata.obs["condition"] == level][:, [4, 1]] for level in ("ctrl", "stim"))
    labels = [adata.obs["donor"][adata.obs["condition"] == level] for level in ("ctrl", "stim")]
    assert np.array_equal(predicted[np.ix_(of, [4, 1])], laot.fit(x, y, batch=labels).predict(x))
    pca = laot.fit(adata, target="stim", obsm="X_pca")
    pca.predict(adata, key="moved")
    assert adata.obsm["moved"].shape == (90, 3) and "moved" not in adata.layers


def test_many_features_are_the_variable_ones():
    adata = made(genes=1200)
    model = laot.fit(adata, target="stim")
    of = adata.obs["condition"].to_numpy()
    pooled = adata.X[(of == "ctrl") | (of == "stim")]
    wanted = np.argsort(-pooled.astype(float).var(0), kind="stable")[:1000]
    assert model.feature_names == [f"gene{k}" for k in wanted]  # in this order, which R has, too
    x, y = (adata.X[of == level][:, wanted] for level in ("ctrl", "stim"))
    model.predict(adata)
    assert np.array_equal(adata.layers["laot"][of == "ctrl"][:, wanted], laot.fit(x, y).predict(x))
    assert np.isnan(adata.layers["laot"][:, np.setdiff1d(np.arange(1200), wanted)]).all()
    assert len(laot.fit(adata, target="stim", features="all", n_pcs=5).feature_names) == 1200


def test_a_trip_through_a_file_keeps_the_model(tmp_path):
    pytest.importorskip("h5py")
    adata = made()
    model = laot.fit(adata, target="stim")
    model.predict(adata)
    model.trackability(adata, resamples=3, halves=1, restarts=1, gaps=(0, 1), repeats=1)
    adata.write_h5ad(tmp_path / "fit.h5ad")
    read = anndata.read_h5ad(tmp_path / "fit.h5ad")
    again = laot.from_uns(read)
    assert again.source == model.source
    again.predict(read, key="again")
    assert np.array_equal(read.layers["again"], read.layers["laot"], equal_nan=True)
    assert read.uns["laot"]["trackability"]["verdict"] in ("recoverable", "borderline", "not recoverable")
    with pytest.raises(ValueError, match="no model"):
        laot.from_uns(read, key="other")
    backed = anndata.read_h5ad(tmp_path / "fit.h5ad", backed="r")
    assert np.array_equal(laot.fit(backed.to_memory(), target="stim").predict(dense(adata.X)),
                          model.predict(dense(adata.X)))


def test_new_objects_with_other_cells_and_orders():
    adata = made()
    model = laot.fit(adata, target="stim")
    turned = adata[::-1, ::-1].copy()
    copied = model.predict(turned, copy=True)
    assert "laot" not in turned.layers
    model.predict(adata)
    assert np.array_equal(copied.layers["laot"][::-1, ::-1], adata.layers["laot"], equal_nan=True)
    unlabelled = anndata.AnnData(adata.X[:5].copy(), var=adata.var)
    model.predict(unlabelled)
    assert np.isfinite(unlabelled.layers["laot"]).all()
    with pytest.raises(ValueError, match="'gene6'"):
        model.predict(adata[:, :6].copy())


@pytest.mark.parametrize("settings, words", [
    ({}, "target="), ({"target": "none"}, "'none' is no level"), ({"target": "ctrl"}, "both"),
    ({"condition": "state"}, "no column 'state'"), ({"target": "stim", "control": "x"}, "'x' is no level"),
    ({"target": "stim", "layer": "x"}, "layers has no 'x'"), ({"target": "stim", "obsm": "x"}, "obsm has no 'x'"),
    ({"target": "stim", "batch": "x"}, "no column 'x'"), ({"target": "stim", "features": ["x"]}, "lacks 'x'"),
    ({"target": "stim", "treated": np.zeros((2, 2))}, "holds both"),
])
def test_wrong_arguments_get_one_sentence(settings, words):
    with pytest.raises(ValueError, match=words) as caught:
        laot.fit(made(), **settings)
    assert "\n" not in str(caught.value)


def test_the_control_level_is_found_or_asked_for():
    adata = made()
    adata = adata[adata.obs["condition"] != "other"].copy()
    assert laot.fit(adata).source.target == "stim"
    adata.obs["condition"] = adata.obs["condition"].astype(str).replace("ctrl", "before")
    with pytest.raises(ValueError, match="control="):
        laot.fit(adata)
    assert laot.fit(adata, control="before").source.target == "stim"


def test_real_cells_are_predicted_better_than_by_the_mean_shift():
    if not os.path.exists(os.path.join(DATA, "pbmc_counts.mtx.gz")):
        pytest.skip("../shared/data is not there")
    adata = real_cells.pbmc(DATA)
    of = adata.obs["condition"].to_numpy()
    held = np.random.default_rng(1).random(adata.n_obs) < 0.3
    model = laot.fit(adata[~held].copy(), condition="condition")
    test = adata[held].copy()
    model.predict(test)
    columns = [test.var_names.get_loc(name) for name in model.feature_names]
    predicted = test.layers["laot"][of[held] == "ctrl"][:, columns]
    observed = test.X[of[held] == "stim"][:, columns]
    control = test.X[of[held] == "ctrl"][:, columns].toarray()
    fitted = laot.wasserstein2(predicted, observed)
    assert fitted < laot.wasserstein2(control, observed)
    assert fitted < laot.wasserstein2(model.trivial("mean_shift").predict(control), observed)


def balanced_object():
    random = np.random.default_rng(3)
    kind = np.repeat(["A", "B", "A", "B"], [240, 80, 80, 240])
    shift = np.where(kind == "B", 6.0, 0.0) + np.repeat([0.0, 1.0], 320)
    adata = anndata.AnnData(random.normal(size=(640, 3)) + shift[:, None])
    adata.obs["condition"] = np.repeat(["ctrl", "stim"], 320)
    adata.obs["kind"] = kind
    return adata


def test_predicted_cells_have_what_they_count():
    adata = balanced_object()
    model = laot.fit(adata, target="stim", types="kind", balance="types", preset="calibrated")
    model.predict(adata)
    control = (adata.obs["condition"] == "ctrl").to_numpy()
    weights = adata.obs["laot_weight"].to_numpy()
    assert np.allclose(weights[control], np.repeat([1 / 3, 3], (240, 80)))
    assert np.isnan(weights[~control]).all()
    other = adata[control].copy()
    kinds = other.obs["kind"].to_numpy()
    del other.obs["kind"], other.obs["laot_weight"]
    with pytest.warns(laot.LaotWarning, match="give types="):
        model.predict(other)
    assert "laot_weight" not in other.obs
    model.predict(other, types=kinds, key="mine")
    assert np.array_equal(other.obs["mine_weight"], weights[control])
    restored = laot.from_uns(adata)
    assert np.array_equal(restored.predict(adata, copy=True).obs["laot_weight"][control], weights[control])
    with pytest.raises(ValueError, match="weights\\(cells, types\\)"):
        model.predict(other.X, types=kinds)
    clusters = laot.fit(adata, target="stim", balance="clusters", preset="calibrated")
    clusters.predict(other, key="found")
    assert np.array_equal(other.obs["found_weight"], clusters.weights(other.X))
    with pytest.raises(ValueError, match="balance='clusters'"):
        clusters.predict(other, types=kinds)
    plain = laot.fit(adata, target="stim", preset="calibrated")
    plain.predict(other, key="plain")
    assert "plain_weight" not in other.obs


@pytest.mark.filterwarnings("ignore::laot.LaotWarning")
def test_a_stopped_training_of_an_object_goes_on(tmp_path):
    random, file = np.random.default_rng(4), tmp_path / "run.ckpt"
    adata = anndata.AnnData(np.vstack([random.normal(size=(60, 5)), random.normal(1.5, size=(60, 5))]))
    adata.obs["condition"] = np.repeat(["ctrl", "stim"], 60)
    asked = {"method": "scgen", "hidden_units": 12, "latent": 3, "batch_size": 16, "patience": 0, "seed": 9,
             "checkpoint": file}
    first = laot.fit(adata, epochs=3, **asked)
    written = file.read_bytes()
    assert np.array_equal(laot.fit(adata, epochs=3, **asked).array("kept_control"), first.array("kept_control"))
    assert np.array_equal(laot.fit(adata, epochs=6, **asked).trace["epoch"], np.arange(1, 7))
    assert written != file.read_bytes()
