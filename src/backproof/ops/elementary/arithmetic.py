"""Arithmetic: sums, products and powers, element by element."""

from __future__ import annotations

from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.catalogue import op
from backproof.ops.domain import POSITIVE, REAL, SMALL, Argument

__all__ = ["add", "divide", "multiply", "negative", "power", "subtract"]

#: Of shapes that broadcast together.
Given: TypeAlias = Float[Array, "*#shape"]
#: Of the common shape.
Values: TypeAlias = Float[Array, "..."]
#: Any shape, the same throughout a function.
Same: TypeAlias = Float[Array, "*shape"]

_TWO = {"input": Argument(REAL, "N D"), "other": Argument(REAL, "N D")}


@op("add", kind="elementary", arguments=_TWO, aliases={"addition": {}, "plus": {}}, elementwise=True)
def add(xp: Namespace, input: Given, other: Given) -> Values:
    """Sum of two numbers.

    y = a + b. Its derivative for each of them is 1.

    Shapes: input and other broadcast together; the output has the common shape.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 3.3.3.

    >>> import numpy as np
    >>> add.forward(np, np.array([1.0, 2.0]), np.array(3.0)).tolist()
    [4.0, 5.0]
    """
    return input + other


@add.rule("input", needs=())
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return grad_output


@add.rule("other", needs=())
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return grad_output


@op(
    "subtract",
    kind="elementary",
    arguments=_TWO,
    aliases={"sub": {}, "subtraction": {}, "minus": {}},
    elementwise=True,
)
def subtract(xp: Namespace, input: Given, other: Given) -> Values:
    """Difference of two numbers.

    y = a − b. Its derivative for a is 1, for b it is −1.

    Shapes: input and other broadcast together; the output has the common shape.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 3.3.3.

    >>> import numpy as np
    >>> subtract.forward(np, np.array([1.0, 2.0]), np.array(3.0)).tolist()
    [-2.0, -1.0]
    """
    return input - other


@subtract.rule("input", needs=())
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return grad_output


@subtract.rule("other", needs=())
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return -grad_output


@op(
    "multiply",
    kind="elementary",
    arguments=_TWO,
    aliases={"mul": {}, "times": {}, "multiplication": {}},
    elementwise=True,
)
def multiply(xp: Namespace, input: Given, other: Given) -> Values:
    """Product of two numbers.

    y = a b. Its derivative for a is b, for b it is a.

    Shapes: input and other broadcast together; the output has the common shape.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 3.3.4.

    >>> import numpy as np
    >>> multiply.forward(np, np.array([1.0, 2.0]), np.array(3.0)).tolist()
    [3.0, 6.0]
    """
    return input * other


@multiply.rule("input", needs=("other",))
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return grad_output * other


@multiply.rule("other", needs=("input",))
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return grad_output * input


@op(
    "divide",
    kind="elementary",
    arguments={"input": Argument(REAL, "N D"), "other": Argument(POSITIVE, "N D")},
    aliases={"div": {}, "division": {}},
    elementwise=True,
)
def divide(xp: Namespace, input: Given, other: Given) -> Values:
    """Quotient of two numbers.

    y = a/b. Its derivative for a is 1/b; for b it is −a/b² = −y/b, in which b² cannot overflow.

    Shapes: input and other broadcast together; the output has the common shape.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 3.3.5.

    >>> import numpy as np
    >>> divide.forward(np, np.array([1.0, 2.0]), np.array(4.0)).tolist()
    [0.25, 0.5]
    """
    return input / other


@divide.rule("input", needs=("other",))
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return grad_output / other


@divide.rule("other", needs=("other", "output"))
def _(xp: Namespace, grad_output: Values, input: Given, other: Given, output: Values) -> Values:
    return -grad_output * (output / other)


@op(
    "power",
    kind="elementary",
    arguments={"input": Argument(POSITIVE, "N D"), "exponent": Argument(SMALL, "N D")},
    aliases={"pow": {}},
    elementwise=True,
)
def power(xp: Namespace, input: Given, exponent: Given) -> Values:
    """Power.

    y = xᵖ = exp(p log x). By the chain rule its derivative for x is y · p/x = p xᵖ⁻¹, for p it is
    y log x.

    At x = 0 these are taken by their limits, as in PyTorch: for x it is 0 where p = 0, and for p it
    is 0 where p ≥ 0. A negative x has powers with whole exponents only, which have a derivative for
    x and none for p.

    Shapes: input and exponent broadcast together; the output has the common shape.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 3.3.7 and 4.2.54.

    >>> import numpy as np
    >>> power.forward(np, np.array([2.0, 9.0]), np.array([3.0, 0.5])).tolist()
    [8.0, 3.0]
    """
    return input**exponent


@power.rule("input", needs=("input", "exponent"))
def _(xp: Namespace, grad_output: Values, input: Given, exponent: Given, output: Values) -> Values:
    constant = exponent == 0
    # Where it is constant, an exponent of 1 keeps 1/x from the dividing by 0.
    lower = xp.where(constant, 1, exponent) - 1
    return xp.where(constant, 0, grad_output * exponent * input**lower)


@power.rule("exponent")
def _(xp: Namespace, grad_output: Values, input: Given, exponent: Given, output: Values) -> Values:
    limit = (input == 0) & (exponent >= 0)
    return xp.where(limit, 0, grad_output * output * xp.log(xp.where(limit, 1, input)))


@op(
    "negative",
    kind="elementary",
    arguments={"input": Argument(REAL, "N D")},
    aliases={"neg": {}, "negate": {}},
    elementwise=True,
)
def negative(xp: Namespace, input: Same) -> Same:
    """Negative of a number.

    y = −x. Its derivative is −1.

    Shapes: any; the output has the input's shape and floating dtype.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions", 1964, 3.3.2.

    >>> import numpy as np
    >>> negative.forward(np, np.array([1.0, -2.0])).tolist()
    [-1.0, 2.0]
    """
    return -input


@negative.rule("input", needs=())
def _(xp: Namespace, grad_output: Same, input: Same, output: Same) -> Same:
    return -grad_output
