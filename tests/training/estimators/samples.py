"""Data for estimators: noise, flowers, and rings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_iris

from tests.ops.examples import generator

Numbers = NDArray[np.float64]


def normal(text: str, *shape: int) -> Numbers:
    return generator(text).normal(size=shape)


def iris(classes: int) -> tuple[Numbers, Any]:
    data = load_iris()
    kept = data.target >= 3 - classes
    return data.data[kept], data.target_names[data.target[kept]]


def rings() -> tuple[Numbers, Any]:
    X = normal("rings", 150, 2)
    return X, np.array(["in", "out"])[(np.linalg.norm(X, axis=1) > 1.2).astype(int)]
