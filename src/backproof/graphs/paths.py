"""Paths: each way from a node to the output, its factors, and their product. Their sum is the gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from backproof.graphs.drawing.writing import bracketed, short
from backproof.graphs.edges import Edge, edges_to, is_elementwise, local_gradient, plain

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["Factor", "Path", "Paths", "paths_between"]

#: More paths than this tell nobody anything: they double with each node that is used twice.
_MOST = 1000
#: Nor do more factors than this, on all paths together.
_MOST_FACTORS = 100_000


@dataclass(frozen=True)
class Factor:
    """One factor of the chain rule: the local gradient of an edge.

    Attributes
    ----------
    child, parent
        The names of its nodes: the factor is ∂child/∂parent.
    value
        The number; of arrays the derivative of each element, or the Jacobian.
    edge
        The edge.
    """

    child: str
    parent: str
    value: Any = field(compare=False)
    edge: Edge = field(repr=False)
    _graph: Graph = field(repr=False, compare=False)

    @property
    def formula(self) -> str:
        """The local gradient as a formula, by the op's rule; ∂child/∂parent where that has none.

        Examples
        --------
        >>> from backproof.graphs.graph import graph
        >>> [factor.formula for factor in graph("f = tanh(w*x)", w=0.5, x=2.0).paths("w")[0].factors]
        ['1 - f**2', 'x']
        """
        from backproof.graphs.deriving.factors import factor

        return factor(self._graph, self.edge).text

    def __str__(self) -> str:
        return f"∂{self.child}/∂{self.parent}"


@dataclass(frozen=True)
class Path:
    """One way from a node to the output.

    Attributes
    ----------
    nodes
        The names of the nodes, the output first.
    factors
        The local gradients along it.
    product
        Their product: what flows back to the node this way.
    """

    nodes: tuple[str, ...]
    factors: tuple[Factor, ...]
    product: Any = field(compare=False)

    @property
    def formula(self) -> str:
        """The product of the local gradients, each as a formula."""
        from backproof.graphs.deriving.factors import written

        edges = [factor.edge for factor in self.factors]
        return written(self.factors[0]._graph, edges) if edges else "1"

    def __str__(self) -> str:
        return " · ".join(map(str, self.factors)) or "1"


class Paths(Sequence[Path]):
    """All paths from a node to the output. The sum of their products is the gradient.

    Attributes
    ----------
    start, end
        The names of the node and of the output.
    sum
        The sum.

    Examples
    --------
    >>> from backproof.graphs.graph import graph
    >>> print(graph("f = x*tanh(x)", x=2.0).paths("x"))
    ∂f/∂x, along 2 paths
      ∂f/∂x
        = a = 0.964
      ∂f/∂a · ∂a/∂x
        = x · (1 - a**2) = 2 · 0.07065 = 0.1413
      sum: 1.105
    """

    def __init__(self, start: str, end: str, paths: Sequence[Path], total: Any) -> None:
        self.start, self.end, self.sum = start, end, total
        self._paths = list(paths)

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, which: int) -> Path: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Path]: ...
    def __getitem__(self, which: int | slice) -> Path | Sequence[Path]:
        return self._paths[which]

    def __str__(self) -> str:
        count = len(self)
        lines = [f"∂{self.end}/∂{self.start}, along {count} path{'s' * (count != 1)}"]
        for path in self:
            numbers = [short(factor.value) for factor in path.factors] or ["1"]
            written = " · ".join(map(bracketed, numbers)) if numbers[1:] else numbers[0]
            said = dict.fromkeys((path.formula, written, short(path.product)))
            parts = [part for part in said if part != str(path)]
            lines += [f"  {path}", *([f"    = {' = '.join(parts)}"] if parts else [])]
        return "\n".join([*lines, f"  sum: {short(self.sum)}"])

    def __repr__(self) -> str:
        return f"<Paths from {self.start} to {self.end}: {len(self)}>"


def paths_between(graph: Graph, start: int, end: int) -> Iterator[Path]:
    """Give each path, the output first: depth first, in the order of the arguments.

    Raises
    ------
    ValueError
        If there are more than anybody reads.
    """
    following = _following(graph, start, end)
    _require_few(graph, following, start, end)
    factors: dict[Edge, Factor] = {}
    trail: list[Factor] = []
    # Each with how many factors lead there and their product: what paths have in common is multiplied once.
    waiting: list[tuple[int, Factor | None, Any]] = [(0, None, np.ones_like(graph.values[end]))]
    while waiting:
        depth, factor, product = waiting.pop()
        if factor is not None:
            trail[depth - 1 :] = [factor]
        place = end if factor is None else factor.edge.parent
        if place == start:
            along = trail[:depth]
            yield Path((graph.names[end], *(one.parent for one in along)), tuple(along), plain(product))
            continue
        for edge in reversed(following[place]):
            if edge not in factors:
                factors[edge] = _factor(graph, edge)
            waiting.append((depth + 1, factors[edge], _further(graph, product, factors[edge])))


def _following(graph: Graph, start: int, end: int) -> dict[int, list[Edge]]:
    """Give for each node that is on a path, from the start on, the edges that lead on to the start."""
    following: dict[int, list[Edge]] = {start: []}
    for place in graph.tape.above([end]):
        edges = [edge for edge in edges_to(graph.tape, place) if edge.parent in following]
        if edges:
            following[place] = edges
    following.setdefault(end, [])
    return following


def _require_few(graph: Graph, following: Mapping[int, Sequence[Edge]], start: int, end: int) -> None:
    """Count the paths, and the factors of all of them, without going along any: they add up node by node."""
    paths, factors = {start: 1}, {start: 0}
    for place, edges in following.items():
        if edges:
            paths[place] = min(sum(paths[edge.parent] for edge in edges), _MOST + 1)
            found = sum(paths[edge.parent] + factors[edge.parent] for edge in edges)
            factors[place] = min(found, _MOST_FACTORS + 1)
    for count, most, what in ((paths, _MOST, "paths"), (factors, _MOST_FACTORS, "factors on the paths")):
        if count.get(end, 0) > most:
            raise ValueError(
                f"there are more than {most} {what} from {graph.names[start]} to {graph.names[end]}: "
                "look at a part, paths(name, to=…)"
            )


def _factor(graph: Graph, edge: Edge) -> Factor:
    value = plain(local_gradient(graph.tape, graph.values, edge))
    return Factor(graph.names[edge.child], graph.names[edge.parent], value, edge, graph)


def _further(graph: Graph, product: Any, factor: Factor) -> Any:
    """Multiply by a factor: of arrays, the gradient of the sum of the output's elements along this path."""
    if is_elementwise(graph.tape, graph.values, factor.edge):
        with np.errstate(all="ignore"):  # what is infinite, or no number, is shown as that
            return product * factor.value
    return np.tensordot(product, factor.value, np.ndim(graph.values[factor.edge.child]))
