"""Checking a graph: its gradients beside finite differences, PyTorch's, and the symbolic ones."""

from __future__ import annotations

import html
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from backproof.graphs.deriving.differences import derivative
from backproof.graphs.plan import Steps

if TYPE_CHECKING:
    from backproof.graphs.graph import Graph

__all__ = ["Agreement", "Comparison", "check"]

Agreement: TypeAlias = Literal["agrees", "differs", "unsure"]
#: Of a larger array so many elements, evenly spread, are held against finite differences and formulas.
_MOST = 32
_EPSILON = float(np.finfo(np.float64).eps)
#: Two ways to compute the same in float64 differ by what either rounds; each of some steps rounds once.
_STEPS = 16


@dataclass(frozen=True)
class Comparison:
    """One input's gradient, held against one oracle.

    Attributes
    ----------
    name
        The input.
    oracle
        ``finite differences``, ``PyTorch`` or ``symbolic``.
    ours, theirs
        The numbers that were compared: of an array elements of it, as many as were.
    difference
        The largest difference.
    bound
        What it may be: the error that the oracle gives for itself, and rounding.
    verdict
        ``agrees``, ``differs``, or ``unsure`` where the oracle does not know better itself.
    of
        How many elements the input has.
    """

    name: str
    oracle: str
    ours: Any
    theirs: Any
    difference: float
    bound: float
    verdict: Agreement
    of: int


