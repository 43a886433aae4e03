"""laot: learns how cells respond to a treatment from unpaired control and treated cells, and
predicts it for new cells.

    import laot
    model = laot.fit(adata, condition="condition")     # or laot.fit(control, treated)
    model.predict(adata)                               # adata.layers["laot"]
    model.evaluate(held_out)                           # scores, beside trivial predictors and true cells
    screen = laot.fit(adata, covariates=["drug", "dose"], method="conditional_laot")
    screen.predict(adata, at={"drug": "A", "dose": 2}) # also where there are no such cells

Cells are rows, as numpy and AnnData have them. Needs numpy; AnnData objects are taken where the
package anndata is there. The library itself is written in C++ and comes with the wheel.
"""

from __future__ import annotations

from typing import Any, Optional, Sequence, Union

from ._anndata import from_uns
from ._cells import Path, Progress, variable_features
from ._evaluation import (ancestors, descendants, evaluate, marker_table, pairing,
                          response_table, transitions)
from ._experiment import Experiment, conditions, fit_experiment
from ._library import ErrorPlace, LaotError, LaotWarning, version
from ._model import Model, Source, Trackability, fit_arrays
from ._registry import (Method, Metric, Parameter, ScorePreset, Setting, methods, metrics, refuse_misspelt, score_presets,
                        settings)
from ._scores import Mmd2Test, Score, median_gamma, mmd2, mmd2_test, score, wasserstein2
from ._simulate import recovery_study, simulate_populations, simulate_screen
from ._trackability import isometry, rates

__version__ = version()
__all__ = ["ErrorPlace", "Experiment", "LaotError", "LaotWarning", "Method", "Metric", "Mmd2Test", "Model",
           "Parameter", "Score", "ScorePreset", "Setting", "Source", "Trackability", "ancestors", "conditions",
           "descendants", "evaluate", "fit", "from_uns", "isometry", "marker_table", "median_gamma", "methods",
           "metrics", "mmd2", "mmd2_test", "pairing", "rates", "recovery_study", "response_table", "score",
           "score_presets", "settings", "simulate_populations", "simulate_screen", "transitions",
           "variable_features", "version", "wasserstein2"]


