"""The factors of the chain rule as formulas, by the names of the nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backproof.graphs.deriving.elements import constant
from backproof.graphs.deriving.shown import Shown, partial, product
from backproof.graphs.edges import Edge
from backproof.graphs.symbols import NotSymbolic, local, real

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backproof.graphs.graph import Graph

__all__ = ["factor", "written"]


def factor(graph: Graph, edge: Edge) -> Shown:
    """Show the local gradient of an edge, by its op's gradient rule; ∂child/∂parent where that has none.

    Examples
    --------
    >>> from backproof.graphs.graph import graph
    >>> g = graph("f = tanh(2*x)", x=1.0)
    >>> [factor(g, one.edge).text for one in g.paths("x")[0].factors]
    ['1 - f**2', '2']
    """
    tape, child = graph.tape, edge.child
    op = tape.ops[child]
    assert op is not None  # noqa: S101 - an edge ends in an op
    names = {place: real(graph.names[place]) for place in (child, *tape.parents[child])}
    numbers = {
        place: constant(tape, place)
        for place in tape.parents[child]
        if tape.is_constant(place) and not np.ndim(tape.given[place])
    }
    inputs = [{**names, **numbers}[place] for place in tape.parents[child]]
    try:
        argument, options = list(op.arguments)[edge.position], tape.options.get(child, {})
        return Shown.of(local(op, argument, inputs, names[child], options))
    except NotSymbolic:
        return partial(graph.names[child], graph.names[edge.parent])


def written(graph: Graph, edges: Sequence[Edge]) -> str:
    """Write the product along some edges."""
    return product([factor(graph, edge) for edge in edges]).text if edges else "1"
