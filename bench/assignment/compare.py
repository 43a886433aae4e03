#!/usr/bin/python3
"""Assignment and transport side by side with scipy and POT, in one run, as ratios.

The whole table, on a quiet machine (about half an hour):

    cmake -S . -B build/bench -G Ninja -DLAOT_BUILD_BENCH=ON && ninja -C build/bench laot_assignment_bench
    bench/assignment/compare.py build/bench/bench/assignment/liblaot_assignment_bench.so \\
        --figure docs/figures/assignment-scaling.svg

Both sides are timed from points to permutation: ours includes packing the points, theirs the cost
matrix (scipy's cdist). Each line gives the wall and the processor time of ours (median of --rounds),
the peer's, the ratio of the wall times, and the relative difference of the costs with our duality
gap. Peers that take long run once. --only picks sections by name; the real cells are read from the
folder LAOT_SHARED_DIR, by default ../shared beside the repository.
"""
import argparse
import csv
import ctypes
import os
import pathlib
import subprocess
import sys
import time

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
import ot
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from given_costs import given_costs
from problems import clustered, curve, gaussian, read_cells, shares

PATHS = {"portable": 1, "AVX2": 2, "AVX-512": 3}


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


class Library:
    def __init__(self, path):
        self.so = ctypes.CDLL(str(path))
        for name in ("bench_assignment_new", "bench_coupling_new"):
            getattr(self.so, name).restype = ctypes.c_void_p

    @staticmethod
    def size(n):
        return ctypes.c_int64(n)

    def assignment(self, y, path=0, store=-1.0):
        return ctypes.c_void_p(self.so.bench_assignment_new(
            pointer(y), self.size(y.shape[1]), self.size(len(y)), path, ctypes.c_double(store)))

    def assign(self, handle, x, threads=1):
        permutation, out = np.zeros(len(x), np.uint32), np.zeros(6)
        self.so.bench_assignment_solve(handle, pointer(x), self.size(x.shape[1]), self.size(len(x)),
                                       threads, pointer(permutation), pointer(out))
        return permutation, out

    def cold(self, x, y, threads=1, path=0):
        handle = self.assignment(y, path)
        result = self.assign(handle, x, threads)
        self.so.bench_assignment_free(handle)
        return result

    def given(self, cost):
        out = np.zeros(3)
        self.so.bench_assignment_given(pointer(cost), self.size(len(cost)),
                                       self.size(cost.shape[1]), pointer(out))
        return out

    def coupling(self, x, y, mode=0, leaf=0, sweeps=-1):
        return ctypes.c_void_p(self.so.bench_coupling_new(
            pointer(x), self.size(x.shape[1]), self.size(len(x)), pointer(y), self.size(len(y)), mode,
            self.size(leaf), sweeps))

    def couple(self, handle, x, threads=1):
        out = np.zeros(4)
        self.so.bench_coupling_solve(handle, pointer(x), self.size(x.shape[1]), self.size(len(x)),
                                     threads, pointer(out))
        return out

    def cold_coupling(self, x, y, threads=1, **options):
        handle = self.coupling(x, y, **options)
        out = self.couple(handle, x, threads)
        self.so.bench_coupling_free(handle)
        return out

    def fit(self, x, y, adam, iterations, threads=1):
        w, out = np.zeros((x.shape[1], x.shape[1])), np.zeros(3)
        self.so.bench_fit(pointer(x), self.size(x.shape[1]), self.size(len(x)), pointer(y),
                          self.size(len(y)), int(adam), iterations, threads, pointer(w), pointer(out))
        return w.T, out


def timed(work, rounds=1):
    """Medians of wall and processor time, and the last result."""
    wall, cpu = [], []
    for _ in range(rounds):
        a, b = time.perf_counter(), time.process_time()
        result = work()
        wall.append(time.perf_counter() - a)
        cpu.append(time.process_time() - b)
    return np.median(wall), np.median(cpu), result


