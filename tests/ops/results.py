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
    """The outputs and the gradient for each argument that has one."""

    outputs: tuple[NDArray[Any], ...]
    gradients: dict[str, NDArray[Any]]

    @property
    def output(self) -> NDArray[Any]:
        """The first output, which mostly is the only one."""
        return self.outputs[0]


@dataclass(frozen=True)
class Library:
    """A namespace, and how its arrays are made of NumPy's and turned back."""

    xp: Any
    to: Callable[[NDArray[Any]], Any]
    back: Callable[[Any], NDArray[Any]]


NUMPY = Library(np, lambda array: array, lambda array: array)


def of_op(
    example: Example,
    upstream: NDArray[Any] | None = None,
    library: Library = NUMPY,
    change: Callable[[Any], Any] = lambda array: array,
) -> Result:
    """Run the op as a caller does who has kept the values of the forward.

    ``change`` is applied to every array that the op is given.
    """
    op, xp = example.op, library.xp
    inputs = [None if array is None else library.to(change(array)) for array in example.inputs]
    # The edges of the range are among the examples: what they give is compared, not warned of.
    with np.errstate(all="ignore"):
        output, values = op.evaluate(xp, inputs, **example.options)
        outputs = output if len(op.outputs) > 1 else (output,)
        drawn = [upstream] if upstream is not None else example.upstreams(tuple(o.shape) for o in outputs)
        upstreams = tuple(
            None if name in op.constant else library.to(change(given))
            for name, given in zip(op.outputs, drawn, strict=True)
        )
        grad_output = upstreams if len(outputs) > 1 else upstreams[0]
        gradients = op.gradients(xp, grad_output, inputs, values, **example.options)
    return Result(
        tuple(library.back(array) for array in outputs),
        {name: library.back(array) for name, array in gradients.items()},
    )


def assert_close(got: NDArray[Any], expected: NDArray[Any], what: str) -> None:
    """Assert equal shapes and dtypes, and values that differ by rounding."""
    assert got.shape == expected.shape, what
    assert got.dtype == expected.dtype, what
    eps = np.finfo(got.dtype).eps
    np.testing.assert_allclose(got, expected, rtol=UNITS * eps, atol=UNITS * eps, err_msg=what)


def assert_same(got: Result, expected: Result) -> None:
    """Assert that outputs and gradients are the same, and are there for the same arguments."""
    for ours, theirs in zip(got.outputs, expected.outputs, strict=True):
        assert_close(ours, theirs, "output")
    assert got.gradients.keys() == expected.gradients.keys()
    for name, gradient in expected.gradients.items():
        assert_close(got.gradients[name], gradient, f"gradient of {name}")
