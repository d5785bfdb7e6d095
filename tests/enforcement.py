"""What turns annotations into assertions: beartype, with an int where a float is asked for, as in PEP 484.

A formula in the place of numbers, on which ops run as well, has neither a dtype nor a shape to assert.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import beartype

__all__ = ["typechecker"]

_enforced = beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))


def typechecker(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enforce a function's annotations, wherever it is called with numbers."""
    checked = _enforced(function)

    @functools.wraps(function)
    def of_numbers(*args: Any, **kwargs: Any) -> Any:
        formulas = any(map(_is_formula, (*args, *kwargs.values())))
        return (function if formulas else checked)(*args, **kwargs)

    return of_numbers


def _is_formula(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_formula, value))
    return type(value).__module__.startswith("sympy.") or str(getattr(value, "dtype", "")) == "object"
