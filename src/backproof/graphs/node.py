"""A node of an evaluated graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backproof.ops.op import Op

__all__ = ["Node"]


@dataclass(frozen=True)
class Node:
    """A node of an evaluated graph.

    Attributes
    ----------
    name
        Its name: the user's, or a letter.
    op
        The op that is applied; ``None`` for an input or a constant.
    options
        The op's options.
    parents
        The names of what the op is applied to.
    value
        Its value.
    grad
        The gradient of the output for it; zeros where the output does not depend on it.
    kind
        ``input``, ``constant`` or ``step``.
    """

    name: str
    op: Op | None
    options: Mapping[str, object]
    parents: tuple[str, ...]
    value: Any
    grad: Any
    kind: str
