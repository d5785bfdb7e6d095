"""Formulas of nodes and gradients, element by element, against the numbers of the same graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

from backproof.graphs.deriving import whole
from backproof.graphs.deriving.elements import backward, constants, symbols, values
from backproof.graphs.graph import graph
from backproof.graphs.symbols import NotSymbolic
from backproof.ops import CATALOGUE

RNG = np.random.default_rng(11)
X, W, G = RNG.normal(size=(2, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=(2, 2))
T = np.array([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]])
TABLE: dict[str, dict[str, Any]] = {
    "sum(G*(X@W))": {"G": G, "X": X, "W": W},
    "sum(G*linear(X, V, b))": {"G": G, "X": X, "V": W.T, "b": RNG.normal(size=2)},
    "sum(softmax(X)*T)": {"X": X, "T": T},
    "-sum(T*log_softmax(X))": {"X": X, "T": T},
    "cross_entropy(X, T)": {"X": X, "T": T},
    "mse_loss(X, T)": {"X": X, "T": T},
    "mse_loss(X, T, reduction='sum')": {"X": X, "T": T},
    "sum(tanh(X[0]*2 + X[1, 2])**2)": {"X": X},
    "mean(relu(X) + gelu(X))": {"X": X},
    "sum(mean(X, dim=0)*reshape(X, shape=(3, 2))[:, 0])": {"X": X},
    "w*sum(X/(1 + w**2))": {"X": X, "w": 0.3},
}


def _formulas(text: str) -> tuple[Any, dict[int, Any], dict[Any, Any]]:
    g = graph(text, **TABLE[text])
    places = g.tape.above(g.outputs)
    given = {place: symbols(name, np.shape(TABLE[text][name])) for name, place in g.input_places.items()}
    at = {
        symbol: float(number)
        for name, place in g.input_places.items()
        for symbol, number in zip(
            np.ravel(np.asarray(given[place], dtype=object)), np.ravel(TABLE[text][name]), strict=True
        )
    }
    return g, values(g.tape, places, {**constants(g.tape, places), **given}), at


def _numbers(formulas: Any, at: dict[Any, Any]) -> Any:
    return np.vectorize(lambda formula: float(sympy.sympify(formula).xreplace(at)), otypes=[float])(formulas)


@pytest.mark.parametrize("text", TABLE)
def test_formulas_have_the_numbers_of_the_graph(text: str) -> None:
    g, found, at = _formulas(text)
    np.testing.assert_allclose(_numbers(found[g.outputs[-1]], at), g.value, rtol=1e-12)
    for name, place in g.input_places.items():
        gradient = backward(g.tape, found, g.outputs[-1], place)
        assert np.shape(gradient) == np.shape(TABLE[text][name])
        np.testing.assert_allclose(_numbers(gradient, at), g[name].grad, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("text", ["sum(softmax(X)*T)", "cross_entropy(X, T)"])
def test_the_shift_by_the_largest_is_gone(text: str) -> None:
    g, found, _ = _formulas(text)
    assert not any(part.has(sympy.Max) for part in np.ravel(np.asarray(found[g.outputs[-1]], dtype=object)))


def test_too_many_elements_are_refused() -> None:
    with pytest.raises(NotSymbolic, match=r"at most 64 of them; got X of shape=\(9, 9\)"):
        symbols("X", (9, 9))


def test_formulas_that_have_not_the_numbers_are_refused() -> None:
    # It computes something else where it is given formulas.
    op = CATALOGUE["Softmax"].replace(forward=lambda xp, x, dim: x if xp is np else 2 * x)
    with pytest.raises(NotSymbolic, match="Softmax has no formula of real numbers"):
        whole.output(op, [symbols("x", (2,))], {})


def test_an_op_that_tells_numbers_apart_has_no_formula() -> None:
    # Its value depends on whether the target is 1.
    g = graph("cosine_embedding_loss(a, b, t)", a=X, b=T, t=np.array([1.0, -1.0]))
    places = g.tape.above(g.outputs)
    given = {place: symbols(name, np.shape(g.inputs[name])) for name, place in g.input_places.items()}
    with pytest.raises(NotSymbolic, match="CosineEmbeddingLoss has no formula"):
        values(g.tape, places, {**constants(g.tape, places), **given})