def turns(lib, args, work, rounds):
    """timed(work) of the library, and {"before": the same} of that of --before, by turns."""
    libraries = {"ours": lib, **({"before": args.earlier} if args.earlier else {})}
    each = {name: [] for name in libraries}
    for _ in range(rounds):
        for name, library in libraries.items():
            each[name].append(timed(lambda: work(library)))
    both = {name: (np.median([r[0] for r in runs]), np.median([r[1] for r in runs]), runs[-1][2])
            for name, runs in each.items()}
    ours = both.pop("ours")
    return ours, both


def scipy_assign(x, y):
    cost = cdist(x, y, "sqeuclidean")
    rows, columns = linear_sum_assignment(cost)
    return cost[rows, columns].sum()


def pot_transport(x, y):
    n, m = len(x), len(y)
    cost = cdist(x, y, "sqeuclidean")
    return ot.emd2(np.full(n, 1 / n), np.full(m, 1 / m), cost, numItermax=10**9) * n


def line(name, ours, peers, gap):
    wall, cpu, cost = ours
    text = f"{name:<28} ours {wall:9.4f} s (cpu {cpu:9.4f})"
    for peer, (peer_wall, peer_cpu, peer_cost) in peers.items():
        text += (f" | {peer} {peer_wall:8.3f} s (cpu {peer_cpu:8.3f}) ratio {peer_wall / wall:6.1f}"
                 f" (cpu {peer_cpu / cpu:6.1f}) difference {abs(peer_cost - cost) / max(cost, 1e-300):.0e}")
    print(text + f" | gap {gap:.0e}", flush=True)


def assignment_line(lib, args, name, x, y, peers=("scipy", "POT"), peer_rounds=1):
    (wall, cpu, (_, out)), before = turns(lib, args, lambda library: library.cold(x, y), args.rounds)
    run = {"scipy": scipy_assign, "POT": pot_transport}
    others = {name: (w, c, result[1][0]) for name, (w, c, result) in before.items()}
    others.update({p: timed(lambda p=p: run[p](x, y), peer_rounds) for p in peers})
    line(name, (wall, cpu, out[0]), others, out[2])


def coupling_line(lib, args, name, x, y, peer_rounds=1):
    """The exact coupling; the peers where a plan of theirs is not too large, scipy of equal numbers."""
    (wall, cpu, out), before = turns(lib, args, lambda library: library.cold_coupling(x, y, mode=1), args.rounds)
    others = {other: (w, c, result[0]) for other, (w, c, result) in before.items()}
    if len(x) * len(y) <= 4000**2:
        if len(x) == len(y):
            others["scipy"] = timed(lambda: scipy_assign(x, y) / len(x))
        others["POT"] = timed(lambda: pot_transport(x, y) / len(x), peer_rounds)
    line(name, (wall, cpu, out[0]), others, out[2])


def section_cold(lib, args):
    problems = [("n=1000 d=50", *gaussian(1000, 50), 5), ("n=2000 d=50", *gaussian(2000, 50), 3),
                ("n=2000 d=1000", *gaussian(2000, 1000), 3), ("n=4000 d=50", *gaussian(4000, 50), 1),
                ("n=4000 d=10", *gaussian(4000, 10), 1),
                ("n=4000 d=10 clustered", *clustered(4000, 10), 1)]
    if not args.quick:
        problems.append(("n=8000 d=50", *gaussian(8000, 50), 1))
    for name, x, y, peer_rounds in problems:
        assignment_line(lib, args, name, x, y, peer_rounds=peer_rounds)
    x, y = gaussian(20000, 50)
    for threads in (1, 2):
        wall, cpu, (_, out) = timed(lambda: lib.cold(x, y, threads=threads), args.rounds)
        line(f"n=20000 d=50, {threads} thread(s)", (wall, cpu, out[0]), {}, out[2])


def section_real(lib, args):
    for name, target in (("pbmc", "stim"), ("gbm", "panobinostat")):
        cells = read_cells(name, "ctrl", target)
        if cells is None:
            print(f"{name}: the data are not here; skipped")
            continue
        assignment_line(lib, args, f"{name}-50, n={len(cells[0])}", *cells, peer_rounds=3)


