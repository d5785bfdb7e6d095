"""Graphs: a network number by number and as arrays, beside micrograd's `Value`; large ones, and pictures.

The network has 2 inputs, two layers of 16 ReLUs and one output, on 8 points, with the sum of squared errors:
the same numbers everywhere, and losses and gradients must agree. A step of micrograd builds its graph each
time, as it must; ours can be built once.
"""

from __future__ import annotations

import functools
import itertools
import random
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backproof.graphs.graph import Graph, graph
from backproof.graphs.inputs.sources import needed
from backproof.graphs.plan import planned
from backproof.graphs.tape import Tape
from backproof.graphs.tracing import apply, at
from backproof.ops import CATALOGUE
from benchmarks.timing import in_turn, median_seconds, process_seconds, table

try:
    from micrograd.engine import Value  # type: ignore[import-not-found]  # it may be there
except ImportError:  # `pip install micrograd` to compare
    Value = None

SIZES = (2, 16, 16, 1)
POINTS = 8
_ADD, _TANH = CATALOGUE["add"], CATALOGUE["tanh"]
_rng = random.Random(0)  # noqa: S311 - no secret
X = [[_rng.gauss(0, 1) for _ in range(SIZES[0])] for _ in range(POINTS)]
Y = [_rng.choice((-1.0, 1.0)) for _ in range(POINTS)]
#: For each layer and each of its units the weights, and last the bias.
WEIGHTS = [
    [[_rng.gauss(0, 0.5) for _ in range(inputs + 1)] for _ in range(units)]
    for inputs, units in itertools.pairwise(SIZES)
]


def loss_of(weights: Sequence[Sequence[Sequence[Any]]], relu: Callable[[Any], Any]) -> Any:
    """Compute the loss number by number."""
    loss: Any = 0.0
    for x, y in zip(X, Y, strict=True):
        values: list[Any] = list(x)
        for layer in weights:
            sums = [sum((w * v for w, v in zip(row, values, strict=False)), row[-1]) for row in layer]
            values = sums if layer is weights[-1] else [relu(one) for one in sums]
        loss = (values[0] - y) * (values[0] - y) + loss
    return loss


def peer() -> tuple[float, list[float]]:
    """Take a step with micrograd: the graph is built, then gone through."""
    weights = [[[Value(w) for w in row] for row in layer] for layer in WEIGHTS]
    loss = loss_of(weights, Value.relu)
    loss.backward()
    return loss.data, [w.grad for layer in weights for row in layer for w in row]


class Scalars:
    """The network number by number, traced."""

    def __init__(self) -> None:
        tape = Tape()
        names = itertools.count()
        weights = [
            [[at(tape, tape.variable(f"w{next(names)}", w)) for w in row] for row in layer]
            for layer in WEIGHTS
        ]
        self.output = loss_of(weights, lambda one: one.relu()).place
        self.places = [w.place for layer in weights for row in layer for w in row]
        self.tape, self.plan = tape, planned(tape, tape.given)

    def step(self) -> tuple[float, Any]:
        values = self.plan.forward(self.tape.given)
        gradients = self.plan.backward(values, {self.output: 1.0})
        return float(values[self.output]), [gradients[place] for place in self.places]


class Public:
    """The same by the calls that users make."""

    def __init__(self) -> None:
        numbers = [w for layer in WEIGHTS for row in layer for w in row]
        self.inputs = {f"w{number}": weight for number, weight in enumerate(numbers)}
        self.made = self.graph()
        self.made.grad()

    def graph(self) -> Graph:
        return graph(self.loss, **self.inputs)

    def loss(self, **weights: Any) -> Any:
        each = iter(weights.values())
        shaped = [[list(itertools.islice(each, len(row))) for row in layer] for layer in WEIGHTS]
        return loss_of(shaped, lambda one: one.relu())

    def again(self) -> dict[str, Any]:
        return self.made.at(**self.inputs).grad()

    def anew(self) -> dict[str, Any]:
        return self.graph().grad()


def arrays() -> Callable[[], tuple[float, Any]]:
    """Give a step of the network as arrays, built once."""
    x, y = np.array(X), np.array(Y)[:, None]
    inputs: dict[str, Any] = {}
    for number, layer in enumerate(map(np.array, WEIGHTS), 1):
        inputs |= {f"w{number}": layer[:, :-1].copy(), f"b{number}": layer[:, -1].copy()}

    def loss(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any, b3: Any) -> Any:
        first = apply("linear", x, w1, b1).relu()
        second = first.linear(w2, b2).relu()
        return second.linear(w3, b3).mse_loss(y, reduction="sum")

    made = graph(loss, **inputs)
    tape, output = made.tape, made.outputs[0]
    given = {**tape.given, **{made.place(name): value for name, value in made.inputs.items()}}
    plan, one = planned(tape, given), np.float64(1)
    wanted = [(made.place(f"w{number}"), made.place(f"b{number}")) for number in range(1, len(SIZES))]

    def step() -> tuple[float, Any]:
        values = plan.forward(given)
        gradients = plan.backward(values, {output: one})
        return float(values[output]), [(gradients[w], gradients[b]) for w, b in wanted]

    return step


def flat(pairs: Any) -> list[float]:
    """Give gradients of weights and biases in the order of the numbers."""
    joined = [np.concatenate([w, b[:, None]], axis=1).ravel() for w, b in pairs]
    return [float(one) for one in np.concatenate(joined)]


