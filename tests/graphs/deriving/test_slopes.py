"""Slopes: a graph is told to another process as it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.graphs.deriving.slopes import described, slopes
from backproof.graphs.graph import graph
from backproof.graphs.symbols import NotSymbolic

GRAPHS: dict[str, dict[str, Any]] = {
    "x[0:2, 1]@w + sum(x[-1])": {"x": np.arange(6.0).reshape(3, 2), "w": np.array([0.5, 2.0])},
    "sum(x, dim=0)@w": {"x": np.ones((2, 2)), "w": np.array([0.5, 2.0])},
    "where(x > 0.5, x**2, y)": {"x": 2.0, "y": 3.0},
    "cross_entropy(z, 1)": {"z": np.array([0.1, 0.2, 0.3])},
}


@pytest.mark.parametrize("text", GRAPHS)
def test_the_slopes_are_the_gradients(text: str) -> None:
    g = graph(text, **GRAPHS[text])
    found = slopes(described(g), {name: range(np.size(g[name].value)) for name in GRAPHS[text]})
    for name, theirs in found.items():
        np.testing.assert_allclose(theirs, np.ravel(g[name].grad), rtol=1e-12, atol=1e-15)


def test_an_op_of_somebody_else_is_not_told() -> None:
    g = graph("sin(x)", x=1.0)
    place = next(place for place, op in enumerate(g.tape.ops) if op is not None)
    op = g.tape.ops[place]
    assert op is not None
    g.tape.ops[place] = op.replace(forward=lambda xp, angle: xp.cos(angle))
    with pytest.raises(NotSymbolic, match="no op of the catalogue"):
        described(g)
