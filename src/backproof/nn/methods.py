"""Methods of a base, copied for a class, so that their signatures and errors bear its names."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

__all__ = ["own", "own_forward"]


def own(method: Callable[..., Any], owner: str) -> Callable[..., Any]:
    """Copy a method for one class, so that its errors bear the class's name."""
    copy = types.FunctionType(
        method.__code__, method.__globals__, method.__name__, method.__defaults__, method.__closure__
    )
    functools.update_wrapper(copy, method)
    del vars(copy)["__wrapped__"]  # it is no wrapper
    copy.__kwdefaults__ = method.__kwdefaults__
    copy.__qualname__ = f"{owner}.{method.__name__}"
    return copy


def own_forward(forward: Callable[..., Any], owner: str, names: tuple[str, ...]) -> Callable[..., Any]:
    """Copy a forward for one class, with the names of its inputs."""
    copy = own(forward, owner)
    if forward.__code__.co_flags & inspect.CO_VARARGS:
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter(name, kind) for name in ("self", *names)]
        vars(copy)["__signature__"] = inspect.Signature(parameters)
    return copy
