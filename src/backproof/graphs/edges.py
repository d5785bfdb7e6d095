"""Edges: the local gradient along one, by the op's own gradient rule, and what flows back along it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backproof.graphs.plan import Values, units
from backproof.graphs.tape import Tape

__all__ = [
    "Edge",
    "contribution",
    "edges_between",
    "edges_to",
    "is_elementwise",
    "jacobian_along",
    "local_gradient",
    "plain",
]

#: A Jacobian with more numbers than this is none that anybody reads.
_LARGEST = 10_000


class Edge(NamedTuple):
    """The way from a node to one of those that it is computed from: its argument at a ``position``."""

    child: int
    position: int
    parent: int


def edges_to(tape: Tape, place: int) -> list[Edge]:
    """Give the edges to a node along which a gradient flows back: those that its op has a rule for."""
    op, parents = tape.ops[place], tape.parents[place]
    names = list(op.arguments) if op is not None else []
    return [
        Edge(place, position, parent)
        for position, (name, parent) in enumerate(zip(names, parents, strict=False))
        if op is not None and name in op.rules
    ]


def edges_between(tape: Tape, child: int, parent: int) -> list[Edge]:
    """Give the edges from a node to one other: several, if it takes that more than once."""
    return [
        Edge(child, position, above) for position, above in enumerate(tape.parents[child]) if above == parent
    ]


def contribution(tape: Tape, values: Values, edge: Edge, upstream: Any) -> Any:
    """Give what flows back along an edge: the part of the parent's gradient that comes from this child.

    It is ``None`` where the op has no gradient rule for that argument.
    """
    op = tape.ops[edge.child]
    assert op is not None  # noqa: S101 - an edge ends in an op
    argument = list(op.arguments)[edge.position]
    if argument not in op.rules:
        return None
    inputs = [None if values[p] is None else np.asarray(values[p]) for p in tape.parents[edge.child]]
    options = tape.options.get(edge.child, {})
    # Of a loss or of several outputs the rules see more than the node's value: it is computed again.
    kept = None if op.reduction or op.outputs[1:] else np.asarray(values[edge.child])
    with np.errstate(all="ignore"):  # what is infinite, or no number, is shown as that
        return op.gradients(np, np.asarray(upstream), inputs, kept, [argument], **options).get(argument)


def is_elementwise(tape: Tape, values: Values, edge: Edge) -> bool:
    """Say whether each element of the child depends on one element of the parent alone, at its place."""
    op = tape.ops[edge.child]
    assert op is not None  # noqa: S101 - an edge ends in an op
    return (
        op.elementwise
        and op.reduction is None
        and np.shape(values[edge.child]) == np.shape(values[edge.parent])
    )


def local_gradient(tape: Tape, values: Values, edge: Edge) -> Any:
    """Give the local gradient: element by element where the op is, else the Jacobian."""
    if is_elementwise(tape, values, edge):
        found = contribution(tape, values, edge, np.ones_like(values[edge.child]))
        return np.zeros_like(values[edge.parent]) if found is None else found
    return jacobian_along(tape, values, edge)


def jacobian_along(tape: Tape, values: Values, edge: Edge) -> NDArray[Any]:
    """Give the derivative of each element of the child for each of the parent.

    Raises
    ------
    ValueError
        If it has more numbers than anybody reads.
    """
    child, parent = np.asarray(values[edge.child]), np.asarray(values[edge.parent])
    if child.size * parent.size > _LARGEST:
        raise ValueError(f"a Jacobian has at most {_LARGEST} numbers; got shape={child.shape + parent.shape}")
    rows = []
    for unit in units(child):
        found = contribution(tape, values, edge, unit)
        rows.append(np.zeros_like(parent) if found is None else found)
    return np.reshape(rows, child.shape + parent.shape)


def plain(value: Any) -> Any:
    """Give an array without axes as a number of Python's, another as one that cannot be written to."""
    if np.ndim(value) == 0:
        return float(value)
    shown = np.asarray(value).view()
    shown.flags.writeable = False
    return shown
