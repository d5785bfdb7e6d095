"""Activations that are straight lines on either side of zero."""

from __future__ import annotations

import math
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.channels import along_channels
from backproof.ops.domain import REAL, SMALL, Argument

__all__ = ["leaky_relu", "prelu", "relu"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N D")}
#: With this many axes the second, of the channels, is the last.
_CHANNELS_LAST = 2


@op(
    "ReLU",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"rectifier": {}, "rectified linear unit": {}},
    kinks={"input": (0.0,)},
    elementwise=True,
)
def relu(xp: Namespace, input: Same) -> Same:
    """Rectified linear unit.

    ReLU(x) = max(0, x). Its derivative is 1 for x > 0 and 0 for x < 0. At x = 0 any number in
    [0, 1] is a subgradient; PyTorch's choice, taken here, is 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.

    >>> import numpy as np
    >>> relu.forward(np, np.array([-1.0, 0.0, 2.0])).tolist()
    [0.0, 0.0, 2.0]
    """
    return xp.maximum(input, 0)


@relu.rule("input", needs=("output",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return xp.where(output <= 0, 0, grad_output)


@op(
    "LeakyReLU",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"lrelu": {}},
    kinks={"input": (0.0,)},
    elementwise=True,
)
def leaky_relu(xp: Namespace, input: Same, *, negative_slope: float = 0.01) -> Same:
    """Rectified linear unit that leaks: a small slope for negative inputs.

    LeakyReLU(x) = x for x > 0, a·x otherwise, with a = ``negative_slope``. Its derivative is 1 for
    x > 0 and a for x < 0. At x = 0 any number between a and 1 is a subgradient; PyTorch's choice,
    taken here, is a.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models",
    2013.

    >>> import numpy as np
    >>> leaky_relu.forward(np, np.array([-1.0, 0.0, 2.0])).tolist()
    [-0.01, 0.0, 2.0]
    """
    return xp.where(input > 0, input, negative_slope * input)


@leaky_relu.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, negative_slope: float) -> Same:
    return xp.where(input > 0, grad_output, negative_slope * grad_output)


@op(
    "PReLU",
    kind="activation",
    arguments={"input": Argument(REAL, "N D"), "weight": Argument(SMALL, "D")},
    aliases={"parametric relu": {}},
    kinks={"input": (0.0,)},
    autocast="product",
)
def prelu(xp: Namespace, input: Same, weight: Float[Array, "..."]) -> Same:
    """Rectified linear unit that leaks with a slope that is learnt.

    PReLU(x) = x for x > 0, a·x otherwise, with the slope a for all inputs or one for each channel.
    Its derivative for x is 1 for x > 0 and a for x < 0. At x = 0 any number between a and 1 is a
    subgradient; PyTorch's choice, taken here, is a. Its derivative for a is 0 for x > 0 and x
    otherwise, for every input that has that slope.

    Shapes: input any; weight ``()``, ``(1)``, or one slope for each channel, along the input's second
    axis; the output has the input's shape and floating dtype.

    Raises: ``ValueError`` if there are other slopes than one, or one for each channel.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, equations 1 and 10.

    >>> import numpy as np
    >>> prelu.forward(np, np.array([[-1.0, -1.0], [2.0, 2.0]]), np.array([0.25, 0.5])).tolist()
    [[-0.25, -0.5], [2.0, 2.0]]
    """
    return xp.where(input > 0, input, _slopes(xp, weight, input) * input)


def _slopes(xp: Namespace, weight: Float[Array, "..."], input: Same) -> Float[Array, "..."]:
    """Lay the slopes out along the channels, of which an input of fewer than two axes has one."""
    slopes, channels = math.prod(weight.shape), input.shape[1] if input.ndim > 1 else 1
    if slopes not in (1, channels):
        raise ValueError(
            f"the weight is one slope, or one for each of the {channels} channels; "
            f"got weight of shape={tuple(weight.shape)} for input of shape={tuple(input.shape)}"
        )
    return along_channels(xp, weight, input.ndim) if input.ndim else xp.reshape(weight, ())


@prelu.rule("input", needs=("input", "weight"))
def _(xp: Namespace, grad_output: Same, input: Same, weight: Float[Array, "..."], output: Same) -> Same:
    return xp.where(input > 0, grad_output, _slopes(xp, weight, input) * grad_output)


@prelu.rule("weight", needs=("input", "weight"))
def _(xp: Namespace, grad_output: Same, input: Same, weight: Float[Array, "..."], output: Same) -> Array:
    gradient = xp.where(input > 0, 0, grad_output * input)
    if input.ndim == 0:
        return xp.reshape(gradient, weight.shape)
    # Its axes before the channels are those along which the weight was repeated.
    return xp.moveaxis(gradient, 1, -1) if input.ndim > _CHANNELS_LAST else gradient
