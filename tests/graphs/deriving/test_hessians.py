"""Hessians, against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from backproof.graphs.graph import graph

RNG = np.random.default_rng(5)
#: An expression, the same for PyTorch, and the inputs.
TABLE: dict[str, tuple[Any, dict[str, Any]]] = {
    "x**2*y": (lambda x, y: x**2 * y, {"x": 3.0, "y": 2.0}),
    "tanh(log(1 + z*2*x/sin(y)))": (
        lambda x, y, z: torch.tanh(torch.log(1 + z * 2 * x / torch.sin(y))),
        {"x": 1.0, "y": 2.0, "z": 3.0},
    ),
    "x + 2*y": (lambda x, y: x + 2 * y, {"x": 1.0, "y": 1.0}),
    "mean((X@w - t)**2)": (
        lambda X, w, t: ((X @ w - t) ** 2).mean(),  # noqa: N803 - a matrix
        {"X": RNG.normal(size=(3, 2)), "w": RNG.normal(size=2), "t": RNG.normal(size=3)},
    ),
    "sum(softmax(x)*g)": (
        lambda x, g: (torch.softmax(x, -1) * g).sum(),
        {"x": RNG.normal(size=(2, 3)), "g": RNG.normal(size=(2, 3))},
    ),
    "sum(gelu(x)*x[0])": (lambda x: (torch.nn.functional.gelu(x) * x[0]).sum(), {"x": RNG.normal(size=4)}),
}


@pytest.mark.parametrize("text", TABLE)
def test_hessian_is_that_of_pytorch(text: str) -> None:
    function, inputs = TABLE[text]
    expected = torch.autograd.functional.hessian(  # type: ignore[no-untyped-call]  # PyTorch's own
        function, tuple(torch.tensor(value, dtype=torch.float64) for value in inputs.values())
    )
    found = graph(text, **inputs).hessian()
    for row, one in zip(expected, inputs, strict=True):
        for block, other in zip(row, inputs, strict=True):
            np.testing.assert_allclose(found[one, other], block, rtol=1e-10, atol=1e-12)


def test_each_element_of_an_output_has_its_own() -> None:
    x = RNG.normal(size=3)
    found = graph("x**3", x=x).hessian("x")["x", "x"]
    expected = np.zeros((3, 3, 3))
    np.einsum("iii->i", expected)[...] = 6 * x
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)


def test_a_step_may_be_the_output() -> None:
    assert graph("a = x**3; f = 2*a", x=2.0).hessian("x", to="a") == {("x", "x"): 12.0}


def test_what_is_no_input_is_said() -> None:
    with pytest.raises(KeyError, match="the inputs are x; got 'a'"):
        graph("a = x**3", x=2.0).hessian("a")
