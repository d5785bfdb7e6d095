"""Pools: the largest value, or the mean, of each window.

A window over two axes is a window over rows of windows over columns, so a pool is taken along one
axis after the other, and so is its gradient.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from backproof._typing import Array, Float, Int, Namespace
from backproof.ops.backend import device, is_torch, pad, scatter_add
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument
from backproof.ops.windows import Size, Windows, each_axis

__all__ = ["avg_pool2d", "max_pool2d"]

#: Images of any number of channels, or a batch of them.
Images: TypeAlias = Float[Array, "*batch height width"]
Pooled: TypeAlias = Float[Array, "*batch rows columns"]

_ARGUMENTS = {"input": Argument(REAL, "N D H W")}
#: How many axes an image may have, or a batch of them.
_AXES = (3, 4)


def _windows(
    shape: Sequence[int],
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil_mode: bool,
) -> list[Windows]:
    """Give the windows along the last two axes.

    Raises
    ------
    ValueError
        If the shape is none of images, a size is too small, a window does not fit, or ``padding`` is more
        than half a window.
    """
    if len(shape) not in _AXES or 0 in shape[-3:]:
        raise ValueError(
            "an image is (channels, height, width), none of them 0, or a batch of these; "
            f"got input of shape={tuple(shape)}"
        )
    kernels = each_axis("kernel_size", kernel_size, 2)
    strides = kernels if stride is None else each_axis("stride", stride, 2)
    paddings, dilations = each_axis("padding", padding, 2, least=0), each_axis("dilation", dilation, 2)
    windows = []
    for size, kernel, step, around, apart in zip(
        shape[-2:], kernels, strides, paddings, dilations, strict=True
    ):
        if 2 * around > apart * (kernel - 1) + 1:
            raise ValueError(
                f"padding is at most half of a window; got padding={padding!r} with "
                f"kernel_size={kernel_size!r} and dilation={dilation!r}"
            )
        fitting = Windows(size, kernel, step, apart, around, around)
        missing = _missing(fitting) if ceil_mode else 0
        windows.append(Windows(size, kernel, step, apart, around, around + missing))
    return windows


def _missing(windows: Windows) -> int:
    """How far a further window reaches over the padded end, if it starts before the padding there."""
    start = windows.count * windows.stride
    if (windows.padded - windows.span) % windows.stride == 0 or start >= windows.before + windows.size:
        return 0
    return start + windows.span - windows.padded


@op("MaxPool2d", kind="layer", arguments=_ARGUMENTS, aliases={"max pooling": {}, "max pool": {}})
def max_pool2d(
    xp: Namespace,
    input: Images,
    *,
    kernel_size: Size = 2,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> Pooled:
    """Largest value of each window.

    yᵢ = max over the places p of window i of xₚ. The maximum is the value at one place p*, so
    ∂yᵢ/∂xₚ is 1 for p = p* and 0 for the others, and ∂L/∂xₚ is the sum of gᵢ, the upstream gradient,
    over the windows in which xₚ is the largest. Where several are equally large the first of them, row
    by row, has the whole gradient: PyTorch's choice of a subgradient.

    The windows hold ``kernel_size`` values along each of the last two axes, ``dilation`` apart; they
    are ``stride`` apart, the kernel's size if it is ``None``; −∞ stands ``padding`` times around the
    input. With ``ceil_mode`` there is a last window that reaches over the end, if it starts before it.
    Each size is one for both axes, or a pair.

    Shapes: input ``(channels, height, width)``, or with a batch before; the output has the windows along
    the last two axes, ⌊(height + 2 padding − dilation (kernel_size − 1) − 1)/stride⌋ + 1 along the first.

    Raises
    ------
    ValueError
        If a size is too small, a window does not fit, ``padding`` is more than half a window, or the input
        is no image.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.3; the windows: PyTorch,
    ``torch.nn.MaxPool2d``.

    >>> import numpy as np
    >>> max_pool2d.forward(np, np.array([[[1.0, 7.0, 2.0, 3.0], [5.0, 4.0, 9.0, 8.0]]])).tolist()
    [[[7.0, 9.0]]]
    """
    rows, columns = _windows(input.shape, kernel_size, stride, padding, dilation, ceil_mode)
    if is_torch(xp):
        return _with_places(input, rows, columns)[0]
    return _largest(xp, _largest(xp, input, columns, -1), rows, -2)


def _with_places(input: Images, rows: Windows, columns: Windows) -> tuple[Pooled, Int[Array, "..."]]:
    """Give the largest value of each window, and where in its image it is: PyTorch's maximum of windows."""
    import torch
    from torch.nn.functional import max_pool2d as largest

    kernel, stride, padding, dilation = [
        [getattr(windows, what) for windows in (rows, columns)]
        for what in ("kernel", "stride", "before", "dilation")
    ]
    beyond = any(windows.after > windows.before for windows in (rows, columns))
    # Images that have two axes before theirs are left as they lie in memory.
    lead = input.shape[:-2]
    images = input if input.ndim == 2 + 2 else input.reshape(math.prod(lead), 1, *input.shape[-2:])
    values, places = largest(images, kernel, stride, padding, dilation, beyond, return_indices=True)
    shape = (*lead, rows.count, columns.count)
    # As PyTorch's own do, give no view: it could not be written to after a function with its own gradient.
    return torch.ops.aten._unsafe_view(values, shape), places.reshape(shape)


