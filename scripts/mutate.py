#!/usr/bin/env python3
"""Small changes of the sources, and whether a test notices each of them.

    scripts/mutate.py [--list] [--check] [--again] [--part K/N] [--seconds N] [--jobs N] [NAME ...]

The changes stand in tests/mutations (its README says how). C++ ones are compiled together, once,
into a copy of the tree below build/mutations, each behind a switch that the variable LAOT_MUTATION
sets at run time; those of R, Julia, Python and scripts are made in a copy of the file, one at a
time. What has been found stands in build/mutations/results.tsv and is not tried again until the
change, its file or its test differ, so that a run can be stopped and gone on with.

  NAME          only changes whose name or file contains one of these
  --list        names them, and does nothing
  --check       whether every change still fits its file, and its suite has tests (fast; the suite
                drift calls it)
  --again       tries also what has been tried
  --part K/N    only every N-th of them, from the K-th
  --seconds N   stops after about N seconds
  --jobs N      builds and tries N at a time (as many as there are processors)
  --tap         a line "ok NAME" or "not ok NAME" for each

The last line is "N noticed, N not noticed, N explained, N not tried"; the status is 1 where
something went unnoticed that is not explained, or where more than 5% did.
"""
import argparse
import fnmatch
import functools
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LISTS = os.path.join(ROOT, "tests", "mutations")
WORK = os.path.join(ROOT, "build", "mutations")
TREE = os.path.join(WORK, "tree")
BUILD = os.path.join(WORK, "build")
RESULTS = os.path.join(WORK, "results.tsv")
COMPILED = (".cpp", ".hpp", ".inc", ".c", ".h")
COPIED = ("CMakeLists.txt", "VERSION", "LICENSE", "README.md", "src", "include", "capi", "cmake",
          "tests", "bench", "julia", "python", "examples", "scripts", "R-package", "docs")
DECLARATION = re.compile(r"((const|constexpr|static) )*[\w:<>]+[&*]? \w+(\[\])? = .*;$")
ASSIGNMENT = re.compile(r"(?<![=<>!])=(?!=)")
LIMIT = 300  # seconds for one change; one that takes longer is noticed

SWITCH = """#ifndef LAOT_MUTATION_SWITCH  // a header may have one, too
#define LAOT_MUTATION_SWITCH
#include <cstdlib>
namespace {
[[maybe_unused]] inline int laot_mutation() {
  static const int which = [] {
    const char* text = std::getenv("LAOT_MUTATION");
    return text ? std::atoi(text) : 0;
  }();
  return which;
}
}  // namespace
#endif
"""


class Change:
    def __init__(self, name, file, suite, old, new, why):
        self.name, self.file, self.suite, self.old, self.new, self.why = name, file, suite, old, new, why
        self.number = 0

    @property
    def compiled(self):
        return self.file.endswith(COMPILED)

    def key(self):
        parts = (self.name, self.file, self.suite, self.old, self.new, source(self.file), *tests_of(self.suite))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@functools.lru_cache(maxsize=None)
def test_files(suite):
    """The files whose tests a suite runs, below the root, sorted."""
    kind, _, rest = suite.partition(" ")
    words = [word.strip() for word in rest.split(";")] if rest else []
    if kind == "core":
        every = [file for folder in ("unit", "golden", "property") for file in below(f"tests/{folder}/*.cpp")]
        patterns = [p for word in words if word.startswith("-sf=") for p in word[4:].split(",")] or ["*"]
        return sorted(file for file in every if any(fnmatch.fnmatch(file, p) for p in patterns))
    if kind == "c":
        return below(f"tests/capi/{rest[len('laot_'):-len('_c')]}.c")
    if kind == "r":
        chosen = re.compile(f"test-({words[1]})\\.R")
        return [file for file in below("R-package/tests/testthat/*.R") if chosen.fullmatch(os.path.basename(file))]
    if kind in ("python", "example-python"):
        folder = "python/tests" if kind == "python" else "tests/python"
        return sorted(file for word in words or [folder] for file in below(word) + below(f"{word}/*.py")
                      if file.endswith(".py"))
    return below({"julia": "julia/test/*.jl", "lint": f"tests/lint/{rest}.sh", "drift": "tests/drift/*.py"}[kind])


def below(pattern):
    return sorted(os.path.relpath(file, ROOT) for file in glob.glob(os.path.join(ROOT, pattern)))


