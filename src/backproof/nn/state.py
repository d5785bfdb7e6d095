"""Loading the state of a module: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Incompatible", "copy_state", "require_fit"]


class Incompatible(NamedTuple):
    """The names that a state lacked, and those that the module has not."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def require_fit(name: str, here: NDArray[Any], value: NDArray[Any]) -> NDArray[Any]:
    """Give an array that can be copied into another: of its shape, and of a dtype that can be cast to its.

    Raises
    ------
    ValueError
        If it cannot.

    Examples
    --------
    >>> require_fit("weight", np.zeros(3), np.ones(2))
    Traceback (most recent call last):
        ...
    ValueError: weight has the shape (3,) and dtype float64; got shape=(2,), dtype=float64
    """
    if value.shape != here.shape or not np.can_cast(value.dtype, here.dtype, "same_kind"):
        raise ValueError(
            f"{name} has the shape {here.shape} and dtype {here.dtype}; "
            f"got shape={value.shape}, dtype={value.dtype}"
        )
    return value


def copy_state(
    state: Mapping[str, Any], own: Mapping[str, NDArray[Any]], owner: str, strict: bool
) -> Incompatible:
    """Copy the values of a state into the arrays of their names: all of them, or, if any is wrong, none.

    Raises
    ------
    ValueError
        If a name is missing or unexpected (with ``strict``), or a shape or dtype does not fit.
    """
    missing = [name for name in own if name not in state]
    unexpected = [name for name in state if name not in own]
    wrong = [f"missing: {name}" for name in missing] + [f"unexpected: {name}" for name in unexpected]
    if not strict:
        wrong = []
    values = {name: np.asarray(state[name]) for name in own if name in state}
    for name, value in values.items():
        try:
            require_fit(name, own[name], value)
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        lines = "".join(f"\n  {line}" for line in wrong)
        raise ValueError(
            f"the state is not that of {owner}; nothing was loaded. Build the module as "
            f"it was when the state was taken, or pass strict=False to load the names that match:{lines}"
        )
    for name, value in values.items():
        own[name][...] = value
    return Incompatible(missing, unexpected)