@dataclass(frozen=True)
class Check:
    """The table of all comparisons; true where none differs and each input was compared.

    Attributes
    ----------
    rows
        The comparisons.
    left_out
        The oracles that could not be asked, and why.
    """

    rows: tuple[Comparison, ...]
    left_out: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, and for each input some oracle is sure."""
        sure = {row.name for row in self.rows if row.verdict == "agrees"}
        named = {row.name for row in self.rows}
        return bool(named) and sure == named and all(row.verdict != "differs" for row in self.rows)

    def __bool__(self) -> bool:
        return self.agrees

    def _cells(self) -> Iterator[tuple[str, ...]]:
        yield "input", "oracle", "ours", "theirs", "difference", "bound", "verdict"
        for row in self.rows:
            compared = np.size(row.ours)
            numbers = [_number(part) for part in (row.ours, row.theirs)]
            more = f" ({compared} of {row.of})" if compared < row.of else ""
            limits = (f"{row.difference:.1e}", f"{row.bound:.1e}")
            yield (row.name + more, row.oracle, *numbers, *limits, row.verdict)

    def __str__(self) -> str:
        cells = list(self._cells())
        widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
        lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]
        return "\n".join([*lines, *(f"left out: {why}" for why in self.left_out)])

    def _repr_html_(self) -> str:
        head, *body = (
            "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in line)
            for tag, line in zip(("th", *["td"] * len(self.rows)), self._cells(), strict=True)
        )
        rows = "".join(f"<tr>{line}</tr>" for line in (head, *body))
        why = "".join(f"<p>left out: {html.escape(each)}</p>" for each in self.left_out)
        return f'<div class="backproof-check"><table>{rows}</table>{why}</div>'


def _number(value: Any) -> str:
    """Write a number; of several the first ones."""
    flat = np.ravel(value)
    return ", ".join(f"{number:.8g}" for number in flat[:2]) + (", …" if flat.size > 2 else "")


def check(graph: Graph, *names: str) -> Check:
    """Hold the gradient of a graph's output for each input against oracles.

    All is computed in float64.

    - **Finite differences** of the graph's own forward, extrapolated, with the error that they estimate for
      themselves (`backproof.graphs.deriving.differences`).
    - **PyTorch**, where it is installed: the same ops run on its tensors, differentiated by its autograd,
      which uses none of the gradient rules.
    - **Symbolic**: SymPy's derivative of the output's formula, where there is one.

    Where a difference is larger than what either side may be wrong by, they differ. At a kink, where there
    is no derivative, nothing is sure.

    Examples
    --------
    >>> from backproof.graphs.graph import graph
    >>> found = check(graph("tanh(w*x)", w=0.5, x=2.0), "w")
    >>> [(row.oracle, row.verdict) for row in found.rows if row.oracle != "PyTorch"]
    [('finite differences', 'agrees'), ('symbolic', 'agrees')]
    """
    wide = {name: value for name, value in graph.inputs.items() if np.asarray(value).dtype.kind == "f"}
    graph = graph.at(**{name: np.asarray(value, dtype=np.float64) for name, value in wide.items()})
    reached = {name: graph.gradients[graph.place(name)] is not None for name in names or _used(graph)}
    checked = [name for name, reaches in reached.items() if reaches]
    ours = {name: np.asarray(graph[name].grad, dtype=float) for name in checked}
    rows: list[Comparison] = []
    left_out = [f"no gradient rule leads to {name}" for name, reaches in reached.items() if not reaches]
    if not reached:
        left_out.append("the output is computed from no input: there is nothing to compare")
    with np.errstate(all="ignore"):  # a value that is not finite is one of the table
        rounding = _rounding(graph, checked, ours)
        for oracle, ask in _ORACLES.items() if checked else ():
            try:
                for name, places, theirs, error in ask(graph, checked):
                    mine = ours[name].ravel()[places]
                    rows.append(_compared((name, oracle), mine, theirs, error + rounding[name], ours))
            except _LeftOut as why:
                left_out.append(str(why))
    order = {name: number for number, name in enumerate(checked)}
    kinks = {row.name for row in rows if row.oracle == _DIFFERENCES and row.verdict == "unsure"}
    settled = (replace(row, verdict="unsure") if row.name in kinks else row for row in rows)
    return Check(tuple(sorted(settled, key=lambda row: order[row.name])), tuple(left_out))


def _used(graph: Graph) -> list[str]:
    """Give the inputs that the output is computed from."""
    above = set(graph.tape.above([graph.outputs[-1]]))
    return [name for name, place in graph.input_places.items() if place in above]


def _compared(of: tuple[str, str], ours: Any, theirs: Any, bound: Any, every: Any) -> Comparison:
    name, oracle = of
    apart, limits = np.abs(ours - theirs), np.broadcast_to(bound, np.shape(ours))
    known = np.isfinite(apart) & np.isfinite(limits)
    scale = np.max(np.abs(ours), initial=0.0)
    verdict: Agreement = "agrees"
    if np.any(apart[known] > limits[known]):
        verdict = "differs"
    if not known.all() or np.max(limits, initial=0.0) > _COARSE * max(scale, _COARSE):
        verdict = "unsure"
    worst, limit = (float(np.max(numbers, initial=0.0)) for numbers in (apart, limits))
    return Comparison(name, oracle, ours, theirs, worst, limit, verdict, every[name].size)


#: An oracle that may be wrong by more than this share does not know better.
_COARSE = 1e-3
_Found: TypeAlias = Iterator[tuple[str, Any, Any, Any]]


class _LeftOut(Exception):
    """An oracle that cannot be asked."""


def _some(size: int) -> Any:
    return np.unique(np.linspace(0, size - 1, min(size, _MOST)).astype(int))


def _differences(graph: Graph, names: Sequence[str]) -> _Found:
    noise = _noise(graph)
    for name in names:
        value = np.asarray(graph[name].value, dtype=float)
        places = _some(value.size)
        found = [derivative(_along(graph, name, value, place), value.flat[place], noise) for place in places]
        yield name, places, np.array([each[0] for each in found]), np.array([each[1] for each in found])


def _along(graph: Graph, name: str, value: Any, place: int) -> Callable[[float], float]:
    """Give the output, summed, as a function of one element of an input."""

    def output(number: float) -> float:
        changed = value.copy()
        changed.flat[place] = number
        with np.errstate(all="ignore"):  # a step may leave the domain: the value is then no number
            return float(np.sum(graph.at(**{name: changed}).value))

    return output


def _pytorch(graph: Graph, names: Sequence[str]) -> _Found:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("array_api_compat") is None:
        raise _LeftOut("PyTorch is not installed")
    import torch
    from array_api_compat import array_namespace

    given: dict[int, Any] = {
        place: None if value is None else torch.as_tensor(np.array(value))
        for place, value in graph.leaves.items()
    }
    places = {name: graph.place(name) for name in names}
    for place in places.values():
        given[place] = given[place].double().requires_grad_(True)
    values = Steps(graph.tape, array_namespace(*given.values())).forward(given)
    output = values[graph.outputs[-1]].sum()
    gradients: Any = torch.autograd.grad(
        output, [given[place] for place in places.values()], allow_unused=True
    )
    for name, gradient in zip(places, gradients, strict=True):
        size = np.size(graph[name].value)
        theirs = np.zeros(size) if gradient is None else gradient.detach().numpy().ravel()
        yield name, slice(None), theirs, 0.0


def _symbolic(graph: Graph, names: Sequence[str]) -> _Found:
    from backproof.graphs.deriving.slopes import described
    from backproof.graphs.deriving.solver import SOLVER, NoAnswer
    from backproof.graphs.symbols import NotSymbolic

    wanted = {name: _some(np.size(graph[name].value)) for name in _used(graph) if name in names}
    try:
        asked = {name: chosen.tolist() for name, chosen in wanted.items()}
        found = SOLVER.ask("slopes", [described(graph), asked], _SECONDS)
    except (NotSymbolic, NoAnswer) as error:
        raise _LeftOut(f"symbolic: {error}") from None
    for name, chosen in wanted.items():
        yield name, chosen, np.array(found[name]), 0.0


#: So long SymPy may think about a graph.
_SECONDS = 5.0
_DIFFERENCES = "finite differences"
_ORACLES: dict[str, Callable[[Graph, Sequence[str]], _Found]] = {
    _DIFFERENCES: _differences,
    "PyTorch": _pytorch,
    "symbolic": _symbolic,
}


def _rounding(graph: Graph, names: Sequence[str], ours: Any) -> dict[str, Any]:
    """Give what rounding may make of each gradient.

    That is by how much it moves in extended precision, and some roundings of what it is the sum of.
    """
    wide = {place: np.asarray(value, np.longdouble) for place, value in graph.leaves.items() if _moves(value)}
    plan = Steps(graph.tape)
    values = plan.forward({**graph.leaves, **wide})
    output = graph.outputs[-1]
    gradients = plan.backward(values, {output: np.ones_like(values[output])})
    sizes = _sizes(graph)
    found = {}
    for name in names:
        place = graph.place(name)
        exact = gradients[place]
        moved = 0.0 if exact is None else np.max(np.abs(ours[name] - exact), initial=0.0)
        found[name] = _STEPS * (float(moved) + _EPSILON * float(np.max(sizes.get(place, 0.0), initial=0.0)))
    return found


def _sizes(graph: Graph) -> dict[int, Any]:
    """Give the sum of the sizes of what flows back to each place: where it cancels, the rounding does not."""
    tape, values, output = graph.tape, graph.values, graph.outputs[-1]
    found: dict[int, Any] = {output: np.ones_like(values[output])}
    draw = np.random.default_rng(0)
    for place in reversed(tape.above([output])):
        op, size, parents = tape.ops[place], found.get(place), tape.parents[place]
        if op is None or size is None:
            continue
        inputs, options = [values[parent] for parent in parents], tape.options.get(place, {})
        wanted = [name for name, _ in zip(op.arguments, parents, strict=False) if name in op.rules]
        at = dict(zip(op.arguments, parents, strict=False))
        signs = np.sign(draw.normal(size=np.shape(size)))  # with others, other parts cancel
        both = (
            op.gradients(np, np.asarray(given), inputs, wrt=wanted, **options)
            for given in (size, size * signs)
        )
        one, other = both
        for name in one:
            largest = np.maximum(np.abs(one[name]), np.abs(other[name]))
            found[at[name]] = found.get(at[name], 0.0) + largest
    return found


def _noise(graph: Graph) -> float:
    """Give what rounding may make of the output: each value is rounded once, and counts with its gradient."""
    parts = (
        np.sum(np.abs(np.asarray(graph.values[place]) * np.asarray(graph.gradients[place])))
        for place in graph.tape.above([graph.outputs[-1]])
        if graph.gradients[place] is not None
    )
    total = float(sum(parts))
    return _EPSILON * total if np.isfinite(total) else 0.0


def _moves(value: Any) -> bool:
    """Say whether a value is of floating numbers, and no indices, and not left out."""
    return bool(np.asarray(value).dtype.kind == "f")
