"""Plans: node by node and level by level compute the same; large graphs neither recurse nor grow too fast."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof.graphs.graph import graph
from backproof.graphs.plan import Levels, Steps, planned
from backproof.graphs.tape import Tape
from backproof.ops import CATALOGUE

TWO = [CATALOGUE[name] for name in ("add", "subtract", "multiply", "maximum")]
ONE = [CATALOGUE[name] for name in ("tanh", "sin", "Sigmoid", "negative", "LeakyReLU")]


def some(seed: int, count: int) -> tuple[Tape, dict[int, np.float64]]:
    """Make a tape of single numbers: any op of any nodes before."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    tape = Tape()
    for index in range(4):
        tape.variable(f"x{index}", rng.gauss(0, 1))
    for index in range(count):
        nodes = [rng.randrange(len(tape)) for _ in range(2)]
        if rng.random() < 0.5:
            tape.apply(rng.choice(TWO), (nodes[0], nodes[1]))
        else:
            op = rng.choice(ONE)
            options = (
                {"negative_slope": rng.choice([0.1, 0.2])} if op.name == "LeakyReLU" and index % 2 else {}
            )
            tape.apply(op, (nodes[0],), options)
    return tape, {place: np.float64(value) for place, value in tape.given.items()}


@given(st.integers(0, 10_000), st.integers(1, 120))
@settings(max_examples=40)
def test_both_plans_compute_the_same(seed: int, count: int) -> None:
    tape, inputs = some(seed, count)
    last = len(tape) - 1
    steps, levels = Steps(tape), Levels(tape, np.array(tape.depths))
    values = steps.forward(inputs)
    np.testing.assert_allclose(levels.forward(inputs), values, rtol=1e-9)
    expected = [
        0.0 if gradient is None else gradient for gradient in steps.backward(values, {last: np.float64(1)})
    ]
    found = levels.backward(levels.forward(inputs), {last: np.float64(1)})
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8 * max(1.0, np.abs(expected).max()))


def test_many_numbers_that_are_not_deep_are_computed_by_levels() -> None:
    tape, inputs = some(0, 500)
    assert isinstance(planned(tape, inputs), Levels)
    assert isinstance(planned(tape, {**inputs, 0: np.ones(3)}), Steps)
    assert isinstance(planned(*chain(500)), Steps)
    tape.apply(CATALOGUE["MSELoss"], (0, 1))
    assert isinstance(planned(tape, inputs), Steps)


def test_a_graph_of_numbers_takes_arrays_later() -> None:
    steps = "; ".join(["a0 = x*y", *[f"a{i} = a0 + {i}*x" for i in range(1, 80)], "f = a79 + a3"])
    made = graph(steps, x=2.0, y=3.0)
    assert made.value == 2 * 6 + 82 * 2
    later = made.at(x=np.array([1.0, 2.0]))
    assert later.value.tolist() == [2 * 3 + 82, 2 * 6 + 82 * 2]
    assert later["x"].grad.tolist() == [88, 88]
    assert made.at(x=1.0).value == 88


def chain(count: int) -> tuple[Tape, dict[int, np.float64]]:
    tape = Tape()
    place = tape.variable("x", 0.5)
    for index in range(count):
        place = tape.apply(ONE[index % 2], (place,))
    return tape, {0: np.float64(0.5)}


def layers(count: int) -> tuple[Tape, dict[int, np.float64]]:
    tape = Tape()
    row = [tape.variable(f"x{index}", 0.01 * index) for index in range(100)]
    for _ in range(count // 200):
        sums = [tape.apply(TWO[0], (one, other)) for one, other in zip(row, [*row[1:], row[0]], strict=True)]
        row = [tape.apply(ONE[0], (one,)) for one in sums]
    return tape, {place: np.float64(value) for place, value in tape.given.items()}


@pytest.mark.usefixtures("not_enforced")  # which takes a hundred times as long
@pytest.mark.parametrize("made", [chain, layers])
def test_many_nodes_take_memory_as_they_are_many(
    made: Callable[[int], tuple[Tape, dict[int, np.float64]]],
) -> None:
    sizes = []
    for count in (2_000, 20_000):
        tracemalloc.start()
        tape, inputs = made(count)
        plan = planned(tape, inputs)
        gradients = plan.backward(plan.forward(inputs), {len(tape) - 1: np.float64(1)})
        sizes.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert np.isfinite(gradients[0])
    # Ten times as many, in tables that grow by doubling; were it quadratic it would be a hundred times.
    assert sizes[1] < 20 * sizes[0]
    assert sizes[1] < 30e6


@pytest.mark.usefixtures("not_enforced")  # as above
def test_the_gradient_of_a_long_chain_is_the_product() -> None:
    tape, inputs = chain(100_000)
    plan = planned(tape, inputs)
    values = plan.forward(inputs)
    product = 1.0
    for place, op in enumerate(tape.ops):
        if op is not None:
            before = values[place - 1]
            product *= 1 - np.tanh(before) ** 2 if op.name == "tanh" else np.cos(before)
    assert plan.backward(values, {len(tape) - 1: np.float64(1)})[0] == pytest.approx(product, rel=1e-9)


def _wide(x: Any, y: Any) -> Any:
    sums = [x * k + y for k in range(1, 80)]
    while sums[1:]:
        pairs = [one + other for one, other in zip(sums[::2], sums[1::2], strict=False)]
        sums = pairs + sums[len(pairs) * 2 :]
    return sums[0]


def _unused(x: Any, y: Any, z: Any) -> Any:
    _ = 1 / z  # infinite where z is 0
    return _wide(x, y)


def test_nothing_flows_through_what_no_output_depends_on() -> None:
    made = graph(_unused, x=1.0, y=2.0, z=0.0)
    assert made.grad() == {"x": 3160.0, "y": 79.0, "z": 0.0}
    assert isinstance(made._plan, Levels)


def test_an_array_as_an_option_is_no_matter_in_a_large_graph() -> None:
    made = graph(lambda x: _wide(x.leaky_relu(np.array(0.1)), x), x=-2.0)
    assert made.grad()["x"] == pytest.approx(3160 * 0.1 + 79)
