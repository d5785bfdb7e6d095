"""The table: oracles agree, a planted mistake is seen, and nobody is accused at a kink."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings

from backproof.graphs.graph import Graph, graph
from tests.graphs.deriving.expressions import ARRAYS, by_torch

RNG = np.random.default_rng(3)
TABLE: dict[str, dict[str, Any]] = {
    "tanh(log(1 + z*2*x/sin(y)))": {"x": 1.0, "y": 2.0, "z": 3.0},
    "sum(softmax(X@W)*G)": {
        "X": RNG.normal(size=(2, 3)),
        "W": RNG.normal(size=(3, 4)),
        "G": RNG.normal(size=(2, 4)),
    },
    "sum(gelu(x))": {"x": RNG.normal(size=40)},
    "x*0 + y": {"x": 1.0, "y": 2.0},
    "log(x)": {"x": 1e-3},
    "relu(x)": {"x": -0.5},
    "mean(x)": {"x": np.ones((100, 100))},
    "cross_entropy(x, t)": {"x": RNG.normal(size=(2, 3)), "t": [0, 2]},
    "nll_loss(log(x), t)": {"x": RNG.uniform(0.1, 0.9, size=(2, 3)), "t": [0, 2]},
    "sum(embedding(t, w)*w)": {"t": [0, 2, 2], "w": RNG.normal(size=(3, 3))},
    "bce_with_logits(x, y, pos_weight=pos)": {"x": [0.5, 1.0], "y": [0.0, 1.0], "pos": 2.0},
}
#: Classes, and a weight of an op that has no gradient rule for it.
_WITHOUT_RULE = {"t", "pos"}


@pytest.mark.parametrize("text", TABLE)
def test_all_oracles_agree(text: str) -> None:
    found = graph(text, **TABLE[text]).check()
    assert found, str(found)
    assert {row.name for row in found.rows} == set(TABLE[text]) - _WITHOUT_RULE
    assert {row.oracle for row in found.rows} >= {"finite differences", "PyTorch"}
    assert {row.verdict for row in found.rows} == {"agrees"}


#: Shapes that go together: a scalar, and arrays that are broadcast.
ANY = {"x": RNG.normal(size=(2, 1)), "y": RNG.normal(size=3), "z": np.array(RNG.normal())}


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(ARRAYS)
def test_random_expressions_of_arrays_agree_with_pytorch_and_all_oracles(text: str) -> None:
    at = {name: value for name, value in ANY.items() if name in text.replace("exp", "")}
    assume(at)
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in at.items()}
    output: Any = by_torch(text, tensors)
    made = graph(text, **at)
    np.testing.assert_allclose(made.value, output.detach().numpy(), rtol=1e-9, atol=1e-12)
    output.sum().backward()
    for name, tensor in tensors.items():
        assert tensor.grad is not None
        np.testing.assert_allclose(made[name].grad, tensor.grad.numpy(), rtol=1e-8, atol=1e-9)
    found = made.check()
    assert found, str(found)
    assert {"finite differences", "PyTorch"} <= {row.oracle for row in found.rows}


def _planted(factor: float) -> Graph:
    """Make a graph in which the rule of sin is wrong by a factor."""
    g = graph("x*sin(y)", x=2.0, y=0.5)
    place = next(place for place, op in enumerate(g.tape.ops) if op is not None and op.name == "sin")
    op = g.tape.ops[place]
    assert op is not None
    right = op.rules["input"]
    g.tape.ops[place] = op.replace(rules={"input": lambda *roles: factor * right(*roles)})
    return g


@pytest.mark.parametrize("factor", [-1.0, 0.0, 1.001, 1 + 1e-9])
def test_a_wrong_rule_is_seen_by_each_oracle(factor: float) -> None:
    found = _planted(factor).check()
    assert not found
    wrong = [row for row in found.rows if row.verdict == "differs"]
    assert {row.name for row in wrong} == {"y"}
    assert {row.oracle for row in wrong} == {"finite differences", "PyTorch", "symbolic"}


def test_the_planted_graph_is_right_without_the_mistake() -> None:
    assert _planted(1.0).check()


@pytest.mark.parametrize("text", ["relu(x)", "abs(x)", "max(x, 2*x)"])
def test_at_a_kink_nothing_is_sure(text: str) -> None:
    found = graph(text, x=0.0).check()
    assert {row.verdict for row in found.rows} == {"unsure"}
    assert not found


def test_float32_is_checked_in_float64() -> None:
    inputs = {"x": np.float32(0.1), "y": np.array([0.2, 0.3], np.float32)}
    assert graph("sum(tanh(x*y))", **inputs).check()


def test_an_input_without_a_rule_is_left_out_and_one_that_is_not_used_too() -> None:
    found = graph("u = 2*z; f = soft_margin_loss(x, t)", x=0.5, t=1.0, z=3.0).check()
    assert found
    assert found.left_out == ("no gradient rule leads to t",)
    assert {row.name for row in found.rows} == {"x"}


def test_some_inputs_only() -> None:
    assert {row.name for row in graph("x*y", x=1.0, y=2.0).check("y").rows} == {"y"}


def test_without_pytorch_the_others_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = graph("x*y", x=1.0, y=2.0).check()
    assert found
    assert "left out: PyTorch is not installed" in str(found)


#: Where a first step jumps over a kink or a pole, where much cancels, and where a formula grows.
HARD: dict[str, dict[str, Any]] = {
    "elu(1.7/x**2)**2": {"x": 0.00295},
    "+".join(f"abs(x - {number:.4f})" for number in np.abs(RNG.normal(size=200))): {"x": 0.1},
    "sum(x*w) - sum(w*x) + 1e9*x[0] - 1e9*x[0]": {"x": np.ones(3) * 0.1, "w": np.array([0.1, 0.2, 0.3])},
    "sum(x - softmax(x)*sum(x))*0.1": {"x": RNG.normal(size=3)},
    "; ".join(["a0 = x*y", *(f"a{n} = a{n - 1}*sigmoid(a{n - 1})" for n in range(1, 9))]): {
        "x": 0.5,
        "y": 0.7,
    },
}


@pytest.mark.parametrize("text", HARD, ids=lambda text: text[:30])
def test_nobody_is_accused_falsely_and_in_time(text: str) -> None:
    start = time.monotonic()
    found = graph(text, **HARD[text]).check()
    assert time.monotonic() - start < 30
    assert all(row.verdict != "differs" for row in found.rows), str(found)


def test_where_there_is_no_input_nothing_is_compared() -> None:
    found = graph("2 + 3").check()
    assert not found
    assert "left out: the output is computed from no input" in str(found)


def test_it_is_shown() -> None:
    found = graph("x*y", x=1.0, y=2.0).check()
    assert str(found).splitlines()[0].split() == [
        *("input", "oracle", "ours", "theirs", "difference", "bound", "verdict")
    ]
    assert found._repr_html_().count("<tr>") == len(found.rows) + 1


#: What was once held against a graph that is right.
RIGHT: dict[str, dict[str, Any]] = {
    "sin(x)": {"x": 1e9},
    "tanh(x)": {"x": 1e4},
    "x_1*sum(x)": {"x": np.array([1.0, 2.0]), "x_1": 5.0},
    "softplus(x)": {"x": 20.5},
}


@pytest.mark.parametrize("text", RIGHT)
def test_oracles_of_what_is_right_agree(text: str) -> None:
    found = graph(text, **RIGHT[text]).check()
    assert {row.verdict for row in found.rows} == {"agrees"}, str(found)


def test_classes_given_as_shares_are_differentiated_where_one_is_zero() -> None:
    found = graph("cross_entropy(x, t)", x=RNG.normal(size=(2, 3)), t=np.eye(3)[[0, 2]]).check()
    assert found, str(found)
    assert {row.name for row in found.rows} == {"x", "t"}