def _largest(xp: Namespace, input: Array, windows: Windows, axis: int) -> Array:
    """Give the largest value of each window along one axis."""
    return functools.reduce(xp.maximum, windows.pieces(_surrounded(xp, input, windows, axis), axis))


def _surrounded(xp: Namespace, input: Array, windows: Windows, axis: int) -> Array:
    return pad(xp, input, [(windows.before, windows.after), *[(0, 0)] * (-axis - 1)], -float("inf"))


def _to_largest(
    xp: Namespace, grad_output: Array, input: Array, output: Array, windows: Windows, axis: int
) -> Array:
    """Give the upstream gradient of each window to its first largest value."""

    def shares() -> Iterator[Array]:
        left = xp.ones_like(output, dtype=xp.bool)
        for piece in windows.pieces(_surrounded(xp, input, windows, axis), axis):
            # A value that is no number is the largest of its window, as in the forward.
            hit = left & ((piece == output) | (xp.isnan(piece)))
            left = left & ~hit
            yield xp.where(hit, grad_output, 0)

    return windows.add_back(xp, shares(), axis)


def _to_places(
    xp: Namespace, grad_output: Pooled, places: Int[Array, "..."], shape: tuple[int, ...]
) -> Images:
    """Add the upstream gradient of each window to a place in its image."""
    images, size = math.prod(shape[:-2]), shape[-2] * shape[-1]
    first = xp.reshape(size * xp.arange(images, device=device(places)), (*shape[:-2], 1, 1))
    flat = places + first
    total = scatter_add(xp, xp.reshape(grad_output, (-1,)), xp.reshape(flat, (-1,)), images * size)
    return xp.reshape(total, shape)


@max_pool2d.rule("input", needs=("input",))
def _(
    xp: Namespace,
    grad_output: Pooled,
    input: Images,
    output: Pooled,
    *,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil_mode: bool,
) -> Images:
    rows, columns = _windows(input.shape, kernel_size, stride, padding, dilation, ceil_mode)
    if is_torch(xp):
        return _to_places(xp, grad_output, _with_places(input, rows, columns)[1], input.shape)
    along_rows = _largest(xp, input, columns, -1)
    grad_rows = _to_largest(xp, grad_output, along_rows, _largest(xp, along_rows, rows, -2), rows, -2)
    return _to_largest(xp, grad_rows, input, along_rows, columns, -1)


