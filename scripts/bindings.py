#!/usr/bin/env python3
"""Writes, or checks, what follows from capi/laot.h alone:

  capi/laot.symbols        the exported functions
  tests/compat/abi.txt     prototypes, enum numbers, struct sizes and offsets, frozen
  julia/src/libcalls.jl    the ccalls of LAOT.jl
  python/src/laot/_declarations.py  what the Python package tells ctypes
  docs/c-api.md            the reference page

  scripts/bindings.py            says what is out of date, and fails if anything is
  scripts/bindings.py --write    brings them up to date

A line of abi.txt changes or goes only together with LAOT_ABI_VERSION: --write adds, and refuses the
rest. Needs python3 and a C compiler (for the offsets), nothing else."""

import difflib
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from laot_header import of_kind, parse, parse_comment  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADER = os.path.join(ROOT, "capi", "laot.h")


def symbols(items):
    return "".join(name + "\n" for name in sorted(item.name for item in of_kind(items, "function")))


# ---- The frozen table -----------------------------------------------------------------------------

def struct_layout(items):
    """Sizes and offsets as this machine's C compiler has them (LP64)."""
    structs = of_kind(items, "struct")
    lines = ["#include <stdio.h>", "#include <stddef.h>", '#include "laot.h"', "int main(void) {"]
    for item in structs:
        lines.append(f'printf("struct {item.name} %zu\\n", sizeof({item.name}));')
        for kind, name, _ in item.members:
            lines.append(f'printf("field {item.name}.{name} %zu {kind}\\n", offsetof({item.name}, {name}));')
    lines.append("return 0; }")
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "layout.c"), os.path.join(folder, "layout")
        with open(source, "w") as file:
            file.write("\n".join(lines))
        subprocess.run([os.environ.get("CC", "cc"), "-std=c99", "-I", os.path.dirname(HEADER), source, "-o", program],
                       check=True)
        return subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()


def abi_lines(items):
    lines = []
    for item in items:
        if item.kind == "define":
            lines += [f"define {name} {number}" for name, number, _ in item.members]
        elif item.kind == "enum":
            lines += [f"enum {item.name} {name} {number}" for name, number, _ in item.members]
        elif item.kind in ("function", "callback"):
            kinds = ", ".join(kind for kind, _ in item.arguments) or "void"
            lines.append(f"{item.kind} {item.result} {item.name}({kinds})")
    return sorted(lines) + struct_layout(items)


def abi_problems(old, new):
    """Changes that may not happen to a frozen line: a struct may grow, nothing else changes."""
    number = "define LAOT_ABI_VERSION "
    if [x for x in old if x.startswith(number)] != [x for x in new if x.startswith(number)]:
        return []
    kept = set(new)
    return [line for line in old if line not in kept and not line.startswith("struct ")]


def abi_table(items):
    return ("# The binary interface (LP64), made by scripts/bindings.py. Lines are added, never changed,\n"
            "# unless LAOT_ABI_VERSION grows.\n" + "".join(line + "\n" for line in abi_lines(items)))


# ---- Julia -------------------------------------------------------------------------------------------

JULIA_TYPES = {
    "void": "Cvoid", "int": "Cint", "size_t": "Csize_t", "double": "Cdouble", "uint64_t": "UInt64",
    "int32_t": "Int32", "int64_t": "Int64", "laot_status": "Cint", "const char*": "Cstring", "char*": "Ptr{UInt8}",
    "const char* const*": "Ptr{Cstring}", "uint8_t": "UInt8", "uint32_t": "UInt32", "float": "Cfloat",
}


def julia_type(kind, items, in_struct=False):
    structs = {item.name for item in of_kind(items, "struct")}
    opaque = {item.name for item in of_kind(items, "opaque")}
    callbacks = {item.name for item in of_kind(items, "callback")}
    enums = {item.name for item in of_kind(items, "enum")}
    plain = re.sub(r"\s*\*", "*", re.sub(r"\bconst\b", "", kind)).strip()
    if kind in JULIA_TYPES:
        return JULIA_TYPES[kind]
    if plain in callbacks:
        return "Ptr{Cvoid}"
    if plain in enums:
        return "Cint"
    if plain in structs:
        return plain
    if plain in opaque:
        return "Cvoid"
    if plain.endswith("* const*"):  # an array of pointers that the callee only reads
        plain = plain[:-8] + "**"
    if plain.endswith("*"):
        inner = plain[:-1]
        return "Ptr{" + (JULIA_TYPES.get(inner) or julia_type(inner, items)) + "}"
    raise SystemExit(f"scripts/bindings.py does not know the C type {kind}")


