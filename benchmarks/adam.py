"""A step of Adam on six million parameters, and of the optimizers on few: beside PyTorch's and bare NumPy."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import backproof.torch.optim
from backproof import optim
from benchmarks.timing import in_turn, table

#: Six million parameters in a few arrays.
SHAPES = ((2000, 2000), (1000, 1500), (500_000,))
#: A small network: 2-16-2.
FEW = ((16, 2), (16,), (2, 16), (2,))
_RATE, _BETAS, _EPS = 1e-3, (0.9, 0.999), 1e-8
_REPEATED = 500


@dataclass(eq=False)
class Parameter:
    """An array with its gradient."""

    data: NDArray[Any]
    grad: NDArray[Any]


def parameters(shapes: tuple[tuple[int, ...], ...]) -> list[Parameter]:
    rng = np.random.default_rng(0)

    def normal(shape: tuple[int, ...]) -> NDArray[np.float32]:
        return rng.normal(size=shape).astype(np.float32)

    return [Parameter(normal(shape), normal(shape)) for shape in shapes]


def bare_adam(given: list[Parameter]) -> Callable[[], None]:
    """Write Adam out by hand in NumPy, every result into a buffer."""
    arrays = [(p.data, p.grad, *(np.zeros_like(p.data) for _ in range(4))) for p in given]
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        for data, grad, first, second, one, two in arrays:
            np.multiply(first, _BETAS[0], out=first)
            np.add(first, np.multiply(grad, 1 - _BETAS[0], out=one), out=first)
            np.multiply(second, _BETAS[1], out=second)
            np.multiply(grad, grad, out=one)
            np.add(second, np.multiply(one, 1 - _BETAS[1], out=one), out=second)
            np.divide(np.sqrt(second, out=one), (1 - _BETAS[1] ** count) ** 0.5, out=one)
            np.divide(first, np.add(one, _EPS, out=one), out=two)
            np.subtract(data, np.multiply(two, _RATE / (1 - _BETAS[0] ** count), out=two), out=data)

    return step


def bare_sgd(given: list[Parameter]) -> Callable[[], None]:
    """Write gradient descent out by hand in NumPy."""

    def step() -> None:
        for parameter in given:
            parameter.data -= _RATE * parameter.grad

    return step


def torch_step(kind: Any, shapes: tuple[tuple[int, ...], ...], **options: Any) -> Callable[[], object]:
    tensors = []
    for parameter in parameters(shapes):
        tensor = torch.nn.Parameter(torch.from_numpy(parameter.data))
        tensor.grad = torch.from_numpy(parameter.grad)
        tensors.append(tensor)
    made: Callable[[], object] = kind(tensors, lr=_RATE, **options).step
    return made


def often(call: Callable[[], object]) -> Callable[[], None]:
    def calls() -> None:
        for _ in range(_REPEATED):
            call()

    return calls


def extra_memory() -> float:
    """Give the peak that a step of our Adam allocates, as a share of the parameters' size."""
    given = parameters(SHAPES)
    optimizer = optim.Adam(given)
    optimizer.step()
    tracemalloc.start()
    optimizer.step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / sum(parameter.data.nbytes for parameter in given)


def main() -> None:
    steps = [
        torch_step(backproof.torch.optim.Adam, SHAPES),
        torch_step(torch.optim.Adam, SHAPES, foreach=False),
        optim.Adam(parameters(SHAPES), lr=_RATE).step,
        bare_adam(parameters(SHAPES)),
    ]
    ours, theirs, on_numpy, bare = in_turn(steps, repeats=15)
    few = [
        optim.SGD(parameters(FEW), lr=_RATE).step,
        bare_sgd(parameters(FEW)),
        optim.Adam(parameters(FEW), lr=_RATE).step,
        bare_adam(parameters(FEW)),
        torch_step(backproof.torch.optim.Adam, FEW),
        torch_step(torch.optim.Adam, FEW, foreach=False),
    ]
    small = [seconds / _REPEATED / len(FEW) * 1e6 for seconds in in_turn([often(step) for step in few])]
    table(
        "A step of Adam on 6 million float32 parameters, median of 15, milliseconds",
        [
            ("backproof.torch.optim.Adam", f"{ours * 1e3:.1f}", ""),
            ("torch.optim.Adam(foreach=False)", f"{theirs * 1e3:.1f}", ""),
            ("torch's time over ours", f"{theirs / ours:.2f}", "goal: at least 1"),
            ("backproof.optim.Adam", f"{on_numpy * 1e3:.1f}", ""),
            ("bare NumPy with buffers", f"{bare * 1e3:.1f}", ""),
            ("bare NumPy's time over ours", f"{bare / on_numpy:.2f}", ""),
            (
                "memory of our step besides, of the parameters' size",
                f"{extra_memory():.2f}",
                "goal: under 0.2",
            ),
        ],
    )
    table(
        "A step on the 4 arrays of a 2-16-2 network, microseconds an array",
        [
            ("backproof.optim.SGD", f"{small[0]:.1f}", f"goal: under {small[1]:.1f} + 3"),
            ("bare NumPy", f"{small[1]:.1f}", ""),
            ("backproof.optim.Adam", f"{small[2]:.1f}", ""),
            ("bare NumPy with buffers", f"{small[3]:.1f}", ""),
            ("backproof.torch.optim.Adam", f"{small[4]:.1f}", ""),
            ("torch.optim.Adam(foreach=False)", f"{small[5]:.1f}", ""),
        ],
    )
