"""Surfaces to test optimizers on: functions of two numbers, with gradients from the ops they are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import backproof
from backproof import nn
from backproof._names import said
from backproof.graphs import TracingError
from backproof.training.data.arguments import number

__all__ = ["SURFACES", "Height", "Surface", "Walker", "walker_in_torch"]


@dataclass(frozen=True)
class Surface:
    """A function of two numbers, and how to walk on it.

    The function is written once, with Python's signs and functions such as ``np.sin``: `backproof.graph`
    makes a graph of it, whose gradients are those of the ops; PyTorch goes through it with tensors; a picture
    is made of it with arrays.

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

    Raises
    ------
    TypeError, ValueError
        If one of them is not what it is to be.
    """

    function: Callable[[Any, Any], Any]
    start: tuple[float, float]
    rate: float
    pace: float
    around: tuple[tuple[float, float], tuple[float, float]]
    least: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"Surface expects a function of two numbers; got function={said(self.function)}")
        number("Surface", 0, above=True, rate=self.rate, pace=self.pace)
        if not (_are_two(self.start) and (self.least is None or _are_two(self.least))):
            raise ValueError(
                "Surface expects start, and least if there is one, to be two numbers, such as "
                f"(1.0, -2.0); got start={said(self.start)}, least={said(self.least)}"
            )
        around = self.around
        if not (_is_pair(around) and all(map(_are_two, around)) and all(low < high for low, high in around)):
            raise ValueError(
                "Surface expects around to say from where to where for each axis, such as "
                f"((-1.0, 1.0), (-2.0, 2.0)); got around={said(around)}"
            )


def _is_pair(given: Any) -> bool:
    return isinstance(given, Sequence) and len(given) == 2


def _are_two(given: Any) -> bool:
    """Say whether these are two finite numbers."""
    return _is_pair(given) and all(isinstance(each, Real) and math.isfinite(each) for each in given)


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


def _height(surface: Surface, x: Any, y: Any) -> Any:
    """Give the height of a surface for numbers of a graph, or tensors; say what its function is to be."""
    try:
        return surface.function(x, y)
    except TracingError:
        raise
    except (AttributeError, RuntimeError, TypeError) as error:
        raise TypeError(
            "expected a surface's function to take two numbers, and to be written with Python's signs and "
            f"functions such as np.sin; it raised {type(error).__name__}: {error}"
        ) from error


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

        def height(x: Any, y: Any) -> Any:
            return _height(surface, x, y)

        self._graph = backproof.graph(height, x=x, y=y)

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


class _Number(torch.Tensor):
    """A tensor that NumPy's functions take, as they take the graph's numbers: PyTorch's of their names do."""

    def __array_ufunc__(self, ufunc: Any, method: str, *given: Any, **options: Any) -> Any:
        name = {"power": "pow"}.get(ufunc.__name__, ufunc.__name__)
        function = getattr(torch, name, None)
        if function is None or method != "__call__":
            return NotImplemented
        return function(*map(torch.as_tensor, given), **options)


def walker_in_torch(surface: Surface) -> torch.nn.Module:
    """Make the same point in PyTorch, whose autograd goes through the function."""

    class Point(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.point = torch.nn.Parameter(torch.tensor(surface.start, dtype=torch.float64))

        def forward(self, input: Any) -> Any:
            x, y = self.point.as_subclass(_Number)
            height = _height(surface, x, y)
            if not isinstance(height, torch.Tensor):
                raise TypeError(f"expected a surface whose height depends on x or y; got {said(height)}")
            return height.as_subclass(torch.Tensor).reshape(1)

    return Point()