def julia_calls(items):
    out = ["# Made from capi/laot.h by scripts/bindings.py; do not edit.", ""]
    for item in items:
        if item.kind == "define" or item.kind == "enum":
            out += [f"const {name} = Cint({number})" for name, number, _ in item.members] + [""]
        elif item.kind == "struct":
            out.append(f"struct {item.name}")
            out += [f"    {name}::{julia_type(kind, items)}" for kind, name, _ in item.members]
            blanks = ", ".join("sizeof(" + item.name + ")" if name == "struct_size" else
                               "Cstring(C_NULL)" if kind == "const char*" else
                               "C_NULL" if "*" in kind else "0" for kind, name, _ in item.members)
            out += ["end", f"{item.name}() = {item.name}({blanks})", ""]
        elif item.kind == "function":
            names = ", ".join("callback" if name == "function" else name for _, name in item.arguments)
            kinds = ", ".join(julia_type(kind, items) for kind, _ in item.arguments)
            kinds += "," if len(item.arguments) == 1 else ""
            tail = "".join(f', counted({name}, "{name}")' if kind == "size_t" else f", {name}"
                           for (kind, _), name in zip(item.arguments, names.split(", ")))
            out += [f"{item.name}({names}) =",
                    f"    ccall(@symbol({item.name}), {julia_type(item.result, items)}, ({kinds}){tail})", ""]
    return "\n".join(out).rstrip("\n") + "\n"


# ---- Python ------------------------------------------------------------------------------------------

CTYPES = {
    "int": "c_int", "size_t": "c_size_t", "double": "c_double", "uint64_t": "c_uint64", "int32_t": "c_int32",
    "int64_t": "c_int64", "uint8_t": "c_uint8", "uint32_t": "c_uint32", "float": "c_float", "laot_status": "c_int",
    "char": "c_char", "const char*": "c_char_p", "void*": "c_void_p", "char*": "c_char_p",
}


def ctypes_type(kind, items):
    plain = re.sub(r"\s*\*", "*", re.sub(r"\bconst\b", "", kind)).strip()
    if kind in CTYPES:
        return CTYPES[kind]
    if plain in CTYPES:
        return CTYPES[plain]
    if plain in {item.name for item in of_kind(items, "enum")}:
        return "c_int"
    if plain in {item.name for item in of_kind(items, "struct", "callback")}:
        return plain
    if plain.endswith("* *"):
        plain = plain[:-2] + "*"
    if plain.endswith("*"):
        inner = plain[:-1]
        if inner in {item.name for item in of_kind(items, "opaque")}:
            return "c_void_p"
        return f"POINTER({ctypes_type(inner, items)})"
    raise SystemExit(f"scripts/bindings.py does not know the C type {kind}")


def python_declarations(items):
    out = ['"""Made from capi/laot.h by scripts/bindings.py; do not edit."""', "",
           "from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int, c_int32,",
           "                    c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p)", ""]
    for item in items:
        if item.kind in ("define", "enum"):
            out += [f"{name} = {number}" for name, number, _ in item.members] + [""]
        elif item.kind == "callback":
            result = "None" if item.result == "void" else ctypes_type(item.result, items)
            kinds = ", ".join(ctypes_type(kind, items) for kind, _ in item.arguments)
            out += [f"{item.name} = CFUNCTYPE({result}, {kinds})", ""]
        elif item.kind == "struct":
            out += ["", f"class {item.name}(Structure):", "    _fields_ = ["]
            out += [f'        ("{name}", {ctypes_type(kind, items)}),' for kind, name, _ in item.members]
            out += ["    ]", "", ""]
    out += ["# name: (result, arguments); handles are void pointers.", "FUNCTIONS = {"]
    for item in of_kind(items, "function"):
        result = "None" if item.result == "void" else ctypes_type(item.result, items)
        kinds = [ctypes_type(kind, items) for kind, _ in item.arguments]
        line = f'    "{item.name}": ({result}, ['
        for k, kind in enumerate(kinds):
            word = kind + (", " if k + 1 < len(kinds) else "")
            if len(line) + len(word.rstrip()) > 96:
                out.append(line.rstrip())
                line = " " * 8
            line += word
        out.append(line + "]),")
    return "\n".join(out + ["}"]) + "\n"


