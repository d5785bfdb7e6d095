"""Convolutions: one definition for every number of axes of space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op, register
from backproof.ops.correlation import correlate, correlate_transposed, correlate_weight
from backproof.ops.domain import REAL, SMALL, Argument
from backproof.ops.windows import Size, Windows, each_axis

__all__ = ["conv1d", "conv2d"]

#: Samples or none, channels, and the axes of space.
Space: TypeAlias = Float[Array, "..."]
#: For each output channel and each input channel of its group a kernel.
Weight: TypeAlias = Float[Array, "out in *kernel"]
#: One for each output channel; may be left out.
Bias: TypeAlias = Float[Array, "out"] | None


@op(
    "Conv1d",
    kind="layer",
    arguments={
        "input": Argument(REAL, "N I L"),
        "weight": Argument(SMALL, "O I K"),
        "bias": Argument(SMALL, "O"),
    },
    aliases={"convolution": {}, "cross correlation": {}},
    autocast="product",
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
    output = correlate(xp, _samples(xp, input, windows), weight, windows, groups)
    output = xp.reshape(output, (*input.shape[: -len(windows) - 1], *output.shape[1:]))
    return output if bias is None else output + xp.reshape(bias, (-1, *[1] * len(windows)))


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


def _samples(xp: Namespace, space: Space, windows: Sequence[Windows]) -> Float[Array, "samples ..."]:
    """Give a sample that stands alone an axis for samples."""
    return space if space.ndim == len(windows) + 2 else xp.expand_dims(space, axis=0)


@conv1d.rule("input", needs=("input", "weight"))
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
    upstream = _samples(xp, grad_output, windows)
    return xp.reshape(correlate_transposed(xp, upstream, weight, windows, groups), input.shape)


@conv1d.rule("weight", needs=("input", "weight"))
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
    samples, upstream = (_samples(xp, space, windows) for space in (input, grad_output))
    return correlate_weight(xp, samples, upstream, windows, groups)


@conv1d.rule("bias", needs=("weight",))
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
    rank = weight.ndim - 2
    channel = grad_output.ndim - rank - 1
    return xp.sum(grad_output, axis=tuple(axis for axis in range(grad_output.ndim) if axis != channel))


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
