"""Covariates: what a condition is, by name; and the columns of labelled cells in which they stand."""

from __future__ import annotations

import math
import numbers
from ctypes import byref, c_char_p, c_double, c_size_t, c_void_p
from dataclasses import dataclass
from typing import Any, Iterable, Mapping, Optional, Sequence, Union

import numpy as np

from ._cells import indices, texts
from ._library import LaotError, check, lib
from ._tables import table

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
    """Covariates of each condition, the cells of each control population, and the number of the one that goes
    with each condition."""

    covariates: dict[str, dict[str, Parts]]
    controls: list[np.ndarray]
    control_of: dict[str, int]


def _values(column: Iterable[Any]) -> Iterable[tuple[Optional[str], float]]:
    """Of each cell its value as the library takes it: a level or None, and a number or NaN."""
    values = [None if is_lost(value) else value for value in np.asarray(column, dtype=object)]
    number = all(value is None or _is_number(value) for value in values)
    for value in values:
        yield (None, math.nan) if value is None else (None, float(value)) if number else (str(value), math.nan)


def design(columns: Mapping[str, Iterable[Any]], labels: np.ndarray, control: str, targets: Sequence[str],
           combine: Optional[str] = None) -> Design:
    """The covariates in the columns of the conditions ``targets`` of ``labels``, by the library's rules; each goes with
    the control cells of its own context (cell line, plate), where control cells have levels that conditions have."""
    if combine is not None and not columns:
        raise ValueError("combine is of the levels of covariates, and there are none")
    if combine == "":
        raise ValueError('combine must be what stands between the parts of a combination, such as "+", found ""')
    rows = [(name.encode(), cell, level, number) for name, column in columns.items()
            for cell, (level, number) in enumerate(_values(column))]
    count = len(rows)
    conditions, controls = c_void_p(), c_void_p()
    control_of = (c_size_t * len(targets))()
    try:
        check(lib.laot_read_conditions(
            texts(labels), len(labels), control.encode(), texts(targets), len(targets),
            indices([row[1] for row in rows]), (c_char_p * count)(*[row[0] for row in rows]),
            (c_char_p * count)(*[None if row[2] is None else row[2].encode() for row in rows]),
            (c_double * count)(*[row[3] for row in rows]), count, None if combine is None else combine.encode(),
            b"a missing value", byref(conditions), byref(controls), control_of))
    except LaotError as error:
        raise ValueError(str(error)) from None  # of the columns, as all that is said of them
    of_conditions, of_controls = table(conditions), table(controls)
    known: dict[str, dict[str, Parts]] = {target: {} for target in targets}
    for target, name, level, number in zip(*(of_conditions[key] for key in ("condition", "covariate", "level", "number"))):
        part = level if math.isnan(number) else float(number)
        known[target][name] = known[target].get(name, ()) + (part,)  # type: ignore[assignment, operator]
    cells = of_controls["cell"].astype(int)
    return Design(known, [cells[of_controls["control"] == g] for g in range(max(control_of) + 1)],
                  dict(zip(targets, map(int, control_of))))


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
