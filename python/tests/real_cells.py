"""The PBMC of ../shared/data as an AnnData object; as a program, writes it as an h5ad file:

    python3 python/tests/real_cells.py ../shared/data experiment.h5ad
"""

import gzip
import os
import sys

import anndata
import numpy as np
from scipy.io import mmread


def pbmc(data):
    """Cells x genes, log2(count / size factor + 1); obs["condition"] is ctrl or stim."""
    with gzip.open(os.path.join(data, "pbmc_counts.mtx.gz")) as file:
        counts = mmread(file).T.tocsr().astype(np.float64)
    with gzip.open(os.path.join(data, "pbmc_cells.csv.gz"), "rt") as file:
        file.readline()
        cells = [line.strip().split(",") for line in file]
    with gzip.open(os.path.join(data, "pbmc_genes.csv.gz"), "rt") as file:
        genes = [line.strip().split(",")[0].strip('"') for line in file]
    total = np.asarray(counts.sum(1)).ravel()
    counts.data = np.log2(counts.data / np.repeat(total / total.mean(), np.diff(counts.indptr)) + 1)
    adata = anndata.AnnData(counts.astype(np.float32))
    adata.obs["condition"] = [condition for _, condition in cells]
    adata.obs_names = [f"{name}-{condition}" for name, condition in cells]
    adata.var_names = genes[-adata.n_vars:]
    adata.var_names_make_unique()
    return adata


if __name__ == "__main__":
    pbmc(sys.argv[1]).write_h5ad(sys.argv[2])
