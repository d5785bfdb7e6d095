"""Windows that step along the last axes of an array, as convolutions and pools look at it.

Window i holds the places i·stride + k·dilation, k = 0 … kernel − 1, of the padded axis. Taking the
windows out and adding them back are transposes of each other: what an operation takes out forwards,
its gradient adds back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backproof._typing import Array, Namespace
from backproof.ops.backend import is_jax, pad, sliding_windows, zeros

__all__ = ["Size", "Windows", "add_columns", "columns", "each_axis"]

#: A size for every axis, or one for each.
Size = int | Sequence[int]


def each_axis(name: str, size: Size, axes: int, least: int = 1) -> tuple[int, ...]:
    """Give the size for each axis.

    Raises
    ------
    ValueError
        If there is not one for each axis, or one is below ``least`` or no whole number.

    Examples
    --------
    >>> each_axis("stride", 2, axes=2)
    (2, 2)
    """
    sizes = tuple(size) if isinstance(size, Sequence) else (size,) * axes
    if len(sizes) == 1:
        sizes *= axes
    if len(sizes) != axes or not all(_is_whole(each) and each >= least for each in sizes):
        raise ValueError(f"{name} is a whole number from {least}, or {axes} of them; got {name}={size!r}")
    return sizes


def _is_whole(number: object) -> bool:
    return hasattr(number, "__index__")


@dataclass(frozen=True)
class Windows:
    """The windows along one axis.

    Attributes
    ----------
    size
        Of the axis, without padding.
    kernel, stride, dilation
        How many values a window holds; how far apart the windows are; how far apart its values are.
    before, after
        How much the axis is padded.

    Examples
    --------
    >>> import numpy as np
    >>> windows = Windows(size=5, kernel=2, stride=2)
    >>> [piece.tolist() for piece in windows.pieces(np.arange(5.0), axis=-1)]
    [[0.0, 2.0], [1.0, 3.0]]
    """

    size: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0

    def __post_init__(self) -> None:
        if self.padded < self.span:
            raise ValueError(
                f"a window fits into the padded input; got a window of {self.span} "
                f"for an axis of {self.padded}"
            )

    @property
    def span(self) -> int:
        """How far a window reaches."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded(self) -> int:
        """The size of the axis with its padding."""
        return self.before + self.size + self.after

    @property
    def count(self) -> int:
        """How many windows there are."""
        return (self.padded - self.span) // self.stride + 1

    def places(self, axis: int) -> Iterator[tuple[Any, ...]]:
        """Give the index of the first value of every window, of the second, and so on."""
        for first in range(0, self.span, self.dilation):
            reach = slice(first, first + (self.count - 1) * self.stride + 1, self.stride)
            yield (..., reach, *[slice(None)] * (-axis - 1))

    def pieces(self, padded: Array, axis: int) -> Iterator[Array]:
        """Give the first values of all windows along a padded axis, the second, and so on."""
        for place in self.places(axis):
            yield padded[place]

    def add_back(self, xp: Namespace, pieces: Iterator[Array], axis: int) -> Array:
        """Add the first values of all windows to where they were taken, the second, and so on.

        The transpose of padding and `pieces`: what belongs to the padding is left out.
        """
        total: Array = None
        for place, piece in zip(self.places(axis), pieces, strict=True):
            if total is None:
                shape = list(piece.shape)
                shape[axis] = self.padded
                total = zeros(xp, tuple(shape), piece)
            if is_jax(xp):
                total = total.at[place].add(piece)
            else:
                total[place] += piece
        inside = slice(self.before, self.before + self.size)
        return total[(..., inside, *[slice(None)] * (-axis - 1))]


def columns(xp: Namespace, input: Array, windows: Sequence[Windows]) -> Array:
    """Give the windows over the last axes: the values in a window, then the windows, on axes of their own.

    Examples
    --------
    >>> import numpy as np
    >>> columns(np, np.arange(4.0), [Windows(size=4, kernel=2)]).tolist()
    [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]
    """
    taken = pad(xp, input, [(along.before, along.after) for along in windows])
    rank = len(windows)
    first = input.ndim - rank
    for axis, along in enumerate(windows, first):
        taken = sliding_windows(xp, taken, axis, along.kernel, along.stride, along.dilation)
    order = (*range(first), *range(first + rank, first + 2 * rank), *range(first, first + rank))
    return xp.permute_dims(taken, order)


def add_columns(xp: Namespace, taken: Array, windows: Sequence[Windows]) -> Array:
    """Add the values of windows to where they were taken: the transpose of `columns`.

    Examples
    --------
    >>> import numpy as np
    >>> add_columns(np, np.ones((2, 3)), [Windows(size=4, kernel=2)]).tolist()
    [1.0, 2.0, 2.0, 1.0]
    """
    rank = len(windows)
    for axis in range(rank - 1, -1, -1):
        # Of the values' axes those up to this one are left, before the axes of the windows.
        pieces = (taken[(..., k, *[slice(None)] * rank)] for k in range(windows[axis].kernel))
        taken = windows[axis].add_back(xp, pieces, axis - rank)
    return taken
