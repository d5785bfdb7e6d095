"""What people have for data, and the batches of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from backproof.training.data.batches import ArrayBatches, Batches

__all__ = ["batches_of", "parted"]


def batches_of(X: Any, y: Any, batch_size: int | None, *, shuffle: bool = False, seed: int = 0) -> Batches:
    """Give the batches of arrays."""
    return ArrayBatches(np.asarray(X), np.asarray(y), batch_size, shuffle=shuffle, seed=seed)


def parted(X: Any, y: Any, validation: Any, seed: int) -> tuple[Any, Any, tuple[Any, Any] | None]:
    """Give the data for training, and that for validation; ``None`` if there is none."""
    if not isinstance(validation, float):
        return X, y, validation
    X, y = np.asarray(X), np.asarray(y)
    order = np.random.default_rng(seed).permutation(len(X))
    kept = len(X) - round(validation * len(X))
    train, apart = order[:kept], order[kept:]
    return X[train], y[train], (X[apart], y[apart])
