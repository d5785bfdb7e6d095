"""The correlation of arrays over windows, and its transposes: what a convolution is made of.

A correlation is a primitive as a matrix product is one. PyTorch has a library for it; elsewhere the
windows become the columns of a matrix. The three are linear in each array, and each is the transpose of
another: ⟨g, correlate(x, w)⟩ = ⟨correlate_transposed(g, w), x⟩ = ⟨correlate_weight(x, g), w⟩.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.backend import is_torch, pad
from backproof.ops.windows import Windows, add_columns, columns

__all__ = ["correlate", "correlate_transposed", "correlate_weight"]

#: Samples, input channels, and the axes of space that the windows step along.
Input: TypeAlias = Float[Array, "samples channels *space"]
#: For each output channel and each input channel of its group a kernel.
Weight: TypeAlias = Float[Array, "out in *kernel"]
#: Samples, output channels, and the windows along each axis.
Output: TypeAlias = Float[Array, "samples out *windows"]
#: Samples, groups, then two axes of a matrix.
Matrices: TypeAlias = Float[Array, "samples groups rows columns"]


def correlate(xp: Namespace, input: Input, weight: Weight, windows: Sequence[Windows], groups: int) -> Output:
    """Give yₙₒᵢ = Σ_c Σₖ wₒ_cₖ xₙ_cₚ with the place p of window i that k stands at.

    Examples
    --------
    >>> import numpy as np
    >>> signal, kernel = np.array([[[1.0, 2.0, 4.0]]]), np.array([[[1.0, 10.0]]])
    >>> correlate(np, signal, kernel, [Windows(size=3, kernel=2)], groups=1).tolist()
    [[[21.0, 42.0]]]
    """
    if is_torch(xp):
        padding, further = _both_sides(windows)
        stride, dilation = _steps(windows)
        convolve = _of_torch("conv", windows)
        return convolve(pad(xp, input, further), weight, None, stride, padding, dilation, groups)
    product = _weight_rows(xp, weight, groups) @ _window_columns(xp, input, windows, groups)
    return xp.reshape(product, (input.shape[0], weight.shape[0], *[along.count for along in windows]))


def correlate_transposed(
    xp: Namespace, output: Output, weight: Weight, windows: Sequence[Windows], groups: int
) -> Input:
    """Give xₙ_cₚ = Σₒ Σ wₒ_cₖ yₙₒᵢ over all windows i and k that stand at p: the transpose for the input.

    Examples
    --------
    >>> import numpy as np
    >>> output, kernel = np.array([[[1.0, 2.0]]]), np.array([[[1.0, 10.0]]])
    >>> correlate_transposed(np, output, kernel, [Windows(size=3, kernel=2)], groups=1).tolist()
    [[[1.0, 12.0, 20.0]]]
    """
    if is_torch(xp):
        padding, further = _both_sides(windows)
        stride, dilation = _steps(windows)
        unseen = [(along.padded - along.span) % along.stride for along in windows]
        transpose = _of_torch("conv_transpose", windows)
        padded = transpose(output, weight, None, stride, padding, unseen, groups, dilation)
        inside = [
            slice(before, before + along.size) for (before, _), along in zip(further, windows, strict=True)
        ]
        return padded[(..., *inside)]
    taken = xp.matrix_transpose(_weight_rows(xp, weight, groups)) @ _output_rows(xp, output, groups)
    sizes = [*[along.kernel for along in windows], *[along.count for along in windows]]
    channels = weight.shape[1] * groups
    return add_columns(xp, xp.reshape(taken, (output.shape[0], channels, *sizes)), windows)


def correlate_weight(
    xp: Namespace, input: Input, output: Output, windows: Sequence[Windows], groups: int
) -> Weight:
    """Give wₒ_cₖ = Σₙ Σᵢ yₙₒᵢ xₙ_cₚ with the place p of window i that k stands at: that for the weight.

    As a correlation it has the samples for channels, the input's channels for samples and y for a
    kernel: p = i·s + k·d steps by d from k to k and by s within a window, so the stride and the
    dilation change places.

    Examples
    --------
    >>> import numpy as np
    >>> signal, output = np.array([[[1.0, 2.0, 4.0]]]), np.array([[[1.0, 10.0]]])
    >>> correlate_weight(np, signal, output, [Windows(size=3, kernel=2)], groups=1).tolist()
    [[[21.0, 42.0]]]
    """
    kernels = [along.kernel for along in windows]
    if is_torch(xp) and _may_be_a_kernel(output):
        padding, further = _both_sides(windows)
        stride, dilation = _steps(windows)
        samples = _channels_first(xp, pad(xp, input, further), groups)
        convolve = _of_torch("conv", windows)
        found = convolve(samples, output.transpose(0, 1), None, dilation, padding, stride, groups)
        return found.transpose(0, 1)[(..., *map(slice, kernels))].contiguous()
    taken = xp.matrix_transpose(_window_columns(xp, input, windows, groups))
    total = xp.sum(_output_rows(xp, output, groups) @ taken, axis=0)
    return xp.reshape(total, (output.shape[1], input.shape[1] // groups, *kernels))


# --- PyTorch's primitive -----------------------------------------------------------------------


def _of_torch(name: str, windows: Sequence[Windows]) -> Any:
    from torch.nn import functional

    return getattr(functional, f"{name}{len(windows)}d")


def _steps(windows: Sequence[Windows]) -> tuple[list[int], list[int]]:
    """Give the strides and the dilations."""
    return [along.stride for along in windows], [along.dilation for along in windows]


def _may_be_a_kernel(output: Output) -> bool:
    """Say whether PyTorch's primitive is good for a kernel with the shape of an output.

    Of what PyTorch has, what is made for processors is; what is made for graphics cards expects small
    kernels. Its compiler takes kernels of known sizes only.
    """
    import torch

    if output.device.type != "cpu" or not output.shape[0]:
        return False
    if not torch.compiler.is_compiling():
        return True
    from torch.fx.experimental.symbolic_shapes import has_static_value

    return all(has_static_value(size) for size in output.shape)


def _both_sides(windows: Sequence[Windows]) -> tuple[list[int], list[tuple[int, int]]]:
    """Give the padding that stands on both sides of each axis, and what stands there besides."""
    padding = [min(along.before, along.after) for along in windows]
    further = [
        (along.before - both, along.after - both) for along, both in zip(windows, padding, strict=True)
    ]
    return padding, further


def _channels_first(xp: Namespace, input: Input, groups: int) -> Float[Array, "..."]:
    """Exchange samples and the channels of each group; one group's samples come after another's."""
    samples, channels, *space = input.shape
    parted = xp.reshape(input, (samples, groups, channels // groups, *space))
    order = (2, 1, 0, *range(3, parted.ndim))
    return xp.reshape(xp.permute_dims(parted, order), (channels // groups, groups * samples, *space))


# --- Matrix products ---------------------------------------------------------------------------


def _weight_rows(xp: Namespace, weight: Weight, groups: int) -> Float[Array, "groups rows columns"]:
    """Give a row for each output channel of each group: the kernels of all its input channels."""
    outputs, *values = weight.shape
    return xp.reshape(weight, (groups, outputs // groups, math.prod(values)))


def _window_columns(xp: Namespace, input: Input, windows: Sequence[Windows], groups: int) -> Matrices:
    """Give a column for each window: its values in all input channels of a group."""
    values = input.shape[1] // groups * math.prod([along.kernel for along in windows])
    shape = (input.shape[0], groups, values, math.prod([along.count for along in windows]))
    return xp.reshape(columns(xp, input, windows), shape)


def _output_rows(xp: Namespace, output: Output, groups: int) -> Matrices:
    """Give a row for each output channel of each group: its windows."""
    samples, outputs, *counts = output.shape
    return xp.reshape(output, (samples, groups, outputs // groups, math.prod(counts)))
