"""What an op gives on an example, and when two results are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.ops.examples import Example

#: Other libraries round each operation too, and add in another order: a few dozen units is the most seen.
UNITS = 32


@dataclass(frozen=True)
class Result:
    """An output and the gradient for each argument that has one."""

    output: NDArray[Any]
    gradients: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Library:
    """A namespace, and how its arrays are made of NumPy's and turned back."""

    xp: Any
    to: Callable[[NDArray[Any]], Any]
    back: Callable[[Any], NDArray[Any]]


NUMPY = Library(np, lambda array: array, lambda array: array)


def of_op(example: Example, upstream: NDArray[Any] | None = None, library: Library = NUMPY) -> Result:
    """Run the op as a caller does who has kept the values of the forward."""
    xp = library.xp
    inputs = [None if array is None else library.to(array) for array in example.inputs]
    # The edges of the range are among the examples: what they give is compared, not warned of.
    with np.errstate(all="ignore"):
        output, values = example.op.evaluate(xp, inputs, **example.options)
        if upstream is None:
            upstream = example.upstream(tuple(output.shape))
        gradients = example.op.gradients(xp, library.to(upstream), inputs, values, **example.options)
    return Result(library.back(output), {name: library.back(array) for name, array in gradients.items()})


def assert_close(got: NDArray[Any], expected: NDArray[Any], what: str) -> None:
    """Assert equal shapes and dtypes, and values that differ by rounding."""
    assert got.shape == expected.shape, what
    assert got.dtype == expected.dtype, what
    eps = np.finfo(got.dtype).eps
    np.testing.assert_allclose(got, expected, rtol=UNITS * eps, atol=UNITS * eps, err_msg=what)


def assert_same(got: Result, expected: Result) -> None:
    """Assert that outputs and gradients are the same, and are there for the same arguments."""
    assert_close(got.output, expected.output, "output")
    assert got.gradients.keys() == expected.gradients.keys()
    for name, gradient in expected.gradients.items():
        assert_close(got.gradients[name], gradient, f"gradient of {name}")
