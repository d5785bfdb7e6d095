"""Convolutions: one definition for every number of axes of space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.domain import REAL, SMALL, Argument
from backproof.ops.op import op, register
from backproof.ops.windows import Size, Windows, add_columns, columns, each_axis

__all__ = ["conv1d", "conv2d"]

#: Samples or none, channels, and the axes of space.
Space: TypeAlias = Float[Array, "..."]
#: For each output channel and each input channel of its group a kernel.
Weight: TypeAlias = Float[Array, "out in *kernel"]
#: One for each output channel; may be left out.
Bias: TypeAlias = Float[Array, "out"] | None
#: Samples, groups, then two axes of a matrix.
Matrices: TypeAlias = Float[Array, "batch groups rows columns"]


@op(
    "Conv1d",
    kind="layer",
    arguments={
        "input": Argument(REAL, "N I L"),
        "weight": Argument(SMALL, "O I K"),
        "bias": Argument(SMALL, "O"),
    },
    aliases={"convolution": {}, "cross correlation": {}},
)
def conv1d(
    xp: Namespace,
    input: Space,
    weight: Weight,
    bias: Bias = None,
    *,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Space:
    """Convolution, as networks have it: the kernel is not turned round.

    yₒᵢ = bₒ + Σ_c Σₖ wₒ_cₖ x_cₚ with the place p = i·s + k·d of the input padded with zeros, for the
    output channel o, the input channel c, the window i and the place k in the kernel; with several
    axes of space i, k and p have one number for each. With the upstream gradient g the derivatives
    are

    - ∂L/∂wₒ_cₖ = Σₙ Σᵢ gₒᵢ x_cₚ: the windows of the input against the upstream gradient;
    - ∂L/∂x_cₚ = Σₒ Σ gₒᵢ wₒ_cₖ over all i and k with i·s + k·d = p: the transposed convolution, which
      puts the kernel, times gᵢ, down at every window and adds up what falls on a place. What falls
      on the padding is dropped;
    - ∂L/∂bₒ = Σₙ Σᵢ gₒᵢ.

    With the windows as the columns of a matrix X, and w as a matrix W of a row for each output
    channel, this is Y = W X, ∂L/∂W = G Xᵀ and ∂L/∂X = Wᵀ G, whose columns are then added to where
    they were taken.

    s is ``stride``, d ``dilation``. ``padding`` is how many zeros stand before and after the input;
    ``"valid"`` is none; ``"same"`` is as many as keep the size, with a stride of 1. ``groups`` parts
    both the input and the output channels; an output channel sees those of its group. Each size is one
    for all axes of space, or one for each.

    Shapes: input ``(N, in, *space)`` or ``(in, *space)``, weight ``(out, in / groups, *kernel)``, bias
    ``(out)`` or ``None``; output ``(N, out, *windows)``, or without N. There are
    ⌊(space + 2 padding − d (kernel − 1) − 1)/s⌋ + 1 windows along an axis.

    Raises
    ------
    ValueError
        If a size is too small, the kernel does not fit, the channels cannot be parted into
        ``groups``, or the padding is no number and not as said above.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, sections 2
    and 4; Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.5.

    >>> import numpy as np
    >>> signal, kernel = np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([[[1.0, 10.0]]])
    >>> conv1d.forward(np, signal, kernel, np.array([0.5])).tolist()
    [[21.5, 42.5, 84.5]]
    """
    windows = _windows(input, weight, stride, padding, dilation, groups)
    product = _weight_rows(xp, weight, groups) @ _window_columns(xp, input, windows, groups)
    output = xp.reshape(product, _output_shape(input, weight, windows))
    rank = len(windows)
    return output if bias is None else output + xp.reshape(bias, (-1, *[1] * rank))


def _windows(
    input: Space, weight: Weight, stride: Size, padding: Size | str, dilation: Size, groups: int
) -> list[Windows]:
    """Give the windows along each axis of space."""
    rank, outputs, channels = weight.ndim - 2, weight.shape[0], weight.shape[1]
    if input.ndim not in (rank + 1, rank + 2):
        raise ValueError(
            f"the input has {rank + 1} or {rank + 2} axes for a weight of {rank + 2}; "
            f"got an input of shape {tuple(input.shape)}"
        )
    if groups < 1 or outputs % groups or input.shape[-rank - 1] != channels * groups:
        raise ValueError(
            f"the input has groups times the weight's input channels, and groups divides its output "
            f"channels; got groups={groups!r}, an input of shape {tuple(input.shape)} and a weight of "
            f"shape {tuple(weight.shape)}"
        )
    strides, dilations = each_axis("stride", stride, rank), each_axis("dilation", dilation, rank)
    kernels = weight.shape[2:]
    return [
        Windows(size, kernel, step, apart, before, after)
        for size, kernel, step, apart, (before, after) in zip(
            input.shape[-rank:],
            kernels,
            strides,
            dilations,
            _padding(padding, kernels, strides, dilations),
            strict=True,
        )
    ]


def _padding(
    padding: Size | str, kernels: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[tuple[int, int]]:
    """Give how many zeros stand before and after each axis."""
    if not isinstance(padding, str):
        return [(size, size) for size in each_axis("padding", padding, len(kernels), least=0)]
    if padding == "valid":
        return [(0, 0)] * len(kernels)
    if padding != "same" or set(strides) != {1}:
        raise ValueError(
            "padding is a size, 'valid', or 'same' with a stride of 1; "
            f"got padding={padding!r} with a stride of {tuple(strides)}"
        )
    spans = [apart * (kernel - 1) for kernel, apart in zip(kernels, dilations, strict=True)]
    return [(span // 2, span - span // 2) for span in spans]


def _weight_rows(xp: Namespace, weight: Weight, groups: int) -> Float[Array, "groups rows columns"]:
    outputs, *values = weight.shape
    return xp.reshape(weight, (groups, outputs // groups, math.prod(values)))


def _window_columns(xp: Namespace, input: Space, windows: Sequence[Windows], groups: int) -> Matrices:
    return xp.reshape(columns(xp, input, windows), _columns_shape(input, windows, groups))


def _columns_shape(input: Space, windows: Sequence[Windows], groups: int) -> tuple[int, int, int, int]:
    rank = len(windows)
    values = input.shape[-rank - 1] // groups * math.prod([along.kernel for along in windows])
    return _samples(input, rank), groups, values, math.prod([along.count for along in windows])


def _samples(space: Space, rank: int) -> int:
    return space.shape[0] if space.ndim == rank + 2 else 1


def _output_shape(input: Space, weight: Weight, windows: Sequence[Windows]) -> tuple[int, ...]:
    lead = input.shape[: input.ndim - len(windows) - 1]
    return (*lead, weight.shape[0], *(along.count for along in windows))


def _output_rows(xp: Namespace, grad_output: Space, weight: Weight, groups: int) -> Matrices:
    """Give the upstream gradient as a matrix for each group: its output channels, the windows."""
    rank = weight.ndim - 2
    places = math.prod(grad_output.shape[-rank:])
    shape = (_samples(grad_output, rank), groups, weight.shape[0] // groups, places)
    return xp.reshape(grad_output, shape)


@conv1d.rule("input")
def _(
    xp: Namespace,
    grad_output: Space,
    input: Space,
    weight: Weight,
    bias: Bias,
    output: Space,
    *,
    stride: Size,
    padding: Size | str,
    dilation: Size,
    groups: int,
) -> Space:
    windows = _windows(input, weight, stride, padding, dilation, groups)
    rows = xp.matrix_transpose(_weight_rows(xp, weight, groups))
    grad_columns = rows @ _output_rows(xp, grad_output, weight, groups)
    kernels, counts = ([getattr(along, what) for along in windows] for what in ("kernel", "count"))
    lead = input.shape[: input.ndim - len(windows)]
    return add_columns(xp, xp.reshape(grad_columns, (*lead, *kernels, *counts)), windows)


@conv1d.rule("weight")
def _(
    xp: Namespace,
    grad_output: Space,
    input: Space,
    weight: Weight,
    bias: Bias,
    output: Space,
    *,
    stride: Size,
    padding: Size | str,
    dilation: Size,
    groups: int,
) -> Weight:
    windows = _windows(input, weight, stride, padding, dilation, groups)
    taken = _window_columns(xp, input, windows, groups)
    products = _output_rows(xp, grad_output, weight, groups) @ xp.matrix_transpose(taken)
    return xp.reshape(xp.sum(products, axis=0), weight.shape)


@conv1d.rule("bias")
def _(
    xp: Namespace,
    grad_output: Space,
    input: Space,
    weight: Weight,
    bias: Bias,
    output: Space,
    *,
    stride: Size,
    padding: Size | str,
    dilation: Size,
    groups: int,
) -> Float[Array, "out"]:
    return xp.sum(_output_rows(xp, grad_output, weight, 1), axis=(0, 1, 3))


conv2d = register(
    conv1d.replace(
        name="Conv2d",
        arguments={
            "input": Argument(REAL, "N I H W"),
            "weight": Argument(SMALL, "O I K K"),
            "bias": Argument(SMALL, "O"),
        },
        aliases={},
    )
)
