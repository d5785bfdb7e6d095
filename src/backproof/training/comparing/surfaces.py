"""Surfaces to test optimizers on: functions of two numbers, with gradients from the ops they are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import backproof
from backproof import nn

__all__ = ["SURFACES", "Height", "Surface", "Walker", "walker_in_torch"]


@dataclass(frozen=True)
class Surface:
    """A function of two numbers, and how to walk on it.

    The function is written once, with Python's signs: `backproof.graph` makes a graph of it, whose gradients
    are those of the ops; PyTorch goes through it with tensors; a picture is made of it with arrays.

    Attributes
    ----------
    function
        Gives the height at x and y.
    start
        Where walks begin.
    rate
        The learning rate of optimizers whose steps are as large as the gradient is.
    pace
        The learning rate of those whose steps are as large as the rate is.
    around
        From where to where pictures show it, for each axis.
    least
        Where it is least, if there is such a place.
    """

    function: Callable[[Any, Any], Any]
    start: tuple[float, float]
    rate: float
    pace: float
    around: tuple[tuple[float, float], tuple[float, float]]
    least: tuple[float, float] | None = None


def _quadratic(x: Any, y: Any) -> Any:
    return x**2 / 2 + 5 * y**2


def _rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _beale(x: Any, y: Any) -> Any:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _saddle(x: Any, y: Any) -> Any:
    return x**2 - y**2


#: A bowl ten times as steep along y; a bent valley, whose ground is nearly even; a plain with steep corners;
#: and one that falls along y without an end. Rosenbrock, 1960; Beale, 1958.
SURFACES: Mapping[str, Surface] = {
    "quadratic": Surface(_quadratic, (-4.0, 2.0), 0.15, 0.15, ((-5, 2.5), (-2.5, 2.8)), (0.0, 0.0)),
    "Rosenbrock": Surface(_rosenbrock, (0.2, 1.5), 0.002, 0.06, ((-0.5, 1.7), (-0.3, 1.8)), (1.0, 1.0)),
    "Beale": Surface(_beale, (1.0, 1.5), 0.004, 0.05, ((-0.2, 4.2), (-1.2, 2.0)), (3.0, 0.5)),
    "saddle": Surface(_saddle, (-1.0, 0.02), 0.05, 0.03, ((-1.2, 0.8), (-0.3, 1.5))),
}


class Walker(nn.Module):
    """A point on a surface: what it gives is the height there, whatever its input is.

    Examples
    --------
    >>> walker = Walker(SURFACES["quadratic"])
    >>> walker(None).item()
    28.0
    >>> walker.accumulate(np.ones(1))
    >>> walker.grads["point"].tolist()
    [-4.0, 20.0]
    """

    def __init__(self, surface: Surface) -> None:
        x, y = surface.start
        self.point = nn.Parameter(np.array([x, y], np.float64))
        self._graph = backproof.graph(surface.function, x=x, y=y)

    def forward(self, *inputs: Any, **keywords: Any) -> NDArray[np.float64]:
        """Give the height, of one axis."""
        x, y = map(float, self.point.data)
        self._graph = self._graph.at(x=x, y=y)
        return np.array([self._graph.value])

    def backward(self, grad_output: Any) -> None:
        """Add the gradient to that of the point."""
        slopes = self._graph.grad()
        self.add_grad("point", np.array([slopes["x"], slopes["y"]]) * grad_output)


class Height:
    """The loss of a point: what the surface gives, whatever the target is."""

    def __call__(self, output: Any, target: Any) -> Any:
        """Give the height."""
        return output.sum()

    def backward(self) -> NDArray[np.float64]:
        """Give its gradient."""
        return np.ones(1)


def walker_in_torch(surface: Surface) -> torch.nn.Module:
    """Make the same point in PyTorch, whose autograd goes through the function."""

    class Point(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.point = torch.nn.Parameter(torch.tensor(surface.start, dtype=torch.float64))

        def forward(self, input: Any) -> Any:
            return surface.function(*self.point).reshape(1)

    return Point()
