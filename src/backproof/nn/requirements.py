"""What losses refuse although it could be computed, as PyTorch's do.

Mostly that is what would be broadcast although somebody meant something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["REQUIREMENTS"]


def _require(fits: bool, expected: str) -> None:
    if not fits:
        raise ValueError(f"expected {expected}")


def _equal(input: Any, target: Any) -> None:
    _require(input.shape == target.shape, "a target of the input's shape")


def _probabilities(input: Any, target: Any) -> None:
    _equal(input, target)
    for name, array in (("input", input), ("target", target)):
        if array.size and not (array.min() >= 0 and array.max() <= 1):  # a NaN is neither
            wrong = array[~((array >= 0) & (array <= 1))]
            raise ValueError(f"{name} is between 0 and 1; got {wrong[0]} in it")


def _onto_the_first(input: Any, target: Any) -> None:
    fits = target.ndim <= input.ndim and np.broadcast_shapes(input.shape, target.shape) == input.shape
    _require(fits, "a target that broadcasts to the input's shape")


def _of_one_rank(*arrays: Any) -> None:
    _require(len({array.ndim for array in arrays}) == 1, "arrays of as many axes")


def _signs(input1: Any, input2: Any, target: Any) -> None:
    fits = input1.ndim == input2.ndim == target.ndim + 1
    _require(fits, "inputs of as many axes, (N, D) and a target (N), or (D) and one number")


def _variances(input: Any, target: Any, var: Any) -> None:
    stretched = sum(size for size, other in zip(var.shape, input.shape, strict=False) if size != other)
    fits = var.shape in (input.shape, input.shape[:-1]) or (var.ndim == input.ndim and stretched == 1)
    _require(
        fits, "a var of the input's shape, with 1 in place of one of its sizes, or without the last axis"
    )


#: ``REQUIREMENTS[name](*inputs)`` refuses what the loss of the name does not take, with a ``ValueError``.
REQUIREMENTS: Mapping[str, Callable[..., None]] = {
    "BCELoss": _probabilities,
    "BCEWithLogitsLoss": _equal,
    "CosineEmbeddingLoss": _signs,
    "GaussianNLLLoss": _variances,
    "MarginRankingLoss": _of_one_rank,
    "SoftMarginLoss": _onto_the_first,
    "TripletMarginLoss": _of_one_rank,
}