def section_unequal(lib, args):
    for n, m, d in ((1000, 1500, 50), (2000, 2100, 50), (2000, 3001, 10), (13000, 770, 50)):
        x, y = gaussian(n, d, m)
        coupling_line(lib, args, f"n={n} m={m} d={d}", x, y, peer_rounds=3 if n < 10000 else 1)
        handle = lib.coupling(x, y)
        lib.couple(handle, x)
        step = np.random.default_rng(1).standard_normal((d, d))
        moved = np.ascontiguousarray(x @ (np.eye(d) + 0.01 * step).T)
        wall, cpu, out = timed(lambda: lib.couple(handle, moved))
        line("  warm, W moved by 1%", (wall, cpu, out[0]), {}, out[2])
        lib.so.bench_coupling_free(handle)


def section_shares(lib, args):
    for n, d in ((1000, 50), (2000, 10), (4000, 10), (4000, 50), (8000, 50)):
        coupling_line(lib, args, f"clusters of other shares, n={n} d={d}", *shares(n, d))


def section_curves(lib, args):
    for n, m, d, noise in ((1000, 1000, 2, 0.01), (2000, 2000, 3, 0.01), (2000, 2000, 3, 0.001),
                           (4000, 4000, 3, 0.01), (4000, 4000, 50, 0.01), (2000, 2100, 3, 0.01)):
        coupling_line(lib, args, f"along a curve, n={n} m={m} d={d} noise {noise}", *curve(n, d, m, noise))
    for d, adam in ((3, False), (10, False), (10, True)):
        x, y = curve(2000, d)
        ours, before = turns(lib, args, lambda library: library.fit(x, y, adam, 50), args.rounds)
        residual = {other: (wall, cpu, result[1][1]) for other, (wall, cpu, result) in before.items()}
        line(f"fit along a curve, n=2000 d={d} {'Adam' if adam else 'least squares'}",
             (ours[0], ours[1], ours[2][1][1]), residual, 0.0)


def section_given(lib, args):
    def scipy_cost(cost):
        rows, columns = linear_sum_assignment(cost)
        return cost[rows, columns].sum()

    for n in (500, 2000, 4000):
        for name, cost in given_costs(n):
            wall, cpu, out = timed(lambda c=cost: lib.given(c), args.rounds)
            peer = timed(lambda c=cost: scipy_cost(c), 3)
            line(f"given n={n} {name}", (wall, cpu, out[0]), {"scipy": peer}, out[2])


def scipy_columns(moved, y):
    return linear_sum_assignment(cdist(moved, y, "sqeuclidean"))[1]


def pot_columns(moved, y):
    share = np.full(len(y), 1 / len(y))
    return ot.emd(share, share, cdist(moved, y, "sqeuclidean"), numItermax=10**9).argmax(1)


def alternate(columns_of, x, y, adam, iterations):
    """Plan, update of W, from W = I, as often as asked; columns_of(moved, y) pairs the cells."""
    d = x.shape[1]
    w, square = np.eye(d), x.T @ x
    first, second = np.zeros((d, d)), np.zeros((d, d))
    for k in range(1, iterations + 1):
        cross = y[columns_of(np.ascontiguousarray(x @ w.T), y)].T @ x
        if adam:
            gradient = 2 * (w @ square - cross)
            first = 0.9 * first + 0.1 * gradient
            second = 0.999 * second + 0.001 * gradient**2
            w = w - 5e-3 * (first / (1 - 0.9**k)) / (np.sqrt(second / (1 - 0.999**k)) + 1e-8)
        else:
            w = np.linalg.solve(square, cross.T).T
    return w


def our_alternation(lib, x, y, adam, iterations):
    """The same loop with one solver of ours, which keeps what it learnt from plan to plan."""
    handle = lib.assignment(y)
    w = alternate(lambda moved, _: lib.assign(handle, moved)[0], x, y, adam, iterations)
    lib.so.bench_assignment_free(handle)
    return w


