"""Batch normalization: one definition for every number of axes after the channels."""

from __future__ import annotations

import math
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.domain import POSITIVE, REAL, SMALL, Argument
from backproof.ops.layers.normalization import along_channels, over_channels
from backproof.ops.op import op, register

__all__ = ["batch_norm1d", "batch_norm2d"]

#: Samples, channels, and what axes there are besides.
Same: TypeAlias = Float[Array, "*shape"]
#: One for each channel.
Channels: TypeAlias = Float[Array, "channels"]
#: The normalized values, and the statistics that they were normalized by.
Outputs: TypeAlias = tuple[Same, Channels, Channels]

_PARAMETERS = {"weight": Argument(SMALL, "D"), "bias": Argument(SMALL, "D")}
_STATISTICS = {
    "running_mean": Argument(REAL, "D", optional=True),
    "running_var": Argument(POSITIVE, "D", optional=True),
}


@op(
    "BatchNorm1d",
    kind="layer",
    arguments={"input": Argument(REAL, "N D"), **_PARAMETERS, **_STATISTICS},
    aliases={"batch norm": {}, "batch normalization": {}},
    outputs=("output", "mean", "var"),
)
def batch_norm1d(
    xp: Namespace,
    input: Same,
    weight: Channels | None = None,
    bias: Channels | None = None,
    running_mean: Channels | None = None,
    running_var: Channels | None = None,
    *,
    eps: float = 1e-5,
) -> Outputs:
    """Batch normalization: each channel brought to mean 0 and variance 1, scaled and shifted.

    y = w x̂ + b with x̂ = (x − μ) r, r = 1/√(σ² + ε), ε = ``eps``. While training, μ and
    σ² = mean((x − μ)²) are those of the batch, over all its m values of a channel. With the upstream
    gradient g the derivatives for the parameters are

    - ∂L/∂b = Σ g and ∂L/∂w = Σ g x̂, over the values of the channel.

    A value of the input moves its own output and, by ∂μ/∂xⱼ = 1/m, ∂σ²/∂xⱼ = 2 (xⱼ − μ)/m and
    dr/dσ² = −r³/2, all others: ∂x̂ᵢ/∂xⱼ = r (δᵢⱼ − 1/m − x̂ᵢ x̂ⱼ/m). The two sums are those above:

    - ∂L/∂xⱼ = w r (gⱼ − (Σ g + x̂ⱼ Σ g x̂)/m) + ∂L/∂μ/m + ∂L/∂σ² 2 (xⱼ − μ)/m,

    where the last two terms are for what else is made of the mean and the variance, which are outputs
    too. Where ``running_mean`` and ``running_var`` are given they take the place of μ and σ², do not
    depend on the input, and only ∂L/∂x = w r g is left; they have no gradient themselves.

    Shapes: input ``(N, channels, …)``; all else ``(channels)`` or ``None``. The outputs are the
    normalized values, as the input, and the mean and variance ``(channels)``. The variance is the
    mean of squares, divided by m and not by m − 1.

    Raises
    ------
    ValueError
        If one of the running statistics is given without the other.

    Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", 2015, algorithms 1 and 2. Their γ is ``weight``, their β ``bias``.

    >>> import numpy as np
    >>> output, mean, var = batch_norm1d.forward(np, np.array([[1.0, 8.0], [3.0, 8.0]]))
    >>> output.round(4).tolist(), mean.tolist(), var.tolist()
    ([[-1.0, 0.0], [1.0, 0.0]], [2.0, 8.0], [1.0, 0.0])
    """
    rank = input.ndim
    if (running_mean is None) != (running_var is None):
        given = "running_mean" if running_var is None else "running_var"
        raise ValueError(f"running_mean and running_var are given both or neither; got {given} alone")
    if running_mean is None or running_var is None:
        axes = _axes(rank)
        mean = xp.mean(input, axis=axes)
        centred = input - along_channels(xp, mean, rank)
        var = xp.mean(centred * centred, axis=axes)
    else:
        # An output is never one of the inputs: copies, of one value a channel.
        mean, var = running_mean + 0, running_var + 0
        centred = input - along_channels(xp, mean, rank)
    factor = 1 / xp.sqrt(var + eps)
    output = centred * along_channels(xp, factor if weight is None else factor * weight, rank)
    return output if bias is None else output + along_channels(xp, bias, rank), mean, var


def _axes(rank: int) -> tuple[int, ...]:
    return (0, *range(2, rank))


@batch_norm1d.rule("input", "weight", "bias")
def _(
    xp: Namespace,
    grad_output: Outputs,
    input: Same,
    weight: Channels | None,
    bias: Channels | None,
    running_mean: Channels | None,
    running_var: Channels | None,
    output: Outputs,
    *,
    eps: float,
) -> tuple[Same, Channels, Channels]:
    (grad, grad_mean, grad_var), (_, mean, var) = grad_output, output
    rank, count = input.ndim, max(math.prod(input.shape) // max(input.shape[1], 1), 1)
    factor = 1 / xp.sqrt(var + eps)
    centred = input - along_channels(xp, mean, rank)
    grad_bias = over_channels(xp, grad)
    grad_weight = over_channels(xp, grad * centred) * factor
    slope = factor if weight is None else factor * weight
    grad_input = grad * along_channels(xp, slope, rank)
    if running_mean is None:
        per_distance = (2 * grad_var - slope * factor * grad_weight) / count
        constant = (grad_mean - slope * grad_bias) / count
        grad_input = (
            grad_input + centred * along_channels(xp, per_distance, rank) + along_channels(xp, constant, rank)
        )
    return grad_input, grad_weight, grad_bias


batch_norm2d = register(
    batch_norm1d.replace(
        name="BatchNorm2d",
        arguments={"input": Argument(REAL, "N D H W"), **_PARAMETERS, **_STATISTICS},
        aliases={},
    )
)
