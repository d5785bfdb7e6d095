"""What the constructors of the modules refuse, and say."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backproof.ops.windows import each_axis

__all__ = ["number", "only", "parameters_dtype", "probability", "sizes", "whole"]


def only(module: object, **arguments: tuple[Any, ...]) -> None:
    """Refuse PyTorch's arguments that mean nothing here: each is given with the values that it may have.

    Examples
    --------
    >>> only(np.ones(3), device=("cuda", None, "cpu"))
    Traceback (most recent call last):
        ...
    ValueError: ndarray for NumPy takes device=None or 'cpu' alone; got device='cuda'
    """
    for name, (given, *allowed) in arguments.items():
        if not any(given is value or (type(given) is type(value) and given == value) for value in allowed):
            raise ValueError(
                f"{type(module).__name__} for NumPy takes {name}={' or '.join(map(repr, allowed))} alone; "
                f"got {name}={given!r}"
            )


def parameters_dtype(module: object, device: object, dtype: DTypeLike | None) -> np.dtype[Any]:
    """Give the dtype of a layer's parameters: float32, unless another floating one is given.

    Raises
    ------
    ValueError
        If the device is another than that of NumPy, or the dtype none of floating-point numbers.
    """
    only(module, device=(device, None, "cpu"))
    found = np.dtype(np.float32 if dtype is None else dtype)
    if found.kind != "f":
        raise ValueError(f"{type(module).__name__} expects a floating dtype; got dtype={found}")
    return found


def whole(module: object, least: int, **numbers: object) -> None:
    """Refuse sizes that are no whole numbers, or below the least.

    Examples
    --------
    >>> whole(np.ones(3), 1, size=3.0)
    Traceback (most recent call last):
        ...
    TypeError: ndarray expects size to be a whole number; got size=3.0 (float)
    """
    for name, number in numbers.items():
        try:
            value = operator.index(number)  # type: ignore[arg-type]  # that is asked
        except TypeError:
            raise TypeError(
                f"{type(module).__name__} expects {name} to be a whole number; "
                f"got {name}={number!r} ({type(number).__name__})"
            ) from None
        if value < least:
            raise ValueError(
                f"{type(module).__name__} expects {name} to be at least {least}; got {name}={value}"
            )


def sizes(module: object, axes: int, least: int, **given: int | Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Give sizes for each axis; refuse what is neither a size for all of them nor one for each.

    Examples
    --------
    >>> sizes(np.ones(3), 2, 1, stride=3, dilation=(1, 2))
    ((3, 3), (1, 2))
    >>> sizes(np.ones(3), 2, 1, stride=2.0)
    Traceback (most recent call last):
        ...
    TypeError: ndarray expects stride to be a whole number; got stride=2.0 (float)
    """
    found = []
    for name, size in given.items():
        for each in size if isinstance(size, tuple | list) else (size,):
            whole(module, least, **{name: each})
        try:
            found.append(each_axis(name, size, axes, least))
        except ValueError as error:
            raise ValueError(f"{type(module).__name__}: {error}") from error
    return tuple(found)


def number(module: object, least: float, **numbers: object) -> None:
    """Refuse what is no number, or below the least.

    Examples
    --------
    >>> number(np.ones(3), 0, eps=-1)
    Traceback (most recent call last):
        ...
    ValueError: ndarray expects eps to be at least 0; got eps=-1
    """
    for name, given in numbers.items():
        if not isinstance(given, Real):
            raise TypeError(
                f"{type(module).__name__} expects {name} to be a number; "
                f"got {name}={given!r} ({type(given).__name__})"
            )
        if given < least:
            raise ValueError(
                f"{type(module).__name__} expects {name} to be at least {least}; got {name}={given}"
            )


def probability(module: object, **numbers: float) -> None:
    """Refuse what is no probability."""
    for name, given in numbers.items():
        number(module, -math.inf, **{name: given})
        if not 0 <= given <= 1:
            raise ValueError(
                f"{type(module).__name__} expects {name} to be a probability, from 0 to 1; "
                f"got {name}={given!r}"
            )
