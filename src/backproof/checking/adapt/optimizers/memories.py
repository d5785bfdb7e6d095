"""What an update rule written as a function is first given to remember by, and what it gives back."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np

from backproof.checking.adapt.optimizers.hyperparameters import entry_for, role_means
from backproof.checking.adapt.optimizers.steps import COUNTS
from backproof.checking.adapt.words.names import split
from backproof.checking.adapt.words.signatures import code_of, codes_in, namespace, parameters

__all__ = ["beginnings", "copied", "differ", "keys_used", "zeros"]

_BEGINS = frozenset({"init", "initialize", "initialise", "create"})


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Give the same lists, tuples and dictionaries with other arrays in them."""
    if isinstance(value, Mapping):
        return {key: _mapped(part, change) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mapped(part, change) for part in value)
    return change(value)


def _zero(array: Any) -> Any:
    torch, jax = (cast("Any", sys.modules.get(name)) for name in ("torch", "jax"))
    if torch is not None and isinstance(array, torch.Tensor):
        return torch.zeros_like(array.detach())
    if jax is not None and isinstance(array, jax.Array):
        return jax.numpy.zeros_like(array)
    return np.zeros_like(getattr(array, "data", array) if not isinstance(array, np.ndarray) else array)


def zeros(like: Any) -> Any:
    """Give zeros in the form of the parameters."""
    return _mapped(like, _zero)


def _copy(array: Any) -> Any:
    torch: Any = sys.modules.get("torch")
    if torch is None or not isinstance(array, torch.Tensor):
        return array.copy() if isinstance(array, np.ndarray) else array
    twin = array.detach().clone().requires_grad_(array.requires_grad)
    twin.grad = None if array.grad is None else array.grad.clone()
    return twin


def copied(value: Any) -> Any:
    """Copy the arrays of lists and dictionaries, tensors with the gradients that they hold."""
    return _mapped(value, _copy)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    else:
        yield getattr(value, "detach", lambda: value)()


def differ(one: Any, other: Any) -> bool:
    """Say whether two of one form hold other numbers."""
    pairs = zip(_leaves(one), _leaves(other), strict=False)
    return any(not np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True) for a, b in pairs)


def keys_used(function: object) -> list[str]:
    """Give the texts in a function's code that may be keys: all but its docstring."""
    code = code_of(function)
    doc = inspect.getdoc(function)
    texts = (each for part in (codes_in(code) if code else ()) for each in part.co_consts)
    found = [each for each in texts if isinstance(each, str) and each.isidentifier() and each != doc]
    return list(dict.fromkeys(found))


def beginnings(
    function: Callable[..., Any], memories: Sequence[str], params: Any, grads: Any
) -> Iterator[dict[str, Any]]:
    """Give what the arguments that a rule remembers by may first be, the likeliest first."""
    yield from _made_by_a_function(function, memories, params)
    yield from _made_by_a_class(function, memories, params)
    keys = [key for key in keys_used(function) if entry_for(key, {"lr": None}) is None]
    forms: tuple[Callable[[], Any], ...] = (
        # In a dictionary of parameters the gradients have keys of their own, and what is kept of them.
        lambda: zeros(params if grads is None else grads),
        lambda: zeros(params),
        dict,
        lambda: {key: 0 if key in COUNTS else zeros(params) for key in keys},
        lambda: [(zero, zeros(zero)) for zero in zeros(params)] if isinstance(params, list) else None,
        lambda: None,
    )
    for form in forms:
        yield {name: form() for name in memories}


def _made_by_a_function(
    function: Callable[..., Any], memories: Sequence[str], params: Any
) -> Iterator[dict[str, Any]]:
    """Call what stands beside it to begin with: ``initialize_adam(parameters)``."""
    for name, value in namespace(function).items():
        if not isinstance(value, types.FunctionType) or not _BEGINS & set(split(name)):
            continue
        needed = [p for p in parameters(value) if p.required]
        if len(needed) != 1 or not role_means(needed[0].name, "params"):
            continue
        try:
            made = value(copied(params))
        except Exception:  # noqa: S112  # the user's code, for something else: the next form is tried
            continue
        several = made if isinstance(made, tuple) and len(made) == len(memories) > 1 else [made]
        if len(several) == len(memories):
            yield dict(zip(memories, several, strict=True))


def _made_by_a_class(
    function: Callable[..., Any], memories: Sequence[str], params: Any
) -> Iterator[dict[str, Any]]:
    """Construct what an annotation names, or a class of the module that is called a state."""
    if len(memories) != 1:
        return
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError):
        hints = {}
    scope = [value for name, value in namespace(function).items() if "state" in split(name)]
    for cls in (hints.get(memories[0]), *scope):
        if not isinstance(cls, type) or cls.__module__ == "builtins":
            continue
        needed = [p.name for p in parameters(cls) if p.required and not p.variadic]
        try:
            made = cls(**{name: 0 if name in COUNTS else zeros(params) for name in needed})
        except Exception:  # noqa: S112  # the user's code: the next form is tried
            continue
        yield {memories[0]: made}
