"""Graphs: a computation with every value, every local gradient, and every gradient that flows back."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.graphs.edges import edges_between, local_gradient, plain
from backproof.graphs.evaluation import Evaluation
from backproof.graphs.inputs.sources import taken
from backproof.graphs.names import named
from backproof.graphs.node import Node
from backproof.graphs.paths import Paths, paths_between
from backproof.graphs.plan import Values, jacobian

if TYPE_CHECKING:
    from backproof.graphs.deriving.check import Check
    from backproof.graphs.deriving.derivation import Derivation
    from backproof.graphs.deriving.formulas import Formulas

__all__ = ["Graph", "Node", "graph"]


def graph(source: Any, /, *called_with: Any, **inputs: Any) -> Graph:
    r"""Make the graph of an expression, of named steps, of a Python function, a tensor or a model.

    Parameters
    ----------
    source
        An expression (``"tanh(w*x + b)"``), steps separated by semicolons or line ends
        (``"a = w*x; f = tanh(a)"``), either also in LaTeX (``r"\frac{1}{1 + e^{-x}}"``); a function, which
        is run once with variables in the place of its inputs; a tensor of PyTorch, which is shown as
        PyTorch keeps it; or a `Sequential`.
    called_with
        Of a `Sequential` what it is called with.
    inputs
        The value of each input: a number or an array. Of a tensor the leaves, for their names; of a
        `Sequential` nothing, or ``loss`` and ``target``.

    Raises
    ------
    ExpressionError
        If an expression is not understood; it points at the place.
    TracingError
        If a function does something that cannot be written down.
    TypeError
        If something is given that such a source does not take, or a model computes what is no op.
    ValueError
        If an input has no value, or is none.

    Examples
    --------
    >>> g = graph("a = w*x; f = tanh(a)", w=0.5, x=2.0)
    >>> round(g["f"].value, 4), round(g["w"].grad, 4)
    (0.7616, 0.8399)
    >>> round(g.at(w=0.0).value, 4)
    0.0
    """
    tape, outputs, values, plan = taken(source, called_with, inputs)
    made = Graph(tape, outputs, values, plan)
    if plan is not None:
        made.gradients  # noqa: B018 - now, before PyTorch lets go of what it kept
    return made


class Graph(Evaluation):
    """A computation and one evaluation of it, with a name for each node.

    Attributes
    ----------
    tape
        The nodes.
    outputs
        The places of the outputs; gradients are those of the last.
    places
        The nodes in their order: the inputs, and all that the outputs are computed from.
    names
        For each of these its name.
    """

    # --- structure

    @functools.cached_property
    def places(self) -> list[int]:
        """The places of all nodes, in order."""
        return self.tape.above([*self.outputs, *self.input_places.values()])

    @functools.cached_property
    def names(self) -> dict[int, str]:
        """The name of each node, by its place."""
        return named(self.tape, self.places)

    @functools.cached_property
    def _by_name(self) -> dict[str, int]:
        return {name: place for place, name in self.names.items() if not self.tape.is_constant(place)}

    # --- values

    def grad(self, *names: str, to: str | int | None = None) -> dict[str, Any]:
        """Give the gradients for some inputs or steps, or for all inputs.

        They are those of the last output, as in the table and in pictures; ``to`` is the name or the number
        of another, or the name of a step.

        Examples
        --------
        >>> graph("x*y", x=2.0, y=3.0).grad()
        {'x': 3.0, 'y': 2.0}
        >>> graph(lambda x: (x**2, 5 * x), x=3.0).grad(to=0)
        {'x': 6.0}
        """
        found = self.gradients if to is None else self.back(self.end(to))
        return {name: self._flowed(found, self.place(name)) for name in names or self.input_places}

    def _flowed(self, found: Values, place: int) -> Any:
        """Give what has flowed back to a node: zeros where nothing has."""
        flowed = found[place]
        return plain(np.zeros_like(self.values[place]) if flowed is None else flowed)

    def end(self, to: str | int | None) -> int:
        """Give the place of an output, by its number or name, or of a step; by default of the last output.

        Raises
        ------
        KeyError
            If there is none.
        """
        if isinstance(to, str):
            return self.place(to)
        if to is not None and (isinstance(to, bool) or not hasattr(to, "__index__")):
            raise TypeError(f"expected the number or the name of an output; got {to=}")
        if to is not None and not -len(self.outputs) <= to < len(self.outputs):
            raise KeyError(f"the outputs are numbered from 0 to {len(self.outputs) - 1}; got {to=}")
        return self.outputs[-1 if to is None else to]

    def __getitem__(self, name: str) -> Node:
        return self.node(self.place(name))

    def place(self, name: str) -> int:
        """Give the place of a node.

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        if name in self.input_places:  # all nodes are named only where a step is asked for
            return self.input_places[name]
        if name not in self._by_name:
            raise KeyError(f"the nodes are {', '.join(self._by_name) or 'none'}; got {name!r}")
        return self._by_name[name]

    def node(self, place: int) -> Node:
        """Give the node at a place."""
        tape = self.tape
        return Node(
            self.names[place],
            tape.ops[place],
            tape.options.get(place, {}),
            tuple(self.names[parent] for parent in tape.parents[place]),
            plain(self.values[place]),
            self._flowed(self.gradients, place),
            "input" if tape.is_input(place) else "constant" if tape.is_constant(place) else "step",
        )

    @property
    def nodes(self) -> list[Node]:
        """The nodes in their order."""
        return [self.node(place) for place in self.places]

    # --- gradients along edges

    def local(self, child: str, parent: str) -> Any:
        """Give the local gradient of an edge: the derivative of a node for one that it is computed from.

        Of an op that goes element by element it is the derivative of each element; of another the
        Jacobian. Where a node takes another twice, the two are added.

        Raises
        ------
        KeyError
            If there are no such nodes, or the one is not computed from the other directly.

        Examples
        --------
        >>> graph("c = x*y; f = c*c", x=2.0, y=3.0).local("f", "c")
        12.0
        """
        edges = edges_between(self.tape, self.place(child), self.place(parent))
        if not edges:
            raise KeyError(
                f"{child} is computed from {', '.join(self[child].parents)}; got parent={parent!r}"
            )
        return plain(sum(local_gradient(self.tape, self.values, edge) for edge in edges))

    def paths(self, name: str, to: str | int | None = None) -> Paths:
        """Give each path from a node to the output: the factors along it, their product, and the sum."""
        place, end = self.place(name), self.end(to)
        total = self.grad(name, to=self.names[end])[name]
        return Paths(name, self.names[end], list(paths_between(self, place, end)), total)

    def jacobian(self, name: str, to: str | int | None = None) -> Any:
        """Give the Jacobian of the output for an input or a step: its shape is both of theirs together."""
        values, output = self.values, self.end(to)
        assert self._plan is not None  # noqa: S101 - made with the values
        return plain(jacobian(self._plan, values, output, self.place(name)))

    # --- drawing

    def __repr__(self) -> str:
        return f"<Graph of {self.names[self.outputs[-1]]}: {len(self.places)} nodes>"

    def __str__(self) -> str:
        from backproof.graphs.drawing.terminal import table

        return table(self, most=200)

    def _repr_html_(self) -> str:
        from backproof.graphs.drawing.page import fragment

        return fragment(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a picture, a page or a text, by the ending: svg, png, html, gif, mmd, dot or json.

        Raises
        ------
        ValueError
            If the ending is none of these, or the graph too large for it.
        ModuleNotFoundError
            If it is an image, and matplotlib is not installed.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     graph("tanh(w*x)", w=0.5, x=2.0).save(f"{folder}/graph.svg")
        """
        from backproof.graphs.drawing.files import save

        save(self, path)

    def animate(self, path: str | os.PathLike[str]) -> None:
        """Write what goes through the graph node by node: a page with buttons (html), or an image (gif).

        Raises
        ------
        ValueError
            If the ending is neither, or the graph too large for it.
        ModuleNotFoundError
            If it is an image, and matplotlib is not installed.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     graph("tanh(w*x)", w=0.5, x=2.0).animate(f"{folder}/graph.html")
        """
        from backproof.graphs.drawing.files import MOVING, save

        save(self, path, MOVING)

    def hessian(self, *names: str, to: str | int | None = None) -> dict[tuple[str, str], Any]:
        """Give the second derivatives of the output for each pair of inputs, exactly.

        Each has the shapes of the output, of the one and of the other input, one after the other.

        Raises
        ------
        KeyError
            If there is no such input.

        Examples
        --------
        >>> graph("x**2*y", x=3.0, y=2.0).hessian()["x", "y"]
        6.0
        """
        from backproof.graphs.deriving.hessians import of_graph

        return {pair: plain(value) for pair, value in of_graph(self, names, self.end(to)).items()}

    # --- formulas

    def derive(self, *wrt: str, to: str | int | None = None, seconds: float = 10.0) -> Derivation:
        """Derive the output for an input or a step, as a person writes it; for two names, twice.

        Raises
        ------
        NotSymbolic
            If there is no formula: of arrays, or of ops that look at their numbers.

        Examples
        --------
        >>> graph("a = w*x; f = tanh(a)", w=0.5, x=2.0).derive("w").formula
        x*(1 - tanh(w*x)**2)
        """
        from backproof.graphs.deriving.derive import derive

        return derive(self, wrt, None if to is None else self.names[self.end(to)], seconds)

    @property
    def formulas(self) -> Formulas:
        """The gradients, Jacobians and Hessians as formulas of SymPy.

        Examples
        --------
        >>> graph("x*y**2", x=2.0, y=3.0).formulas.grad()
        {'x': y**2, 'y': 2*x*y}
        """
        from backproof.graphs.deriving.formulas import Formulas

        return Formulas(self)

    def check(self, *names: str) -> Check:
        """Hold the gradients for the inputs against finite differences, PyTorch and SymPy: a table.

        Examples
        --------
        >>> graph("x*tanh(y)", x=2.0, y=3.0).check().agrees
        True
        """
        from backproof.graphs.deriving.check import check

        return check(self, *names)
