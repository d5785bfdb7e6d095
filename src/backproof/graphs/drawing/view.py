"""What is to be seen of a graph: its nodes as texts, its edges with what flows back along them.

All pictures, tables, texts and steps are made from it.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backproof.graphs.drawing.writing import FEW, clean, formula, shape, short
from backproof.graphs.edges import Edge, contribution, is_elementwise, local_gradient
from backproof.ops.op import Op

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["Kind", "SeenEdge", "SeenNode", "View", "require_few", "seen"]

Kind = Literal["input", "constant", "step", "output"]


@dataclass(frozen=True)
class SeenNode:
    """A node as it is shown.

    Attributes
    ----------
    place
        Its place on the tape.
    index
        Its number among all nodes of the graph.
    name
        Its name; of a constant what it is.
    op, options
        The op that is applied; ``None`` for an input or a constant.
    formula
        What it is computed by; nothing for an input or a constant.
    filled
        The formula with the values in the place of the names; nothing where these are arrays.
    value, grad
        Its value, and the gradient of the output for it.
    """

    place: int
    index: int
    name: str
    kind: Kind
    op: Op | None
    options: Mapping[str, object]
    formula: str
    filled: str
    value: Any
    grad: Any

    @property
    def title(self) -> str:
        """Name and formula: ``e = log(d)``."""
        return f"{self.name} = {self.formula}" if self.formula else self.name


@dataclass(frozen=True)
class SeenEdge:
    """An edge as it is shown: ``child`` is computed from ``parent``.

    Attributes
    ----------
    flows
        Whether a gradient flows back along it: it has a gradient rule, and something depends on an input.
    shape
        The shape of the local gradient.
    """

    graph: Graph
    edge: Edge
    child: SeenNode
    parent: SeenNode
    flows: bool
    elementwise: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the local gradient: of an op that goes element by element the child's, else both."""
        below: tuple[int, ...] = np.shape(self.child.value)
        return below if self.elementwise else (*below, *np.shape(self.parent.value))

    @property
    def ends(self) -> tuple[int, int, int]:
        """The numbers of its nodes, the child's first, and which argument it is."""
        return self.child.index, self.parent.index, self.edge.position

    @property
    def argument(self) -> str:
        """The name of the op's argument."""
        assert self.child.op is not None  # noqa: S101 - an edge ends in an op
        return list(self.child.op.arguments)[self.edge.position]

    @functools.cached_property
    def local(self) -> Any:
        """The local gradient."""
        return local_gradient(self.graph.tape, self.graph.values, self.edge)

    @functools.cached_property
    def contribution(self) -> Any:
        """What flows back along the edge: a part of the gradient for the parent."""
        return contribution(self.graph.tape, self.graph.values, self.edge, self.child.grad)

    @property
    def label(self) -> str:
        """The local gradient in short: of arrays its shape."""
        small = not self.shape[1:] and math.prod(self.shape) <= FEW
        return short(self.local) if small else shape(self.shape)

    @property
    def factor(self) -> str:
        """What the local gradient is called: ``∂e/∂d``."""
        return f"∂{self.child.name}/∂{self.parent.name}"


@dataclass(frozen=True)
class View:
    """All nodes in their order, all edges in the order of the children, and the output."""

    nodes: Sequence[SeenNode]
    edges: Sequence[SeenEdge]
    output: SeenNode

    @functools.cached_property
    def boxes(self) -> list[SeenNode]:
        """The nodes that get a box: constants stand in the formulas that use them."""
        return [node for node in self.nodes if node.kind != "constant"]

    @functools.cached_property
    def lines(self) -> list[SeenEdge]:
        """The edges between them."""
        return [edge for edge in self.edges if edge.parent.kind != "constant"]

    @property
    def target(self) -> str:
        """What the gradients are of: the output, of an array the sum of its elements."""
        name = self.output.name
        return f"sum({name})" if np.ndim(self.output.value) else name

    def gradient(self, node: SeenNode) -> str:
        """Say what the gradient for a node is called: ``∂f/∂x``."""
        return f"∂{self.target}/∂{node.name}"


def require_few(view: View, most: int, what: str) -> None:
    """Require that a graph is small enough for something.

    Raises
    ------
    ValueError
        If it is not.
    """
    if len(view.boxes) > most:
        raise ValueError(
            f"{what} shows at most {most} nodes, got nodes={len(view.boxes)}; "
            "look at a part: a graph of fewer steps, or print(graph) for the table"
        )


def seen(graph: Graph) -> View:
    """Give what is to be seen of a graph.

    What is left out of an op's arguments, which is a constant without a value, is no node of it.
    """
    tape, values, gradients = graph.tape, graph.values, graph.gradients
    moving = tape.moving()
    nodes: dict[int, SeenNode] = {}
    edges = []
    for place in graph.places:
        value, gradient = values[place], gradients[place]
        if value is None:
            continue
        shown = place == graph.outputs[-1] or moving[place]
        node = SeenNode(
            place,
            len(nodes),
            _constant(value) if tape.is_constant(place) else clean(graph.names[place]),
            _kind(graph, place),
            tape.ops[place],
            tape.options.get(place, {}),
            *_formulas(graph, place, nodes),
            value,
            np.zeros_like(value) if gradient is None or not shown else gradient,
        )
        nodes[place] = node
        for position, parent in enumerate(tape.parents[place]):
            if parent in nodes:
                edges.append(_edge(graph, Edge(place, position, parent), nodes, flows=bool(moving[parent])))
    return View(list(nodes.values()), edges, nodes[graph.outputs[-1]])


def _constant(value: Any) -> str:
    """Write a constant; a number that PyTorch did not keep is unknown."""
    return short(value, 6) if np.ndim(value) or not np.isnan(value) else "?"


def _kind(graph: Graph, place: int) -> Kind:
    if place in graph.outputs:
        return "output"
    if graph.tape.is_input(place):
        return "input"
    return "constant" if graph.tape.is_constant(place) else "step"


def _edge(graph: Graph, edge: Edge, nodes: Mapping[int, SeenNode], *, flows: bool) -> SeenEdge:
    child, parent = nodes[edge.child], nodes[edge.parent]
    same = is_elementwise(graph.tape, graph.values, edge)
    found = SeenEdge(graph, edge, child, parent, flows, same)
    return found if child.op and found.argument in child.op.rules else dataclasses.replace(found, flows=False)


def _formulas(graph: Graph, place: int, nodes: Mapping[int, SeenNode]) -> tuple[str, str]:
    """Give the formula of a node, with the names and, if these are single numbers, with the values."""
    op, options = graph.tape.ops[place], graph.tape.options.get(place, {})
    if op is None:
        return "", ""
    given = [
        (name, nodes.get(parent))
        for name, parent in zip(op.arguments, graph.tape.parents[place], strict=False)
    ]
    before = list(itertools.takewhile(lambda one: one[1] is not None, given))
    first = [node for _, node in before if node]
    named = {name: node for name, node in given[len(before) :] if node}
    names = formula(
        op, [node.name for node in first], {name: node.name for name, node in named.items()}, options
    )
    if any(np.ndim(node.value) for node in (*first, *named.values())):
        return names, ""
    numbers = {name: short(node.value) for name, node in named.items()}
    return names, formula(op, [short(node.value) for node in first], numbers, options)
