"""The array API namespace of tensors, in a form that ``torch.compile`` can trace.

``array_api_compat.torch`` makes a tensor of a Python scalar where PyTorch's function takes none, and
asks PyTorch for its dtype, which the compiler cannot trace. Of the functions that our ops use with
a scalar these are the maximum and the minimum. And ``torch.vmap`` knows no ``moveaxis``, but its
other name. The sign of NaN is PyTorch's, 0, where the standard's is NaN: so is the gradient of an absolute
value that is no number. What looks at all that the standard allows, and costs more than a small tensor's
numbers, is PyTorch's own function where our ops use it as that one allows.
"""

from __future__ import annotations

import types
from typing import Any

import array_api_compat.torch
import torch

__all__ = ["xp"]


def _as_tensor(number: Any, like: Any) -> Any:
    """Give a scalar as a tensor; of a tie the maximum then gives each a half, as ``clamp`` does not."""
    if not isinstance(number, int | float):
        return number
    return torch.full((), number, dtype=like.dtype, device=like.device)


def _maximum(x1: Any, x2: Any, /) -> torch.Tensor:
    return torch.maximum(_as_tensor(x1, x2), _as_tensor(x2, x1))


def _minimum(x1: Any, x2: Any, /) -> torch.Tensor:
    return torch.minimum(_as_tensor(x1, x2), _as_tensor(x2, x1))


def _squeeze(x: torch.Tensor, /, *, axis: int) -> torch.Tensor:
    return torch.squeeze(x, axis)


def _expand_dims(x: torch.Tensor, /, *, axis: int) -> torch.Tensor:
    return torch.unsqueeze(x, axis)


def _take_along_axis(x: torch.Tensor, indices: torch.Tensor, /, *, axis: int = -1) -> torch.Tensor:
    return torch.take_along_dim(x, indices, dim=axis)  # no index is below 0


#: What every op and rule gets as its namespace.
xp = types.ModuleType("backproof.torch", "The array API namespace of tensors.")
vars(xp).update(
    {name: part for name, part in vars(array_api_compat.torch).items() if not name.startswith("__")}
)
vars(xp).update(
    maximum=_maximum,
    minimum=_minimum,
    sign=torch.sign,
    moveaxis=torch.movedim,
    squeeze=_squeeze,
    expand_dims=_expand_dims,
    take_along_axis=_take_along_axis,
)
