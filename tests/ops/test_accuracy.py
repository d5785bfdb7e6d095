"""The measure behind the table of accuracy, on few points: it is right, and what is bad is flagged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backproof._typing import Array, Namespace
from backproof.ops import CATALOGUE, Op
from docs.generator.accuracy import LIBRARIES, Row, measure
from docs.generator.results import (
    BY_CHANCE,
    FAR,
    WORSE,
    Measured,
    doubted,
    flags,
    load,
    reason,
    save,
    unexplained,
)
from docs.generator.table import accuracy, number
from tests.ops.examples import FLOATS

#: In units in the last place: what NumPy's elementary functions reach, generously.
FLOOR = 4.0
FEW_POINTS = 300


def flagged(name: str, dtype: Any, op: Op | None = None) -> dict[str, list[str]]:
    """Give the flags of each result of an op, or of another in its place."""
    return {row.result: flags(row, FLOOR) for row in measure(name, dtype, FEW_POINTS, op)}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["ReLU", "Softplus", "BCEWithLogitsLoss", "Linear"])
def test_what_is_right_is_not_flagged(name: str, dtype: Any) -> None:
    found = flagged(name, dtype)
    assert found == {result: [] for result in ("output", *CATALOGUE[name].rules)}


# --- Planted -----------------------------------------------------------------------------------


def naive_softplus(xp: Namespace, input: Array, *, beta: float, threshold: float) -> Array:
    """Overflow on the right, and lose the left tail to the 1."""
    return xp.log(1 + xp.exp(beta * input)) / beta


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_naive_softplus_is_flagged(dtype: Any) -> None:
    naive = CATALOGUE["Softplus"].replace(forward=naive_softplus)
    assert flagged("Softplus", dtype, naive)["output"] == [WORSE, FAR]


def steeper(xp: Namespace, grad_output: Array, input: Array, output: Array) -> Array:
    return xp.where(output <= 0, 0, grad_output * (1 + 2.0**-18))


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_gradient_that_is_a_little_off_is_flagged(dtype: Any) -> None:
    found = flagged("ReLU", dtype, CATALOGUE["ReLU"].replace(rules={"input": steeper}))
    assert found == {"output": [], "input": [WORSE, FAR]}


def test_a_result_that_is_no_number_is_infinitely_far_off() -> None:
    broken = CATALOGUE["ReLU"].replace(forward=lambda xp, x: x * xp.nan)
    [output, _] = measure("ReLU", np.float64, 0, broken)
    assert output.errors == {"numpy": np.inf, "front door": np.inf, "torch": 0}


# --- The file and the page ---------------------------------------------------------------------


def row(numpy: float, ours: float | None = None, theirs: float | None = None, result: str = "output") -> Row:
    return Row("ReLU", result, "float64", dict(zip(LIBRARIES, (numpy, ours, theirs), strict=True)))


def test_flags() -> None:
    assert not flags(row(8.0, 1.5, 1.0), FLOOR)
    assert flags(row(8.1), FLOOR) == [FAR]
    assert flags(row(1.0, 1.6, 1.0), FLOOR) == [WORSE]


def cancelling(ours: float, typical: float, again: float | None = None) -> Row:
    """Make a row where terms cancel: PyTorch's largest error is 4, as at other points, and 1 is typical."""
    ulps = dict.fromkeys(LIBRARIES, 1e15)
    errors = {"numpy": 1.0, "front door": ours, "torch": 4.0}
    squares = {"numpy": 1.0, "front door": typical, "torch": 1.0}
    others = None if again is None else {"numpy": 1.0, "front door": again, "torch": 4.0}
    return Row("Softmax", "input", "float64", ulps, errors, squares, others)


def test_where_terms_cancel_the_order_may_add_a_quarter() -> None:
    assert flags(cancelling(5.0, 1.0), FLOOR) == []
    assert flags(cancelling(5.1, 1.0), FLOOR) == [WORSE]


def test_chance_explains_what_is_worse_at_the_worst_point_only_and_not_at_others() -> None:
    assert reason(cancelling(5.1, 1.1, again=5.0), WORSE) == BY_CHANCE
    assert reason(cancelling(5.1, 1.2, again=5.0), WORSE) == ""
    assert reason(cancelling(5.1, 1.1, again=5.1), WORSE) == ""
    assert reason(cancelling(5.1, 1.1), WORSE) == ""


def test_what_may_be_chance_is_measured_at_other_points() -> None:
    known = cancelling(9.0, 1.2)
    assert doubted([cancelling(5.0, 1.0), known]) == [cancelling(5.0, 1.0), known]
    [row] = doubted([replace(cancelling(9.0, 1.0), op="ReLU", result="output")])
    assert row.again == dict.fromkeys(LIBRARIES, 0.0)


def test_why_numpy_is_far_off_does_not_explain_that_pytorch_is_better() -> None:
    far_and_worse = row(400.0, 500.0, 400.0)
    softmax = replace(far_and_worse, op="Softmax")
    assert flags(softmax, FLOOR) == [WORSE, FAR]
    assert reason(softmax, FAR)
    assert not reason(softmax, WORSE)


def test_what_was_measured_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = (row(np.inf, 1.0, None), row(0.5), cancelling(2.0, 1.5, 3.0))
    save(rows, {"exp": {"float64": 0.5, "float32": 2.0}}, tmp_path / "figures.json")
    found = load(tmp_path / "figures.json")
    assert found.rows == rows
    assert found.floor("float32") == 2.0


def test_what_nobody_explained_is_named() -> None:
    measured = Measured((row(1.0, 9.0, 1.0),), {"exp": {"float64": 0.5}}, {}, 0)
    [line] = unexplained(measured)
    assert line.startswith("ReLU output float64: worse than PyTorch")


def test_page_marks_what_is_flagged() -> None:
    elementary = {"exp": {"float64": 0.5, "float32": 0.5}}
    rows = [
        Row("Softmax", "output", dtype, dict.fromkeys(LIBRARIES, 400.0)) for dtype in ("float64", "float32")
    ]
    page = accuracy(Measured(tuple(rows), elementary, {}, 0))
    assert "| Softmax | output | **400** | 400 | 400 | **400** | 400 | 400 |" in page
    assert "Softmax output (far on NumPy): exp makes" in page


@pytest.mark.parametrize(
    ("error", "written"),
    [(0.0, "0"), (0.5, "0.5"), (9.96, "10"), (404.0, "400"), (1.6e7, "2e7"), (4e71, "4e71"), (None, "–")],
)
def test_number(error: float | None, written: str) -> None:
    assert number(error) == written
