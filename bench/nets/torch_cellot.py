"""CellOT written plainly in torch: the peer of the speed table. Prints seconds per outer iteration.

    torch_cellot.py d hidden,hidden,... iterations
"""
import sys
import time

import torch
from torch import autograd, nn
from torch.nn import functional as F

torch.set_num_threads(1)


class ICNN(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        units = list(hidden) + [1]
        self.W = nn.ModuleList(
            [nn.Linear(a, b, bias=False) for a, b in zip(units[:-1], units[1:])])
        self.A = nn.ModuleList([nn.Linear(d, b) for b in units])
        for layer in list(self.A) + list(self.W):
            nn.init.uniform_(layer.weight, 0, 0.1)
        for layer in self.A:
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        z = F.leaky_relu(self.A[0](x), 0.2)
        z = z * z
        for W, A in zip(self.W[:-1], self.A[1:-1]):
            z = F.leaky_relu(W(z) + A(x), 0.2)
        return self.W[-1](z) + self.A[-1](x)

    def transport(self, x):
        out = self.forward(x)
        return autograd.grad(out, x, grad_outputs=torch.ones_like(out), create_graph=True)[0]

    def penalty(self):
        return sum(F.relu(-w.weight).norm() for w in self.W)

    def clamp(self):
        for w in self.W:
            w.weight.data = w.weight.data.clamp(min=0)


def main():
    d, hidden = int(sys.argv[1]), [int(h) for h in sys.argv[2].split(",")]
    iterations, batch = int(sys.argv[3]), 256
    torch.manual_seed(1)
    x_all, y_all = torch.randn(800, d), torch.randn(800, d) + 1
    f, g = ICNN(d, hidden), ICNN(d, hidden)
    adam_f = torch.optim.Adam(f.parameters(), lr=5e-4, betas=(0.5, 0.9))
    adam_g = torch.optim.Adam(g.parameters(), lr=5e-4, betas=(0.5, 0.9))

    def outer():
        for _ in range(10):
            x = x_all[torch.randperm(800)[:batch]].requires_grad_(True)
            adam_g.zero_grad()
            t = g.transport(x)
            loss = (f(t) - (x * t).sum(1, keepdim=True)).mean() + g.penalty()
            loss.backward()
            adam_g.step()
        x = x_all[torch.randperm(800)[:batch]].requires_grad_(True)
        y = y_all[torch.randperm(800)[:batch]]
        adam_f.zero_grad()
        t = g.transport(x).detach()
        loss = (f(y) - f(t)).mean()
        loss.backward()
        adam_f.step()
        f.clamp()

    for _ in range(3):
        outer()
    start = time.perf_counter()
    for _ in range(iterations):
        outer()
    print("%.9f" % ((time.perf_counter() - start) / iterations))


main()
