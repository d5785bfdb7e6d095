"""The modules without parameters, made from the catalogue: activations and losses."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from backproof.nn.component import Component
from backproof.nn.losses import CrossEntropyLoss, Loss
from backproof.ops import CATALOGUE, Op

_Base = TypeVar("_Base", bound=Component)
#: What a loss compares with, and its weights: arguments without a gradient in a module.
_GIVEN = ("target", "weight", "pos_weight")
#: What is PyTorch's first argument of a loss; of those with an exponent ``p`` only the margin is.
_FIRST = ("weight", "margin", "log_input")


def _initialize(signature: inspect.Signature, arrays: tuple[str, ...]) -> Callable[..., None]:
    """Write a constructor that keeps its arguments as attributes, and arrays as buffers."""

    def __init__(self: Component, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it becomes the method
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        for name, value in list(bound.arguments.items())[1:]:
            if name not in arrays:
                setattr(self, name, value)
            elif value is not None:
                self.register_buffer(name, value)

    __init__.__signature__ = signature  # type: ignore[attr-defined]  # what inspect and help look for
    return __init__


def _signature(op: Op, arrays: tuple[str, ...]) -> inspect.Signature:
    """Give the constructor's arguments: the arrays, then the options.

    A loss takes only the first by position, and only where it is PyTorch's first too.
    """
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", positional)]
    for name, default in {**dict.fromkeys(arrays), **op.options}.items():
        first = len(parameters) == 1 and name in _FIRST and ("p" not in op.options or name == "margin")
        kind = positional if first or op.kind == "activation" else inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(name, kind, default=default))
    return inspect.Signature(parameters)


def _module(op: Op, base: type[_Base], module: str) -> type[_Base]:
    """Make the module of an op."""
    held = tuple(name for name in op.arguments if name in _GIVEN[1:])
    wrt = tuple(name for name in op.arguments if name in op.rules and name not in _GIVEN)
    return type(
        op.name,
        (base,),
        {
            "__doc__": inspect.cleandoc(op.forward.__doc__ or "").partition("\n>>>")[0],
            "__module__": module,
            "__init__": _initialize(_signature(op, held), held),
            "op": op,
            "held": held,
            "wrt": wrt,
        },
    )


def _inputs_alone(op: Op) -> bool:
    return list(op.arguments) == ["input"]


#: The activations without parameters, by name.
ACTIVATIONS: dict[str, type[Component]] = {
    name: _module(op, Component, __name__)
    for name, op in CATALOGUE.items()
    if op.kind == "activation" and _inputs_alone(op)
}
#: The losses, by name.
LOSSES: dict[str, type[Loss]] = {
    name: _module(op, Loss, __name__) for name, op in CATALOGUE.items() if op.kind == "loss"
}
LOSSES["CrossEntropyLoss"] = CrossEntropyLoss
globals().update(ACTIVATIONS, **LOSSES)  # where copies and pickles look for a class
__all__ = ["ACTIVATIONS", "LOSSES", *ACTIVATIONS, *LOSSES]  # noqa: PLE0604 - they are names
