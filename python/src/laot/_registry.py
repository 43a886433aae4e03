"""Methods, parameters and metrics, as the library describes them."""

from __future__ import annotations

import ctypes
import inspect
from dataclasses import dataclass
from typing import Any, Callable, Iterable, Optional, Sequence

from . import _declarations as c
from ._library import check, described, lib


@dataclass(frozen=True)
class Parameter:
    """A parameter of a method. ``default`` is the text that stands for it."""

    name: str
    default: str
    minimum: float
    maximum: float
    words: tuple[str, ...]
    doc: str


@dataclass(frozen=True)
class Method:
    """A method that fit() takes, with its name in papers (label), its parameters and presets (name to purpose), and
    what it is: affine (its
    prediction is W x + b, about which that of "laot" may bend), trains (a training of a network, with
    checkpoints), batch (it takes levels of a batch), many_conditions (it learns all conditions of an experiment
    together), trivial (one of those that every score is shown beside), pairs (pairing() is there
    for it), raw_space (it takes the cells as they are), and fewest_cells: with fewer of either side a fit
    is the mean shift; of many conditions a training refuses, and the others warn."""

    name: str
    label: str
    title: str
    source: str
    parameters: tuple[Parameter, ...]
    presets: dict[str, str]
    affine: bool
    trains: bool
    batch: bool
    many_conditions: bool
    trivial: bool
    pairs: bool
    raw_space: bool
    fewest_cells: int


@dataclass(frozen=True)
class Metric:
    """A score that score() takes, and its definition: setting is what is fixed ("k = 50"), undefined says when the
    value is NaN ("" if never), perfect is the value of a perfect prediction, takes_epsilon is True of entropic
    scores, and usual of those of an evaluation that asks for no metrics."""

    name: str
    title: str
    estimator: str
    setting: str
    doc: str
    source: str
    undefined: str
    perfect: float
    larger_is_better: bool
    needs_gamma: bool
    needs_control: bool
    takes_epsilon: bool
    usual: bool


def _words(value: bytes) -> tuple[str, ...]:
    text = value.decode()
    return tuple(word.strip() for word in text.split(",")) if text else ()


def _method(number: int) -> Method:
    info = described(lib.laot_method_describe, c.laot_method_info, number)
    parameters = []
    for k in range(info.param_count):
        p = described(lib.laot_param_describe, c.laot_param_info, number, k)
        parameters.append(Parameter(p.name.decode(), p.default_text.decode(), p.minimum, p.maximum,
                                    _words(p.words or b""), p.doc.decode()))
    presets = {}
    for k in range(info.preset_count):
        preset = described(lib.laot_preset_describe, c.laot_preset_info, number, k)
        presets[preset.name.decode()] = preset.doc.decode()
    return Method(info.name.decode(), lib.laot_method_label(number).decode(), info.title.decode(),
                  info.source.decode(), tuple(parameters), presets,
                  bool(info.affine), bool(info.trains), bool(info.uses_batch), bool(info.many_conditions),
                  bool(info.trivial), bool(info.pairs), bool(info.raw_space), info.fewest_cells)


def methods() -> dict[str, Method]:
    """All methods by name, in the library's order."""
    return {m.name: m for m in map(_method, range(lib.laot_method_count()))}


def metrics() -> dict[str, Metric]:
    """All metrics by name, in the library's order."""
    out = {}
    for number in range(lib.laot_metric_count()):
        m = described(lib.laot_metric_describe, c.laot_metric_info, number)
        texts = (m.name, m.title, m.estimator, m.setting, m.doc, m.source, m.undefined)
        out[m.name.decode()] = Metric(*(text.decode() for text in texts), m.perfect, bool(m.larger_is_better),
                                      bool(m.needs_gamma), bool(m.needs_control), bool(m.takes_epsilon), bool(m.usual))
    return out


@dataclass(frozen=True)
class ScorePreset:
    """Settings under which published code prints its scores: metrics, cells (sizes of random subsamples, of which the
    largest that fits is taken; none: all cells), repetitions (subsamples), gamma_from_all_features (also where a part
    of the features is scored) and with_replacement (subsamples are drawn so, and need not fit)."""

    name: str
    doc: str
    source: str
    metrics: tuple[str, ...]
    cells: tuple[int, ...]
    repetitions: int
    gamma_from_all_features: bool
    with_replacement: bool


def score_presets() -> dict[str, ScorePreset]:
    """All presets that evaluate() takes, by name, in the library's order."""
    out = {}
    for number in range(lib.laot_score_preset_count()):
        p = described(lib.laot_score_preset_describe, c.laot_score_preset_info, number)
        out[p.name.decode()] = ScorePreset(p.name.decode(), p.doc.decode(), p.source.decode(), _words(p.metrics),
                                           tuple(map(int, _words(p.cells))), p.repetitions,
                                           bool(p.gamma_from_all_features), bool(p.with_replacement))
    return out


@dataclass(frozen=True)
class Setting:
    """Usual arguments of calls, beside the parameters of methods."""

    call: str
    name: str
    usual: Any
    doc: str


def settings() -> list[Setting]:
    """The usual settings of fits to objects, evaluations, trackability and simulations, in the library's order."""
    out = []
    for number in range(lib.laot_setting_count()):
        s = described(lib.laot_setting_describe, c.laot_setting_info, number)
        kind = {c.LAOT_INTEGER: int, c.LAOT_NUMBER: float}.get(s.type, str)
        values = [kind(part) for part in s.usual_text.decode().split(", ")]
        out.append(Setting(s.call.decode(), s.name.decode(), values if s.list else values[0], s.doc.decode()))
    return out


def usual(call: str, name: str, given: Any = None) -> Any:
    """``given``, or where it is None the usual setting."""
    if given is not None:
        return given
    return next(s.usual for s in settings() if (s.call, s.name) == ("laot_" + call, name))


def nearest(name: str, candidates: Sequence[str]) -> Optional[str]:
    """The candidate that was probably meant, or None."""
    texts = (ctypes.c_char_p * len(candidates))(*(candidate.encode() for candidate in candidates))
    at = ctypes.c_size_t()
    check(lib.laot_nearest_name(name.encode(), texts, len(candidates), ctypes.byref(at)))
    return candidates[at.value] if at.value < len(candidates) else None


def refuse_misspelt(function: Callable[..., Any], method: str, parameters: Iterable[str]) -> None:
    """Raises TypeError where a name in ``parameters`` is no parameter of the method but looks like an argument
    of the function's own; the library refuses the others."""
    known = [parameter.name for parameter in methods()[method].parameters] if method in methods() else []
    own = [name for name, argument in inspect.signature(function).parameters.items()
           if argument.kind is not argument.VAR_KEYWORD]
    for name in parameters:
        meant = None if name in known else nearest(name, known + own)
        if meant in own and meant not in known:
            raise TypeError(f'{function.__name__}() has no argument "{name}"; did you mean "{meant}"?')
