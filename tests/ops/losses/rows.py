"""What to try of each loss, and what is peculiar to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.ops.row import ANY_RANK, Arrays, Row, Shape, draw, frozen

_NAN = "PyTorch's sign of NaN is 0; here a NaN is not hidden by a gradient of 0"


def _distributions(rng: np.random.Generator, dtype: Any) -> Iterator[tuple[str, Arrays]]:
    """Give targets that are not class indices: one-hot vectors, probabilities, and weights."""
    shapes: tuple[Shape, ...] = ((5,), (7, 5), (7, 5, 3))
    for shape in shapes:
        axis = min(1, len(shape) - 1)
        logits = draw("real", shape, rng, dtype)
        classes = rng.integers(0, 5, size=shape[:axis] + shape[axis + 1 :])
        yield f"{shape}-one-hot", (logits, frozen(np.moveaxis(np.eye(5, dtype=dtype)[classes], -1, axis)))
        raw = rng.uniform(0.1, 1, size=shape)
        shares = raw / raw.sum(axis=axis, keepdims=True)
        yield f"{shape}-probabilities", (logits, frozen(shares.astype(dtype)))
        yield f"{shape}-weights", (logits, frozen(raw.astype(dtype)))  # that do not add up to 1


ROWS: dict[str, Row] = {
    "L1Loss": Row(ranks=True, unlike={("input", "nan"): _NAN, ("target", "nan"): _NAN}),
    "MSELoss": ANY_RANK,
    "BCELoss": ANY_RANK,
    "BCEWithLogitsLoss": Row(
        ranks=True, unlike={("input", "-inf"): "the loss is infinite; two terms of PyTorch's cancel to NaN"}
    ),
    "CrossEntropyLoss": Row(
        shapes={
            "one sample": ((5,), ()),
            "(N, C, d)": ((7, 5, 3), (7, 3)),
            "(N, C, d, e)": ((7, 5, 3, 2), (7, 3, 2)),
        },
        more=_distributions,
    ),
}
