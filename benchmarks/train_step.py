"""A training step of small networks: ours on NumPy, PyTorch eager, and bare NumPy written by hand.

Linear, ReLU, Linear and cross-entropy, in float32, with a step of gradient descent: the same network
and numbers three times, and the losses must agree. The bare steps reuse every buffer: they are what
NumPy can do.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from backproof import nn
from benchmarks.timing import table

Array: TypeAlias = NDArray[Any]
#: Takes a step, and gives the loss before it.
Step: TypeAlias = Callable[[], float]

#: Inputs, hidden units, classes and batch of each network, with the ratio to PyTorch aimed at.
NETWORKS = [
    (2, 16, 2, 8, 8.0),
    (1000, 100, 10, 2, 4.0),
    (784, 128, 10, 64, 1.1),
    (2048, 2048, 1000, 512, 0.8),
]
RATE = 0.01


def start(inputs: int, hidden: int, classes: int, batch: int) -> tuple[nn.Sequential, Array, Array]:
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(inputs, hidden, rng=rng), nn.ReLU(), nn.Linear(hidden, classes, rng=rng))
    x = rng.standard_normal((batch, inputs)).astype(np.float32)
    return model, x, rng.integers(0, classes, batch)


def ours(*sizes: int) -> Step:
    model, x, target = start(*sizes)
    loss = nn.CrossEntropyLoss()

    def step() -> float:
        value = loss(model(x), target)
        model.accumulate(loss.backward())
        model.update_parameters(RATE)
        return float(value)

    return step


def peer(*sizes: int) -> Step:
    numpy_model, x, target = start(*sizes)
    model = numpy_model.to_torch()
    loss, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=RATE)
    inputs, classes = torch.from_numpy(x), torch.from_numpy(target)

    def step() -> float:
        optimizer.zero_grad()
        value = loss(model(inputs), classes)
        value.backward()
        optimizer.step()
        return float(value.item())

    return step


def bare(*sizes: int) -> Step:
    model, x, target = start(*sizes)
    w1, b1, w2, b2 = (parameter.data for parameter in model.parameters())
    batch, hidden, classes = len(x), len(w1), len(w2)
    h, grad_h = np.empty((2, batch, hidden), np.float32)
    positive = np.empty((batch, hidden), bool)
    z = np.empty((batch, classes), np.float32)
    grads = [np.empty_like(w) for w in (w1, b1, w2, b2)]
    rows, rate = np.arange(batch), np.float32(RATE)

    def step() -> float:
        np.matmul(x, w1.T, out=h)
        np.add(h, b1, out=h)
        np.greater(h, 0, out=positive)
        np.maximum(h, 0, out=h)
        np.matmul(h, w2.T, out=z)
        np.add(z, b2, out=z)
        np.subtract(z, np.maximum.reduce(z, axis=1, keepdims=True), out=z)
        chosen = z[rows, target]
        np.exp(z, out=z)
        total = np.add.reduce(z, axis=1, keepdims=True)
        value = float(np.add.reduce(np.log(total[:, 0]) - chosen)) / batch
        np.divide(z, total, out=z)
        z[rows, target] -= 1
        np.divide(z, batch, out=z)
        np.matmul(z.T, h, out=grads[2])
        np.add.reduce(z, axis=0, out=grads[3])
        np.matmul(z, w2, out=grad_h)
        np.multiply(grad_h, positive, out=grad_h)
        np.matmul(grad_h.T, x, out=grads[0])
        np.add.reduce(grad_h, axis=0, out=grads[1])
        for parameter, gradient in zip((w1, b1, w2, b2), grads, strict=True):
            np.multiply(gradient, rate, out=gradient)
            np.subtract(parameter, gradient, out=parameter)
        return value

    return step


def alternating(steps: Sequence[Step], rounds: int = 15, seconds: float = 0.1) -> list[float]:
    """Give the median time of each step. They take turns of many steps each.

    Not of single ones: the threads of PyTorch and of NumPy's matrix products wait for work by spinning,
    and would slow each other.
    """
    medians: list[list[float]] = [[] for _ in steps]
    for _ in range(rounds):
        for step, seen in zip(steps, medians, strict=True):
            step()
            times: list[float] = []
            end = time.perf_counter() + seconds
            while not times or time.perf_counter() < end:
                begin = time.perf_counter()
                step()
                times.append(time.perf_counter() - begin)
            seen.append(statistics.median(times))
    return [statistics.median(seen) for seen in medians]


def memory(*sizes: int) -> tuple[float, float]:
    """Give the most memory that a step takes, everything included, and what it must take, in MB.

    That is parameters and gradients, what each module gave, and the gradient on its way back.
    """
    tracemalloc.start()
    try:
        step = ours(*sizes)
        step()
        tracemalloc.reset_peak()
        step()
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    inputs, hidden, classes, batch = sizes
    parameters = hidden * (inputs + 1) + classes * (hidden + 1)
    activations = batch * (inputs + 2 * hidden + 2 * classes)
    return most / 1e6, 4 * (2 * parameters + activations + batch * hidden) / 1e6


def main() -> None:
    rows = []
    for *sizes, aim in NETWORKS:
        steps = [ours(*sizes), peer(*sizes), bare(*sizes)]
        for _ in range(5):
            losses = [step() for step in steps]
            assert np.allclose(losses, losses[0], rtol=1e-4), losses
        mine, torch_s, numpy_s = alternating(steps)
        inputs, hidden, classes, batch = sizes
        most, needed = memory(*sizes)
        figure = (
            f"{mine * 1e6:9.1f} us; PyTorch {torch_s / mine:5.2f} times as long, "
            f"bare NumPy {numpy_s / mine:4.2f} times (PyTorch {torch_s / numpy_s:5.2f} times as long as it); "
            f"memory {most:6.2f} MB of {needed:6.2f} needed"
        )
        rows.append((f"{inputs}-{hidden}-{classes}, batch {batch}", figure, f"goal: {aim:g} times"))
    table("A training step on backproof.nn, float32, median", rows)


if __name__ == "__main__":
    main()