def section_fit(lib, args):
    """Fits as users run them, and exactly 50 iterations of one and the same loop, even where the plan
    has repeated. A peer's time is that of its first iterations, per iteration, times their number."""
    x, y = gaussian(4000, 50)
    x, y = x - x.mean(0), y - y.mean(0)
    shown = 1 if args.quick else 3
    for name, adam in (("ls", False), ("adam", True)):
        (wall, cpu, (_, out)), before = turns(lib, args, lambda library: library.fit(x, y, adam, 50),
                                              min(args.rounds, 5))
        for earlier in before.values():
            print(f"fit n=4000 d=50 {name:<5} before {earlier[0]:7.3f} s (cpu {earlier[1]:7.3f}): ratio"
                  f" {earlier[0] / wall:.2f}")
        loop_wall, loop_cpu, _ = timed(lambda: our_alternation(lib, x, y, adam, 50), min(args.rounds, 5))
        ours_w, _ = lib.fit(x, y, adam, shown)
        print(f"fit n=4000 d=50 {name:<5} laot_fit {wall:7.3f} s (cpu {cpu:7.3f}, {out[2]:.3f} s of the wall in"
              f" the transport) for {out[0]:.0f} iterations; the loop for 50 iterations {loop_wall:7.3f} s (cpu"
              f" {loop_cpu:7.3f})", flush=True)
        for peer, columns_of in (("scipy", scipy_columns), ("POT", pot_columns)):
            peer_wall, peer_cpu, peer_w = timed(lambda: alternate(columns_of, x, y, adam, shown))
            per, per_cpu = peer_wall / shown, peer_cpu / shown
            print(f"  {peer:<6} {per:7.3f} s an iteration (mean of {shown}): laot_fit"
                  f" {out[0] * per / wall:.0f}x (cpu {out[0] * per_cpu / cpu:.0f}x), 50 iterations"
                  f" {50 * per:.0f} s against {loop_wall:.3f} s: {50 * per / loop_wall:.0f}x (cpu"
                  f" {50 * per_cpu / loop_cpu:.0f}x) | W after {shown} differs by"
                  f" {np.abs(ours_w - peer_w).max():.0e}", flush=True)
    x, y = gaussian(1000, 50)
    wall, cpu, _ = timed(lambda: lib.fit(x - x.mean(0), y - y.mean(0), False, 30), args.rounds)
    module = getattr(ot, "mapping", ot.da)  # where it lives depends on POT's version
    peer_wall, peer_cpu, _ = timed(lambda: module.joint_OT_mapping_linear(x, y, bias=True))
    print(f"fit n=1000 d=50 ls    ours {wall:7.3f} s (cpu {cpu:7.3f}) | joint_OT_mapping_linear"
          f" {peer_wall:7.3f} s: ratio {peer_wall / wall:.0f} (cpu {peer_cpu / cpu:.0f})", flush=True)


def section_paths(lib, args):
    for name, (x, y) in (("n=4000 d=50", gaussian(4000, 50)), ("n=4000 d=10", gaussian(4000, 10)),
                         ("n=2000 d=1000", gaussian(2000, 1000))):
        seconds = {p: timed(lambda k=k: lib.cold(x, y, path=k), args.rounds)
                   for p, k in PATHS.items() if lib.so.bench_available(k)}
        fastest = min(s[1] for s in seconds.values())
        print(f"{name:<20} " + "  ".join(f"{p} {s[1]:.4f} s cpu ({s[1] / fastest:.2f}x)"
                                        for p, s in seconds.items()), flush=True)


def section_threads(lib, args):
    for n, m in ((8000, 8000), (20000, 20000), (13000, 770)):
        x, y = gaussian(n, 50, m)
        solve = lib.cold if n == m else lib.cold_coupling
        one, two = (timed(lambda t=t: solve(x, y, threads=t), min(args.rounds, 5)) for t in (1, 2))
        first = (one[2][0], two[2][0]) if n == m else (one[2], two[2])
        print(f"n={n} m={m} d=50: one thread {one[0]:.3f} s, two {two[0]:.3f} s, ratio {one[0] / two[0]:.2f};"
              f" same result: {np.array_equal(*first)}", flush=True)


