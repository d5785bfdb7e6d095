"""Functions that give their value together with a function for the gradient: ``y, pull = tanh_vjp(x)``."""

from __future__ import annotations

import dis
import functools
import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from backproof.checking.adapt.words.names import is_upstream, split, word_set
from backproof.checking.adapt.words.signatures import Method, Parameter, code_of

__all__ = ["Pullback", "pullback_of", "pulled_methods", "pulled_pair"]

Function = Callable[..., Any]
_NAMED = word_set("vjp pullback")
#: What the function that is given back is called with: it, and the upstream gradient.
_ASKED = (Parameter("cache"), Parameter("grad_output"))
_VALUE_AND_FUNCTION = 2


@dataclass(frozen=True)
class Pullback:
    """The function that another gives back: its one argument, and its line."""

    argument: str
    line: int

    def is_sure(self, name: str) -> bool:
        """Say whether it gives gradients, as its argument or the name of the function around it says."""
        return is_upstream(self.argument) or bool(_NAMED & set(split(name)))


def pullback_of(function: object) -> Pullback | None:
    """Find the function of one argument that a function made inside gives back behind its value.

    Examples
    --------
    >>> pullback_of(lambda x: (2 * x, lambda g: 2 * g)).argument
    'g'
    >>> pullback_of(lambda x: (2 * x, x)) is None
    True
    """
    code = code_of(function)
    made = _made_last(code) if code is not None else None
    if made is None or made.co_argcount != 1 or made.co_kwonlyargcount:
        return None
    return Pullback(made.co_varnames[0], made.co_firstlineno)


def _made_last(code: types.CodeType) -> types.CodeType | None:
    """Give the code of the second of two things that a function returns, where it was made inside."""
    inside = [one for one in code.co_consts if isinstance(one, types.CodeType)]
    steps = [i for i in dis.get_instructions(code) if i.opname not in ("NOP", "CACHE")]
    ends = [
        (last, both.arg)
        for last, both, end in zip(steps, steps[1:], steps[2:], strict=False)
        if end.opname == "RETURN_VALUE" and both.opname == "BUILD_TUPLE"
    ]
    if not inside or not ends or ends[-1][1] != _VALUE_AND_FUNCTION:
        return None
    last = ends[-1][0]
    if last.opname in ("MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE"):
        return inside[-1] if inside[-1].co_name == "<lambda>" else None
    # Where two names are loaded at once, the second is meant.
    name = last.argval[-1] if isinstance(last.argval, tuple) else last.argval
    loaded = last.opname.startswith("LOAD_") and "CONST" not in last.opname
    return next((one for one in inside if loaded and one.co_name == name), None)


def _pull(cache: Function, grad_output: Any) -> Any:
    return cache(grad_output)


def pulled_pair(function: Function, pull: Function = _pull) -> tuple[Function, Function]:
    """Give the function, and as its backward the call of what it gave back: ``pull(cache, grad_output)``.

    Examples
    --------
    >>> forward, backward = pulled_pair(lambda x: (x * x, lambda g: 2 * x * g))
    >>> backward(forward(3)[1], 1)
    6
    """
    backward: Any = functools.update_wrapper(functools.partial(pull), function)
    asked = [inspect.Parameter(p.name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in _ASKED]
    backward.__signature__ = inspect.Signature(asked)
    return function, backward


def pulled_methods(method: Method) -> tuple[Method, Method]:
    """Do the same for a method."""
    return method, replace(method, parameters=_ASKED, wrap=lambda _: _pull)
