"""scGen's variational autoencoder written plainly in torch: the peer of the speed table. Prints
seconds per epoch of 1600 cells.

    torch_scgen.py d hidden latent batch epochs [look]

With `look`, every epoch ends as ours does: with the loss of 400 validation cells, the latent shift
from all training cells, and the MMD^2 of three predictions of the validation controls.
"""
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)


def block(a, b):
    return nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b, momentum=0.01, eps=0.001),
                         nn.LeakyReLU(), nn.Dropout(0.2))


class VAE(nn.Module):
    def __init__(self, d, hidden, latent):
        super().__init__()
        self.encoder = nn.Sequential(block(d, hidden), block(hidden, hidden))
        self.mean, self.logvar = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(block(latent, hidden), block(hidden, hidden),
                                     nn.Linear(hidden, d))

    def loss(self, x):
        top = self.encoder(x)
        mean, variance = self.mean(top), torch.exp(self.logvar(top)) + 1e-4
        z = mean + variance.sqrt() * torch.randn_like(mean) if self.training else mean
        kl = 0.5 * (variance + mean ** 2 - 1 - variance.log()).sum(1)
        made = self.decoder(z)
        return (0.5 * ((x - made) ** 2).sum(1) + 0.5 * 5e-5 * kl).mean(), mean, made


def kernel(a, b):
    return torch.exp(-torch.cdist(a, b) ** 2 / 100)


def mmd2(p, t, among):
    n = len(p)
    return (kernel(p, p).sum() - n) / (n * (n - 1)) + among - 2 * kernel(p, t).mean()


class Look:
    def __init__(self, d):
        self.control, self.treated = torch.randn(200, d), torch.randn(200, d) + 1
        self.cells = torch.cat([self.control, self.treated])
        self.among = (kernel(self.treated, self.treated).sum() - 200) / (200 * 199)

    @torch.no_grad()
    def __call__(self, net, x):
        net.eval()
        _, codes, made = net.loss(self.cells)
        code = net.mean(net.encoder(x))
        shift = code[800:].mean(0) - code[:800].mean(0)
        moved = net.decoder(codes[:200] + shift)
        change = moved - made[:200]
        for p in (self.control + change, self.control + 0.5 * change, moved):
            mmd2(p, self.treated, self.among)
        net.train()


def main():
    d, hidden, latent, batch, epochs = map(int, sys.argv[1:6])
    torch.manual_seed(1)
    x = torch.cat([torch.randn(800, d), torch.randn(800, d) + 1])
    net = VAE(d, hidden, latent)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    look = Look(d) if sys.argv[6:] == ["look"] else None

    def epoch():
        order = torch.randperm(len(x))
        for i in range(0, len(x), batch):
            adam.zero_grad()
            net.loss(x[order[i:i + batch]])[0].backward()
            adam.step()
        if look:
            look(net, x)

    epoch()
    start = time.perf_counter()
    for _ in range(epochs):
        epoch()
    print("%.9f" % ((time.perf_counter() - start) / epochs))


main()
