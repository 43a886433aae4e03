"""Speed of the networks beside the same architectures written plainly in torch, one thread each.

    python3 bench/nets/speed.py <path of laot_nets_bench> [rounds]

Peers take turns and the best round of each counts, so that a busy machine hurts both alike.
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ENV = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
CASES = [
    ("CellOT 3 x 32, d = 10, outer iteration",
     ["cellot-speed", "d=10", "hidden=32,32,32", "iterations=60"],
     ["torch_cellot.py", "10", "32,32,32", "20"]),
    ("CellOT 4 x 64, d = 50, outer iteration",
     ["cellot-speed", "d=50", "hidden=64,64,64,64", "iterations=40"],
     ["torch_cellot.py", "50", "64,64,64,64", "15"]),
    ("scGen 256-256-50, d = 50, batch 32, epoch",
     ["autoencoder-speed", "d=50", "batch=32", "epochs=25"],
     ["torch_scgen.py", "50", "256", "50", "32", "25"]),
    ("scGen 256-256-50, d = 50, batch 64, epoch",
     ["autoencoder-speed", "d=50", "batch=64", "epochs=25"],
     ["torch_scgen.py", "50", "256", "50", "64", "25"]),
    ("batch 32, with the same look in torch",
     ["autoencoder-speed", "d=50", "batch=32", "epochs=25"],
     ["torch_scgen.py", "50", "256", "50", "32", "25", "look"]),
    ("batch 64, with the same look in torch",
     ["autoencoder-speed", "d=50", "batch=64", "epochs=25"],
     ["torch_scgen.py", "50", "256", "50", "64", "25", "look"]),
]


def seconds(command):
    return float(subprocess.run(command, env=ENV, check=True, capture_output=True,
                                text=True).stdout)


def main():
    driver, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print("%-45s %12s %12s %8s %20s" % ("", "laot, ms", "torch, ms", "ratio", "ratio of each round"))
    for name, ours, theirs in CASES:
        a, b = [], []
        for _ in range(rounds):
            a.append(seconds([driver] + ours))
            b.append(seconds([sys.executable, os.path.join(HERE, theirs[0])] + theirs[1:]))
        each = " ".join("%.1f" % (y / x) for x, y in zip(a, b))
        print("%-45s %12.3f %12.3f %8.1f %20s" % (name, 1e3 * min(a), 1e3 * min(b),
                                                  min(b) / min(a), each), flush=True)


main()