def wide(count: int) -> Tape:
    """Make a graph of single numbers in layers of 1,000."""
    tape = Tape()
    row = [tape.variable(f"x{number}", 0.001 * number) for number in range(1000)]
    for _ in range(count // 2000):
        sums = [tape.apply(_ADD, (one, other)) for one, other in zip(row, [*row[1:], row[0]], strict=True)]
        row = [tape.apply(_TANH, (one,)) for one in sums]
    return tape


def deep(count: int) -> Tape:
    """Make a graph in which each node is computed from the one before."""
    tape = Tape()
    place = tape.variable("x", 0.5)
    for _ in range(count):
        place = tape.apply(_TANH, (place,))
    return tape


def large(make: Callable[[int], Tape], count: int) -> tuple[float, float, float, float]:
    """Give the seconds to build, prepare, and evaluate, and the most memory in MB."""
    marks = [time.perf_counter()]
    tape = make(count)
    marks.append(time.perf_counter())
    plan = planned(tape, tape.given)
    marks.append(time.perf_counter())
    plan.backward(plan.forward(tape.given), {len(tape) - 1: np.float64(1)})
    marks.append(time.perf_counter())
    tracemalloc.start()
    tape = make(count)
    plan = planned(tape, tape.given)
    plan.backward(plan.forward(tape.given), {len(tape) - 1: np.float64(1)})
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    build, prepare, evaluate = (after - before for before, after in itertools.pairwise(marks))
    return build, prepare, evaluate, most


def network() -> None:
    """Compare the network's steps."""
    built, public, as_arrays = Scalars(), Public(), arrays()
    loss, gradients = built.step()
    other, pairs = as_arrays()
    assert np.isclose(loss, other)
    assert np.allclose(gradients, flat(pairs))
    assert np.allclose(gradients, list(public.again().values()))
    assert np.allclose(gradients, list(public.anew().values()))
    # Several of a quick step together: what ran before has the cache to itself.
    batches: list[tuple[str, Callable[[], object], int, str]] = [
        ("number by number, built once", built.step, 20, "goal: 10 times"),
        ("number by number, building included", lambda: Scalars().step(), 2, "goal: 3 times"),
        ("the same as g.at(w0=…).grad()", public.again, 5, "goal: 10 times"),
        ("the same as bp.graph(f, w0=…).grad()", public.anew, 2, "goal: 3 times"),
        ("as arrays", as_arrays, 200, "goal: 250 times"),
    ]
    if Value is not None:
        theirs, grads = peer()
        assert np.isclose(loss, theirs)
        assert np.allclose(gradients, grads)
        batches.append(("micrograd", peer, 1, ""))
    calls = [functools.partial(_repeat, call, count) for _, call, count, _ in batches]
    spent = [seconds / batch[2] for seconds, batch in zip(in_turn(calls, repeats=31), batches, strict=True)]
    rows = []
    for seconds, (name, _, _, goal) in zip(spent, batches, strict=True):
        ratio = f", micrograd {spent[-1] / seconds:6.1f} times as long" if goal and Value is not None else ""
        rows.append((name, f"{seconds * 1e3:8.3f} ms{ratio}", goal))
    table(
        f"A step of a {'-'.join(map(str, SIZES))} network on {POINTS} points, {len(built.tape)} nodes", rows
    )


def _repeat(call: Callable[[], object], count: int) -> None:
    for _ in range(count):
        call()


def layered(*sizes: int) -> Graph:
    """Make the graph of a network whose steps are written one by one."""
    steps, before = [], [f"x{index}" for index in range(sizes[0])]
    for layer, units in enumerate(sizes[1:]):
        names = [f"h{layer}{unit}" for unit in range(units)]
        for unit, name in enumerate(names):
            products = " + ".join(f"w{layer}{unit}{index}*{one}" for index, one in enumerate(before))
            steps.append(f"{name} = tanh({products})")
        before = names
    text = "; ".join(steps)
    return graph(text, **{name: _rng.gauss(0, 1) for name in needed(text)})


def pictures() -> None:
    """Measure how long a person waits for a picture, and for a command."""
    made = layered(5, 6, 5, 1)
    count = sum(node.kind != "constant" for node in made.nodes)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for form in ("svg", "png"):
            spent = median_seconds(functools.partial(made.save, Path(folder) / f"graph.{form}"), repeats=3)
            rows.append((f"a picture of {count} nodes, {form.upper()}", f"{spent:.2f} s", "goal: under 2"))
    command = ["-m", "backproof", "graph", "tanh(log(1 + z*2*x/sin(y)))", "x=1", "y=2", "z=3"]
    spent = process_seconds(command)
    rows.append(("backproof graph of ten nodes, a whole process", f"{spent:.2f} s", "goal: under 0.7"))
    table("Pictures, and the command, medians", rows)


def main() -> None:
    network()
    pictures()
    rows = []
    for name, make in (("1,000 wide", wide), ("a chain", deep)):
        for count in (10_000, 100_000):
            build, prepare, evaluate, most = large(make, count)
            figure = (
                f"build {build:6.3f} s, prepare {prepare:6.3f} s, forward and backward {evaluate:6.3f} s, "
                f"{most:6.1f} MB"
            )
            rows.append((f"{name}, {count:,} nodes", figure, "goal: linear in the nodes"))
    table("Large graphs", rows)


if __name__ == "__main__":
    main()
