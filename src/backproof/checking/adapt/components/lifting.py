"""PyTorch's calls with narrower precision taken out of them, as `components.halves` wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

__all__ = ["Lifting"]

_HALVES = frozenset((torch.bfloat16, torch.float16))
#: What casts by its name, without a dtype.
_CASTS: Mapping[object, torch.dtype] = {
    torch.Tensor.half: torch.float16,
    torch.Tensor.bfloat16: torch.bfloat16,
    torch.Tensor.float: torch.float32,
}


class Lifting(TorchFunctionMode):
    """Makes every call with another dtype in the place of a narrower one.

    Attributes
    ----------
    met
        What has been lifted: ``half precision``, ``single precision``, or nothing.
    narrowed
        Whether a float64 has been cast to float32.
    """

    def __init__(self, dtype: str, *, single: bool) -> None:
        super().__init__()
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.narrow = _HALVES | {torch.float32} if single else _HALVES
        self.met, self.narrowed = "", False

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
            args, func = (args[0], _CASTS[func], *args[1:]), torch.Tensor.to
        every = (*args, *named.values())
        asked = {value for value in every if isinstance(value, torch.dtype)}
        if not asked or func is torch.Tensor.view:  # which reads the same bits as other numbers
            return func(*args, **named)
        given = {value.dtype for value in every if isinstance(value, torch.Tensor)}
        self.narrowed |= torch.float32 in asked and torch.float64 in given
        if not asked & self.narrow:
            return func(*args, **named)
        if asked & _HALVES or torch.float64 in given:
            self.met = "half precision" if asked & _HALVES else self.met or "single precision"
        named = {name: self._lifted(value) for name, value in named.items()}
        result = func(*map(self._lifted, args), **named)
        # A cast to what it is already would be no copy: a change in place would reach the input.
        return result.clone() if args and result is args[0] else result

    def _lifted(self, value: Any) -> Any:
        return self.dtype if isinstance(value, torch.dtype) and value in self.narrow else value
