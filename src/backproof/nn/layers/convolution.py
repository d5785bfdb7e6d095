"""Convolution."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from backproof.nn import init
from backproof.nn.arguments import only, parameters_dtype, sizes, whole
from backproof.nn.component import Component
from backproof.nn.init import Seed
from backproof.nn.layers.linear import add_bias
from backproof.nn.parameter import Parameter
from backproof.ops.layers.convolution import conv1d, conv2d

__all__ = ["Conv1d", "Conv2d"]

Size: TypeAlias = int | tuple[int, ...]


class _Convolution(Component):
    """Cross-correlation along any number of axes."""

    held = ("weight", "bias")
    #: The number of axes.
    rank: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: str | None = None,
        dtype: DTypeLike | None = None,
        *,
        rng: Seed = None,
    ) -> None:
        only(self, padding_mode=(padding_mode, "zeros"))
        whole(self, 0, in_channels=in_channels, out_channels=out_channels, groups=groups)
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                "expected groups to divide in_channels and out_channels; "
                f"got groups={groups}, in_channels={in_channels}, out_channels={out_channels}"
            )
        rng, rank, dtype = np.random.default_rng(rng), self.rank, parameters_dtype(self, device, dtype)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.dilation = sizes(
            self, rank, 1, kernel_size=kernel_size, stride=stride, dilation=dilation
        )
        self.padding = self._padded(padding)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.register_parameter(
            "weight", Parameter(init.kaiming_uniform_(np.empty(shape, dtype), math.sqrt(5), rng=rng))
        )
        add_bias(self, out_channels if bias else None, init.fans(self.weight)[0], dtype, rng)

    def _padded(self, padding: Size | str) -> tuple[int, ...] | str:
        if not isinstance(padding, str):
            return sizes(self, self.rank, 0, padding=padding)[0]
        if padding not in ("valid", "same") or (padding == "same" and set(self.stride) != {1}):
            raise ValueError(
                f"{type(self).__name__} expects padding to be a size, 'valid', or 'same' with a stride of 1; "
                f"got padding={padding!r} with stride={self.stride}"
            )
        return padding

    def extra_repr(self) -> str:
        """Give the options that are not the default, as PyTorch does."""
        said = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        )
        plain: dict[str, Any] = {"padding": (0,) * self.rank, "dilation": (1,) * self.rank, "groups": 1}
        for name, default in plain.items():
            if getattr(self, name) != default:
                said += f", {name}={getattr(self, name)}"
        return said if self._parameters["bias"] is not None else f"{said}, bias=False"


class Conv1d(_Convolution):
    """Cross-correlation along one axis.

    Shapes: input ``(N, in_channels, L)`` or without N, weight
    ``(out_channels, in_channels / groups, kernel_size)``, bias ``(out_channels)``. Both start evenly
    drawn from ±1/√fan_in, as in PyTorch. ``padding`` may be ``"same"`` or ``"valid"``.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.Conv1d(3, 5, 2, rng=0)(np.ones((7, 3, 11), np.float32)).shape
    (7, 5, 10)
    """

    op = conv1d
    rank = 1


class Conv2d(_Convolution):
    """Cross-correlation over a plane.

    Shapes: input ``(N, in_channels, H, W)`` or without N, weight
    ``(out_channels, in_channels / groups, *kernel_size)``, bias ``(out_channels)``. Both start evenly
    drawn from ±1/√fan_in, as in PyTorch. ``padding`` may be ``"same"`` or ``"valid"``.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.Conv2d(3, 5, 2, padding="same", rng=0)(np.ones((2, 3, 7, 11), np.float32)).shape
    (2, 5, 7, 11)
    """

    op = conv2d
    rank = 2
