"""Published numbers, reproduced to the digits that they are printed to.

The numbers stand in ``golden.json``, in the shape in which they are used here. Where the folder that
they were collected in lies beside the checkout, both are compared.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backproof import ops, updates
from tests.ops.examples import FLOATS

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden.json").read_text("utf-8"))
COLLECTED = Path(__file__).parents[2] / "shared" / "golden" / "values.json"
#: Decimals of numbers that were not rounded: what float64 leaves after a few operations.
EXACT = 14


def assert_printed(got: Any, printed: Any, decimals: int) -> None:
    """Assert that a number, printed to as many decimals, is the printed one."""
    # A number that is printed as …5 may have been rounded either way.
    unit = 0.5 * 10.0**-decimals * (1 + 1e-6)
    np.testing.assert_allclose(
        np.asarray(got, dtype=float), np.asarray(printed, dtype=float), rtol=0, atol=unit
    )


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['name']}-{index}" for index, row in enumerate(rows)]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("row", GOLDEN["ops"], ids=names(GOLDEN["ops"]))
def test_op(row: dict[str, Any], dtype: Any) -> None:
    op, options = ops.CATALOGUE[row["name"]], row["options"]
    inputs = [np.array(row["input"], dtype=dtype)]
    if "target" in row:
        # Class indices are the only targets that are no floats: they lack an axis.
        raw = np.array(row["target"])
        indices = op.arguments["target"].domain == "class" and raw.ndim < inputs[0].ndim
        inputs.append(raw if indices else raw.astype(dtype))
    # float32 holds no more than seven digits.
    decimals = {
        what: min(row["decimals"][what], 14 if dtype is np.float64 else 6) for what in row["decimals"]
    }
    output, values = op.evaluate(np, inputs, **options)
    assert_printed(output, row["output"], decimals["output"])
    gradients = op.gradients(np, np.ones_like(output), inputs, values, **options)
    assert_printed(gradients["input"], row["grad_input"], decimals["grad_input"])


def test_linear() -> None:
    row = GOLDEN["linear"]
    random = np.random.RandomState(row["seed"])
    x, weight, bias = random.randn(4, 5), 0.05 * random.randn(5, 2), 0.05 * random.randn(1, 2)
    inputs = (x, weight.T, bias[0])  # stored as (in, out) there, as (out, in) here
    linear = ops.CATALOGUE["Linear"]
    output = linear.evaluate(np, inputs).output
    assert_printed(output, row["output"], row["decimals"])
    gradients = linear.gradients(np, np.ones((4, 2)), inputs)
    assert_printed(gradients["weight"].T, row["grad_weight"], row["decimals"])
    assert_printed(gradients["input"], [row["grad_input_row"]] * 4, row["decimals"])
    assert_printed(gradients["bias"], [4, 4], EXACT)


def gradient_of_line(w: float, b: float) -> tuple[float, float]:
    """Give the gradient of the mean squared error of w x + b at (1, 2) and (2, 4)."""
    errors = [w * x + b - y for x, y in ((1, 2), (2, 4))]
    return errors[0] * 1 + errors[1] * 2, errors[0] + errors[1]


@pytest.mark.parametrize("row", GOLDEN["updates"], ids=names(GOLDEN["updates"]))
def test_update_rule(row: dict[str, Any]) -> None:
    rule = updates.CATALOGUE[row["name"]](**row["hyperparameters"])
    parameters = [np.array(0.5), np.array(0.25)]
    states = [rule.start(np, parameter) for parameter in parameters]
    for expected in row["steps"]:
        gradients = gradient_of_line(float(parameters[0]), float(parameters[1]))
        for i, gradient in enumerate(gradients):
            parameters[i], states[i] = rule.update(np, parameters[i], np.array(gradient), states[i])
        assert_printed(parameters, expected, EXACT)


def compact(collected: dict[str, Any]) -> dict[str, Any]:
    """Bring the collected numbers into the shape in which they are used here."""
    rows = []
    for row in collected["losses"]:
        exact = row.get("digits", EXACT)
        rows.append(
            {
                "name": row["name"],
                "options": {},
                "input": row["input"],
                "target": row["target"],
                "output": row["value"],
                "grad_input": row["grad"],
                "decimals": {"output": exact, "grad_input": row.get("grad_digits", exact)},
            }
        )
    for row in collected["activations"]:
        rows.append(  # noqa: PERF401 - as above
            {
                "name": row["name"],
                "options": {name: row[name] for name in ("dim", "negative_slope") if name in row},
                "input": row["input"],
                "output": row["value"],
                "grad_input": row["grad_of_sum"],
                "decimals": {"output": row["digits"], "grad_input": row["digits"]},
            }
        )
    linear, model = collected["linear"], collected["model"]
    hyperparameters = {
        "SGD": ("SGD", {}),
        "SGD momentum 0.9": ("SGD", {"momentum": 0.9}),
        "SGD momentum 0.9 nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
        "Adam": ("Adam", {}),
    }
    steps = [
        {
            "name": hyperparameters[name][0],
            "hyperparameters": {"lr": 0.01, **hyperparameters[name][1]},
            "steps": steps,
        }
        for name, steps in collected["optimizers"]["steps"].items()
    ]
    return {
        "ops": rows,
        "linear": {
            "seed": 23,
            **{name: linear[name] for name in ("output", "grad_weight", "grad_input_row")},
            "decimals": linear["digits"],
        },
        "updates": steps,
        "model": {
            "seed": 123,
            "targets": [4, 1],
            **{name: model[name] for name in model if name.startswith("loss_")},
            "decimals": model["digits"],
        },
        "autograd": collected["autograd"],
        "regression": collected["regression"],  # reproduced in training/test_regressions.py
        "torch_seeded": collected["torch_seeded"],
    }


@pytest.mark.skipif(
    not COLLECTED.exists(), reason="the folder of collected numbers is not beside the checkout"
)
def test_numbers_are_those_collected() -> None:
    assert compact(json.loads(COLLECTED.read_text("utf-8"))) == GOLDEN
