"""Fits that are stopped, and gone on with from their files."""

import re

import numpy as np
import pytest

import laot

RANDOM = np.random.default_rng(4)
CONTROL, TREATED = RANDOM.normal(size=(60, 5)), RANDOM.normal(1.5, size=(60, 5))
NETWORK = {"method": "scgen", "hidden_units": 12, "latent": 3, "batch_size": 16, "patience": 0, "seed": 9}

pytestmark = pytest.mark.filterwarnings("ignore::laot.LaotWarning")


class Stopped(Exception):
    pass


def stop_at(there):
    def progress(stage, fraction):
        if there(stage, fraction):
            raise Stopped

    return progress


def test_a_stopped_training_goes_on_with_the_bits_of_one_that_was_not(tmp_path):
    file = tmp_path / "run.ckpt"
    third = stop_at(lambda stage, fraction: stage == "training" and fraction >= 3e-6)
    with pytest.raises(Stopped):  # so many epochs that it cannot end before it is stopped
        laot.fit(CONTROL, TREATED, epochs=1000000, checkpoint=file, progress=third, **NETWORK)
    with pytest.raises(laot.LaotError, match="beyond the 1 that are asked") as caught:
        laot.fit(CONTROL, TREATED, epochs=1, checkpoint=file, **NETWORK)
    stands = int(re.search(r"stands at \w+ (\d+),", str(caught.value)).group(1))
    assert stands >= 3
    resumed = laot.fit(CONTROL, TREATED, epochs=stands + 20, checkpoint=str(file), **NETWORK)
    whole = laot.fit(CONTROL, TREATED, epochs=stands + 20, **NETWORK)
    assert np.array_equal(resumed.predict(CONTROL), whole.predict(CONTROL))
    assert all(np.array_equal(resumed.trace[name], column, equal_nan=True) for name, column in whole.trace.items())
    with pytest.raises(laot.LaotError, match="seed"):
        laot.fit(CONTROL, TREATED, epochs=stands + 20, checkpoint=file, **{**NETWORK, "seed": 8})


def screen():
    random = np.random.default_rng(6)
    out = laot.Experiment()
    out.add_control(random.normal(size=(60, 4)))
    for name in ("24 h", "48 h", "72 h"):
        out.add_condition(name, random.normal(1.0, size=(60, 4)))
    return out


def test_several_conditions_go_on_where_they_stand(tmp_path):
    whole, new = laot.fit(screen()), RANDOM.normal(size=(9, 4))
    laot.fit(screen(), checkpoint=tmp_path / "run.ckpt")
    files = {hours: tmp_path / f"run-{hours}_h.ckpt" for hours in (24, 48, 72)}
    assert set(tmp_path.iterdir()) == set(files.values())
    files[48].unlink()  # as where the fit was stopped before this condition was done
    written = {hours: file.stat().st_mtime_ns for hours, file in files.items() if hours != 48}
    resumed = laot.fit(screen(), checkpoint=tmp_path / "run.ckpt")
    assert files[48].exists() and written == {hours: files[hours].stat().st_mtime_ns for hours in written}
    for name in laot.conditions(whole)["condition"]:
        assert np.array_equal(resumed[name].predict(new), whole[name].predict(new))
    with pytest.raises(laot.LaotError, match="ridge"):
        laot.fit(screen(), checkpoint=tmp_path / "run.ckpt", ridge=0.3)


@pytest.mark.parametrize("settings, error, words", [
    ({}, ValueError, "checkpoint goes with methods that train networks"),
    ({"method": "mean_shift"}, ValueError, "this one of mean_shift is done at once"),
    ({**NETWORK, "checkpoint_seconds": -1}, laot.LaotError, "seconds"),
    ({**NETWORK, "checkpoint": "absent/run.ckpt"}, laot.LaotError, "absent"),
    ({**NETWORK, "checkpoint": "."}, ValueError, "checkpoint must be a file, and '.' is a folder"),
])
def test_a_checkpoint_that_cannot_be_is_refused_in_a_sentence(tmp_path, settings, error, words):
    with pytest.raises(error, match=words) as caught:
        laot.fit(CONTROL, TREATED, **{"checkpoint": tmp_path / "run.ckpt", **settings})
    assert "\n" not in str(caught.value)