@functools.lru_cache(maxsize=None)
def tests_of(suite):
    return tuple(source(file) for file in test_files(suite))


def read_list(path):
    """file and suite lines hold until the next one; a block is a name, - lines, + lines and ? lines."""
    changes, file, suite, block = [], None, None, None

    def close():
        if block is None:
            return
        name, old, news, why = block
        assert old and news and file and suite, f"{path}: {name} is not complete"
        for k, new in enumerate(news):
            label = name if len(news) == 1 else f"{name}.{k + 1}"
            changes.append(Change(label, file, suite, "\n".join(old), new, " ".join(why)))

    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("#") or not line.strip():
                continue
            if line.startswith("file "):
                close()
                block, file = None, line[5:].strip()
            elif line.startswith("suite "):
                close()
                block, suite = None, line[6:].strip()
            elif line.startswith("-"):
                block[1].append(line[2:])
            elif line.startswith("+"):
                block[2].append(line[2:])
            elif line.startswith("|"):  # the change goes on
                block[2][-1] += "\n" + line[2:]
            elif line.startswith("?"):
                block[3].append(line[2:].strip())
            else:
                close()
                block = (line.strip(), [], [], [])
    close()
    return changes


def read_all():
    out = []
    for name in sorted(os.listdir(LISTS)):
        if name.endswith(".txt"):
            out += read_list(os.path.join(LISTS, name))
    names = [c.name for c in out]
    for name in names:
        assert names.count(name) == 1, f"two changes are called {name}"
    for number, change in enumerate(out, 1):
        change.number = number
    return out


def source(file):
    with open(os.path.join(ROOT, file), encoding="utf-8", newline="") as handle:
        return handle.read()


def switched(change, rest):
    """C++ that is `rest`, or the change where its switch is set."""
    on = f"(laot_mutation() == {change.number})"
    if "MUTATED" in change.new:
        return None
    if change.old.rstrip().endswith((";", "}")):
        return f"if {on} {{ {change.new} }} else {{ {rest} }}"
    return f"({on} ? ({change.new}) : ({rest}))"


def with_switches(file, changes):
    text = source(file)
    by_old = {}
    for change in changes:
        by_old.setdefault(change.old, []).append(change)
    places = sorted((text.index(old), old) for old in by_old)
    for (a, old), (b, _) in zip(places, places[1:]):
        assert a + len(old) <= b, f"{file}: {by_old[old][0].name} overlaps the change after it"
    for at, old in reversed(places):
        rest = old
        for change in reversed(by_old[old]):
            if "MUTATED" in change.new:
                assert len(by_old[old]) == 1, f"{change.name} stands alone"
                rest = change.new.replace("MUTATED", f"(laot_mutation() == {change.number})")
            else:
                rest = switched(change, rest)
        text = text[:at] + rest + text[at + len(old):]
    return text if file.endswith(".inc") else SWITCH + text


def balanced(text):
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))


def is_part(change):
    """Whether what is replaced is a part of an expression or the end of a statement."""
    if change.old.endswith(("&&", "||", ",", "?", "+", "-", "*", "/", "=", "<", ">")):
        return True
    text = source(change.file)
    before = text[:text.find(change.old)].rstrip()
    return change.old.endswith(";") and not before.endswith((";", "{", "}", ")", ":", "else", "\n")) and \
        not before.splitlines()[-1].lstrip().startswith("//")


def problems(changes):
    out = []
    for change in changes:
        if not os.path.exists(os.path.join(ROOT, change.file)):
            out.append(f"{change.name}: there is no {change.file}")
            continue
        count = source(change.file).count(change.old)
        if count != 1:
            out.append(f"{change.name}: its text stands {count} times in {change.file}, not once")
        elif change.compiled and "MUTATED" not in change.new and is_part(change):
            out.append(f"{change.name}: a part of an expression or a statement; take all of it, or write it with MUTATED")
        if change.compiled and "MUTATED" not in change.new and not balanced(change.old):
            out.append(f"{change.name}: its text is neither an expression nor a statement")
        elif change.compiled and "MUTATED" not in change.new and (
                DECLARATION.match(change.old) or
                (ASSIGNMENT.search(change.old) and not change.old.endswith((";", "}"))) or
                (change.old.startswith("if (") and not change.old.endswith((";", "}")))):
            out.append(f"{change.name}: a declaration or half a statement; write it with MUTATED")
    for suite in dict.fromkeys(change.suite for change in changes):
        if not test_files(suite):
            out.append(f"suite {suite}: no file has tests of it")
    return out


