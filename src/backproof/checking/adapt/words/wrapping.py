"""Forwards and backwards that are not two functions of their own, made into two.

A function that gives a loss with its gradients, and static methods that are handed a context.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from backproof.checking.adapt.words.names import split, target_score, word_set
from backproof.checking.adapt.words.signatures import Method, Parameter, code_of, namespace

__all__ = [
    "another_call",
    "averaged",
    "closed_by",
    "fused_methods",
    "fused_pair",
    "returned_names",
    "returns_several",
    "switch_of",
    "switched_methods",
    "switched_pair",
    "with_context",
]

Function = Callable[..., Any]
#: Names of the argument through which a forward hands things to its backward.
_CONTEXTS = frozenset({"ctx", "context"})
#: Under which attribute a forward has the context of its last call.
_KEPT = "__backproof_kept__"
#: Under which names contexts give back what was saved.
_SAVED = ("saved", "saved_tensors", "saved_values", "saved_variables", "saved_arrays")


# --- A value together with its gradients ---------------------------------------------------------


def returns_several(function: object) -> bool:
    """Say whether a function ends in a tuple of a value and something else."""
    code = code_of(function)
    if code is None:
        return False
    steps = [i for i in dis.get_instructions(code) if i.opname != "NOP"]
    ends = [before for before, i in itertools.pairwise(steps) if i.opname == "RETURN_VALUE"]
    return bool(ends) and ends[-1].opname == "BUILD_TUPLE" and (ends[-1].arg or 0) > 1


def returned_names(function: object) -> tuple[str, ...]:
    """Give the names of the variables that stand last in what a function returns, as far as they are names.

    Examples
    --------
    >>> def f(loss, x): return loss / 2, x
    >>> returned_names(f), returned_names(lambda x: (x, 2 * x))
    (('x',), ())
    """
    code = code_of(function)
    steps = [i for i in dis.get_instructions(code) if i.opname not in ("NOP", "CACHE")] if code else []
    ends = [place for place, step in enumerate(steps) if step.opname == "RETURN_VALUE"]
    names: list[str] = []
    for step in reversed(steps[: ends[-1]] if ends else []):
        if step.opname.startswith("LOAD_FAST"):
            names[:0] = [step.argval] if isinstance(step.argval, str) else list(step.argval)
        elif step.opname not in ("BUILD_TUPLE", "BUILD_LIST"):
            break
    return tuple(names)


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


def closed_by(loss: Method, backward: Method) -> tuple[Method, Method]:
    """Give a loss and the ``backward()`` after it, which takes nothing, as the two of the same arguments."""

    def close(function: Function) -> Function:
        return lambda *args, **named: function()

    return loss, replace(backward, parameters=loss.parameters, wrap=close, fused=True)


# --- A switch that turns a function into its derivative -----------------------------------------


_DERIVATIVES = word_set("deriv derivative derivate derive grad gradient prime diff backward der")


def switch_of(found: Sequence[Parameter]) -> str | None:
    """Give the argument that asks for the derivative: ``deriv=False``.

    Examples
    --------
    >>> switch_of([Parameter("x"), Parameter("derivative", required=False, default=False)])
    'derivative'
    """
    for parameter in found:
        off = not parameter.required and (parameter.default is False or parameter.default is None)
        if off and _DERIVATIVES & set(split(parameter.name)) and "requires" not in parameter.name:
            return parameter.name
    return None


def switched_pair(function: Function, switch: str) -> tuple[Function, Function]:
    """Make two functions of one that gives its derivative where the switch is on.

    Examples
    --------
    >>> forward, backward = switched_pair(lambda x, deriv=False: 2 * x if deriv else x * x, "deriv")
    >>> forward(3), backward(3)
    (9, 6)
    """
    whole = inspect.signature(function)
    without = whole.replace(parameters=[p for p in whole.parameters.values() if p.name != switch])
    made: tuple[Any, Any] = (
        _value(functools.partial(function, **{switch: False})),
        _derivative(function, switch),
    )
    for one in made:
        functools.update_wrapper(one, function)
        one.__signature__ = without
    return made


def switched_methods(method: Method, switch: str) -> tuple[Method, Method]:
    """Do the same for a method."""
    left = tuple(p for p in method.parameters if p.name != switch)
    forward = replace(method, parameters=left)
    return forward, replace(forward, wrap=functools.partial(_derivative, switch=switch))


def _derivative(function: Function, switch: str) -> Function:
    def backward(*args: Any, **named: Any) -> Any:
        found = function(*args, **named, **{switch: True})
        return found[-1] if isinstance(found, tuple) else found  # a value with its gradient

    return backward


# --- A loss for each sample ---------------------------------------------------------------------


def averaged(cls: type, forward: Method) -> Method:
    """Give the mean of what a forward gives for each sample, where another method of its class takes that.

    ``calculate`` of a base class calls the forward, and its backward is then that of the mean.
    """
    others = (
        code_of(value) for base in cls.__mro__ for name, value in vars(base).items() if name != forward.name
    )
    called = (set(code.co_names) for code in others if code is not None)
    if not any(forward.name in names and names & {"mean", "average"} for names in called):
        return forward
    return replace(forward, wrap=_mean)


def _mean(function: Function) -> Function:
    @functools.wraps(function)
    def forward(*args: Any, **named: Any) -> Any:
        found = function(*args, **named)
        return found.mean() if getattr(found, "ndim", 0) else found

    return forward


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

    setattr(run_forward, _KEPT, kept)
    return (
        replace(forward, function=run_forward, parameters=forward.parameters[1:]),
        replace(backward, function=run_backward, parameters=backward.parameters[1:]),
    )


@contextlib.contextmanager
def another_call(function: object) -> Iterator[None]:
    """Let a forward be called again before the backward of its last call: what we keep of that stays."""
    kept: list[Any] = getattr(function, _KEPT, [])
    before = list(kept)
    yield
    kept[:] = before
