"""What rounding explains: PyTorch's own numbers again, with the last digits shaken."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch._decomp import decomposition_table
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["FACTOR", "Arrays", "Differences", "Shaking", "differences", "gaps", "largest", "size"]

#: Arrays by the names of what they are of.
Arrays: TypeAlias = Mapping[str, NDArray[Any]]

#: How many times as far apart as rounding brings PyTorch from itself: no farther may they be. Two that round
#: differently are up to twice as far apart as each is from the truth; the rest is for sums in another order,
#: and for the chance that a few shaken runs stay close together.
FACTOR = 32.0

#: Operations that set or move numbers, or give whole ones: these stay as they are, for some are compared.
_MOVING = frozenset({
    "_to_copy", "arange", "cat", "ceil", "clone", "copy", "empty", "empty_like", "fill", "floor", "full",
    "full_like", "gather", "index", "index_put", "index_select", "lift_fresh_copy", "masked_fill",
    "new_empty", "new_full", "new_ones", "new_zeros", "ones", "ones_like", "repeat", "round",
    "scalar_tensor", "scatter", "sign", "stack", "trunc", "where", "zero", "zeros", "zeros_like",
})  # fmt: skip


class Shaking(TorchDispatchMode):  # type: ignore[no-untyped-call]  # of torch's
    """Within it each number that PyTorch computes is changed by at most a unit in its last place.

    It is multiplied by 1 + ε u, with u drawn from −1 to 1: that is what rounding may do to it, in each
    operation, forward and backward.

    Source: Parker, "Monte Carlo arithmetic", 1997; Vignes, "A stochastic arithmetic for reliable scientific
    computation", 1993.

    Examples
    --------
    >>> x = torch.full((5,), 0.1, dtype=torch.float64)
    >>> with Shaking(seed=0):
    ...     y = torch.exp(x)
    >>> 0 < float((y / torch.exp(x) - 1).abs().max()) < 5e-16
    True
    """

    def __init__(self, seed: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # of torch's
        self._chance = torch.Generator().manual_seed(seed)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Do what is asked, and shake what it computed, which a view of something is not.

        What computes several things at once is taken apart first: so much may be lost between two of them
        as tanh's backward loses in 1 − y².
        """
        given, schema = kwargs or {}, func._schema
        if func in decomposition_table:
            with self:
                return decomposition_table[func](*args, **given)
        result = func(*args, **given)
        if schema.name.partition("::")[2].rstrip("_") in _MOVING:
            return result
        returned = result if len(schema.returns) > 1 else (result,)
        self.shake(
            value
            for value, how in zip(returned, schema.returns, strict=False)
            if how.alias_info is None or how.alias_info.is_write
        )
        return result

    def shake(self, values: Iterable[Any]) -> None:
        """Shake tensors of floats where they are, also those in lists."""
        for value in values:
            if isinstance(value, list | tuple):
                self.shake(value)
            elif isinstance(value, torch.Tensor) and value.is_floating_point() and 0 not in value.stride():
                draws = torch.rand(value.shape, generator=self._chance, dtype=torch.float32)
                eps = torch.finfo(value.dtype).eps
                value.mul_(draws.to(value.device, value.dtype).mul_(2 * eps).add_(1 - eps))


@dataclass(frozen=True)
class Differences:
    """How arrays differ from PyTorch's.

    Attributes
    ----------
    share
        The largest difference, as a share of what rounding explains.
    unexplained
        What differs by more, with what rounding explains of it.
    """

    share: float
    unexplained: Mapping[str, float]


def differences(
    ours: Arrays,
    theirs: Arrays,
    again: Callable[[], Iterable[Arrays]],
    scales: Mapping[str, float],
    eps: float,
) -> Differences:
    """Say which arrays differ from PyTorch's by more than rounding explains.

    The largest difference of an array is explained if it is at most `FACTOR` times ε of a size, or that times
    the largest difference between PyTorch and itself, shaken.

    Parameters
    ----------
    ours, theirs
        The arrays.
    again
        Gives PyTorch's, shaken, a few times: as often as it takes to explain all, where ε alone does not.
    scales
        The sizes: of the largest number that each array is made of.
    eps
        The distance from 1 to the next number of the dtype.
    """
    found = {name: largest(gaps(ours[name], theirs[name])) for name in theirs}
    bounds = {name: FACTOR * eps * scales[name] for name in theirs}
    runs = iter(again())
    while any(found[name] > bounds[name] for name in theirs) and (run := next(runs, None)) is not None:
        for name, reference in theirs.items():
            bounds[name] = max(bounds[name], FACTOR * largest(gaps(run[name], reference)))
    shares = [_share(found[name], bounds[name]) for name in theirs]
    wrong = {name: bounds[name] for name in theirs if found[name] > bounds[name]}
    return Differences(max(shares, default=0.0), wrong)


def _share(gap: float, bound: float) -> float:
    if not gap or math.isinf(bound):
        return 0.0
    return gap / bound if bound else math.inf


def gaps(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """Give how far the elements of two arrays are apart: not at all where both are infinite alike, or NaN."""
    apart: NDArray[Any] = np.abs(one - other)
    if np.isfinite(apart).all():
        return apart
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    found: NDArray[Any] = np.where(same, 0.0, np.where(np.isfinite(apart), apart, np.inf))
    return found


def largest(array: NDArray[Any]) -> float:
    """Give the largest of numbers that are not negative; 0 of none."""
    return float(np.max(array, initial=0.0))


def size(array: NDArray[Any]) -> float:
    """Give the size of the largest element that is finite."""
    return float(np.max(np.abs(array), initial=0.0, where=np.isfinite(array)))
