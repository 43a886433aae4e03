"""The training of the Conditional Monge Gap beside the same losses and network in torch, with
Sinkhorn's updates in numpy and assignments by scipy, one thread each, in one run:

  python3 bench/conditions/torch_cmonge.py build/dev/bench/conditions/laot_network_speed [STEPS = 300]

prints processor seconds of either, in turns, for 50 features, 20 conditions and batches of 128."""

import os
import re
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

torch.set_num_threads(1)
D, CONDITIONS, BATCH, FACTOR, TOLERANCE, MOST = 50, 20, 128, 0.5, 1e-3, 2000


def distances(a, b):
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0))


def plan(cost, epsilon, symmetric=False):
    """Scaling updates to an L1 marginal error of 1e-3, the row minima taken out."""
    n, m = cost.shape
    kernel = np.exp(-(cost - cost.min(1, keepdims=True)) / epsilon) if not symmetric else np.exp(-cost / epsilon)
    v = np.ones(m)
    for k in range(MOST):
        if symmetric:
            v = np.sqrt(v / (kernel @ v) / n)
            if k % 10 == 9 and np.abs(v * (kernel @ v) - 1 / n).sum() < TOLERANCE:
                break
            continue
        u = 1 / n / (kernel @ v)
        v = 1 / m / (kernel.T @ u)
        if k % 10 == 9 and np.abs(u * (kernel @ v) - 1 / n).sum() < TOLERANCE:
            break
    return v[:, None] * kernel * v[None] if symmetric else u[:, None] * kernel * v[None]


def log_plan(cost, epsilon, symmetric=False):
    """The same in the log domain, as the published code has it."""
    def soft(values, axis):
        most = values.max(axis, keepdims=True)
        return (most + np.log(np.exp(values - most).sum(axis, keepdims=True))).squeeze(axis)

    n, m = cost.shape
    f, g = np.zeros(n), np.zeros(m)
    for k in range(MOST):
        if symmetric:
            f = g = (f - epsilon * soft((f[None] - cost) / epsilon - np.log(n), 1)) / 2
        else:
            f = -epsilon * soft((g[None] - cost) / epsilon - np.log(m), 1)
            g = -epsilon * soft((f[:, None] - cost) / epsilon - np.log(n), 0)
        if k % 10 == 9:
            out = np.exp((f[:, None] + g[None] - cost) / epsilon) / (n * m)
            if np.abs(out.sum(1) - 1 / n).sum() < TOLERANCE:
                break
    return out


def pull(weights, cost, a, b):
    """The gradient in a of sum of weights times distances."""
    ratio = np.divide(weights, cost, out=np.zeros_like(cost), where=cost > 0)
    return ratio.sum(1)[:, None] * a - ratio @ b


def gradient(x, t, y, plan):
    """Of the Sinkhorn divergence of t and y, by the envelope theorem, and of the exact Monge gap."""
    ty, tt, xt = distances(t, y), distances(t, t), distances(x, t)
    epsilon = FACTOR * ty.mean()
    out = pull(plan(ty, epsilon), ty, t, y) - pull(plan(tt, epsilon, True), tt, t, t)
    n = len(x)
    weights = np.eye(n) / n
    rows, columns = linear_sum_assignment(xt)
    weights[rows, columns] -= 1 / n
    return out + pull(weights.T, xt.T, t, x)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.level, self.dose = torch.nn.Linear(20, 50), torch.nn.Linear(1, 1)
        sizes = [D + 51, 64, 64, 64, 64, D]
        self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x, level, dose):
        gelu = lambda u: torch.nn.functional.gelu(u, approximate="tanh")
        told = torch.cat([gelu(self.level(level)), gelu(self.dose(dose))])
        z = torch.cat([x, told.expand(len(x), -1)], 1)
        for layer in self.layers[:-1]:
            z = gelu(layer(z))
        return x + self.layers[-1](z)


def train(steps, plan):
    random = np.random.default_rng(1)
    control = random.normal(size=(400, D)).astype(np.float32)
    treated = [(random.normal(size=(400, D)) + c / 20).astype(np.float32) for c in range(CONDITIONS)]
    net = Network()
    adam = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-5)
    rate = torch.optim.lr_scheduler.LambdaLR(adam, lambda k: 0.99 * (1 + np.cos(np.pi * k / steps)) / 2 + 0.01)
    start = time.process_time()
    for _ in range(steps):
        c = random.integers(CONDITIONS)
        x = torch.from_numpy(control[random.permutation(400)[:BATCH]])
        y = treated[c][random.permutation(400)[:BATCH]].astype(np.float64)
        level = torch.zeros(20)
        level[c] = 1
        adam.zero_grad()
        t = net(x, level, torch.ones(1))
        of_t = gradient(x.numpy().astype(np.float64), t.detach().numpy().astype(np.float64), y, plan)
        t.backward(torch.from_numpy(of_t.astype(np.float32)))
        adam.step()
        rate.step()
    return time.process_time() - start


def main(ours, steps=300):
    for name, form in (("scaling", plan), ("log domain, as published", log_plan)):
        train(5, form)
        ratios = []
        for turn in range(3):
            said = subprocess.run([ours, str(steps), str(D), str(BATCH), str(CONDITIONS)], capture_output=True, text=True,
                                  check=True).stdout
            mine, theirs = float(re.search(r"([0-9.]+) s of", said).group(1)), train(steps, form)
            ratios.append(theirs / mine)
            print(f"{name}, {steps} steps: laot {mine:.2f} s, torch and numpy {theirs:.2f} s, ratio {ratios[-1]:.1f}", flush=True)
        print(f"{name}: 3000 steps of laot {3000 / steps * mine:.1f} s; ratios {min(ratios):.1f} to {max(ratios):.1f}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
