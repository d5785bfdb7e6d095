"""Published numbers of computation graphs, reproduced to their digits."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from backproof.graphs.graph import graph
from tests.test_golden import COLLECTED, EXACT, assert_printed

pytestmark = pytest.mark.skipif(
    not COLLECTED.exists(), reason="the folder of collected numbers is not beside the checkout"
)
ROWS: dict[str, Any] = json.loads(COLLECTED.read_text("utf-8")) if COLLECTED.exists() else {}
AUTOGRAD = [(row[key], row) for row in ROWS.get("autograd", []) for key in ("f", "named") if key in row]


@pytest.mark.parametrize(("text", "row"), [(text, row) for text, row in AUTOGRAD if "grad" in row])
def test_a_gradient_is_the_printed_one(text: str, row: dict[str, Any]) -> None:
    made = graph(text, **row["at"])
    for name, printed in row["grad"].items():
        assert_printed(made[name].grad, printed, row.get("digits", EXACT))


@pytest.mark.parametrize(("text", "row"), [(text, row) for text, row in AUTOGRAD if "grad_symbolic" in row])
def test_a_gradient_is_the_printed_formula(text: str, row: dict[str, Any]) -> None:
    """The formula is evaluated by our own reader, with the steps that it names."""
    names = graph_inputs(text)
    rng = np.random.default_rng(0)
    for _ in range(5):
        inputs = {name: float(rng.uniform(0.2, 1.4)) for name in names}
        made = graph(text, **inputs)
        where = row.get("where", row.get("named", ""))
        for name, formula in row["grad_symbolic"].items():
            steps = f"{where}; printed = {formula}"
            printed = graph(steps, **{used: inputs[used] for used in graph_inputs(steps)})
            assert made[name].grad == pytest.approx(printed.value, rel=1e-12)


def graph_inputs(text: str) -> list[str]:
    from backproof.graphs.reading import read

    program = read(text)
    return [name for name, place in program.names.items() if program.tape.is_input(place)]


def drawn(*size: int) -> Any:
    torch.manual_seed(0)
    return torch.randn(*size).double().numpy()


def test_the_seeded_exercises() -> None:
    dot, element, mse = ROWS["torch_seeded"]
    x = np.arange(1.0, 6)
    first = graph("w @ x + 5", w=drawn(5), x=x)
    assert_printed(first.value, dot["value"], dot["digits"])
    assert_printed(first["w"].grad, dot["grad_w"], dot["digits"])
    second = graph("w*x + [1, 2, 3, 4, 5]", w=drawn(5), x=x)
    assert_printed(second.value, element["value"], element["digits"])
    assert_printed(second["w"].grad, element["grad_w"], element["digits"])
    third = graph("mse_loss(w @ x + b, [2])", w=drawn(10), b=drawn(1), x=np.arange(2.0, 12))
    assert_printed(third["w"].grad, mse["grad_w"], mse["digits"])
    assert_printed(third["b"].grad[0], mse["grad_b"], mse["digits"])