def write_if_other(path, data):
    """Leaves the time of an unchanged file alone, so that it is not built again."""
    if os.path.exists(path):
        with open(path, "rb") as handle:
            if handle.read() == data:
                return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as handle:
        handle.write(data)


def copy_tree(changes):
    by_file = {}
    for change in changes:
        if change.compiled:
            by_file.setdefault(change.file, []).append(change)
    # A part is included in the midst of a namespace, after what its file begins with.
    parts = [f'#include "{os.path.basename(file)}"' for file in by_file if file.endswith(".inc")]
    wanted = set()
    for top in COPIED:
        start = os.path.join(ROOT, top)
        if not os.path.exists(start):
            continue
        files = [start] if os.path.isfile(start) else [
            os.path.join(folder, name) for folder, _, names in os.walk(start) for name in names
            if "__pycache__" not in folder]
        for path in files:
            file = os.path.relpath(path, ROOT)
            wanted.add(file)
            if file in by_file:
                data = with_switches(file, by_file[file]).encode()
            elif parts and file.endswith(".cpp") and any(part in source(file) for part in parts):
                data = (SWITCH + source(file)).encode()
            else:
                with open(path, "rb") as handle:
                    data = handle.read()
            target = os.path.join(TREE, file)
            write_if_other(target, data)
            shutil.copymode(path, target)
    for folder, _, names in os.walk(TREE):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.relpath(path, TREE) not in wanted:
                os.remove(path)


def log_file():
    return os.path.join(WORK, threading.current_thread().name + ".log")


def run(command, env=None, cwd=None, limit=None):
    """The status of a command, its output in the log of this thread; None where it took too long."""
    with open(log_file(), "wb") as log:
        try:
            return subprocess.run(command, env=env, cwd=cwd, stdout=log, stderr=subprocess.STDOUT,
                                  stdin=subprocess.DEVNULL, timeout=limit).returncode
        except subprocess.TimeoutExpired:
            return None


def build(jobs, suites):
    """The library, laot_tests and the C programs that a suite names, with every switch."""
    programs = {suite.split()[1] for suite in suites if suite.startswith("c ")}
    options = ["-DBLA_VENDOR=OpenBLAS", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_UNITY_BUILD=ON", "-DCMAKE_CXX_FLAGS=-w",
               "-DCMAKE_C_FLAGS=-w", "-DLAOT_SHARED_DIR=" + shared()]
    for command in (["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", *options],
                    ["cmake", "--build", BUILD, "--parallel", str(jobs), "--target", "laot",
                     "laot_tests", *sorted(programs), "--", "-k", "0"]):
        if run(command) != 0:
            with open(log_file(), errors="replace") as log:
                sys.exit("".join(line for line in log if "error" in line) +
                         f"mutate: the changed sources do not build ({log_file()})")


def shared():
    return os.environ.get("LAOT_SHARED_DIR", os.path.join(os.path.dirname(ROOT), "shared"))


def library():
    for folder, _, names in os.walk(BUILD):
        for name in ("liblaot.so", "liblaot.dylib"):
            if name in names:
                return os.path.join(folder, name)
    return ""


def command_of(suite):
    """The command that runs a suite in the copy, as a list of words."""
    kind, _, rest = suite.partition(" ")
    words = rest.split(";") if rest else []
    words = [word.strip() for word in words]
    if kind == "core":
        return [os.path.join(BUILD, "tests", "laot_tests"), "-m", "--abort-after=1", *words]
    if kind == "c":
        return [os.path.join(BUILD, "tests", rest)]
    return ["bash", os.path.join(LISTS, "run-suite.sh"), kind, *words]


def environment(number, tree):
    return dict(os.environ, LAOT_MUTATION=str(number), LAOT_LIBRARY=library(), LAOT_TREE=tree,
                LAOT_BUILD=BUILD, LAOT_MUTATION_WORK=WORK, LAOT_ROOT=ROOT, OPENBLAS_NUM_THREADS="1",
                LAOT_SHARED_DIR=shared(), PYTHONDONTWRITEBYTECODE="1")


def try_suite(suite, number=0, limit=LIMIT, tree=TREE):
    return run(command_of(suite), environment(number, tree), tree, limit)


def own_tree():
    """A copy of the tree for this thread alone: a change in it is seen by no other."""
    tree = os.path.join(WORK, "tree-" + threading.current_thread().name)
    if tree not in made_trees:
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(TREE, tree, symlinks=True)
        made_trees.add(tree)
    return tree


