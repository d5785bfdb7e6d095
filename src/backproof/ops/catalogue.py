"""The catalogue: every op by its name, and the decorator that puts it there."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from backproof._typing import Array
from backproof.ops.domain import Argument
from backproof.ops.op import Autocast, Kind, Op
from backproof.ops.reduction import REDUCTION, Reduction
from backproof.ops.rule import BUFFER, signature, written

__all__ = ["CATALOGUE", "op", "register"]

#: Every op by its name.
CATALOGUE: dict[str, Op] = {}


def op(
    name: str,
    *,
    kind: Kind,
    arguments: Mapping[str, Argument],
    aliases: Mapping[str, Mapping[str, object]] | None = None,
    kinks: Mapping[str, tuple[float | str, ...]] | None = None,
    likelihood: int = 0,
    elementwise: bool = False,
    outputs: tuple[str, ...] = ("output",),
    constant: tuple[str, ...] = (),
    counts: Callable[..., Array | None] | None = None,
    autocast: Autocast | None = None,
    reduction: Reduction = REDUCTION,
) -> Callable[[Callable[..., Array]], Op]:
    """Make an op of a forward and put it into the catalogue.

    ``reduction`` is that of a loss.

    Raises
    ------
    TypeError
        If the name is taken, or the forward's signature is not ``(xp, *arguments, *, **options)``.
    """

    def make(forward: Callable[..., Array]) -> Op:
        positional, keyword = signature(forward)
        if positional != ["xp", *arguments]:
            raise TypeError(
                f"the forward of {name} takes {written(['xp', *arguments], keyword)}; "
                f"got forward={written(positional, keyword)}"
            )
        parameters = inspect.signature(forward).parameters
        options: dict[str, object] = {
            option: parameters[option].default for option in keyword if option != BUFFER
        }
        if kind == "loss":
            options["reduction"] = "mean"
        made = Op(
            name=name,
            kind=kind,
            forward=forward,
            arguments=arguments,
            options=options,
            aliases=aliases or {},
            kinks=kinks or {},
            likelihood=likelihood,
            elementwise=elementwise,
            outputs=outputs,
            constant=constant,
            counts=counts,
            autocast=autocast or ("loss" if kind == "loss" else "inputs"),
            reduction=reduction if kind == "loss" else None,
        )
        return register(made)

    return make


def register(made: Op) -> Op:
    """Put an op into the catalogue, documented by its forward.

    `op` does it; call it for a variant of an op, such as one and two axes of space.

    Raises
    ------
    TypeError
        If the name is taken.
    """
    if made.name in CATALOGUE:
        raise TypeError(f"an op's name is its own in the catalogue; got name={made.name!r}, which is taken")
    object.__setattr__(made, "__doc__", made.forward.__doc__)
    CATALOGUE[made.name] = made
    return made
