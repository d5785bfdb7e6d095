"""Layers without parameters: pooling, flattening, dropout."""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import numpy as np

from backproof.nn.arguments import only, probability, sizes, whole
from backproof.nn.component import Component
from backproof.nn.init import Seed
from backproof.ops.layers.dropout import dropout
from backproof.ops.layers.flatten import flatten
from backproof.ops.layers.pooling import avg_pool2d, max_pool2d

__all__ = ["AvgPool2d", "Dropout", "Flatten", "MaxPool2d"]

Size: TypeAlias = int | tuple[int, int]


class Dropout(Component):
    """In training each element is dropped with probability p; the others are divided by 1 − p.

    In prediction the input passes as it is. Shapes: any.

    Parameters
    ----------
    p
        The probability.
    inplace
        Changes no number, and nothing else here.
    rng
        A generator or a seed: the same seed drops the same elements.

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout", 2014.

    Examples
    --------
    >>> from backproof import nn
    >>> layer = nn.Dropout(0.5, rng=0)
    >>> layer(np.ones(5)).tolist(), layer.backward(np.ones(5)).tolist()
    ([2.0, 0.0, 0.0, 0.0, 2.0], [2.0, 0.0, 0.0, 0.0, 2.0])
    >>> layer.eval()(np.ones(5)).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """

    op = dropout

    def __init__(self, p: float = 0.5, inplace: bool = False, *, rng: Seed = None) -> None:
        probability(self, p=p)
        self.p, self.inplace = p, inplace
        self.rng = np.random.default_rng(rng)

    def forward(self, input: Any) -> Any:
        """Drop elements in training."""
        (x,) = self._converted([input])
        if not self.training:
            return self._save((), x)
        roles = (x, self.rng.random(x.shape) >= self.p)
        return self._save(roles, self._value(roles))

    def _answer(self, grad_output: Any, call: Any, wanted: bool = True) -> Any:
        if not call[0]:
            return self._upstream(grad_output, call[1])
        return super()._answer(grad_output, call, wanted)

    def extra_repr(self) -> str:
        """Give the probability, as PyTorch does."""
        return f"p={self.p}, inplace={self.inplace}"


class Flatten(Component):
    """Make one axis of several.

    Shapes: the axes from ``start_dim`` to ``end_dim`` become one.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.Flatten()(np.ones((2, 3, 5))).shape
    (2, 15)
    """

    op = flatten

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim


class MaxPool2d(Component):
    """The largest value in each window.

    Shapes: input ``(N, C, H, W)`` or without N. ``stride`` is ``kernel_size`` where it is not given.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.MaxPool2d(2)(np.arange(4.0).reshape(1, 1, 2, 2)).tolist()
    [[[[3.0]]]]
    """

    op = max_pool2d

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        only(self, return_indices=(return_indices, False))
        stride = kernel_size if stride is None else stride
        sizes(self, 2, 1, kernel_size=kernel_size, stride=stride, dilation=dilation)
        sizes(self, 2, 0, padding=padding)
        self.kernel_size, self.stride = kernel_size, stride
        self.padding, self.dilation, self.ceil_mode = padding, dilation, ceil_mode

    def extra_repr(self) -> str:
        """Give the options, as PyTorch does."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Component):
    """The mean of each window.

    Shapes: input ``(N, C, H, W)`` or without N. ``stride`` is ``kernel_size`` where it is not given.
    ``count_include_pad`` says whether what was padded counts in the mean; ``divisor_override`` is
    divided by instead.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.AvgPool2d(2)(np.arange(4.0).reshape(1, 1, 2, 2)).tolist()
    [[[[1.5]]]]
    """

    op = avg_pool2d

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        stride = kernel_size if stride is None else stride
        sizes(self, 2, 1, kernel_size=kernel_size, stride=stride)
        sizes(self, 2, 0, padding=padding)
        if divisor_override is not None:
            whole(self, -sys.maxsize, divisor_override=divisor_override)
        self.kernel_size, self.stride = kernel_size, stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def extra_repr(self) -> str:
        """Give the sizes, as PyTorch does."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
