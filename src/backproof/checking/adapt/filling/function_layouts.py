"""How data is laid out for a layer, and the weight and the bias that a function takes as arguments."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from backproof.checking.adapt.filling.layouts import COLUMN, LAST, ROW, TRANSPOSED
from backproof.checking.candidate import Signature

__all__ = ["data_layouts", "function_layouts"]

#: Layers that do the same with each channel, and may find the channels on the last axis.
_BY_CHANNEL = ("Pool1d", "Pool2d", "BatchNorm1d", "BatchNorm2d", "GroupNorm")


def data_layouts(signature: Signature) -> list[dict[str, Any]]:
    """Give the layouts of a layer's data to try, PyTorch's first: channels may be the last axis.

    Examples
    --------
    >>> shapes = {"input": (7, 3, 8, 6)}
    >>> [len(data_layouts(Signature("layer", shapes, {}, name))) for name in ("MaxPool2d", "Flatten")]
    [2, 1]
    """
    named = (signature.reference or "").endswith(_BY_CHANNEL)
    if not named or len(signature.shapes.get("input", ())) <= 2:
        return [{}]
    return [{}, {"layouts": {"input": LAST, "output": LAST}}]


def function_layouts(roles: AbstractSet[str], signature: Signature) -> list[dict[str, Any]]:
    """Give the layouts to try, PyTorch's first.

    Last comes the way in which every column of the data is a row of the batch: ``W @ X + b``.

    Examples
    --------
    >>> signature = Signature("layer", {"input": (7, 5), "weight": (3, 5)}, {}, "Linear")
    >>> function_layouts({"input"}, signature), len(function_layouts({"input", "weight"}, signature))
    ([{}], 3)
    """
    by_channel, axes = data_layouts(signature), len(signature.shapes.get("input", ()))
    if "weight" not in roles:
        return by_channel
    if by_channel[1:]:
        broad = " ".join(["1", "*", *["1"] * (axes - 2)])
        return [*by_channel, {"layouts": {"weight": broad, "bias": broad}}]
    columns = {"input": TRANSPOSED, "output": TRANSPOSED}
    if "bias" not in roles:
        return [{}, {"layouts": {"weight": TRANSPOSED}}, {"layouts": columns}]
    return [
        {},
        {"layouts": {"weight": TRANSPOSED}},
        {"layouts": {"weight": TRANSPOSED, "bias": ROW}},
        {"layouts": {**columns, "bias": COLUMN}},
    ]
