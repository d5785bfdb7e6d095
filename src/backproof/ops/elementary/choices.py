"""Choices between numbers: by their size, by their sign, or by a condition."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace, Shaped
from backproof.ops.catalogue import op
from backproof.ops.domain import MASK, REAL, Argument

__all__ = ["absolute", "maximum", "minimum", "where"]

#: Of shapes that broadcast together.
Given: TypeAlias = Float[Array, "*#shape"]
#: True or false, of a shape that broadcasts with them.
Condition: TypeAlias = Shaped[Array, "*#shape"]
#: Of the common shape.
Values: TypeAlias = Float[Array, "..."]
#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_TWO = {"input": Argument(REAL, "N D"), "other": Argument(REAL, "N D")}


@op(
    "abs",
    kind="elementary",
    arguments={"input": Argument(REAL, "N D")},
    aliases={"absolute": {}, "absolute value": {}},
    kinks={"input": (0.0,)},
    elementwise=True,
)
def absolute(xp: Namespace, input: Same) -> Same:
    """Absolute value.

    |x| = x for x > 0, −x for x < 0. Its derivative is the sign of x. At x = 0 any number in [−1, 1]
    is a subgradient; PyTorch's choice, taken here, is 0.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Boyd and Vandenberghe, "Convex optimization", 2004, section 3.1.1; the subgradient:
    Rockafellar, "Convex analysis", 1970, section 23.

    >>> import numpy as np
    >>> absolute.forward(np, np.array([-2.0, 3.0])).tolist()
    [2.0, 3.0]
    """
    return xp.abs(input)


@absolute.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return grad_output * xp.sign(input)


def _share(xp: Namespace, grad_output: Values, loses: Condition, ties: Condition) -> Values:
    """Give the upstream gradient to the one that does not lose, and half of it at a tie."""
    return xp.where(loses, 0, xp.where(ties, 0.5 * grad_output, grad_output))


@op(
    "maximum",
    kind="elementary",
    arguments=_TWO,
    kinks={"input": ("other",), "other": ("input",)},
    elementwise=True,
)
def maximum(xp: Namespace, input: Given, other: Given) -> Values:
    """Larger of two numbers.

    max(a, b) = a for a > b, b for a < b. Its derivative is 1 for the larger, 0 for the other. At a
    tie any two shares that add up to 1 are a subgradient; PyTorch's choice, taken here, is a half
    each.

    Shapes: input and other broadcast together; the output has the common shape.

    Source: Boyd and Vandenberghe, "Convex optimization", 2004, section 3.2.3; the tie: PyTorch,
    ``torch.maximum``.

    >>> import numpy as np
    >>> maximum.forward(np, np.array([1.0, 2.0]), np.array([3.0, -3.0])).tolist()
    [3.0, 2.0]
    """
    return xp.maximum(input, other)


@maximum.rule("input", needs=("input", "other"))
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return _share(xp, grad_output, input < other, input == other)


@maximum.rule("other", needs=("input", "other"))
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return _share(xp, grad_output, other < input, input == other)


@op(
    "minimum",
    kind="elementary",
    arguments=_TWO,
    kinks={"input": ("other",), "other": ("input",)},
    elementwise=True,
)
def minimum(xp: Namespace, input: Given, other: Given) -> Values:
    """Smaller of two numbers.

    min(a, b) = a for a < b, b for a > b. Its derivative is 1 for the smaller, 0 for the other. At a
    tie any two shares that add up to 1 are a subgradient of −min; PyTorch's choice, taken here, is a
    half each.

    Shapes: input and other broadcast together; the output has the common shape.

    Source: Boyd and Vandenberghe, "Convex optimization", 2004, section 3.2.3; the tie: PyTorch,
    ``torch.minimum``.

    >>> import numpy as np
    >>> minimum.forward(np, np.array([1.0, 2.0]), np.array([3.0, -3.0])).tolist()
    [1.0, -3.0]
    """
    return xp.minimum(input, other)


@minimum.rule("input", needs=("input", "other"))
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return _share(xp, grad_output, input > other, input == other)


@minimum.rule("other", needs=("input", "other"))
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return _share(xp, grad_output, other > input, input == other)


@op(
    "where",
    kind="elementary",
    arguments={
        "condition": Argument(MASK, "N D"),
        "input": Argument(REAL, "N D"),
        "other": Argument(REAL, "N D"),
    },
    elementwise=True,
)
def where(xp: Namespace, condition: Condition, input: Given, other: Given) -> Values:
    """One number or another, by a condition.

    y = a where the condition c is true, b where it is false. Its derivative for a is 1 where c is
    true and 0 elsewhere; for b it is the other way round. The condition has none.

    Shapes: condition, input and other broadcast together; the output has the common shape.

    Source: PyTorch, ``torch.where``; Iverson, "A programming language", 1962, has the bracket [c], with
    which y = [c] a + (1 − [c]) b.

    >>> import numpy as np
    >>> where.forward(np, np.array([True, False]), np.array([1.0, 2.0]), np.array(3.0)).tolist()
    [1.0, 3.0]
    """
    return xp.where(condition, input, other)


@where.rule("input", needs=("condition",))
def _(
    xp: Namespace, grad_output: Values, condition: Condition, input: Given, other: Given, output: Values
) -> Values:
    return xp.where(condition, grad_output, 0)


@where.rule("other", needs=("condition",))
def _(
    xp: Namespace, grad_output: Values, condition: Condition, input: Given, other: Given, output: Values
) -> Values:
    return xp.where(condition, 0, grad_output)