CHILD = """
import sys, time
sys.path.insert(0, {folder!r})
import compare
lib = compare.Library({library!r})
x, y = compare.gaussian({n}, 50)
work = {work}
compare.forget_peak()
before = compare.peak_memory()
a, c = time.perf_counter(), time.process_time()
out = work(x, y)
wall, cpu = time.perf_counter() - a, time.process_time() - c
print(wall, cpu, before, compare.peak_memory(), *(out if hasattr(out, "__len__") else [out]))
"""


def forget_peak():
    """The peak memory of this process becomes what it uses now."""
    pathlib.Path("/proc/self/clear_refs").write_text("5")


def peak_memory():
    """In MB. Not ru_maxrss, which a process inherits from the one that started it."""
    for text in open("/proc/self/status"):
        if text.startswith("VmHWM:"):
            return int(text.split()[1]) / 1024
    raise OSError("the system does not tell the peak memory of a process")


def in_a_process(args, n, work):
    """Wall and processor seconds, memory before, peak memory, results of work(x, y), d = 50."""
    code = CHILD.format(folder=str(pathlib.Path(__file__).parent), library=str(args.library), n=n, work=work)
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(v) for v in got.stdout.split()]


def large(args, n, mode, threads=2):
    return in_a_process(args, n, f"lambda x, y: lib.cold_coupling(x, y, threads={threads}, mode={mode})")


def section_large(lib, args):
    for name, n, mode in (("exact", 100_000, 1), ("hierarchical", 100_000, 2),
                          ("hierarchical", 1_000_000, 2)):
        wall, cpu, before, peak, primal, dual, gap, _ = large(args, n, mode)
        print(f"n={n} d=50 {name}, 2 threads: {wall:.1f} s (cpu {cpu:.1f}), peak {peak:.0f} MB of which"
              f" {before:.0f} MB are the cells; primal {primal:.5f} dual {dual:.5f} gap {gap:.1e}, of the"
              f" primal {(primal - dual) / primal:.1e}", flush=True)


COLOURS = ["#1b6ca8", "#4d9fd6", "#5a4fa3", "#c1553b", "#8a6d3b"]
MARKED = (500, 2000, 8000, 32000, 128000, 512000)


def panel(out, left, title, curves):
    """One panel on logarithmic axes: curves is [(sizes, values)], in the order of COLOURS."""
    width, top, bottom = 330, 40, 380
    xs = [n for ns, _ in curves for n in ns]
    ys = [v for _, values in curves for v in values]
    low_x, high_x = np.log10(min(xs)) - 0.1, np.log10(max(xs)) + 0.1
    low_y, high_y = np.floor(np.log10(min(ys))), np.ceil(np.log10(max(ys)))

    def place(n, value):
        return (left + (np.log10(n) - low_x) / (high_x - low_x) * width,
                bottom - (np.log10(value) - low_y) / (high_y - low_y) * (bottom - top))

    for power in range(int(low_y), int(high_y) + 1):
        y = place(xs[0], 10.0**power)[1]
        out.append(f'<path d="M{left} {y:.1f}h{width}" stroke="#ddd"/>'
                   f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for n in MARKED:
        if low_x < np.log10(n) < high_x:
            x = place(n, ys[0])[0]
            out.append(f'<path d="M{x:.1f} {top}V{bottom}" stroke="#eee"/>'
                       f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{n}</text>')
    for colour, (ns, values) in zip(COLOURS, curves):
        points = [place(n, value) for n, value in zip(ns, values)]
        out.append('<polyline fill="none" stroke-width="2" stroke="%s" points="%s"/>' %
                   (colour, " ".join(f"{x:.1f},{y:.1f}" for x, y in points)))
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    out.append(f'<text x="{left + width / 2}" y="{top - 14}" text-anchor="middle" font-size="13">{title}</text>')
    out.append(f'<text x="{left + width / 2}" y="{bottom + 38}" text-anchor="middle">'
               'cells on each side (d = 50)</text>')


def draw(path, found):
    """Time and memory side by side, as SVG: found is {solver: (sizes, seconds, MB, two exponents)}."""
    height = 450 + 18 * len(found)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="{height}"'
           ' font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>']
    panel(out, 55, "processor seconds, points to pairs, one thread", [(f[0], f[1]) for f in found.values()])
    panel(out, 455, "peak memory beyond the cells, MB", [(f[0], f[2]) for f in found.values()])
    for k, (colour, (solver, (_, _, _, time_power, memory_power))) in enumerate(zip(COLOURS, found.items())):
        y = 448 + 18 * k
        out.append(f'<path d="M55 {y - 4}h24" stroke="{colour}" stroke-width="2"/><text x="88" y="{y}">{solver}:'
                   f' time grows as n^{time_power:.2f}, memory as n^{memory_power:.2f}</text>')
    out.append("</svg>")
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(out) + "\n")


