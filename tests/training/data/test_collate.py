"""Samples are put together as PyTorch does."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate as theirs

from backproof.training.data import default_collate


class Pair(NamedTuple):
    x: Any
    y: Any


BATCHES: dict[str, list[Any]] = {
    "floats": [1.5, 2.5],
    "whole numbers": [1, 2, 3],
    "truths": [True, False],
    "arrays": [np.ones(3), np.zeros(3)],
    "arrays of float32": [np.ones((2, 3), np.float32)],
    "numbers of NumPy": [np.float32(1), np.float32(2)],
    "tensors": [torch.ones(3), torch.zeros(3)],
    "texts": ["a", "b"],
    "pairs": [(np.ones(2), 1), (np.zeros(2), 0)],
    "lists": [[1.0, 2], [3.0, 4]],
    "named pairs": [Pair(1.0, 2), Pair(3.0, 4)],
    "dictionaries": [{"x": np.ones(2), "y": 1}, {"x": np.zeros(2), "y": 0}],
    "nested": [({"x": (1.0, [2])}, "a"), ({"x": (3.0, [4])}, "b")],
}


def require_same(mine: Any, other: Any) -> None:
    if isinstance(mine, dict):
        assert mine.keys() == other.keys()
        for key in mine:
            require_same(mine[key], other[key])
    elif isinstance(mine, list | tuple):
        assert len(mine) == len(other)
        for part, of_torch in zip(mine, other, strict=True):
            require_same(part, of_torch)
    elif isinstance(mine, str):
        assert mine == other
    else:
        np.testing.assert_array_equal(mine, other.numpy(), strict=True)


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES)
def test_as_pytorch(batch: list[Any]) -> None:
    require_same(default_collate(batch), theirs(batch))


def test_a_named_tuple_stays_one() -> None:
    assert type(default_collate(BATCHES["named pairs"])) is Pair


REFUSED: dict[str, tuple[list[Any], type[Exception], str]] = {
    "none": ([], ValueError, "at least one sample"),
    "shapes that differ": ([np.ones(2), np.ones(3)], ValueError, r"\(2,\), \(3,\): pass collate_fn"),
    "lengths that differ": ([(1, 2), (1,)], ValueError, r"\[1, 2\]: pass collate_fn"),
    "an object": ([object()], TypeError, "object"),
    "nothing": ([None, None], TypeError, "NoneType"),
}


@pytest.mark.parametrize(("batch", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(batch: list[Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        default_collate(batch)
