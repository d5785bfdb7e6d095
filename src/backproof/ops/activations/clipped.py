"""Activations that are cut off at both ends: the tanh, the sigmoid and the like, drawn with a ruler."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

__all__ = ["hardsigmoid", "hardswish", "hardtanh", "relu6"]

#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_ARGUMENTS = {"input": Argument(REAL, "N D")}
#: Where the hard sigmoid meets 1; at the negative it meets 0.
_EDGE = 3.0


@op(
    "Hardtanh",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"clipped linear": {}},
    kinks={"input": ("min_val", "max_val")},
    elementwise=True,
)
def hardtanh(xp: Namespace, input: Same, *, min_val: float = -1.0, max_val: float = 1.0) -> Same:
    """Identity, held between two bounds.

    Hardtanh(x) = min(max(x, a), b), with a = ``min_val`` and b = ``max_val``. Its derivative is 1
    for a < x < b and 0 outside. At x = a and x = b any number in [0, 1] is a subgradient;
    PyTorch's choice, taken here, is 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Raises: ``ValueError`` if ``max_val`` is not above ``min_val``.

    Source: Collobert, "Large scale machine learning", 2004, section 6.2.

    >>> import numpy as np
    >>> hardtanh.forward(np, np.array([-2.0, 0.5, 2.0])).tolist()
    [-1.0, 0.5, 1.0]
    """
    if not min_val < max_val:
        raise ValueError(f"max_val is above min_val; got {min_val=}, {max_val=}")
    return xp.clip(input, min_val, max_val)


@hardtanh.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same, *, min_val: float, max_val: float) -> Same:
    return _within(xp, grad_output, input, min_val, max_val)


def _within(xp: Namespace, grad_output: Same, input: Same, low: float, high: float) -> Same:
    """Let through what is of an input between two bounds."""
    return xp.where((input > low) & (input < high), grad_output, 0)


@op("ReLU6", kind="activation", arguments=_ARGUMENTS, kinks={"input": (0.0, 6.0)}, elementwise=True)
def relu6(xp: Namespace, input: Same) -> Same:
    """Rectified linear unit that is at most 6.

    ReLU6(x) = min(max(x, 0), 6). Its derivative is 1 for 0 < x < 6 and 0 outside. At x = 0 and x = 6
    any number in [0, 1] is a subgradient; PyTorch's choice, taken here, is 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.

    >>> import numpy as np
    >>> relu6.forward(np, np.array([-1.0, 2.0, 7.0])).tolist()
    [0.0, 2.0, 6.0]
    """
    return hardtanh.forward(xp, input, min_val=0.0, max_val=6.0)


@relu6.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return _within(xp, grad_output, input, 0.0, 6.0)


@op(
    "Hardsigmoid",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"h sigmoid": {}},
    kinks={"input": (-_EDGE, _EDGE)},
    elementwise=True,
)
def hardsigmoid(xp: Namespace, input: Same) -> Same:
    """Sigmoid of three straight lines.

    Hardsigmoid(x) = min(max(x + 3, 0), 6) / 6. Its derivative is 1/6 for −3 < x < 3 and 0 outside.
    At x = −3 and x = 3 any number in [0, 1/6] is a subgradient; PyTorch's choice, taken here, is 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Courbariaux, Bengio and David, "BinaryConnect", 2015; with these slopes PyTorch,
    ``torch.nn.Hardsigmoid``.

    >>> import numpy as np
    >>> hardsigmoid.forward(np, np.array([-4.0, 0.0, 4.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    return xp.clip(input + _EDGE, 0, 2 * _EDGE) / (2 * _EDGE)


@hardsigmoid.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return _within(xp, grad_output / (2 * _EDGE), input, -_EDGE, _EDGE)


@op(
    "Hardswish",
    kind="activation",
    arguments=_ARGUMENTS,
    aliases={"h swish": {}},
    kinks={"input": (-_EDGE, _EDGE)},
    elementwise=True,
)
def hardswish(xp: Namespace, input: Same) -> Same:
    """Input times its hard sigmoid.

    Hardswish(x) = x · min(max(x + 3, 0), 6) / 6. In the middle, −3 < x < 3, this is (x² + 3x)/6 and
    its derivative (2x + 3)/6; it is 0 on the left and 1 on the right. At x = −3, between 0 and −1/2,
    and at x = 3, between 3/2 and 1, any number between is a subgradient; PyTorch's choice, taken
    here, is 0 and 1.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Howard et al., "Searching for MobileNetV3", 2019, section 5.2.

    >>> import numpy as np
    >>> hardswish.forward(np, np.array([-4.0, 1.5, 4.0])).tolist()
    [-0.0, 1.125, 4.0]
    """
    return input * hardsigmoid.forward(xp, input)


@hardswish.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    middle = grad_output * (xp.clip(input, -_EDGE, _EDGE) / _EDGE + 0.5)
    return xp.where(input <= -_EDGE, 0, xp.where(input >= _EDGE, grad_output, middle))
