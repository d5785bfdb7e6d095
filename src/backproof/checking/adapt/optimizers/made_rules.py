"""Update rules that a function makes: closures, pairs of ``init`` and ``update``, generators of steps."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.optimizers.functional_optimizer import copied_into, means_rule
from backproof.checking.adapt.optimizers.hyperparameters import role_means
from backproof.checking.adapt.optimizers.numpy_optimizer import NumPyOptimizer
from backproof.checking.adapt.optimizers.steps import step_role
from backproof.checking.adapt.optimizers.torch_optimizer import OptimizerAdapter, TorchOptimizer
from backproof.checking.adapt.words.names import split
from backproof.checking.adapt.words.signatures import Method, Parameter, code_of, libraries_used, parameters
from backproof.checking.candidate import Description

__all__ = ["recognise_made_rule"]

_STEPS = frozenset({"step", "update", "apply", "optimize", "optimise"})
_THREE = (Parameter("params"), Parameter("grads"), Parameter("t"))


class _Closure:
    """The function that steps, of those that a function makes; and ``zero_grad``, if there is one."""

    def __init__(self, function: Callable[..., Any], called: str, **given: Any) -> None:
        made = function(**given)
        several = _by_name(made)
        self.step = several.get(called, made)
        if "zero_grad" in several:
            self.zero_grad = several["zero_grad"]


class _Pair:
    """``init(params)`` gives a state, ``update`` a step: the parameters' own, or what is added to them."""

    def __init__(self, function: Callable[..., Any], **given: Any) -> None:
        made = _by_name(function(**given))
        names = list(made)
        self._init, self._update = made[names[0]], made[names[1]]
        self._read = made[names[2]] if len(names) > 2 else None  # as in jax.example_libraries
        self._state: Any = None

    def step(self, params: Any, grads: Any, t: int) -> Any:
        """Make a step; give the parameters after it."""
        if self._state is None:
            self._state = self._init(params)
        values = {"params": params, "grads": grads, "count": t - 1, "state": self._state}
        roles = [_role(p.name) for p in parameters(self._update)]
        returned = self._update(*(values[role] for role in roles))
        if self._read is not None:
            self._state = returned
            return copied_into(params, self._read(returned))
        after, self._state = returned
        adds = roles.index("grads") < (roles.index("params") if "params" in roles else len(roles))
        return copied_into(params, _added(params, after) if adds else after)


class _Generator:
    """A generator that is sent the gradients of a step, and changes or yields the parameters."""

    def __init__(self, function: Callable[..., Any], called: str, **given: Any) -> None:
        self._begin: Callable[[Any], Any] = lambda params: function(**{called: params}, **given)
        self._running: Any = None

    def step(self, params: Any, grads: Any, t: int) -> Any:
        """Make a step; give the parameters after it."""
        if self._running is None:
            self._running = self._begin(params)
            next(self._running)
        return copied_into(params, self._running.send(grads))


def _by_name(made: Any) -> dict[str, Any]:
    """Give the functions of what was made by their names: a tuple's, a dictionary's, an object's."""
    if isinstance(made, Mapping):
        return {key: value for key, value in made.items() if callable(value)}
    if hasattr(made, "_fields"):
        return dict(zip(made._fields, made, strict=True))
    if isinstance(made, tuple | list):
        return {getattr(one, "__name__", str(i)): one for i, one in enumerate(made) if callable(one)}
    return {name: value for name, value in getattr(made, "__dict__", {}).items() if callable(value)}


def _role(name: str) -> str:
    word = step_role(Parameter(name, required=True))
    if word in ("params", "count"):
        return word
    return "grads" if role_means(name, "grads") or name == "updates" else "state"


def _added(params: Any, updates: Any) -> Any:
    if isinstance(params, Mapping):
        return {key: _added(params[key], updates[key]) for key in params}
    if isinstance(params, list | tuple):
        return type(params)(_added(p, u) for p, u in zip(params, updates, strict=True))
    return params + updates


# --- Recognising them ------------------------------------------------------------------------------


def recognise_made_rule(
    name: str, function: Callable[..., Any], site: Callable[[Mapping[str, object]], Any]
) -> OptimizerAdapter | None:
    """Adapt a function with the name of an update rule that makes what steps; ``None`` for any other."""
    code = code_of(function)
    found = parameters(function)
    if code is None or not means_rule(name) or any(role_means(p.name, "grads") for p in found):
        return None
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType) and not c.co_name.startswith("<")]
    shape = _shape(function, inner, found)
    if shape is None:
        return None
    make, options, taken = shape
    of_tensors = "torch" in libraries_used([function])
    place = site({"step": function})
    lines = {"definition": place.lines.get("step", 1), **place.lines}
    style = "torch-optimizer" if of_tensors else "numpy-optimizer"
    description = Description(name, "optimizer", style, place.file, place.cell, lines)
    step = Method("step", function, tuple(taken), bound=True)
    adapter = TorchOptimizer if of_tensors else NumPyOptimizer
    return adapter(description, make, list(options), step, Origin(code.co_filename, lines))


def _shape(
    function: Callable[..., Any], inner: Sequence[types.CodeType], found: Sequence[Parameter]
) -> tuple[Callable[..., object], Sequence[Parameter], Sequence[Parameter]] | None:
    """Say how what a function makes is constructed, and what its step takes."""
    held = next((p.name for p in found if step_role(p) == "params"), None)
    options = [p for p in found if p.name != held]
    if inspect.isgeneratorfunction(function):
        if held is None:
            return None
        return (lambda **given: _Generator(function, held, **given)), options, _THREE
    words = [set(split(c.co_name)) for c in inner]
    begins = any(w & {"init", "initialize", "initialise"} for w in words)
    steps = [c for c, w in zip(inner, words, strict=True) if w & _STEPS]
    if begins and steps and held is None:
        return (lambda **given: _Pair(function, **given)), options, _THREE
    only = steps or (list(inner) if len(inner) == 1 else [])
    if len(only) != 1:
        return None
    called = only[0].co_name
    taken = [Parameter(n, required=True) for n in only[0].co_varnames[: only[0].co_argcount]]
    known = [p for p in taken if step_role(p) is not None]
    if held is None and not any(step_role(p) == "params" for p in known):
        return None
    return (lambda **given: _Closure(function, called, **given)), found, known
