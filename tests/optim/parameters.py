"""A parameter as an optimizer sees it, and the same training on NumPy and in PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tests.ops.examples import Shape, generator


@dataclass(eq=False)
class Parameter:
    """An array with a gradient."""

    data: NDArray[Any]
    grad: NDArray[Any] | None = None


def parameters(*shapes: Shape, dtype: Any = np.float64) -> list[Parameter]:
    rng = generator(str(shapes))
    return [Parameter(np.asarray(rng.normal(size=shape), dtype=dtype)) for shape in shapes]


def tensors(ours: list[Parameter]) -> list[torch.nn.Parameter]:
    """Make PyTorch's parameters with the same values."""
    return [torch.nn.Parameter(torch.from_numpy(parameter.data.copy())) for parameter in ours]


def give_gradients(ours: list[Parameter], theirs: list[torch.nn.Parameter], seed: str) -> None:
    """Give both the same gradients."""
    rng = generator(seed)
    for parameter, tensor in zip(ours, theirs, strict=True):
        gradient = np.asarray(rng.normal(size=parameter.data.shape), dtype=parameter.data.dtype)
        parameter.grad, tensor.grad = gradient, torch.from_numpy(gradient.copy())
