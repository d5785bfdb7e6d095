"""Every op of the catalogue is a node: its value and its gradients are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.graphs.functions import function
from backproof.graphs.graph import Graph, graph
from backproof.graphs.tape import Tape
from backproof.graphs.tracing import apply, at
from backproof.ops import CATALOGUE, Op
from tests.ops.examples import Example, examples
from tests.ops.results import of_torch

#: The first plain example of every op.
EXAMPLES = {example.op.name: example for example in reversed(examples()) if example.what.startswith("plain")}


def given(example: Example) -> dict[str, Any]:
    roles = zip(example.op.arguments, example.inputs, strict=True)
    return {name: array for name, array in roles if array is not None}


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_op_is_a_node(name: str) -> None:
    example = EXAMPLES[name]
    inputs = given(example)

    op = function(name)
    assert op is not None
    tape = Tape()
    places = {argument: tape.variable(argument) for argument in inputs}
    node = tape.apply(op, tape.arranged(op, places), example.options)
    assert_as_torch(Graph(tape, [node], inputs), example)


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_op_is_called_in_an_expression(name: str) -> None:
    example = EXAMPLES[name]
    inputs = given(example)
    written = [f"{argument}={argument}_0" for argument in inputs]
    written += [f"{option}={value!r}" for option, value in example.options.items() if value is not None]
    if not all(isinstance(value, int | float | str | tuple) for value in example.options.values()):
        pytest.skip("an index of slices is written between brackets")
    made = graph(
        f"{name}({', '.join(written)})", **{f"{argument}_0": value for argument, value in inputs.items()}
    )
    assert_as_torch(made, example, "_0")


def assert_as_torch(made: Graph, example: Example, suffix: str = "") -> None:
    """Assert that a node has PyTorch's value, and for each upstream gradient its gradients."""
    upstream = example.upstream(np.shape(made.value))
    expected = of_torch(example, upstream)
    np.testing.assert_allclose(made.value, expected.output, rtol=1e-12, atol=1e-12)
    place, plan = made.outputs[-1], made._plan
    assert plan is not None
    found = plan.backward(made.values, {place: upstream if upstream.ndim else upstream[()]})
    for name, gradient in expected.gradients.items():
        got = found[made.place(name + suffix)]
        np.testing.assert_allclose(got, gradient, rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("op", CATALOGUE.values(), ids=lambda op: op.name)
def test_an_op_is_found_by_its_names(op: Op) -> None:
    main = op if op.reduction else op.main
    found = function(op.name)
    assert found is not None
    # sin and Sin would be one name: tanh is both an op and an activation, which compute the same.
    assert found.name.lower() == main.name.lower()


def test_indices_stay_whole_and_have_no_gradient() -> None:
    made = graph("cross_entropy(x, t)", x=np.eye(3), t=[0, 1, 1])
    assert made.inputs["t"].dtype.kind == "i"
    assert made["t"].grad.tolist() == [0, 0, 0]
    assert graph("2*t", t=3).inputs["t"].dtype == np.float64


def test_an_argument_that_is_left_out_between_others_is_none() -> None:
    tape = Tape()
    x, target, factor = (at(tape, tape.variable(name)) for name in ("x", "t", "f"))
    loss = apply("bce_with_logits", x, target, pos_weight=factor)
    values = {"x": np.array([0.5, -1.0]), "t": np.array([1.0, 0.0]), "f": np.array([2.0, 3.0])}
    made = Graph(tape, [loss.place], values)
    direct = CATALOGUE["BCEWithLogitsLoss"].evaluate(np, (values["x"], values["t"], None, values["f"])).output
    assert made.value == pytest.approx(float(direct))
    assert made.grad("x")["x"].shape == (2,)