# ---- The reference page ---------------------------------------------------------------------------------

def one_block(block):
    """Lines that belong together as one line each: paragraphs, points of a list, Cost: and Source:."""
    starts = r"\n(?=- |Cost: |Source: )"
    return "\n".join(re.sub(r"\s*\n\s*", " ", part) + ("" if part.startswith("- ") else "  ")
                     for part in re.split(starts, block)).rstrip()


def paragraphs(comment):
    """A comment of the header as Markdown."""
    parts = parse_comment(comment)
    blocks = [one_block(block) for block in parts.prose]
    points = [f"- **`{name}`** {text}" for name, text in parts.params]
    points += [f"- returns {parts.returns}"] if parts.returns else []
    # Two lists in a row would be one.
    apart = ["Arguments:"] * bool(points and blocks and "\n- " in "\n" + blocks[-1])
    return "\n\n".join(blocks + apart + ["\n".join(points)] * bool(points) + [one_block(x) for x in parts.after])


def introduction(comment):
    out = []
    for block in comment.split("\n\n"):
        lines = block.split("\n")
        if len(lines) > 1 and not lines[0].startswith(" ") and all(line.startswith("  ") for line in lines[1:]):
            out += [f"### {lines[0]}", " ".join(line.strip() for line in lines[1:])]
        else:
            out.append(" ".join(line.strip() for line in lines))
    return out


def group_end(items, start):
    """Declarations without a comment of their own belong to the one before."""
    end = start + 1
    while end < len(items) and items[end].kind not in ("section", "text", "opaque") and not items[end].comment \
            and items[end].source:
        end += 1
    return end


def reference(items):
    out = ["# The C interface", "",
           "Every declaration of [capi/laot.h](../capi/laot.h), version "
           + open(os.path.join(ROOT, "VERSION")).read().strip()
           + ". Made from the header by `scripts/bindings.py --write`; do not edit.", ""]
    blocks, position, seen_section = [], 0, False
    for item in of_kind(items, "section"):
        anchor = "".join(c for c in item.name.lower() if c.isalnum() or c in " -").replace(" ", "-")
        out.append(f"- [{item.name}](#{anchor})")
    out += ["", "## Rules for all calls"]
    while position < len(items):
        item = items[position]
        if item.kind == "section":
            blocks.append(f"## {item.name}")
            seen_section = True
            position += 1
        elif item.kind == "text":
            blocks += introduction(item.comment) if not seen_section else [paragraphs(item.comment)]
            position += 1
        else:
            end = group_end(items, position)
            group = items[position:end]
            blocks.append(f"### `{item.name}`")
            blocks.append("```c\n" + "\n".join(x.source for x in group) + "\n```")
            if item.comment:
                blocks.append(paragraphs(item.comment))
            position = end
    return "\n".join(out) + "\n\n" + "\n\n".join(blocks) + "\n"


# ---- Check or write -----------------------------------------------------------------------------------------

def read(path):
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def main(arguments):
    write = arguments == ["--write"]
    if arguments and not write:
        raise SystemExit(__doc__)
    items = parse(HEADER)
    made = {"capi/laot.symbols": symbols(items), "tests/compat/abi.txt": abi_table(items),
            "julia/src/libcalls.jl": julia_calls(items), "docs/c-api.md": reference(items),
            "python/src/laot/_declarations.py": python_declarations(items)}
    old = read("tests/compat/abi.txt")
    broken = abi_problems([x for x in old.splitlines() if not x.startswith("#")],
                          made["tests/compat/abi.txt"].splitlines())
    for line in broken:
        print(f"frozen, but changed or gone without a new LAOT_ABI_VERSION: {line}")
    stale = 0
    for path, text in made.items():
        if read(path) == text:
            continue
        stale += 1
        if write and not broken:
            with open(os.path.join(ROOT, path), "w", encoding="utf-8") as file:
                file.write(text)
            print(f"wrote {path}")
        elif not write:
            print(f"{path} does not follow from capi/laot.h; run scripts/bindings.py --write:")
            print("\n".join(list(difflib.unified_diff(read(path).splitlines(), text.splitlines(),
                                                      "committed", "from the header", lineterm=""))[:30]))
    return 1 if broken or (stale and not write) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
