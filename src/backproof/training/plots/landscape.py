"""The loss around the way that parameters took: on which plane it is looked at, and how it is found there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.training.engines.engine import Engine

__all__ = ["Plane", "loss_of", "plane_of"]

#: Gives the loss at two coordinates.
Surface: TypeAlias = Callable[[float, float], float]


@dataclass(frozen=True)
class Plane:
    """A plane in the space of the parameters: ``origin + a · directions[0] + b · directions[1]``.

    Attributes
    ----------
    origin, directions
        A point, and two directions of length 1, at right angles.
    way
        The coordinates of the points of the way, one a row.
    names
        What stands at the axes.
    """

    origin: NDArray[Any]
    directions: NDArray[Any]
    way: NDArray[Any]
    names: tuple[str, str]

    def at(self, a: float, b: float) -> NDArray[Any]:
        """Give the parameters at two coordinates."""
        found: NDArray[Any] = self.origin + a * self.directions[0] + b * self.directions[1]
        return found


def plane_of(points: NDArray[Any], names: Mapping[str, tuple[int, ...]]) -> Plane:
    """Give the plane on which a way is seen best.

    Of two parameters it is their own. Of more it goes through the last point, along the two principal
    directions of the way: the ones in which it goes farthest from there.

    Source: Li et al., "Visualizing the loss landscape of neural nets", 2018, section 7.2.

    Raises
    ------
    ValueError
        If there are fewer than two parameters, or no points that are finite.

    Examples
    --------
    >>> plane_of(np.array([[0.0, 1.0], [0.5, 0.5]]), {"weight": (1, 1), "bias": (1,)}).names
    ('weight', 'bias')
    """
    points = np.asarray(points, float)
    if points.ndim != 2 or points.shape[1] < 2:
        raise ValueError(f"expected a way of at least two parameters; got points of shape {points.shape}")
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        raise ValueError("expected a way with points that are finite; got none")
    if points.shape[1] == 2:
        first, second = _singles(names)
        return Plane(np.zeros(2), np.eye(2), points, (first, second))
    origin = points[-1]
    away = points - origin
    # A way that is one point, or a straight line, leaves directions open: chance ones, always the same.
    tiny = np.random.default_rng(0).standard_normal((2, points.shape[1])) * (np.abs(away).max() or 1.0) * 1e-9
    _, lengths, directions = np.linalg.svd(np.concatenate([away, tiny]), full_matrices=False)
    squares = lengths**2 / np.sum(lengths**2)
    which = ("1st", "2nd")
    labels = [
        f"{order} principal direction ({share:.1%})" for order, share in zip(which, squares, strict=False)
    ]
    return Plane(origin, directions[:2], away @ directions[:2].T, (labels[0], labels[1]))


def _singles(names: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Name two numbers by their parameters."""
    found = [
        name if np.prod(shape) == 1 else f"{name}[{', '.join(map(str, place))}]"
        for name, shape in names.items()
        for place in np.ndindex(shape)
    ]
    return found if len(found) == 2 else ["1st parameter", "2nd parameter"]


def loss_of(
    engine: Engine, plane: Plane, names: Mapping[str, tuple[int, ...]], X: NDArray[Any], y: NDArray[Any]
) -> Surface:
    """Give the loss of an engine's model on data, at coordinates of a plane; nothing is moved."""

    def loss(a: float, b: float) -> float:
        before = {name: array.copy() for name, array in engine.parameters().items()}
        try:
            engine.load(_unflat(plane.at(a, b), names))
            with np.errstate(all="ignore"):
                return engine.loss(engine.predict(X), y)
        finally:
            engine.load(before)

    return loss


def _unflat(point: NDArray[Any], names: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    ends = np.cumsum([int(np.prod(shape)) for shape in names.values()])
    parts = np.split(point, ends[:-1])
    return {name: part.reshape(shape) for (name, shape), part in zip(names.items(), parts, strict=True)}
