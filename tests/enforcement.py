"""What turns annotations into assertions: beartype, with an int where a float is asked for, as in PEP 484.

A formula in the place of numbers, on which ops run as well, has neither a dtype nor a shape to assert, and a
number that notes what is computed from it is no float.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import beartype
import jaxtyping
import numpy as np

__all__ = ["typechecker", "unenforced"]

#: Where the kinds of formulas are.
_FORMULAS = ("sympy.", "backproof.training.engines.planning.number")

_enforced = beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))


def typechecker(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enforce a function's annotations, wherever it is called with numbers."""
    checked = _enforced(function)

    @functools.wraps(function)
    def of_numbers(*args: Any, **kwargs: Any) -> Any:
        if jaxtyping.config.jaxtyping_disable or any(map(_is_formula, (*args, *kwargs.values()))):
            return function(*args, **kwargs)
        return checked(*args, **kwargs)

    return of_numbers


def _is_formula(value: Any) -> bool:
    kind = type(value)  # of the value itself nothing is asked: some must not be looked at
    if issubclass(kind, tuple):
        return any(map(_is_formula, value))
    if issubclass(kind, np.ndarray):
        return bool(value.dtype == object)
    return kind.__module__.startswith(_FORMULAS)


@contextmanager
def unenforced() -> Iterator[None]:
    """Let code run as a user has it: no annotation is an assertion."""
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
