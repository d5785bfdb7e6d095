"""Gradients, Jacobians and Hessians as formulas: they have the numbers of the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

from backproof.graphs.graph import Graph, graph

GRAPHS: dict[str, dict[str, Any]] = {
    "softmax(x)": {"x": np.array([0.1, 0.7, -0.4])},
    "tanh(w*x + b)": {"w": 0.5, "x": 2.0, "b": -0.3},
    "relu(x@w)": {"x": np.array([[0.5, -1.0], [0.3, 0.2]]), "w": np.array([0.4, 0.7])},
    "cross_entropy(x, [0])": {"x": np.array([[0.2, 0.9]])},
    "hardtanh(x)*gelu(y)": {"x": 0.3, "y": np.array([0.6, -1.0])},
}


def _numbers(g: Graph, formulas: Any) -> Any:
    """Put in the values of the inputs, by the symbols of the graph's own formulas."""
    at: dict[Any, Any] = {}
    for name in g.input_places:
        symbols = np.ravel(np.asarray(g.formulas.value(name), dtype=object))
        at |= dict(zip(symbols, map(sympy.Rational, np.ravel(g[name].value)), strict=True))
    return np.vectorize(lambda one: float(sympy.sympify(one).xreplace(at)), otypes=[float])(formulas)


@pytest.mark.parametrize("text", GRAPHS)
def test_formulas_have_the_numbers_of_the_graph(text: str) -> None:
    g = graph(text, **GRAPHS[text])
    np.testing.assert_allclose(_numbers(g, g.formulas.value()), g.value, rtol=1e-12)
    for name, gradient in g.formulas.grad().items():
        assert np.shape(gradient) == np.shape(g.grad(name)[name])
        np.testing.assert_allclose(_numbers(g, gradient), g.grad(name)[name], rtol=1e-11, atol=1e-14)
        jacobian = g.formulas.jacobian(name)
        assert np.shape(jacobian) == np.shape(g.jacobian(name))
        np.testing.assert_allclose(_numbers(g, jacobian), g.jacobian(name), rtol=1e-11, atol=1e-14)
    second = g.hessian()
    for pair, hessian in g.formulas.hessian().items():
        assert np.shape(hessian) == np.shape(second[pair])
        np.testing.assert_allclose(_numbers(g, hessian), second[pair], rtol=1e-10, atol=1e-13)


def test_of_several_outputs_and_of_steps() -> None:
    g = graph(lambda x: (x**2, 5 * x), x=3.0)
    assert str(g.formulas.grad(to=0)) == "{'x': 2*x}"
    assert g.formulas.jacobian("x", to=1) == 5
    assert str(graph("a = 2*x; a**3", x=1.0).formulas.jacobian("a")) == "3*a**2"


def test_rounded_numbers_have_the_digits_of_float64() -> None:
    g = graph("selu(x)*x", x=1.0)
    formulas = [
        g.formulas.value(),
        g.formulas.grad()["x"],
        g.formulas.hessian()["x", "x"],
        g.derive("x").formula,
    ]
    assert max(len(str(each)) for one in formulas for each in one.atoms(sympy.Float)) < 20
    assert "1.0507009873554805*" in str(g.formulas.value())
