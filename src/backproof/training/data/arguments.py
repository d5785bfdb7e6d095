"""Numbers that say how data is gone through: what they may be."""

from __future__ import annotations

import math
import operator
from numbers import Real
from typing import Any

import numpy as np

from backproof._names import said

__all__ = ["flags", "in_batches", "number", "seed_of", "share", "share_alone", "whole"]


def whole(where: str, least: int, **numbers: Any) -> None:
    """Refuse what is no whole number, or below the least.

    Examples
    --------
    >>> whole("fit", 1, epochs=0)
    Traceback (most recent call last):
        ...
    ValueError: fit expects epochs to be at least 1; got epochs=0
    """
    for name, given in numbers.items():
        try:
            value = operator.index(given)
        except TypeError:
            value = None
        if value is None or isinstance(given, bool):
            raise TypeError(f"{where} expects {name} to be a whole number; got {name}={said(given)}")
        if value < least:
            raise ValueError(f"{where} expects {name} to be at least {least}; got {name}={given!r}")


def flags(where: str, **given: Any) -> None:
    """Refuse what is neither true nor false.

    Examples
    --------
    >>> flags("fit", shuffle="no")
    Traceback (most recent call last):
        ...
    TypeError: fit expects shuffle to be True or False; got shuffle='no' (str)
    """
    for name, value in given.items():
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{where} expects {name} to be True or False; got {name}={said(value)}")


def in_batches(where: str, batch_size: Any, seed: Any) -> None:
    """Refuse samples a batch that are none, unless ``None`` stands for all, and what is no seed."""
    if batch_size is not None:
        whole(where, 1, batch_size=batch_size)
    whole(where, 0, seed=seed)


def number(where: str, least: float, *, above: bool = False, **numbers: Any) -> None:
    """Refuse what is no real number, or below the least, or with ``above`` not above it; NaN is neither.

    Examples
    --------
    >>> number("LogisticRegression", 0, above=True, C=0.0)
    Traceback (most recent call last):
        ...
    ValueError: LogisticRegression expects C to be above 0; got C=0.0
    """
    for name, given in numbers.items():
        value = _real(where, name, given)
        if not (value > least if above else value >= least):
            bound = "above" if above else "at least"
            raise ValueError(f"{where} expects {name} to be {bound} {least}; got {name}={given!r}")


def share_alone(where: str, **shares: Any) -> float:
    """Give a share as a number; refuse what is not between 0 and 1."""
    ((name, given),) = shares.items()
    value = _real(where, name, given)
    if not 0 < value < 1:
        raise ValueError(
            f"{where} expects {name} to be between 0 and 1, a share of the samples; got {name}={given!r}"
        )
    return value


def _real(where: str, name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, Real):
        raise TypeError(f"{where} expects {name} to be a number; got {name}={said(given)}")
    return float(given)


def share(where: str, total: int, **shares: Any) -> int:
    """Give how many of the samples a share of them is; refuse what leaves a part without any.

    Examples
    --------
    >>> share("fit", 23, validation=0.2)
    5
    >>> share("fit", 23, validation=1.5)
    Traceback (most recent call last):
        ...
    ValueError: fit expects validation to be between 0 and 1, a share of the samples; got validation=1.5
    """
    ((name, given),) = shares.items()
    value = share_alone(where, **shares)
    count = math.floor(value * total + 0.5)
    if not 0 < count < total:
        raise ValueError(
            f"{where} expects samples on both sides; got {name}={given!r} of {total} "
            f"sample{'s' * (total != 1)}, which leaves {count} and {total - count}"
        )
    return count


def seed_of(where: str, seed: Any, generator: Any) -> int:
    """Give the seed: itself, or one that a generator of NumPy or PyTorch has or draws.

    Examples
    --------
    >>> seed_of("DataLoader", 3, None)
    3
    """
    if generator is None:
        whole(where, 0, seed=0 if seed is None else seed)
        return operator.index(0 if seed is None else seed)
    if seed is not None:
        raise ValueError(f"{where} takes a seed or a generator; got seed={seed!r} and {generator=}")
    if hasattr(generator, "initial_seed"):
        return int(generator.initial_seed())
    if hasattr(generator, "integers"):
        return int(generator.integers(2**63))
    raise TypeError(
        f"{where} expects a generator of NumPy or PyTorch, such as np.random.default_rng(0); "
        f"got {generator=} ({type(generator).__name__})"
    )
