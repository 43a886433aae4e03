"""Nothing drifts apart: the header and its comments, what follows from it, the library's exports, Julia's ccalls, the
Python declarations, R's registered routines.

    drift.py [LIBRARY]

Prints "ok" or "not ok" a check and exits with 1 if one failed. Python's own library, cc, nm."""

import ast
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "scripts"))
from laot_header import of_kind, parse, parse_comment  # noqa: E402

failures = 0


def check(wrong, what):
    global failures
    failures += bool(wrong)
    print(f"not ok {what}: {wrong}" if wrong else f"ok {what}", flush=True)


def text(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def folder(path, ending):
    path = os.path.join(ROOT, path)
    return {name: text(path, name) for name in sorted(os.listdir(path)) if name.endswith(ending)}


CTYPES = {
    "void": "None", "int": "c_int", "size_t": "c_size_t", "double": "c_double", "uint64_t": "c_uint64",
    "laot_status": "c_int", "const char*": "c_char_p", "char*": "c_char_p", "const char* const*": "POINTER(c_char_p)",
    "const double*": "POINTER(c_double)", "double*": "POINTER(c_double)", "size_t*": "POINTER(c_size_t)", "int*": "POINTER(c_int)",
    "const size_t*": "POINTER(c_size_t)", "const int32_t*": "POINTER(c_int32)", "const int64_t*": "POINTER(c_int64)",
    "void*": "c_void_p", "const void*": "c_void_p", "laot_progress_fn": "PROGRESS", "laot_cancel_fn": "CANCEL",
    "laot_log_fn": "LOG",
}


def as_ctypes(kind, opaque):
    plain = kind.replace("const ", "")
    if plain.rstrip("*") in opaque:
        return "OUT" if plain.endswith("**") else "H"
    if plain.startswith("laot_") and plain.endswith("*"):  # a struct: EvaluationOptions
        return f"POINTER({plain[5:-1].title().replace('_', '')})"
    return CTYPES.get(kind, kind)


def check_python(functions, opaque, statuses):
    tree = ast.parse(text("examples", "python", "laot.py"))
    table = next(node.value for node in tree.body if isinstance(node, ast.Assign)
                 and getattr(node.targets[0], "id", "") == "DECLARATIONS")
    wrong = []
    declared = set()
    for key, value in zip(table.keys, table.values):
        name, found = key.value, ast.unparse(value)
        declared.add(name)
        if name not in functions:
            wrong.append(f"{name} is not in the header")
            continue
        item = functions[name]
        kinds = ", ".join(as_ctypes(kind, opaque) for kind, _ in item.arguments)
        expected = f"({as_ctypes(item.result, opaque)}, [{kinds}])"
        if found != expected:
            wrong.append(f"{name} is {found}, the header has {expected}")
    source = text("examples", "python", "laot.py")
    wrong += [f"{name} is called but not declared" for name in sorted(set(re.findall(r"\blib\.(laot_\w+)", source)) - declared)]
    if f"CANCELLED = {statuses['LAOT_CANCELLED']}\n" not in source:
        wrong.append("CANCELLED has another number")
    check(wrong, "the Python declarations are the header's")


def check_julia(functions, items):
    sources = folder("julia/src", ".jl")
    calls = sources.pop("libcalls.jl")
    made = set(re.findall(r"^(laot_\w+)\(.*\) =$", calls, re.M))
    check(sorted(set(functions) ^ made), "Julia has a ccall for each function of the header")
    wrong = []
    for name, source in sources.items():
        source = re.sub(r"^\s*#.*$", "", source, flags=re.M)
        names = set(re.findall(r"\b(laot_\w+)\b", source))
        known = made | {item.name for item in of_kind(items, "struct")}
        wrong += [f"{name} uses {one}" for one in sorted(names - known)]
        # Finding the library is the one place that may ask for a symbol by itself.
        if "ccall(" in source and name != "library.jl":
            wrong.append(f"{name} has a ccall of its own")
        for call, arguments in called(source):
            if call in functions and arguments != len(functions[call].arguments):
                wrong.append(f"{name} calls {call} with {arguments} arguments")
    check(wrong, "Julia calls what the header declares")


def called(source):
    """(name, number of arguments) of every laot_ call, brackets respected."""
    for match in re.finditer(r"\b(laot_\w+)\(", source):
        depth, commas, end, empty = 1, 0, match.end(), True
        while depth and end < len(source):
            character = source[end]
            depth += (character in "([{") - (character in ")]}")
            commas += character == "," and depth == 1
            empty = empty and (character.isspace() or depth == 0)
            end += 1
        yield match.group(1), 0 if empty else commas + 1


def check_r(functions):
    if not os.path.isdir(os.path.join(ROOT, "R-package", "src")):
        return
    declared = {name: 0 if kinds.strip() in ("", "void") else kinds.count(",") + 1 for name, kinds in
                re.findall(r"SEXP laot_r_(\w+)\(([^)]*)\)", text("R-package", "src", "calls.h"))}
    registered = {name: int(count) for name, count in
                  re.findall(r"ROUTINE\((\w+), (\d+)\)", text("R-package", "src", "init.c"))}
    check(sorted(set(declared.items()) ^ set(registered.items())), "R registers the routines of calls.h")
    used = {}
    for source in folder("R-package/R", ".R").values():
        source = re.sub(r"^\s*#.*$", "", source, flags=re.M)
        for name in re.findall(r"\bC_(\w+)", source):
            used[name] = True
    check(sorted(set(used) ^ set(registered)), "R calls the routines that it registers, and no other")
    wrong = []
    for name, source in folder("R-package/src", ".cpp").items():
        wrong += [f"{name} calls {one}" for one in sorted(set(re.findall(r"\b(laot_\w+)\(", source)))
                  if not one.startswith("laot_r_") and one not in functions]
    check(wrong, "R's glue calls what the header declares")


def signatures(source, pattern):
    """(function, its arguments as written) where the pattern ends before the opening bracket."""
    for match in re.finditer(pattern, source):
        depth, end = 1, match.end() + 1
        while depth and end < len(source):
            depth += (source[end] in "([{") - (source[end] in ")]}")
            end += 1
        yield match.group(1), source[match.end() + 1:end - 1]


# A sweep has many fits, and asks less of each.
OWN_SETTINGS = {"time_gap_sweep"}


def check_settings():
    """A setting that the library lists as usual has no number in the signature of a binding; 0 asks the library."""
    listed = text("src", "evaluation", "usual_settings.cpp")
    names = set(re.findall(r"(?:number|numbers|integer)\(\s*\w+,\s*\"(\w+)\"|\{\w+, \"(\w+)\", ParamType", listed))
    names |= set(re.findall(r"(?:number|numbers|integer)\(\"laot_\w+\",\s*\"(\w+)\"", listed))
    names = {"".join(name) for name in names} - {"cells", "features", "metrics", "count"}
    written = r"\b(?:%s)\b(?:::?\s*\w+(?:\[[^=]*\])?)?\s*=\s*(?:-?0*(?:\.|[1-9])|\[|c\(|\(\d)" % "|".join(
        sorted(name.replace("_", "[_.]") for name in names))
    wrong = [] if len(names) > 8 else ["the list was not read"]
    bindings = [("R-package/R", ".R", r"([\w.]+) <- function(?=\()"), ("julia/src", ".jl", r"function (\w+)(?=\()"),
                ("python/src/laot", ".py", r"def (\w+)(?=\()")]
    for path, ending, pattern in bindings:
        for file, source in folder(path, ending).items():
            for function, arguments in signatures(source, pattern):
                found = re.search(written, arguments)
                if found and function not in OWN_SETTINGS:
                    wrong.append(f"{file}: {function} has {found.group(0)}...")
    check(wrong, "usual settings are written in the library alone")


def check_library(functions, library):
    listed = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    exported = {line.split()[2].split("@")[0] for line in listed.splitlines() if line.split()[1] != "A"}
    check(sorted(exported ^ set(functions)), "the library exports the functions of the header, and nothing else")


def check_comments(items, statuses):
    """Each function and callback speaks of its arguments, in order, with the sizes of its arrays, and
    of its codes by their names; each value of an enum and each field of a struct has its comment."""
    wrong = []
    for item in items:
        if item.kind in ("opaque", "enum", "struct", "function", "callback", "define") and not item.comment:
            wrong.append(f"{item.name} has no comment")
        wrong += [f"{item.name}: nothing about {member[0] if item.kind == 'enum' else member[1]}"
                  for member in item.members if item.kind in ("enum", "struct") and not member[2]]
        if item.kind not in ("function", "callback") or not item.comment:
            continue
        comment = parse_comment(item.comment)
        if [name for name, _ in comment.params] != [name for _, name in item.arguments]:
            wrong.append(f"{item.name} has the arguments {', '.join(name for _, name in item.arguments)} and speaks of "
                         + (", ".join(name for name, _ in comment.params) or "none"))
        said = dict(comment.params)
        wrong += [f"{item.name}: {name} is said in {len(said.get(name, ''))} characters"
                  for _, name in item.arguments if len(said.get(name, "")) < 5]
        wrong += [f"{item.name}: [sizes] of {name} are missing" for kind, name in item.arguments
                  if re.fullmatch(r"const (double|size_t|int32_t|int64_t)\*|const (char|laot_data)\* const\*", kind)
                  and not re.match(r"\[[^]]+\]", said.get(name, ""))]
        # Cells have both axes.
        wrong += [f"{item.name}: {name} needs [features x cells]" for kind, name in item.arguments
                  if kind == "const laot_data*" and "laot_context*" in dict(item.arguments)
                  and not re.match(r"\[features x ", said.get(name, ""))]
        wrong += [f"{item.name} returns {code}, which there is not"
                  for code in re.findall(r"LAOT_[A-Z_]+", comment.returns) if code not in statuses]
        if len(item.comment.split("\n\n")[0]) < 10:
            wrong.append(f"{item.name} does not say what it is")
    check(wrong, "each comment of the header speaks of every argument, size and code")


def check_tests(functions):
    """Every function is called from C, by a test that was compiled against the header, and every code
    that its comment speaks of is provoked there; so is NULL for each pointer that may not be NULL."""
    source = "".join(folder("tests/capi", ".c").values())
    check([name for name in functions if name + "(" not in source and name + "," not in source],
          "tests/capi uses every function")
    refused = {(name, "LAOT_INVALID_ARGUMENT") for name in re.findall(r"NULL_REFUSED\(\s*(laot_\w+)", source)}
    refused |= set(re.findall(r"\bREFUSED\(\s*(laot_\w+)\((?:[^;]*?)\),\s*(LAOT_[A-Z_]+),", source))
    wrong = []
    for item in functions.values():
        codes = set(re.findall(r"LAOT_[A-Z_]+", parse_comment(item.comment).returns))
        if any("*" in kind for kind, _ in item.arguments) and item.result == "laot_status":
            codes.add("LAOT_INVALID_ARGUMENT")
        wrong += [f"{item.name} {code}" for code in sorted(codes) if (item.name, code) not in refused]
    check(wrong, "tests/capi provokes each code that the header speaks of")


def main():
    items = parse(os.path.join(ROOT, "capi", "laot.h"))
    functions = {item.name: item for item in of_kind(items, "function")}
    opaque = {item.name for item in of_kind(items, "opaque")}
    statuses = {name: number for item in of_kind(items, "enum") for name, number, _ in item.members}
    made = subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "bindings.py")], capture_output=True, text=True)
    print(made.stdout + made.stderr, end="")
    check(made.returncode and "see above", "symbols, frozen table, ccalls and reference page follow from the header")
    check_python(functions, opaque, statuses)
    check_julia(functions, items)
    check_r(functions)
    check_settings()
    check_comments(items, statuses)
    check_tests(functions)
    if len(sys.argv) > 1:
        check_library(functions, sys.argv[1])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
