"""The modules without parameters, made from the catalogue: activations and losses."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from backproof.nn.component import Component
from backproof.nn.constructors import constructor
from backproof.nn.losses import Loss
from backproof.ops import CATALOGUE, Op

_Base = TypeVar("_Base", bound=Component)
#: Ranks for which PyTorch takes the first axis where it chooses one; for others it takes the second.
_FIRST_AXIS = (0, 1, 3)


def _axis(rank: int) -> int:
    return 0 if rank in _FIRST_AXIS else 1


def _chosen(function: Callable[..., Any], *roles: Any) -> Any:
    """Compute along the axis that is chosen; the first role has the axes of all."""
    return function(*roles, dim=_axis(roles[0].ndim))


class _Along(Component):
    """Base of what is computed along an axis. Without one PyTorch's old rule chooses it, and warns."""

    dim: int | None

    def _bind(self) -> tuple[Any, ...]:
        compute, holders, single, *others = super()._bind()
        if self.dim is None:
            compute = functools.partial(self._warned, compute)
            single = [(place, functools.partial(_chosen, rule)) for place, rule in single]
        return compute, holders, single, *others

    def _warned(self, compute: Callable[..., Any], input: Any) -> Any:
        warnings.warn(
            f"{self!r} was made without dim; as PyTorch does, it takes axis {_axis(input.ndim)} of an input "
            f"of {input.ndim} axes. Say which axis is meant: {type(self).__name__}(dim=...)",
            UserWarning,
            stacklevel=4,
        )
        return _chosen(compute, input)

    def extra_repr(self) -> str:
        """Give the axis, as PyTorch does."""
        return f"dim={self.dim}"


def _module(op: Op, base: type[_Base], module: str) -> type[_Base]:
    """Make the module of an op.

    Its inputs are what the op must have; what may be left out of it is kept in the module. The
    gradients are those for all inputs but the target.
    """
    held = tuple(name for name, argument in op.arguments.items() if argument.optional)
    wrt = tuple(name for name in op.arguments if name in op.rules and name not in ("target", *held))
    return type(
        op.name,
        (base,),
        {
            "__doc__": inspect.cleandoc(op.forward.__doc__ or "").partition("\n>>>")[0],
            "__module__": module,
            "__init__": constructor(op, held),
            "op": op,
            "held": held,
            "wrt": wrt,
        },
    )


def _inputs_alone(op: Op) -> bool:
    return list(op.arguments) == ["input"]


#: The activations without parameters, by name.
ACTIVATIONS: dict[str, type[Component]] = {
    name: _module(op, _Along if list(op.options) == ["dim"] else Component, __name__)
    for name, op in CATALOGUE.items()
    if op.kind == "activation" and _inputs_alone(op)
}
#: The losses, by name.
LOSSES: dict[str, type[Loss]] = {
    name: _module(op, Loss, __name__) for name, op in CATALOGUE.items() if op.kind == "loss"
}
globals().update(ACTIVATIONS, **LOSSES)  # where copies and pickles look for a class
__all__ = ["ACTIVATIONS", "LOSSES", *ACTIVATIONS, *LOSSES]  # noqa: PLE0604 - they are names
