"""One screen and its fits from every language: cells and predictions at conditions that were seen or not
compared bit for bit, and each language's model asked by every other.

    run_conditions.py WORK NAME=COMMAND...     commands split at spaces: c=build/conditions_c

The fits leave one condition out, rows of the embedding stand in another order in each language, and networks are
small; "patients" are conditions of the screen that their control cells place, and one of them is new. The first is the reference. Prints "ok" or "not ok" a check and exits with 1 if one failed."""

import os
import shutil
import subprocess
import sys

METHODS = ("conditional_laot", "conditional_gaussian", "cmonge", "cpa", "laot")
failures = 0


def check(good, what):
    global failures
    failures += not good
    print(("ok " if good else "not ok ") + what, flush=True)


def run(command, *arguments):
    done = subprocess.run(command.split() + list(arguments), capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        print(done.stdout[-2000:] + done.stderr[-4000:])
    return done.returncode == 0


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    work, *workers = sys.argv[1:]
    shutil.rmtree(work, ignore_errors=True)
    workers = dict(one.split("=", 1) for one in workers)
    reference = None
    for language, command in workers.items():
        for threads in ("1", "2"):
            out = os.path.join(work, f"{language}-{threads}")
            os.makedirs(out)
            what = f"{language}, num_threads {threads}: screen, seen and unseen conditions"
            if not run(command, "fit", out, threads):
                check(False, what + ": runs")
                continue
            reference = reference or out
            wrong = [name for name in ("screen", *METHODS, "patients", "scores")
                     if read(f"{reference}/{name}.bin") != read(f"{out}/{name}.bin")]
            check(not wrong, what + (f" (differing: {', '.join(wrong)})" if wrong else ""))
    for language, command in workers.items():
        for other in workers:
            for method in ("conditional_laot", "cpa", "patients"):
                model, file = os.path.join(work, f"{other}-1", method + ".safetensors"), os.path.join(work, "loaded.bin")
                good = os.path.exists(model) and run(command, "load", model, file)
                check(good and read(file) == read(f"{reference}/{method}.bin"), f"{language} asks the {method} of {other}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
