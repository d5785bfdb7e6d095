"""PyTorch's calls with half precision taken out of them, as `components.halves` wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from backproof.checking.adapt.components.halves import Lift

__all__ = ["Lifting"]

_HALVES = (torch.bfloat16, torch.float16)
#: What casts by its name, without a dtype.
_CASTS: tuple[object, ...] = (torch.Tensor.half, torch.Tensor.bfloat16)


class Lifting(TorchFunctionMode):
    """Makes every call with another dtype in the place of half precision."""

    def __init__(self, lift: Lift, dtype: torch.dtype) -> None:
        super().__init__()
        self.lift, self.dtype = lift, dtype

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make one call."""
        named = dict(kwargs or {})
        if func in _CASTS:
            self.lift.met = True
            return args[0].to(self.dtype)
        if any(value in _HALVES for value in (*args, *named.values()) if isinstance(value, torch.dtype)):
            self.lift.met = True
            args = tuple(self._lifted(value) for value in args)
            named = {name: self._lifted(value) for name, value in named.items()}
        return func(*args, **named)

    def _lifted(self, value: Any) -> Any:
        return self.dtype if isinstance(value, torch.dtype) and value in _HALVES else value
