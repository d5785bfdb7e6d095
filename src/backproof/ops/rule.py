"""What a gradient rule is: a function of its roles, for one argument or several."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from backproof._typing import Array

__all__ = ["BUFFER", "Rule", "Share", "signature", "take", "written"]

#: ``rule(xp, grad_output, *inputs, output, **options)`` is the gradient for one of the inputs.
Rule = Callable[..., Array]
#: The option of a forward or rule that is not the op's: a result buffer.
BUFFER = "out"


@dataclass(frozen=True)
class Share:
    """One argument's share in a gradient rule that serves several: the tuple's element ``index``."""

    rule: Callable[..., tuple[Array, ...]]
    index: int

    def __call__(self, *roles: Array, **options: object) -> Array:
        """Compute the whole tuple, and give the share."""
        return self.rule(*roles, **options)[self.index]


def take(result: Any, shares: tuple[int, ...] | None) -> list[Array]:
    """Give the gradients in what a rule gave: that of one argument, or its share for each of several."""
    return [result] if shares is None else [result[index] for index in shares]


def signature(function: Callable[..., Array]) -> tuple[list[str], list[str]]:
    """Give the names of a function's positional parameters, and of those that go by keyword only."""
    parameters = inspect.signature(function).parameters
    keyword = [name for name, p in parameters.items() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    return [name for name in parameters if name not in keyword], keyword


def written(positional: Sequence[str], keyword: Sequence[str]) -> str:
    """Write a signature for people."""
    return f"({', '.join([*positional, *(['*', *keyword] if keyword else [])])})"
