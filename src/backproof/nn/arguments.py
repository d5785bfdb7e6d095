"""What the constructors of the modules refuse, and say."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

__all__ = ["only", "parameters_dtype", "probability", "whole"]


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


def probability(module: object, **numbers: float) -> None:
    """Refuse what is no probability."""
    for name, number in numbers.items():
        if not 0 <= number <= 1:
            raise ValueError(
                f"{type(module).__name__} expects {name} to be a probability, from 0 to 1; "
                f"got {name}={number!r}"
            )