made_trees = set()


def try_change(change):
    if change.compiled:
        return try_suite(change.suite, change.number)
    tree = own_tree()
    path = os.path.join(tree, change.file)
    before = source(change.file)
    try:
        with open(path, "w", encoding="utf-8", newline="") as handle:
            handle.write(before.replace(change.old, change.new))
        return try_suite(change.suite, tree=tree)
    finally:
        with open(path, "w", encoding="utf-8", newline="") as handle:
            handle.write(before)


def each(jobs, items, act):
    """(item, act(item)) as they come, `jobs` at a time."""
    items = list(items)
    with ThreadPoolExecutor(jobs) as pool:
        yield from zip(items, pool.map(act, items))


def read_results():
    out = {}
    if os.path.exists(RESULTS):
        with open(RESULTS, encoding="utf-8") as lines:
            for line in lines:
                key, verdict, _ = line.rstrip("\n").split("\t", 2)
                out[key] = verdict
    return out


def part_of(text):
    """The slice of "2/3"."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"must be K/N with K from 1 to N, such as 2/3, found {text!r}")
    return slice(int(found[1]) - 1, None, int(found[2]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--part", type=part_of, default=slice(None))
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    every = read_all()
    chosen = [c for c in every
              if not arguments.names or any(n in c.name or n in c.file for n in arguments.names)]
    chosen = chosen[arguments.part]
    if arguments.list:
        for change in chosen:
            print(f"{change.number:4d}  {change.name:40s} {change.file}")
        print(f"{len(chosen)} changes")
        return 0
    wrong = problems(every)
    if not wrong:
        for file in {c.file for c in every if c.compiled}:
            with_switches(file, [c for c in every if c.file == file])
    if wrong or arguments.check:
        for line in wrong:
            print(line)
        print(f"{len(every)} changes, {len(wrong)} that do not fit their file")
        return 1 if wrong else 0

    started = time.time()
    os.makedirs(WORK, exist_ok=True)
    known = {} if arguments.again else read_results()
    keys = {c: c.key() for c in chosen}
    todo = [c for c in chosen if keys[c] not in known]
    if todo:
        copy_tree(every)
        build(arguments.jobs, {c.suite for c in every})
    unfit = []
    for suite, status in each(arguments.jobs, dict.fromkeys(c.suite for c in todo),
                              lambda s: try_suite(s, limit=4 * LIMIT)):
        if status != 0:
            unfit.append(suite)
            print(f"FAILED without any change: {suite}", flush=True)

    def verdict_on(change):
        if time.time() - started > arguments.seconds:
            return None
        begun = time.time()
        return "noticed" if try_change(change) != 0 else "survived", time.time() - begun

    for change, found in each(arguments.jobs, [c for c in todo if c.suite not in unfit], verdict_on):
        if found is None:
            continue
        verdict, seconds = found
        known[keys[change]] = verdict
        with open(RESULTS, "a", encoding="utf-8") as results:
            results.write(f"{keys[change]}\t{verdict}\t{change.name}\t{seconds:.1f}\n")
        if verdict == "survived":
            print(f"  not noticed: {change.name} ({change.file})" +
                  (f": {change.why}" if change.why else ""), flush=True)
    verdicts = [known.get(keys[c], "") for c in chosen]
    noticed = verdicts.count("noticed")
    explained = sum(1 for c, v in zip(chosen, verdicts) if v == "survived" and c.why)
    survived = verdicts.count("survived") - explained
    for change, verdict in zip(chosen, verdicts):
        if arguments.tap:
            print({"noticed": "ok ", "survived": "ok " if change.why else "not ok "}.get(verdict, "skipped ")
                  + f"{change.name} ({change.file})" + (f": {change.why}" if change.why else ""))
        if verdict == "noticed" and change.why:
            print(f"  explained, and noticed after all: {change.name}")
    tried = noticed + explained + survived
    if tried:
        print(f"{100.0 * noticed / tried:.1f}% noticed, {100.0 * (tried - noticed) / tried:.1f}% survive")
    print(f"{noticed} noticed, {survived} not noticed, {explained} explained, "
          f"{len(chosen) - tried} not tried")
    return 1 if survived or unfit or (tried and noticed < 0.95 * tried) else 0


if __name__ == "__main__":
    sys.exit(main())
