"""Steps: each node once forward and once backward, with the numbers that a person would write down."""

from __future__ import annotations

import pytest

from backproof.graphs.drawing.steps import steps
from backproof.graphs.graph import graph
from tests.graphs.drawing.graphs import GRAPHS


@pytest.mark.parametrize("name", GRAPHS)
def test_each_node_comes_once_forward_and_once_backward(name: str) -> None:
    made = GRAPHS[name]
    told = steps(made)
    shown = [
        node.name
        for node in made.nodes
        if node.kind != "constant" or node.name == made.names[made.outputs[-1]]
    ]
    if name != "a hostile name":
        assert [step.node for step in told if step.phase == "forward"] == shown
    backward = [step.index for step in told if step.phase == "backward"]
    assert backward == [step.index for step in reversed(told) if step.phase == "forward"]
    known: set[int] = set()
    for step in told:
        needed = {parent if step.phase == "forward" else child for child, parent, _ in step.edges}
        if step is told[len(told) // 2]:
            known = set()
        assert needed <= known
        known.add(step.index)


def test_by_hand() -> None:
    # f = x*y + x at (2, 3): ∂f/∂x = y + 1 = 4, ∂f/∂y = x = 2
    told = [str(step) for step in steps(graph("f = x*y + x", x=2.0, y=3.0))]
    assert told == [
        "x = 2",
        "y = 3",
        "a = x*y = 2*3 = 6",
        "f = a + x = 6 + 2 = 8",
        "∂f/∂f = 1",
        "∂f/∂a = ∂f/∂f · ∂f/∂a = 1 · 1 = 1",
        "∂f/∂y = ∂f/∂a · ∂a/∂y = 1 · 2 = 2",
        "∂f/∂x = ∂f/∂a · ∂a/∂x + ∂f/∂f · ∂f/∂x\n      = 1 · 3 + 1 · 1\n      = 3 + 1\n      = 4",
    ]


def test_negative_numbers_stand_in_brackets() -> None:
    told = [str(step) for step in steps(graph("f = 1 - x*y", x=-2.0, y=3.0))]
    assert "a = x*y = -2*3 = -6" in told
    assert "f = 1 - a = 1 - (-6) = 7" in told
    assert "∂f/∂a = ∂f/∂f · ∂f/∂a = 1 · (-1) = -1" in told
    assert "∂f/∂y = ∂f/∂a · ∂a/∂y = (-1) · (-2) = 2" in told


def test_the_same_argument_twice_comes_along_two_edges() -> None:
    last = steps(graph("f = x*x", x=3.0))[-1]
    assert last.lines[1:] == ("      = 1 · 3 + 1 · 3", "      = 3 + 3", "      = 6")


def test_arrays_are_told_by_their_size_and_few_numbers_written_out() -> None:
    told = {
        (step.phase, step.node): step for step in steps(graph("f = sum(2*x)", x=[[1.0, 2.0], [3.0, 4.0]]))
    }
    assert str(told["forward", "a"]) == "a = 2*x: 2×2 numbers\n    [[2. 4.]\n     [6. 8.]]"
    assert told["backward", "x"].lines[0] == "∂f/∂x = ∂f/∂a · ∂a/∂x: 2×2 numbers"
    assert len(steps(graph("sum(x)", x=[1.0] * 100))[0].lines) == 1


def test_an_output_of_many_numbers_is_summed() -> None:
    assert steps(graph("f = 2*x", x=[1.0, 2.0]))[-1].lines[0].startswith("∂sum(f)/∂x = ")


def test_very_many_edges_are_not_written_out() -> None:
    last = steps(graph("f = " + " + ".join(["x"] * 30), x=1.0))[-1]
    assert "+ 22 more" in last.lines[0]
    assert last.lines[-1].endswith("= 30")