def exponent(sizes, values):
    return np.polyfit(np.log(sizes), np.log(values), 1)[0]


def read_series(path):
    """{solver: (sizes, seconds, MB)} as write_series left it; nothing where there is no file."""
    out = {}
    if path.exists():
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                for values, value in zip(out.setdefault(row["solver"], ([], [], [])),
                                         (int(row["cells"]), float(row["seconds"]), float(row["megabytes"]))):
                    values.append(value)
    return out


def write_series(path, found):
    with path.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["solver", "cells", "seconds", "megabytes"])
        for solver, (ns, seconds, memory, *_) in found.items():
            table.writerows((solver, n, f"{s:.4g}", f"{mb:.4g}") for n, s, mb in zip(ns, seconds, memory))


def section_figure(lib, args):
    exact = "lambda x, y: lib.cold_coupling(x, y, mode=1)"
    solvers = {"laot, exact, costs stored": ([500, 1000, 2000, 4000, 8000, 16000], exact),
               "laot, exact, costs computed again": ([32000, 64000], exact),
               "laot, hierarchical": ([32000, 100000, 320000], "lambda x, y: lib.cold_coupling(x, y, mode=2)"),
               "scipy": ([500, 1000, 2000, 4000], "compare.scipy_assign"),
               "POT": ([500, 1000, 2000, 4000], "compare.pot_transport")}
    if args.quick:
        solvers = {solver: (ns[:2], work) for solver, (ns, work) in solvers.items()}
    table = pathlib.Path(args.figure).with_suffix(".csv")
    measured = read_series(table) if args.series else {}
    for solver, (ns, work) in solvers.items():
        if not any(part in solver for part in args.series or [""]):
            continue
        got = [in_a_process(args, n, work) for n in ns]
        measured[solver] = ns, [g[1] for g in got], [max(g[3] - g[2], 0.1) for g in got]
    found = {}
    for solver in (s for s in solvers if s in measured):
        ns, seconds, memory = measured[solver]
        powers = exponent(ns, seconds), exponent(ns, memory)
        print(f"{solver}: processor seconds {dict(zip(ns, np.round(seconds, 4).tolist()))},"
              f" MB beyond the cells {dict(zip(ns, np.round(memory, 1).tolist()))},"
              f" time grows as n^{powers[0]:.2f}, memory as n^{powers[1]:.2f}", flush=True)
        found[solver] = (ns, seconds, memory, *powers)
    draw(args.figure, found)
    write_series(table, found)


SECTIONS = {"cold": section_cold, "real": section_real, "unequal": section_unequal, "shares": section_shares,
            "curves": section_curves, "given": section_given, "fit": section_fit, "paths": section_paths,
            "threads": section_threads, "large": section_large, "figure": section_figure}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--before", type=pathlib.Path,
                        help="the same library of an earlier commit, which takes turns with it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--figure", default="assignment-scaling.svg",
                        help="the picture; its numbers go to a .csv beside it")
    parser.add_argument("--series", nargs="+", help="curves of the figure to measure, by a part of their names;"
                        " the others are taken from the .csv")
    args = parser.parse_args()
    args.library = args.library.resolve()
    lib = Library(args.library)
    args.earlier = Library(args.before.resolve()) if args.before else None
    for name in args.only:
        print(f"-- {name}", flush=True)
        start = time.perf_counter()
        SECTIONS[name](lib, args)
        print(f"   ({name}: {time.perf_counter() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
