"""Optimizers on test surfaces, beside PyTorch's; then one written by hand, right and wrong.

Each optimizer walks down the same four surfaces: ours by the gradients of the surface's graph, PyTorch's by
autograd. None is farther from PyTorch's than rounding explains. The one by hand is RMSprop on a surface of
our own: with ε beside the root it walks as PyTorch's does, with ε inside it parts from it at the first step.
"""

import sys
from pathlib import Path

import numpy as np
import torch

import backproof as bp


class ByHand:
    def __init__(self, parameters, lr, inside, alpha=0.99, eps=1e-8):
        self.param_groups = [{"params": list(parameters), "lr": lr}]
        self.alpha, self.eps, self.inside = alpha, eps, inside
        self.square = 0.0

    def step(self):
        (point,) = self.param_groups[0]["params"]
        self.square = self.alpha * self.square + (1 - self.alpha) * point.grad**2
        scale = np.sqrt(self.square + self.eps) if self.inside else np.sqrt(self.square) + self.eps
        point.data -= self.param_groups[0]["lr"] * point.grad / scale

    def zero_grad(self):
        for point in self.param_groups[0]["params"]:
            point.grad = None


def hills(x, y):
    return x**2 / 4 + y**2 + x * y**3 / 8


def rmsprop(parameters):
    return torch.optim.RMSprop(parameters, lr=0.05)


OWN = {"hills": bp.Surface(hills, start=(-2.0, 1.5), rate=0.1, pace=0.05, around=((-2.5, 1), (-1, 2)))}
MINE = {
    "beside": (lambda parameters: ByHand(parameters, 0.05, inside=False), rmsprop),
    "inside": (lambda parameters: ByHand(parameters, 0.05, inside=True), rmsprop),
}


def main(folder, steps=60):
    compared = bp.compare_optimizers(steps=steps)
    print(compared)
    assert compared
    compared.plot(path=folder / "surfaces.png")

    mine = bp.compare_optimizers(MINE, surfaces=OWN, steps=steps)
    print(f"\n{mine}")
    assert list(mine.partings) == [("inside", "hills")]
    mine.plot(path=folder / "surfaces-by-hand.png")
    return compared, mine


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
    out.mkdir(parents=True, exist_ok=True)
    main(out)
