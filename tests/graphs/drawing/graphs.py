"""Graphs of every kind and size that is drawn."""

from __future__ import annotations

import numpy as np

from backproof.graphs.graph import Graph, graph
from tests.ops.examples import generator


def network(*sizes: int) -> Graph:
    """Make a network of single numbers: every weight, bias and sum is a node."""
    rng = generator(f"network {sizes}")
    inputs = {f"x{i}": rng.normal() for i in range(sizes[0])}
    steps, layer = [], list(inputs)
    for depth, wide in enumerate(sizes[1:]):
        following = []
        for unit in range(wide):
            weights = {f"w{depth}_{unit}{i}": name for i, name in enumerate(layer)}
            inputs |= {name: rng.normal() for name in [*weights, f"b{depth}_{unit}"]}
            products = " + ".join(f"{weight}*{name}" for weight, name in weights.items())
            steps.append(f"h{depth}_{unit} = tanh({products} + b{depth}_{unit})")
            following.append(f"h{depth}_{unit}")
        layer = following
    return graph("; ".join(steps), **inputs)


def arrays() -> Graph:
    """Make a network of arrays."""
    rng = generator("arrays")
    return graph(
        "h = relu(X @ W1 + b1); z = h @ W2; loss = cross_entropy(z, t)",
        X=rng.normal(size=(4, 3)),
        W1=rng.normal(size=(3, 5)),
        b1=rng.normal(size=5),
        W2=rng.normal(size=(5, 3)),
        t=np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]),
    )


GRAPHS: dict[str, Graph] = {
    "an input": graph("x", x=2.0),
    "a constant": graph("3"),
    "constants alone": graph("2*3"),
    "five nodes": graph("tanh(w*x + b)", w=0.5, x=2.0, b=-0.3),
    "a fraction": graph("tanh(log(1 + z*2*x/sin(y)))", x=1.0, y=2.0, z=3.0),
    "twice the same": graph("c = x*x; f = c*c + c", x=3.0),
    "joining paths": graph(
        "p = 1/(1 + exp(-(w*x + b))); -(t*log(p) + (1 - t)*log(1 - p))", w=1, x=2, b=3, t=0
    ),
    "a long way": graph("a = sin(x); b = sin(a); c = sin(b); d = sin(c); d*x*a", x=0.5),
    "used everywhere": graph(
        "; ".join(f"a{i + 1} = sin(a{i})*x" for i in range(12)).replace("a0", "x"), x=0.5
    ),
    "a hostile name": graph(lambda **given: given["a<b>&\"'\x00"] * 2.0, **{"a<b>&\"'\x00": 1.0}),
    "beyond all bounds": graph("2*x + y*z", x=np.inf, y=np.nan, z=-1e300),
    "an index": graph("x[0]*x[1:][0] + sum(x)", x=np.array([1.0, 2.0, 3.0])),
    "arrays": arrays(),
    "60 nodes": network(3, 3, 2, 1),
    "200 nodes": network(4, 6, 5, 1),
}
