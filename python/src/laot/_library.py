"""Opens the library and turns its codes into exceptions."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from typing import Any, Callable, NamedTuple, Optional

from . import _declarations as c

_NAMES = {"darwin": "liblaot.dylib", "win32": "laot.dll"}


class ErrorPlace(NamedTuple):
    """The value that an error is about: ``values[cell, feature]`` of the cells x features that were given as
    ``argument``, counted from 0 (the sentence of the error counts from 1)."""

    argument: str
    feature: int
    cell: int
    value: float


class LaotError(Exception):
    """A call that the library refused.

    ``str(error)`` is one sentence that names the argument, what was found and what to do;
    ``error.code`` is the number of the status, ``error.name`` its name ("invalid_argument"), and
    ``error.place`` the :class:`ErrorPlace` of a bad value, or None. Of an object cells and features are
    counted among those that were used, the control or the treated ones.
    """

    def __init__(self, code: int, message: str, place: Optional[ErrorPlace] = None) -> None:
        super().__init__(message)
        self.code = code
        self.name = lib.laot_status_name(code).decode()
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:  # else a worker's error would not come back to who asked
        return type(self), (self.code, str(self), self.place)


class LaotWarning(UserWarning):
    """A fit that ended, with something about it that its user should know."""


def _path() -> str:
    named = os.environ.get("LAOT_LIBRARY")
    if named:
        return named
    name = _NAMES.get(sys.platform, "liblaot.so")
    carried = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_lib", name)
    if os.path.exists(carried):
        return carried
    return ctypes.util.find_library("laot") or f"liblaot.so.{c.LAOT_ABI_VERSION}"


def _open() -> ctypes.CDLL:
    path = _path()
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(
            f"the laot library could not be opened ({error}); install a wheel that carries it, or set "
            "LAOT_LIBRARY to the path of liblaot.so") from error
    for name, (result, arguments) in c.FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    found = library.laot_abi_version()
    if found != c.LAOT_ABI_VERSION:
        raise ImportError(f"{path} has binary interface {found}, and this package needs {c.LAOT_ABI_VERSION}")
    return library


lib = _open()


def check(code: int) -> None:
    """Raises where a call failed."""
    if code != c.LAOT_OK:
        raise LaotError(code, lib.laot_last_error().decode(), _last_place())


def _last_place() -> Optional[ErrorPlace]:
    feature, cell, value = ctypes.c_size_t(), ctypes.c_size_t(), ctypes.c_double()
    argument = lib.laot_last_error_place(ctypes.byref(feature), ctypes.byref(cell), ctypes.byref(value)).decode()
    return ErrorPlace(argument, feature.value, cell.value, value.value) if argument else None


def new(call: Callable[..., int], *arguments: Any) -> ctypes.c_void_p:
    """The object that a constructor of the library gives."""
    out = ctypes.c_void_p()
    check(call(*arguments, ctypes.byref(out)))
    return out


def text(call: Callable[..., int], *arguments: Any) -> str:
    """A text by the two-call protocol."""
    needed = ctypes.c_size_t()
    check(call(*arguments, None, 0, ctypes.byref(needed)))
    buffer = ctypes.create_string_buffer(needed.value)
    check(call(*arguments, buffer, needed, ctypes.byref(needed)))
    return buffer.value.decode()


def lines(value: str) -> list[str]:
    return value.split("\n") if value else []


def described(call: Callable[..., int], kind: type, *numbers: int) -> Any:
    """A struct that describes an entry of a registry."""
    info = kind()
    info.struct_size = ctypes.sizeof(kind)
    check(call(*numbers, ctypes.byref(info)))
    return info


def version() -> str:
    """The version of the library that is in use."""
    return lib.laot_version().decode()
