"""The class that a module derives from: PyTorch's of its name, or one as PyTorch's would be.

What ``torch.nn`` lacks gets a class that computes the op with PyTorch's operations, for PyTorch's autograd.
It is to its module what ``torch.nn.Tanh`` is to ours: the module leaves to it what the rules do not cover.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch

from backproof.ops import Op
from backproof.torch.nn.namespace import xp

__all__ = ["base_of"]


def base_of(op: Op) -> type[torch.nn.Module] | None:
    """Give the class that a module of the op derives from; ``None`` if there is none, nor can be made.

    One is made of an activation of its input alone, and of a loss: its inputs are the arguments that the
    op must have. A layer has parameters, of which an op does not say how they begin.

    Examples
    --------
    >>> from backproof.ops import CATALOGUE
    >>> base_of(CATALOGUE["Tanh"])
    <class 'torch.nn.modules.activation.Tanh'>
    >>> base_of(CATALOGUE["Tanh"].replace(name="Squash"))()
    Squash()
    """
    found: type[torch.nn.Module] | None = getattr(torch.nn, op.name, None)
    if found is None and (op.kind == "loss" or (op.kind == "activation" and list(op.arguments) == ["input"])):
        return _made(op)
    return found


def _made(op: Op) -> type[torch.nn.Module]:
    """Make a class of an op: what may be left out of it is kept as buffers, options as attributes."""
    inputs = [name for name, argument in op.arguments.items() if not argument.optional]
    held = [name for name in op.arguments if name not in inputs]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = inspect.Parameter("self", kind)
    defaults = {**dict.fromkeys(held), **op.options}
    made_with = inspect.Signature(
        [own, *(inspect.Parameter(name, kind, default=value) for name, value in defaults.items())]
    )
    called_with = inspect.Signature([own, *(inspect.Parameter(name, kind) for name in inputs)])

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it becomes the method
        torch.nn.Module.__init__(self)
        bound = made_with.bind(self, *args, **kwargs)
        bound.apply_defaults()
        for name, value in list(bound.arguments.items())[1:]:
            if name in held:
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    def forward(self: Any, *given: Any, **named: Any) -> Any:
        roles = called_with.bind(self, *given, **named).args[1:]
        options = {name: getattr(self, name) for name in op.options}
        return op.evaluate(xp, (*roles, *(getattr(self, name) for name in held)), **options).output

    def extra_repr(self: Any) -> str:
        shown = [name for name in op.options if op.kind != "loss"]  # as PyTorch's losses show nothing
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)

    __init__.__signature__ = made_with  # type: ignore[attr-defined]  # what inspect shows
    forward.__signature__ = called_with  # type: ignore[attr-defined]
    named: dict[str, Any] = {"__init__": __init__, "forward": forward, "extra_repr": extra_repr}
    return type(op.name, (torch.nn.Module,), named)
