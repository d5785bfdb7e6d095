"""How a candidate lays its arrays out, where it differs from PyTorch's way.

The layout of a parameter is the candidate's own choice; its gradient comes back by the same layout and
by nothing else, so that a gradient of another shape than its parameter stays visible.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "COLUMN",
    "LAST",
    "LAYOUTS",
    "ROW",
    "SAME",
    "TRANSPOSED",
    "by_axes",
    "lay_out",
    "layouts_for",
    "says_rows",
    "shape_target",
    "straighten",
]

SAME, TRANSPOSED, ROW, COLUMN = "same", "transposed", "row", "column"
#: Data of which the channels are the last axis, not the second.
LAST = "channels last"
#: In a layout such as ``1 * 1 1`` the axis that holds a vector among axes of size 1.
_VECTOR = "*"
#: ``(O, I)`` as ``(I, O)``; ``(O,)`` as ``(1, O)`` or ``(O, 1)``.
LAYOUTS = (SAME, TRANSPOSED, ROW, COLUMN)


_ROWS = re.compile(r"\brows?\b|\(batch|batch_size,|\(n, ?[cdk]\)")


def says_rows(texts: Iterable[str | None]) -> bool:
    """Say whether docstrings tell that the examples are the rows of the data.

    Examples
    --------
    >>> says_rows(["x: (batch, classes)"]), says_rows([None, "Z: (n_classes, m), every column sums to 1"])
    (True, False)
    """
    return any(_ROWS.search(text.lower()) for text in texts if text)


def lay_out(array: NDArray[Any], layout: str) -> NDArray[Any]:
    """Give an array in a candidate's layout.

    Examples
    --------
    >>> lay_out(np.zeros((3, 5)), "transposed").shape, lay_out(np.zeros(3), "row").shape
    ((5, 3), (1, 3))
    >>> lay_out(np.zeros((7, 3, 5, 11)), "channels last").shape, lay_out(np.zeros(3), "1 * 1 1").shape
    ((7, 5, 11, 3), (1, 3, 1, 1))
    """
    if layout == TRANSPOSED:
        return array.T
    if layout == ROW:
        return array[None, :]
    if layout == LAST:
        return np.moveaxis(array, 1, -1)
    if _VECTOR in layout:
        return array.reshape([-1 if axis == _VECTOR else 1 for axis in layout.split()])
    return array[:, None] if layout == COLUMN else array


def straighten(array: NDArray[Any], layout: str) -> NDArray[Any]:
    """Undo a layout.

    What has not the shape that the layout gives keeps a shape that is not the straight one, with one
    exception: ``(O,)`` for a ``(1, O)`` row, which NumPy adds to it all the same.

    Examples
    --------
    >>> straighten(np.zeros((5, 3)), "transposed").shape, straighten(np.zeros((7, 3)), "row").shape
    ((3, 5), (7, 3))
    """
    if layout == TRANSPOSED:
        return array.T if array.ndim == 2 else array
    if layout == LAST:
        return np.moveaxis(array, -1, 1) if array.ndim > 2 else array
    return array if layout == SAME else _vector(array, layout)


def _vector(array: NDArray[Any], layout: str) -> NDArray[Any]:
    """Take a vector out of the axes of size 1 around it; what lacks them, or has others, is no vector."""
    if layout == ROW:
        return array[0] if array.ndim == 2 and array.shape[0] == 1 else array
    if array.ndim == 1:
        return array[None, :]
    if layout == COLUMN and array.ndim == 2:
        return array[:, 0] if array.shape[1] == 1 else array.T
    return array.reshape(-1) if _spread(array.shape) == layout else array


def layouts_for(shape: tuple[int, ...], straight: tuple[int, ...]) -> list[str]:
    """Give the layouts in which an array of one shape has another.

    Examples
    --------
    >>> layouts_for((5, 3), (3, 5)), layouts_for((1, 3), (3,)), layouts_for((4, 4), (4, 4))
    (['transposed'], ['row'], ['same', 'transposed'])
    >>> layouts_for((1, 3, 1, 1), (3,)), layouts_for((1, 3, 5, 1), (15,))
    (['1 * 1 1'], [])
    """
    found = [SAME] if shape == straight else []
    if len(straight) == 2 and shape == straight[::-1]:
        found.append(TRANSPOSED)
    if len(straight) == 1:
        found += [
            name for name, as_laid in ((ROW, (1, *straight)), (COLUMN, (*straight, 1))) if shape == as_laid
        ]
    if len(straight) == 1 and len(shape) > 2 and math.prod(shape) == straight[0]:
        found += filter(None, [_spread(shape)])
    return found


def by_axes(shape: tuple[int, ...], axes: int) -> list[str]:
    """Give the layouts that an array of other sizes may have, of one that has so many axes.

    Examples
    --------
    >>> by_axes((3, 5), 2), by_axes((1, 3), 1), by_axes((1, 3, 1, 1), 1), by_axes((3, 5, 2), 1)
    (['same', 'transposed'], ['row'], ['1 * 1 1'], [])
    """
    if axes == len(shape):
        return [SAME, TRANSPOSED] if axes == 2 else [SAME]
    if axes != 1:
        return []
    if len(shape) == 2 and 1 in shape:  # a vector written as a matrix
        return [ROW] if shape[0] == 1 else [COLUMN]
    return [_spread(shape)] if len(shape) > 2 and _spread(shape) else []


def _spread(shape: tuple[int, ...]) -> str:
    """Give the layout of a vector among axes of size 1; empty where several axes are longer."""
    long = [axis for axis, size in enumerate(shape) if size > 1]
    return " ".join(_VECTOR if axis in long else "1" for axis in range(len(shape))) if len(long) == 1 else ""


def shape_target(target: NDArray[Any], input: NDArray[Any], form: str) -> NDArray[Any]:
    """Give class indices as they are (``indices``), as one-hot rows, or as a ``column``.

    Examples
    --------
    >>> shape_target(np.array([1, 0]), np.zeros((2, 3)), "one-hot").tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    indices = form == "indices" or (form == "one-hot" and target.dtype.kind == "f")
    if target.ndim != input.ndim - 1 or indices:
        return target
    axis = min(1, input.ndim - 1)
    if form == "column":
        return np.expand_dims(target, axis)
    hot = np.eye(input.shape[axis], dtype=input.dtype)[target]
    return np.moveaxis(hot, -1, axis)
