"""scGen's variational autoencoder written plainly in torch: the peer of the speed table. Prints
seconds per epoch of 1600 cells.

    torch_scgen.py d hidden latent batch epochs
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
        z = mean + variance.sqrt() * torch.randn_like(mean)
        kl = 0.5 * (variance + mean ** 2 - 1 - variance.log()).sum(1)
        return (0.5 * ((x - self.decoder(z)) ** 2).sum(1) + 0.5 * 5e-5 * kl).mean()


def main():
    d, hidden, latent, batch, epochs = map(int, sys.argv[1:6])
    torch.manual_seed(1)
    x = torch.cat([torch.randn(800, d), torch.randn(800, d) + 1])
    net = VAE(d, hidden, latent)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)

    def epoch():
        order = torch.randperm(len(x))
        for i in range(0, len(x), batch):
            adam.zero_grad()
            net.loss(x[order[i:i + batch]]).backward()
            adam.step()

    epoch()
    start = time.perf_counter()
    for _ in range(epochs):
        epoch()
    print("%.9f" % ((time.perf_counter() - start) / epochs))


main()
