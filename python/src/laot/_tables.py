"""Tables of the library: a column each, by name and in order."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from . import _declarations as c
from ._cells import doubles
from ._library import check, lib, lines, text

Table = dict[str, Any]


def table(handle: ctypes.c_void_p) -> Table:
    """The columns of a table, by name and in order: lists of texts, arrays of numbers. Frees it."""
    try:
        rows, columns = ctypes.c_size_t(), ctypes.c_size_t()
        check(lib.laot_table_size(handle, ctypes.byref(rows), ctypes.byref(columns)))
        out: Table = {}
        for name in lines(text(lib.laot_table_names, handle)):
            kind = ctypes.c_int()
            check(lib.laot_table_column_type(handle, name.encode(), ctypes.byref(kind)))
            if kind.value == c.LAOT_COLUMN_TEXT:
                out[name] = _texts_of(handle, name)
            else:
                out[name] = np.empty(rows.value)
                check(lib.laot_table_numbers(handle, name.encode(), doubles(out[name]), rows.value))
        return out
    finally:
        lib.laot_table_free(handle)


def _texts_of(handle: ctypes.c_void_p, name: str) -> list[str]:
    needed = ctypes.c_size_t()
    check(lib.laot_table_texts(handle, name.encode(), None, 0, ctypes.byref(needed)))
    buffer = ctypes.create_string_buffer(max(needed.value, 1))
    check(lib.laot_table_texts(handle, name.encode(), buffer, needed.value, ctypes.byref(needed)))
    return buffer.raw[:needed.value].decode().split("\0")[:-1]