def fit(cells: Any, treated: Any = None, *, condition: str = "condition", control: Optional[str] = None,
        target: Union[str, Sequence[str], None] = None, covariates: Union[str, Sequence[str], None] = None,
        combine: Optional[str] = None, embedding: Any = None, hold_out: Any = None, batch: Any = None, types: Any = None, layer: Optional[str] = None, obsm: Optional[str] = None,
        features: Any = None, method: str = "laot", preset: Optional[str] = None, seed: int = 1, threads: int = 1,
        progress: Optional[Progress] = None, key: str = "laot", checkpoint: Optional[Path] = None,
        checkpoint_seconds: float = 30.0, **parameters: Any) -> Model:
    """Fits a model to two unpaired populations, or to all conditions of an experiment.

    Parameters
    ----------
    cells
        An AnnData object; or the control cells, cells x features, dense or scipy.sparse, on a scale
        where differences mean something (log-normalised expression, principal components); or an
        :class:`Experiment`.
    treated
        With arrays: the treated cells, as many as there are, the same features.
    condition, control, target
        With an object: the column of ``obs`` that says what was done to a cell, its control level
        (found where one level is called control, ctrl, DMSO, ...) and the treated level (found
        where there are two levels), or a list of several. With a method of many conditions, or with
        covariates, None is all of them.
    covariates, combine
        With an object: columns of ``obs`` that say what the conditions are, such as ["drug", "dose"];
        :meth:`Experiment.from_labels` says more. A method of one condition is fitted to each.
    embedding
        Of a method of many conditions: where levels lie, {level: coordinates} or a pandas DataFrame with
        a row for each level, also for those that are to be predicted without cells; a dict of them by
        covariate where several have levels; or "effect", from their treated cells. "control", also for one
        covariate in a dict, {"patient": "control"}: the levels of a context, a patient or a cell line, lie
        where their control cells do, so that one that was not seen needs no more than control cells. None:
        one-hot.
    hold_out
        Conditions of an experiment that are left out of the fit, to be asked for and scored as ones
        without cells: names; {"dose": 1000, "drug": ["trametinib"]}, those that have one of these values
        (of a combination, any part); or a list of such dicts, those that have all values of one of them.
        ``model.held_out`` has their names, and ``model.predict(cells, at="trametinib 3")`` knows them.
    batch
        Donors, cell lines, replicates: cells are paired within a level only. With an object a column
        of ``obs``; with arrays a pair of label lists, for control and treated cells.
    types
        Cell types, as batch: :meth:`Model.composition` then has their shares, a warning names the types
        whose share changes by more than chance, and ``balance="types"`` weights control cells to the
        treated shares.
    layer, obsm
        With an object: the layer, or the embedding, whose values are fitted and predicted; else X.
    features
        With an object: names of the features to use, or "all"; None: the 1000 that vary most among
        the cells of both populations. With arrays: names of the columns.
    method, preset, **parameters
        As :func:`methods` lists them, ``ridge=0.3, restore="none"``; unknown names are refused. Without
        a preset the first of the method's: of "laot" that is "adaptive", whose map bends, and whose
        features get their observed distributions, where that predicts held-out cells better
        (``model.report["choice_reason"]``); "calibrated" is always one matrix.
    seed, threads
        A seed fixes the result, for any number of threads.
    progress
        Called with (stage, fraction) while it works. What it raises ends the fit.
    key
        With an object: ``uns[key]`` gets the report, the parameters and the model itself.
    checkpoint, checkpoint_seconds
        A file that keeps the state of a training (of a method that ``trains``), replaced every so many seconds,
        and when the training ends or is stopped. Where it exists, the same call goes on from it, and ends with the
        bits of one that was never stopped; more iterations train a finished network further. Of several conditions
        that are fitted one by one each that is done is kept in a file of its own, "run-24_h.ckpt" beside
        "run.ckpt", and the same call goes on with the others.

    Returns
    -------
    Model
        Of several conditions: ``model["A 3"]`` is the model of one, :meth:`Model.at` takes covariates, and
        :func:`conditions` lists what was seen.

    Raises
    ------
    LaotError
        With one sentence, where the library refuses what it was given, such as a checkpoint of other cells.
    ValueError
        Where a column, a level or a feature is not in the object, or a checkpoint has no use.
    TypeError
        Where an argument's name is misspelt.
    """
    refuse_misspelt(fit, method, parameters)
    shared = {"method": method, "preset": preset, "seed": seed, "progress": progress, "checkpoint": checkpoint,
              "checkpoint_seconds": checkpoint_seconds, **parameters}
    if isinstance(cells, Experiment):
        if treated is not None or covariates is not None or batch is not None or types is not None:
            raise ValueError("an Experiment holds treated cells, covariates and batches, and takes no types; leave them away")
        return fit_experiment(cells, embedding=embedding, hold_out=hold_out, threads=threads, **shared)
    if hasattr(cells, "obs") and hasattr(cells, "layers"):
        if treated is not None:
            raise ValueError("an AnnData object holds both populations; leave treated away, or give two arrays")
        from ._anndata import fit_adata

        many = method in methods() and methods()[method].many_conditions
        return fit_adata(cells, condition=condition, control=control, target=target, covariates=covariates,
                         combine=combine, embedding=embedding, hold_out=hold_out, batch=batch, types=types, layer=layer, obsm=obsm, features=features,
                         key=key, threads=threads, many=many, **shared)
    if treated is None:
        raise ValueError("give the treated cells as the second argument, or an AnnData object as the first")
    if covariates is not None or embedding is not None or hold_out is not None:
        raise ValueError("two arrays have one condition; give covariates, an embedding and hold_out with a laot.Experiment")
    of_control, of_treated = batch if batch is not None else (None, None)
    types_control, types_treated = types if types is not None else (None, None)
    names = None if features is None or isinstance(features, str) else list(features)
    return fit_arrays(cells, treated, batch_control=of_control, batch_treated=of_treated,
                      types_control=types_control, types_treated=types_treated, feature_names=names,
                      threads=threads, **shared)
