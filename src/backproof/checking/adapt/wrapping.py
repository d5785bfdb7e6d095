"""Forwards and backwards that are not two functions of their own, made into two.

A function that gives a loss with its gradients, static methods that are handed a context, and functions
of JAX with a rule of their own.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import importlib
import inspect
import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from backproof.checking.adapt.names import target_score
from backproof.checking.adapt.signatures import Method, code_of, namespace

__all__ = ["JAX", "fused_methods", "fused_pair", "jax_pair", "returns_several", "with_context"]

Function = Callable[..., Any]
#: Names of the argument through which a forward hands things to its backward.
_CONTEXTS = frozenset({"ctx", "context"})
#: Under which names contexts give back what was saved.
_SAVED = ("saved", "saved_tensors", "saved_values", "saved_variables", "saved_arrays")
#: The library that a wrapped function takes and gives, where its code tells another.
JAX = "__backproof_numpy__"


# --- A value together with its gradients ---------------------------------------------------------


def returns_several(function: object) -> bool:
    """Say whether a function ends in a tuple of a value and something else."""
    code = code_of(function)
    if code is None:
        return False
    steps = [i for i in dis.get_instructions(code) if i.opname != "NOP"]
    ends = [before for before, i in itertools.pairwise(steps) if i.opname == "RETURN_VALUE"]
    return bool(ends) and ends[-1].opname == "BUILD_TUPLE" and (ends[-1].arg or 0) > 1


def _value(function: Function) -> Function:
    @functools.wraps(function)
    def forward(*args: Any, **named: Any) -> Any:
        found = function(*args, **named)
        return found[0] if isinstance(found, tuple) else found

    return forward


def _gradients(function: Function) -> Function:
    @functools.wraps(function)
    def backward(*args: Any, **named: Any) -> Any:
        found = function(*args, **named)
        rest = found[1:] if isinstance(found, tuple) else ()
        return rest[0] if len(rest) == 1 else rest

    return backward


def fused_pair(function: Function) -> tuple[Function, Function]:
    """Split ``loss(x, y) -> (value, gradients)`` into a forward and a backward of the same arguments.

    Examples
    --------
    >>> forward, backward = fused_pair(lambda x: (x * x, 2 * x))
    >>> forward(3), backward(3)
    (9, 6)
    """
    return _value(function), _gradients(function)


def fused_methods(method: Method) -> tuple[Method, Method]:
    """Do the same for a method; a target that may be left out has to be given."""
    asked = tuple(replace(p, required=p.required or target_score(p.name) > 0) for p in method.parameters)
    forward = replace(method, parameters=asked, wrap=_value)
    return forward, replace(forward, wrap=_gradients, fused=True)


# --- A context -----------------------------------------------------------------------------------


class _Context:
    """What a forward saves for its backward, where the user's module has no class for it."""

    def save_for_backward(self, *values: Any) -> None:
        for name in _SAVED:
            setattr(self, name, values)


def with_context(forward: Method, backward: Method) -> tuple[Method, Method]:
    """Give the two a context of ours: a new one in each forward, the same one in the backward after it."""
    both = all(
        m.parameters and m.parameters[0].name in _CONTEXTS and not m.bound for m in (forward, backward)
    )
    if not both:
        return forward, backward
    made = namespace(forward.function).get("Context")
    kept: list[Any] = []

    @functools.wraps(forward.function)
    def run_forward(*args: Any, **named: Any) -> Any:
        kept[:] = [made() if isinstance(made, type) else _Context()]
        return forward.function(kept[0], *args, **named)

    @functools.wraps(backward.function)
    def run_backward(*args: Any, **named: Any) -> Any:
        return backward.function(*kept, *args, **named)

    return (
        replace(forward, function=run_forward, parameters=forward.parameters[1:]),
        replace(backward, function=run_backward, parameters=backward.parameters[1:]),
    )


# --- JAX -----------------------------------------------------------------------------------------


def _double() -> contextlib.AbstractContextManager[object]:
    """Let JAX compute in float64 where its inputs are."""
    jax: Any = sys.modules["jax"]
    if hasattr(jax, "enable_x64"):
        found: contextlib.AbstractContextManager[object] = jax.enable_x64(True)
        return found
    experimental: Any = importlib.import_module("jax.experimental")
    older: contextlib.AbstractContextManager[object] = experimental.enable_x64()
    return older


def jax_pair(function: Any) -> tuple[Function, Function] | None:
    """Make a pair on NumPy's arrays of a ``jax.custom_vjp``; ``None`` for anything else."""
    jax: Any = sys.modules.get("jax")
    if jax is None or not isinstance(function, jax.custom_vjp):
        return None

    def forward(*args: Any) -> Any:
        with _double():
            return np.asarray(function(*map(jax.numpy.asarray, args)))

    def backward(grad_output: Any, *args: Any) -> Any:
        with _double():
            given = [jax.numpy.asarray(a) for a in args]
            output, pull = jax.vjp(function, *given)
            found = pull(jax.numpy.asarray(grad_output, dtype=output.dtype))
            return tuple(None if g.dtype == jax.dtypes.float0 else np.asarray(g) for g in found)

    arguments = list(inspect.signature(function.fun).parameters.values())
    upstream = inspect.Parameter("grad_output", inspect.Parameter.POSITIONAL_ONLY)
    plain = [p.replace(kind=p.POSITIONAL_ONLY) for p in arguments]
    pulled = [upstream, *(p.replace(default=p.empty) for p in plain)]
    made: tuple[tuple[Any, list[inspect.Parameter]], ...] = ((forward, plain), (backward, pulled))
    for one, known in made:
        one.__signature__ = inspect.Signature(known)
        one.__name__ = f"{function.fun.__name__}_{one.__name__}"
        setattr(one, JAX, True)
    return forward, backward
