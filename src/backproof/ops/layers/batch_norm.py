"""Batch normalization: one definition for every number of axes after the channels."""

from __future__ import annotations

import math
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op, register
from backproof.ops.channels import Channels, along_channels, not_channels, over_channels, require_channels
from backproof.ops.domain import POSITIVE, REAL, SMALL, Argument
from backproof.ops.layers.normalization import moments, through

__all__ = ["batch_norm1d", "batch_norm2d", "moved"]

#: Samples, channels, and what axes there are besides.
Same: TypeAlias = Float[Array, "*shape"]
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
    autocast="batch statistics",
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

    A value of the input moves its own output and, by the mean and the variance, all others. As derived
    in `backproof.ops.layers.normalization`, with h = g w, whose sums are w times those above,

    - ∂L/∂xⱼ = r (hⱼ − mean(h) − x̂ⱼ mean(h x̂)) + ∂L/∂μ/m + ∂L/∂σ² 2 (xⱼ − μ)/m,

    where the last two terms are for what else is made of the mean and the variance, which are outputs
    too. Where ``running_mean`` and ``running_var`` are given they take the place of μ and σ², do not
    depend on the input, and only ∂L/∂x = w r g is left; they have no gradient themselves.

    Shapes: input ``(N, channels, …)``; all else ``(channels)`` or ``None``. The outputs are the
    normalized values, as the input, and the mean and variance ``(channels)``. The variance is the
    mean of squares, divided by m and not by m − 1.

    Raises
    ------
    ValueError
        If one of the running statistics is given without the other, or what belongs to the channels is not
        one value for each.

    Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", 2015, algorithms 1 and 2. Their γ is ``weight``, their β ``bias``.

    >>> import numpy as np
    >>> output, mean, var = batch_norm1d.forward(np, np.array([[1.0, 8.0], [3.0, 8.0]]))
    >>> output.round(4).tolist(), mean.tolist(), var.tolist()
    ([[-1.0, 0.0], [1.0, 0.0]], [2.0, 8.0], [1.0, 0.0])
    """
    rank = input.ndim
    require_channels(input, weight=weight, bias=bias, running_mean=running_mean, running_var=running_var)
    if (running_mean is None) != (running_var is None):
        given = "running_mean" if running_var is None else "running_var"
        raise ValueError(f"running_mean and running_var are given both or neither; got {given} alone")
    if running_mean is None or running_var is None:
        mean, var, centred = moments(xp, input, not_channels(rank))
        mean, var = xp.reshape(mean, (-1,)), xp.reshape(var, (-1,))
    else:
        # An output is never one of the inputs: copies, of one value a channel.
        mean, var = running_mean + 0, running_var + 0
        centred = input - along_channels(xp, mean, rank)
    factor = 1 / xp.sqrt(var + eps)
    output = centred * along_channels(xp, factor if weight is None else factor * weight, rank)
    return output if bias is None else output + along_channels(xp, bias, rank), mean, var


@batch_norm1d.rule("input", "weight", "bias", needs=("input", "weight", "running_mean", "mean", "var"))
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
    slope = factor if weight is None else factor * weight

    def along(values: Channels) -> Array:
        return along_channels(xp, values, rank)

    distance, grad_bias = input - along(mean), over_channels(xp, grad)
    if running_mean is not None:
        grad_weight = over_channels(xp, grad * distance) * factor
        return grad * along(slope), grad_weight, grad_bias
    # Less its mean the upstream gradient has the same sum with x̂, of smaller terms.
    centred = grad - along(grad_bias / count)
    grad_weight = over_channels(xp, centred * distance) * factor
    # The weight is one with r, and the distance is x̂ but for r.
    share = (slope * factor * grad_weight - 2 * grad_var) / count
    grad_input = through(centred, distance, along(slope), along(share)) + along(grad_mean / count)
    return grad_input, grad_weight, grad_bias


batch_norm2d = register(
    batch_norm1d.replace(
        name="BatchNorm2d",
        arguments={"input": Argument(REAL, "N D H W"), **_PARAMETERS, **_STATISTICS},
        aliases={},
    )
)


def moved(
    running: tuple[Channels, Channels],
    batch: tuple[Channels, Channels],
    count: int,
    momentum: float | None,
    batches: float,
) -> tuple[Channels, Channels]:
    """Move the running mean and variance by one more batch.

    r' = (1 − a) r + a s with the batch's statistic s and a = ``momentum``; ``None`` is 1/``batches``, the
    number of batches with this one, which makes r' the mean over all. The variance that is followed is
    the unbiased one, over m − 1 of the m = ``count`` values of a channel.

    Source: Ioffe and Szegedy, as for `batch_norm1d`, algorithm 2, lines 9 and 10; PyTorch,
    ``torch.nn.BatchNorm1d``.

    >>> import numpy as np
    >>> mean, var = moved((np.zeros(1), np.ones(1)), (np.array([4.0]), np.array([6.0])), 4, 0.5, 1)
    >>> mean.tolist(), var.tolist()
    ([2.0], [4.5])
    """
    share = 1 / batches if momentum is None else momentum
    seen = (batch[0], batch[1] * (count / (count - 1)))
    mean, var = ((1 - share) * old + share * new for old, new in zip(running, seen, strict=True))
    return mean, var
