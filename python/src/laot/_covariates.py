"""Covariates: what a condition is, by name; and the columns of labelled cells in which they stand."""

from __future__ import annotations

import math
import numbers
from ctypes import c_char_p, c_double
from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Optional, Sequence, Union

import numpy as np

#: The values of a covariate, several of a combination: numbers, or levels.
Parts = Union[tuple[float, ...], tuple[str, ...]]
#: A condition: its name, or its covariates.
Place = Union[str, Mapping[str, Any]]


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_lost(value: Any) -> bool:
    """None, NaN, NA, or a text of blanks."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or str(value) in ("nan", "<NA>", "NaT")


def _parts(value: Any, name: str) -> Parts:
    several = isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) == 1
    parts = list(value) if several else [value]
    if not parts or any(is_lost(part) or np.ndim(part) for part in parts):
        raise ValueError(f"covariate {name} must be a number, a level, or a list of them, found {value!r}")
    if all(map(_is_number, parts)):
        return tuple(float(part) for part in parts)
    return tuple(str(part) for part in parts)


def covariates_of(covariates: Mapping[str, Any]) -> dict[str, Parts]:
    """Each covariate as numbers or as levels."""
    if not isinstance(covariates, Mapping):
        raise ValueError(f'covariates must be a dict such as {{"drug": "A", "dose": 3}}, found {covariates!r}')
    return {str(name): _parts(value, str(name)) for name, value in covariates.items()}


def covariate_arrays(covariates: Mapping[str, Parts]) -> tuple[Any, Any, Any, int]:
    """Names, levels, numbers and count, as the library takes them."""
    rows = [(name.encode(), part) for name, parts in covariates.items() for part in parts]
    if not rows:
        return None, None, None, 0
    levels = [part.encode() if isinstance(part, str) else None for _, part in rows]
    values = [math.nan if isinstance(part, str) else part for _, part in rows]
    count = len(rows)
    return ((c_char_p * count)(*[name for name, _ in rows]), (c_char_p * count)(*levels),
            (c_double * count)(*values), count)


def condition_text(covariates: Mapping[str, Sequence[Any]]) -> str:
    """drug = A + B, dose = 3 + 1"""
    return ", ".join(f"{name} = {' + '.join(_shown(part) for part in parts)}" for name, parts in covariates.items())


def _shown(part: Any) -> str:
    return part if isinstance(part, str) else f"{part:.15g}"


# ---- Columns: one value for each cell ---------------------------------------------------------------


@dataclass(frozen=True)
class Design:
    """Covariates of each condition, control populations as places among the control cells, and the number of
    the one that goes with each condition."""

    covariates: dict[str, dict[str, Parts]]
    controls: list[np.ndarray]
    control_of: dict[str, int]


def _split(column: Iterable[Any], combine: Optional[str]) -> list[Optional[Parts]]:
    """Of each cell its parts; "A+B" has two, and parts that are all numbers are numbers."""
    values = [None if is_lost(value) else value for value in np.asarray(column, dtype=object)]
    known = {value for value in values if value is not None}
    if all(map(_is_number, known)):
        split: dict[Any, Parts] = {value: (float(value),) for value in known}
    else:
        split = {value: (str(value),) for value in known}
        if combine is not None and any(combine in str(value) for value in known):
            split = {value: tuple(part.strip() for part in str(value).split(combine)) for value in known}
            try:
                split = {value: tuple(float(part) for part in parts) for value, parts in split.items()}
            except ValueError:
                pass
    return [None if value is None else split[value] for value in values]


def design(columns: Mapping[str, Iterable[Any]], labels: np.ndarray, control: str, targets: Sequence[str],
           combine: Optional[str] = None) -> Design:
    """The covariates in the columns of the conditions ``targets`` of ``labels``; each goes with the control cells of its
    own context (cell line, plate), where control cells have levels that conditions have."""
    if combine is not None and not columns:
        raise ValueError("combine is of the levels of covariates, and there are none")
    if combine == "":
        raise ValueError('combine must be what stands between the parts of a combination, such as "+", found ""')
    split = {name: _split(column, combine) for name, column in columns.items()}
    places = {level: np.flatnonzero(labels == level) for level in (control, *targets)}
    known = {target: {name: _one_value([column[i] for i in places[target]], name, target)
                      for name, column in split.items()} for target in targets}
    for target, values in known.items():
        for parts in values.values():
            if len(parts) > 1 and control in parts:
                raise ValueError(f"condition {target!r} combines {list(parts)}, and {control!r} is the control; name only "
                                 "what was given")
    of_controls = {name: [column[i] for i in places[control]] for name, column in split.items()}
    _check_control_dose(of_controls, known)
    return _with_contexts(of_controls, known, len(places[control]))


def _one_value(values: list[Optional[Parts]], name: str, target: str) -> Parts:
    lost = sum(value is None for value in values)
    if lost:
        raise ValueError(f"covariate {name} is missing in {lost} cell{'s' if lost > 1 else ''} of condition {target!r}; give "
                         "them a value, or leave them out of condition")
    found = sorted(set(values), key=str)
    if len(found) != 1:
        shown = ", ".join(" + ".join(map(_shown, parts or ())) for parts in found[:5])
        raise ValueError(f"covariate {name} must have one value in all cells of a condition, and those of {target!r} have "
                         f"{shown}{', ...' if len(found) > 5 else ''}")
    return found[0] or ()


def _check_control_dose(of_controls: Mapping[str, list[Optional[Parts]]], known: Mapping[str, Mapping[str, Parts]]) -> None:
    """The dose is the first covariate of numbers of which a condition has several, else the first without
    negative ones; it is 0 or missing in control cells."""
    def of(name: str) -> list[Parts]:
        return [values[name] for values in known.values()]

    found = [name for name in of_controls if not isinstance(of(name)[0][0], str)]
    dose = next((name for name in found if any(len(parts) > 1 for parts in of(name))), None) or \
        next((name for name in found if all(part >= 0 for parts in of(name) for part in parts)), None)  # type: ignore[operator]
    if dose is None:
        return
    wrong = [parts for parts in of_controls[dose] if parts is not None and any(part != 0 for part in parts)]
    if wrong:
        shown = ", ".join(sorted({" + ".join(map(_shown, parts)) for parts in wrong})[:5])
        raise ValueError(f"control cells must have {dose} 0 or a missing value, for 0 is no change; found {shown} in {len(wrong)} "
                         f"control cell{'s' if len(wrong) > 1 else ''}")


def _with_contexts(of_controls: Mapping[str, list[Optional[Parts]]], known: dict[str, dict[str, Parts]],
                   controls: int) -> Design:
    def is_context(name: str) -> bool:
        values = [one[name] for one in known.values()]
        have = {parts for parts in of_controls[name] if parts is not None}
        return all(len(parts) == 1 and isinstance(parts[0], str) for parts in values) and any(parts in have for parts in values)

    context = [name for name in of_controls if is_context(name)]
    if not context:
        return Design(known, [np.arange(controls)], {target: 0 for target in known})
    of_cells = list(zip(*(of_controls[name] for name in context)))
    have = set(of_cells)
    need = {target: tuple(values[name] for name in context) for target, values in known.items()}
    for target, wanted in need.items():
        if wanted not in have:
            there = sorted({", ".join("NA" if parts is None else parts[0] for parts in key) for key in have})
            raise ValueError(f"no control cell has {condition_text(dict(zip(context, wanted)))}, as condition {target!r} has; "
                             f"control cells have {', '.join(there[:6])}{', ...' if len(there) > 6 else ''}")
    contexts = list(dict.fromkeys(need.values()))
    return Design(known, [np.array([i for i, key in enumerate(of_cells) if key == one]) for one in contexts],
                  {target: contexts.index(wanted) for target, wanted in need.items()})


def labels_of(condition: Iterable[Any]) -> np.ndarray:
    """Texts; a few numbers may be labels, what differs from cell to cell is a measurement."""
    values = np.asarray(list(condition), dtype=object)
    out = np.array([str(value) for value in values], dtype=object)
    numbers = [value for value in values if isinstance(value, (float, int, np.number)) and value == value]
    found = len(set(numbers))
    if len(numbers) > 0 and 3 * found > out.size:
        raise ValueError(f"condition has {found} different numbers for {out.size} cells: it must say which population a cell is "
                         "of; what is known of the conditions, such as a dose, goes into covariates")
    return out
