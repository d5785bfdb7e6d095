"""Normalisation: over the batch, over the last axes, over groups of channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backproof.nn.arguments import number, parameters_dtype, whole
from backproof.nn.component import Component, Roles
from backproof.nn.parameter import Parameter
from backproof.ops.layers.batch_norm import batch_norm1d, batch_norm2d, moved
from backproof.ops.layers.normalization import group_norm, layer_norm, rms_norm

__all__ = ["BatchNorm1d", "BatchNorm2d", "GroupNorm", "LayerNorm", "RMSNorm"]


def _scale(
    layer: Component, shape: int | tuple[int, ...], dtype: DTypeLike, *, weight: bool, bias: bool
) -> None:
    """Give a layer its weight of ones and its bias of zeros, or ``None`` for what it does without."""
    for name, there, value in (("weight", weight, 1), ("bias", bias, 0)):
        if name in layer.held:
            array = np.full(shape, value, dtype)
            layer.register_parameter(name, Parameter(array) if there else None)


class _BatchNorm(Component):
    """Normalisation over the batch, for each channel, of any number of axes."""

    held = ("weight", "bias", "running_mean", "running_var")
    #: How many axes the input may have.
    ranks: tuple[int, ...]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: str | None = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        whole(self, 0, num_features=num_features)
        number(self, 0, eps=eps)
        if momentum is not None:
            number(self, -math.inf, momentum=momentum)
        dtype = parameters_dtype(self, device, dtype)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        _scale(self, num_features, dtype, weight=affine, bias=affine and bias)
        if track_running_stats:
            self.register_buffer("running_mean", np.zeros(num_features, dtype))
            self.register_buffer("running_var", np.ones(num_features, dtype))
            self.register_buffer("num_batches_tracked", np.array(0))

    def forward(self, input: Any) -> Any:
        """Normalise with the batch's statistics in training, with the running ones in prediction."""
        (x,) = self._converted([input])
        if x.ndim not in self.ranks or x.shape[1] != self.num_features:
            ranks = " or ".join(map(str, self.ranks))
            raise ValueError(
                f"{self!r} expects {ranks} axes, the second of size {self.num_features}; "
                f"got input of shape={x.shape}"
            )
        weight, bias, mean, variance = (holder.data for holder in self._holders)
        if self.training or mean is None:
            count = x.size // max(self.num_features, 1)
            if count == 1 and self.training:
                raise ValueError(
                    f"{self!r} expects more than one value per channel when training; "
                    f"got input of shape={x.shape}: if that is the last batch, take another batch_size, or a "
                    "DataLoader with drop_last=True"
                )
            roles: Roles = (x, weight, bias, None, None)
            if not count:  # any statistics will do
                roles = (x, weight, bias, *np.ones((2, self.num_features), x.dtype))
            output = self._value(roles)
            if self.training and mean is not None:
                self._track(output, count)
        else:
            roles = (x, weight, bias, mean, variance)
            output = self._value(roles)
        return self._save(roles, output)[0]

    def _track(self, output: Any, count: int) -> None:
        """Move the running statistics towards those of the batch."""
        running = (self._buffers["running_mean"], self._buffers["running_var"])
        self._buffers["num_batches_tracked"] += 1
        if not count:  # there is nothing to move towards
            return
        batches = float(self._buffers["num_batches_tracked"])
        for old, new in zip(running, moved(running, output[1:], count, self.momentum, batches), strict=True):
            old[...] = new

    def extra_repr(self) -> str:
        """Give the options, as PyTorch does."""
        bias = self._parameters["bias"] is not None
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={bias}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Normalisation over the batch, for each channel: (x − mean) / √(var + eps) · weight + bias.

    In training mean and variance are the batch's, and running averages of them are kept; in prediction
    they are the running averages. With ``momentum`` m these are m · seen + (1 − m) · running; ``None``
    averages over all batches.

    Shapes: input and output ``(N, num_features)`` or ``(N, num_features, L)``.

    Source: Ioffe and Szegedy, "Batch normalization", 2015.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.BatchNorm1d(2, eps=0.0)(np.array([[1.0, 0.0], [3.0, 4.0]])).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """

    op = batch_norm1d
    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalisation over the batch and the plane, for each channel.

    As `BatchNorm1d`, for images. Shapes: input and output ``(N, num_features, H, W)``.

    Source: Ioffe and Szegedy, "Batch normalization", 2015.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.BatchNorm2d(3)(np.ones((2, 3, 5, 7))).shape
    (2, 3, 5, 7)
    """

    op = batch_norm2d
    ranks = (4,)


class _LastAxes(Component):
    """Normalisation over the last axes."""

    normalized_shape: tuple[int, ...]
    eps: float | None
    elementwise_affine: bool

    def _start(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None,
        affine: bool,
        bias: bool,
        dtype: DTypeLike,
    ) -> None:
        if eps is not None:
            number(self, -math.inf, eps=eps)
        shape = tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (normalized_shape,)
        for size in shape:
            whole(self, 0, normalized_shape=size)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, affine
        _scale(self, shape, dtype, weight=affine, bias=affine and bias)

    def extra_repr(self) -> str:
        """Give the options, as PyTorch does."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LayerNorm(_LastAxes):
    """Normalisation over the last axes: (x − mean) / √(var + eps) · weight + bias.

    Shapes: input and output ``(*batch, *normalized_shape)``.

    Source: Ba, Kiros and Hinton, "Layer normalization", 2016.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.LayerNorm(2, eps=0.0)(np.array([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """

    op = layer_norm
    held = ("weight", "bias")

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        dtype = parameters_dtype(self, device, dtype)
        self._start(normalized_shape, eps, elementwise_affine, bias, dtype)

    def extra_repr(self) -> str:
        """Give the options, as PyTorch does."""
        bias = self._parameters["bias"] is not None
        return f"{super().extra_repr()}, bias={bias}"


class RMSNorm(_LastAxes):
    """Division by the root of the mean square of the last axes: x / √(mean(x²) + eps) · weight.

    ``eps=None`` is the dtype's epsilon. Shapes: input and output ``(*batch, *normalized_shape)``.

    Source: Zhang and Sennrich, "Root mean square layer normalization", 2019.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.RMSNorm(2, eps=0.0)(np.array([[1.0, 7.0]])).round(6).tolist()
    [[0.2, 1.4]]
    """

    op = rms_norm
    held = ("weight",)

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        dtype = parameters_dtype(self, device, dtype)
        self._start(normalized_shape, eps, elementwise_affine, False, dtype)


class GroupNorm(Component):
    """Normalisation over groups of channels, for each sample.

    Shapes: input and output ``(N, num_channels, …)``; ``num_groups`` divides ``num_channels``.

    Source: Wu and He, "Group normalization", 2018.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.GroupNorm(2, 4, eps=0.0)(np.array([[1.0, 3.0, 4.0, 0.0]])).tolist()
    [[-1.0, 1.0, 1.0, -1.0]]
    """

    op = group_norm
    held = ("weight", "bias")

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: str | None = None,
        dtype: DTypeLike | None = None,
        *,
        bias: bool = True,
    ) -> None:
        whole(self, 0, num_groups=num_groups, num_channels=num_channels)
        number(self, -math.inf, eps=eps)
        dtype = parameters_dtype(self, device, dtype)
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(
                "expected num_groups to divide num_channels; "
                f"got num_groups={num_groups}, num_channels={num_channels}"
            )
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        _scale(self, num_channels, dtype, weight=affine, bias=affine and bias)

    def extra_repr(self) -> str:
        """Give the options, as PyTorch does."""
        bias = self._parameters["bias"] is not None
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={bias}"
