"""How the weight and the bias that a function takes as arguments may be laid out."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from backproof.checking.adapt.filling.layouts import COLUMN, ROW, TRANSPOSED

__all__ = ["function_layouts"]


def function_layouts(roles: AbstractSet[str]) -> list[dict[str, Any]]:
    """Give the layouts to try, PyTorch's first.

    Last comes the way in which every column of the data is a row of the batch: ``W @ X + b``.

    Examples
    --------
    >>> function_layouts({"input"}), len(function_layouts({"input", "weight"}))
    ([{}], 3)
    """
    if "weight" not in roles:
        return [{}]
    columns = {"input": TRANSPOSED, "output": TRANSPOSED}
    if "bias" not in roles:
        return [{}, {"layouts": {"weight": TRANSPOSED}}, {"layouts": columns}]
    return [
        {},
        {"layouts": {"weight": TRANSPOSED}},
        {"layouts": {"weight": TRANSPOSED, "bias": ROW}},
        {"layouts": {**columns, "bias": COLUMN}},
    ]
