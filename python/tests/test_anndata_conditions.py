"""AnnData objects of many conditions."""

import numpy as np
import pytest

anndata = pytest.importorskip("anndata")
sparse = pytest.importorskip("scipy.sparse")

import laot  # noqa: E402

SCREEN = laot.simulate_screen(features=5, drugs=12, cells=40, new_cells=60, seed=3)
NEW = SCREEN["new_control"]
PAIR = {"drug": ["drug01", "drug02"], "dose": [3, 7]}


def adata_of(frame):
    adata = anndata.AnnData(frame["cells"].astype(np.float32))
    for name, column in frame["info"].items():
        adata.obs[name] = column
    return adata


def test_an_object_with_covariates_is_its_experiment(tmp_path):
    adata = adata_of(SCREEN)
    settings = {"covariates": ["drug", "dose"], "combine": "+", "embedding": SCREEN["embedding"], "method": "conditional_laot"}
    model = laot.fit(adata, **settings)
    built = laot.Experiment.from_labels(adata.X, adata.obs["condition"], "control", covariates=adata.obs[["drug", "dose"]],
                                        combine="+")
    expected = laot.fit(built, method="conditional_laot", embedding=SCREEN["embedding"])
    assert np.array_equal(model.predict(NEW, at=PAIR), expected.predict(NEW, at=PAIR))
    assert model.source.control == "control" and len(model.source.target) == 32
    assert model["drug01:3"].source.target == "drug01:3" and model.at(PAIR).source.target == "drug = drug01 + drug02, dose = 3 + 7"
    assert model.predict(adata, at=PAIR) is None
    of = adata.obs["condition"].to_numpy() == "control"
    assert np.array_equal(adata.layers["laot"][of], model.predict(adata.X[of], at=PAIR))
    assert np.isnan(adata.layers["laot"][~of]).all()
    adata.obs["drug"] = adata.obs["drug"].astype("category")
    adata.X = sparse.csr_matrix(adata.X)
    assert np.allclose(laot.fit(adata, **settings).predict(NEW, at=PAIR), expected.predict(NEW, at=PAIR), rtol=1e-8)
    pytest.importorskip("h5py")
    adata.write_h5ad(tmp_path / "screen.h5ad")
    again = laot.from_uns(anndata.read_h5ad(tmp_path / "screen.h5ad"))
    assert again.source == model.source
    assert np.allclose(again.predict(NEW, at=PAIR), expected.predict(NEW, at=PAIR), rtol=1e-8)


def test_several_targets_of_an_object():
    adata = adata_of(SCREEN)
    adata.obs["donor"] = np.where(np.arange(adata.n_obs) % 2, "a", "b")
    model = laot.fit(adata, target=["drug02:1", "drug01:3"], batch="donor")
    assert laot.conditions(model)["condition"] == ["drug02:1", "drug01:3"]
    alone = laot.fit(adata, target="drug01:3", batch="donor")
    assert np.array_equal(model.predict(NEW, at="drug01:3"), alone.predict(NEW))
    with pytest.warns(laot.LaotWarning, match="the conditions say nothing about one"):
        together = laot.fit(adata, method="nearest_shift")
    assert len(laot.conditions(together)["condition"]) == 32 and together.covariates == []
    with pytest.raises(ValueError, match="no column 'plate'"):
        laot.fit(adata, covariates=["drug", "plate"])
    with pytest.raises(ValueError, match="each once"):
        laot.fit(adata, target=["drug01:3", "drug01:3"])
    with pytest.raises(ValueError, match="embedding is of the levels"):
        laot.fit(adata, target="drug01:3", embedding=SCREEN["embedding"])