@op("AvgPool2d", kind="layer", arguments=_ARGUMENTS, aliases={"average pooling": {}, "mean pooling": {}})
def avg_pool2d(
    xp: Namespace,
    input: Images,
    *,
    kernel_size: Size = 2,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Pooled:
    """Mean of each window.

    yᵢ = (1/nᵢ) Σ xₚ over the places p of window i. Its derivative for each of these xₚ is 1/nᵢ, so
    ∂L/∂xₚ is the sum of gᵢ/nᵢ, with the upstream gradient g, over the windows that hold p.

    The windows hold ``kernel_size`` values along each of the last two axes; they are ``stride`` apart,
    the kernel's size if it is ``None``; 0 stands ``padding`` times around the input. With
    ``ceil_mode`` there is a last window that reaches over the end, if it starts before it. nᵢ counts
    the places of the window in the input and, with ``count_include_pad``, in the padding; it is
    ``divisor_override`` where that is given. Each size is one for both axes, or a pair.

    Shapes: input ``(channels, height, width)``, or with a batch before; the output has the windows along
    the last two axes, ⌊(height + 2 padding − kernel_size)/stride⌋ + 1 along the first.

    Raises
    ------
    ValueError
        If a size is too small, a window does not fit, ``padding`` is more than half a window, the input is
        no image, or ``divisor_override`` is 0.

    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.3; the windows: PyTorch,
    ``torch.nn.AvgPool2d``.

    >>> import numpy as np
    >>> avg_pool2d.forward(np, np.array([[[1.0, 7.0, 2.0, 3.0], [5.0, 7.0, 9.0, 8.0]]])).tolist()
    [[[5.0, 5.5]]]
    """
    rows, columns = _windows(input.shape, kernel_size, stride, padding, 1, ceil_mode)
    total = _summed(xp, _summed(xp, input, columns, -1), rows, -2)
    return total / _counts(xp, input, rows, columns, padding, count_include_pad, divisor_override)


def _summed(xp: Namespace, input: Array, windows: Windows, axis: int) -> Array:
    """Add up each window along one axis."""
    padded = pad(xp, input, [(windows.before, windows.after), *[(0, 0)] * (-axis - 1)])
    first, *others = windows.pieces(padded, axis)
    return functools.reduce(lambda total, piece: total + piece, others, first)


def _counts(
    xp: Namespace,
    input: Images,
    rows: Windows,
    columns: Windows,
    padding: Size,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array | int:
    """Give what each window's sum is divided by."""
    if divisor_override == 0:
        raise ValueError("a sum is divided by another number than 0; got divisor_override=0")
    if divisor_override is not None:
        return divisor_override
    counts = []
    for windows, around in zip((rows, columns), each_axis("padding", padding, 2, least=0), strict=True):
        low, high = (0, windows.size + 2 * around) if count_include_pad else (around, around + windows.size)
        starts = range(0, windows.count * windows.stride, windows.stride)
        counts.append([min(start + windows.kernel, high) - max(start, low) for start in starts])
    if all(set(count) == {windows.kernel} for count, windows in zip(counts, (rows, columns), strict=True)):
        return rows.kernel * columns.kernel
    down, across = (xp.asarray(count, dtype=input.dtype, device=device(input)) for count in counts)
    return down[:, None] * across


@avg_pool2d.rule("input", needs=("input",))
def _(
    xp: Namespace,
    grad_output: Pooled,
    input: Images,
    output: Pooled,
    *,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Images:
    rows, columns = _windows(input.shape, kernel_size, stride, padding, 1, ceil_mode)
    counts = _counts(xp, input, rows, columns, padding, count_include_pad, divisor_override)
    grad = grad_output / counts
    for windows, axis in ((rows, -2), (columns, -1)):
        grad = windows.add_back(xp, iter([grad] * windows.kernel), axis)
    return grad
