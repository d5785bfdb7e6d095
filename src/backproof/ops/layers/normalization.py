"""Normalization of each sample: over its last axes, over groups of its channels, by its mean square.

All three, and batch normalization, divide by a spread, and all gradients have one form. Let
x̂ = (x − μ) r with the mean μ and r = 1/√(σ² + ε) over a set of m values, and h = ∂L/∂x̂. From
∂μ/∂xⱼ = 1/m, ∂σ²/∂xⱼ = 2 (xⱼ − μ)/m and dr/dσ² = −r³/2 follows
∂x̂ᵢ/∂xⱼ = r (δᵢⱼ − 1/m − x̂ᵢ x̂ⱼ/m), so

∂L/∂xⱼ = r (hⱼ − mean(h) − x̂ⱼ mean(h x̂)).

As mean(x̂) = 0, the last mean is that of (h − mean(h)) x̂, too, whose terms are smaller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.channels import Channels, along_channels, over_channels, require_channels
from backproof.ops.domain import REAL, SMALL, Argument

__all__ = ["group_norm", "layer_norm", "moments", "rms_norm", "through"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]
#: As the normalized axes are; may be left out.
Scale: TypeAlias = Float[Array, "..."] | None
Axes: TypeAlias = tuple[int, ...]
#: The size of the last axis, or the sizes of several.
Sizes: TypeAlias = int | Sequence[int] | None


def moments(xp: Namespace, input: Same, axes: Axes) -> tuple[Array, Array, Same]:
    """Give μ and σ², whose axes are kept, and x − μ."""
    mean = xp.mean(input, axis=axes, keepdims=True)
    centred = input - mean
    return mean, xp.mean(centred * centred, axis=axes, keepdims=True), centred


def through(grad: Same, standardized: Same, factor: Array, share: Array) -> Same:
    """Give ∂L/∂x for h = ∂L/∂x̂ less its mean, x̂, r, and the share of x̂, r mean(h x̂)."""
    return factor * grad - standardized * share


def _standardized(xp: Namespace, input: Same, axes: Axes, eps: float) -> tuple[Same, Array]:
    """Give x̂ and r."""
    _, var, centred = moments(xp, input, axes)
    factor = 1 / xp.sqrt(var + eps)
    return centred * factor, factor


def _through_both(xp: Namespace, grad: Same, standardized: Same, factor: Array, axes: Axes) -> Same:
    """Give ∂L/∂x for h = ∂L/∂x̂, x̂ and r, where x̂ is less its mean."""
    centred = grad - xp.mean(grad, axis=axes, keepdims=True)
    product = xp.mean(centred * standardized, axis=axes, keepdims=True)
    return through(centred, standardized, factor, factor * product)


def _scaled(values: Same, weight: Array | None, bias: Array | None = None) -> Same:
    scaled = values if weight is None else values * weight
    return scaled if bias is None else scaled + bias


def _last_axes(input: Same, normalized_shape: Sizes, weight: Scale, bias: Scale = None) -> Axes:
    """Give the axes to normalize over, as many as the shape, or the weight, has; both shapes must fit."""
    if normalized_shape is None:
        normalized_shape = input.shape[-1:] if weight is None else weight.shape
    sizes = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not sizes or tuple(input.shape[-len(sizes) :]) != sizes:
        raise ValueError(
            f"normalized_shape holds the sizes of the input's last axes; got normalized_shape={sizes} "
            f"for an input of shape {tuple(input.shape)}"
        )
    for name, values in (("weight", weight), ("bias", bias)):
        if values is not None and tuple(values.shape) != sizes:
            raise ValueError(
                f"{name} has the shape of the normalized axes, {sizes}; got a {name} of shape "
                f"{tuple(values.shape)}"
            )
    return tuple(range(-len(sizes), 0))


@op(
    "LayerNorm",
    kind="layer",
    arguments={
        "input": Argument(REAL, "N D"),
        "weight": Argument(SMALL, "D"),
        "bias": Argument(SMALL, "D"),
    },
    autocast="normalization",
)
def layer_norm(
    xp: Namespace,
    input: Same,
    weight: Scale = None,
    bias: Scale = None,
    *,
    normalized_shape: Sizes = None,
    eps: float = 1e-5,
) -> Same:
    """Layer normalization: each sample brought to mean 0 and variance 1, scaled and shifted.

    y = w x̂ + b with x̂ = (x − μ) r, r = 1/√(σ² + ε), ε = ``eps``, where μ and σ² = mean((x − μ)²) are
    taken over the last axes of each sample. With the upstream gradient g:

    - ∂L/∂x̂ = g w = h and, as derived in this module,
      ∂L/∂xⱼ = r (hⱼ − mean(h) − x̂ⱼ mean(h x̂)): every value of a sample moves its mean and variance;
    - ∂L/∂w = Σ g x̂ and ∂L/∂b = Σ g, over the samples: broadcasting's gradient sums.

    Shapes: input ``(*batch, *normalized_shape)``; weight and bias ``normalized_shape`` or ``None``;
    the output is as the input. Without ``normalized_shape`` the weight's shape is meant, and the last
    axis where there is no weight either.

    Raises
    ------
    ValueError
        If the input's last axes, the weight or the bias do not have the sizes ``normalized_shape``.

    Source: Ba, Kiros and Hinton, "Layer normalization", 2016, section 3. Their gain g is ``weight``.

    >>> import numpy as np
    >>> layer_norm.forward(np, np.array([[1.0, 3.0]]), np.array([2.0, 2.0])).round(4).tolist()
    [[-2.0, 2.0]]
    """
    axes = _last_axes(input, normalized_shape, weight, bias)
    return _scaled(_standardized(xp, input, axes, eps)[0], weight, bias)


@layer_norm.rule("input", "weight", needs=("input", "weight"))
def _(
    xp: Namespace,
    grad_output: Same,
    input: Same,
    weight: Scale,
    bias: Scale,
    output: Same,
    *,
    normalized_shape: Sizes,
    eps: float,
) -> tuple[Same, Same]:
    axes = _last_axes(input, normalized_shape, weight)
    standardized, factor = _standardized(xp, input, axes, eps)
    grad = _scaled(grad_output, weight)
    return _through_both(xp, grad, standardized, factor, axes), grad_output * standardized


@layer_norm.rule("bias", needs=())
def _(
    xp: Namespace,
    grad_output: Same,
    input: Same,
    weight: Scale,
    bias: Scale,
    output: Same,
    *,
    normalized_shape: Sizes,
    eps: float,
) -> Same:
    return grad_output


@op(
    "RMSNorm",
    kind="layer",
    arguments={"input": Argument(REAL, "N D"), "weight": Argument(SMALL, "D")},
    aliases={"root mean square norm": {}},
    autocast="normalization",
)
def rms_norm(
    xp: Namespace,
    input: Same,
    weight: Scale = None,
    *,
    normalized_shape: Sizes = None,
    eps: float | None = None,
) -> Same:
    """Root mean square normalization: each sample brought to mean square 1, and scaled.

    y = w x̂ with x̂ = x r and r = 1/√(mean(x²) + ε), where the mean is taken over the last axes of each
    sample and ε is ``eps``, or the epsilon of the input's dtype. With ∂r/∂xⱼ = −r³ xⱼ/m for a mean of
    m values, ∂x̂ᵢ/∂xⱼ = r (δᵢⱼ − x̂ᵢ x̂ⱼ/m). So with the upstream gradient g and h = g w:

    - ∂L/∂xⱼ = r (hⱼ − x̂ⱼ mean(h x̂));
    - ∂L/∂w = Σ g x̂, over the samples: broadcasting's gradient sums.

    Shapes: input ``(*batch, *normalized_shape)``; weight ``normalized_shape`` or ``None``; the output
    is as the input. Without ``normalized_shape`` the weight's shape is meant, and the last axis where
    there is no weight either.

    Raises
    ------
    ValueError
        If the input's last axes or the weight do not have the sizes ``normalized_shape``.

    Source: Zhang and Sennrich, "Root mean square layer normalization", 2019, section 4. Their gain g
    is ``weight``; ε is PyTorch's.

    >>> import numpy as np
    >>> rms_norm.forward(np, np.array([[1.0, 7.0]]), np.array([5.0, 5.0])).round(4).tolist()
    [[1.0, 7.0]]
    """
    axes = _last_axes(input, normalized_shape, weight)
    return _scaled(input * _inverse_root(xp, input, axes, eps), weight)


def _inverse_root(xp: Namespace, input: Same, axes: Axes, eps: float | None) -> Array:
    """Give r of the root mean square."""
    if eps is None:
        eps = float(xp.finfo(input.dtype).eps)
    return 1 / xp.sqrt(xp.mean(input * input, axis=axes, keepdims=True) + eps)


@rms_norm.rule("input", "weight", needs=("input", "weight"))
def _(
    xp: Namespace,
    grad_output: Same,
    input: Same,
    weight: Scale,
    output: Same,
    *,
    normalized_shape: Sizes,
    eps: float | None,
) -> tuple[Same, Same]:
    axes = _last_axes(input, normalized_shape, weight)
    factor = _inverse_root(xp, input, axes, eps)
    normalized, grad = input * factor, _scaled(grad_output, weight)
    product = xp.mean(grad * normalized, axis=axes, keepdims=True)
    return through(grad, normalized, factor, factor * product), grad_output * normalized


@op(
    "GroupNorm",
    kind="layer",
    arguments={
        "input": Argument(REAL, "N D L"),
        "weight": Argument(SMALL, "D"),
        "bias": Argument(SMALL, "D"),
    },
    autocast="normalization",
)
def group_norm(
    xp: Namespace,
    input: Same,
    weight: Channels | None = None,
    bias: Channels | None = None,
    *,
    num_groups: int = 1,
    eps: float = 1e-5,
) -> Same:
    """Group normalization: groups of each sample's channels brought to mean 0 and variance 1.

    The channels of a sample are taken in ``num_groups`` groups of neighbours. y = w x̂ + b with
    x̂ = (x − μ) r, r = 1/√(σ² + ε), ε = ``eps``, where μ and σ² = mean((x − μ)²) are taken over all
    values of a group, and w and b belong to the channel. With the upstream gradient g:

    - ∂L/∂x̂ = g w = h and, as derived in this module, ∂L/∂xⱼ = r (hⱼ − mean(h) − x̂ⱼ mean(h x̂)), the
      means being those of the group;
    - ∂L/∂w = Σ g x̂ and ∂L/∂b = Σ g, over the samples and all axes after the channels.

    Shapes: input ``(N, channels, …)``; weight and bias ``(channels)`` or ``None``; the output is as
    the input.

    Raises
    ------
    ValueError
        If the channels cannot be divided into ``num_groups`` groups of one size, or weight and bias are
        not one value for each.

    Source: Wu and He, "Group normalization", 2018, section 3.1. Their γ is ``weight``, their β ``bias``.

    >>> import numpy as np
    >>> group_norm.forward(np, np.array([[[1.0], [3.0], [10.0], [50.0]]]), num_groups=2).round(4).tolist()
    [[[-1.0], [1.0], [-1.0], [1.0]]]
    """
    require_channels(input, weight=weight, bias=bias)
    standardized, _ = _standardized(xp, _grouped(xp, input, num_groups), (-1,), eps)
    rank = input.ndim
    return _scaled(
        xp.reshape(standardized, input.shape),
        along_channels(xp, weight, rank),
        along_channels(xp, bias, rank),
    )


def _grouped(xp: Namespace, input: Same, num_groups: int) -> Float[Array, "batch groups values"]:
    batch, channels, *rest = input.shape
    if num_groups < 1 or channels % num_groups:
        raise ValueError(
            f"num_groups divides the number of channels; got num_groups={num_groups!r} for an input of "
            f"{channels} channels"
        )
    return xp.reshape(input, (batch, num_groups, channels // num_groups * math.prod(rest)))


@group_norm.rule("input", "weight", needs=("input", "weight"))
def _(
    xp: Namespace,
    grad_output: Same,
    input: Same,
    weight: Channels | None,
    bias: Channels | None,
    output: Same,
    *,
    num_groups: int,
    eps: float,
) -> tuple[Same, Array]:
    standardized, factor = _standardized(xp, _grouped(xp, input, num_groups), (-1,), eps)
    grad = _grouped(xp, _scaled(grad_output, along_channels(xp, weight, input.ndim)), num_groups)
    grad_input = xp.reshape(_through_both(xp, grad, standardized, factor, (-1,)), input.shape)
    return grad_input, over_channels(xp, grad_output * xp.reshape(standardized, input.shape))


@group_norm.rule("bias", needs=())
def _(
    xp: Namespace,
    grad_output: Same,
    input: Same,
    weight: Channels | None,
    bias: Channels | None,
    output: Same,
    *,
    num_groups: int,
    eps: float,
) -> Array:
    return over_channels(xp, grad_output)
