"""The reduction of a loss, apart from any loss."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backproof.ops import CATALOGUE
from backproof.ops.reduction import BATCH_REDUCTION, REDUCTION, REDUCTIONS

VALUES = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]])


def test_forward() -> None:
    assert REDUCTION.forward(np, VALUES, "mean") == 4
    assert REDUCTION.forward(np, VALUES, "sum") == 24
    assert REDUCTION.forward(np, VALUES, "none") is VALUES


def test_gradient() -> None:
    upstream = np.array(3.0)
    assert (REDUCTION.gradient(np, upstream, VALUES, "mean") == np.full((2, 3), 0.5)).all()
    assert (REDUCTION.gradient(np, upstream, VALUES, "sum") == np.full((2, 3), 3)).all()
    assert REDUCTION.gradient(np, VALUES, VALUES, "none") is VALUES


def test_gradient_of_nothing_is_nothing() -> None:
    """And there is no warning of a division by zero."""
    assert REDUCTION.gradient(np, np.array(3.0), np.ones((0, 3)), "mean").shape == (0, 3)


def test_counts_are_what_the_mean_divides_by() -> None:
    counts = np.array([[1.0, 0.0, 2.0], [1.0, 1.0, 3.0]])
    assert REDUCTION.forward(np, VALUES, "mean", counts) == 3
    assert (REDUCTION.gradient(np, np.array(4.0), VALUES, "mean", counts) == np.full((2, 3), 0.5)).all()


def test_batchmean_divides_by_the_samples() -> None:
    assert BATCH_REDUCTION.forward(np, VALUES, "batchmean") == 12
    assert (BATCH_REDUCTION.gradient(np, np.array(3.0), VALUES, "batchmean") == np.full((2, 3), 1.5)).all()
    assert BATCH_REDUCTION.forward(np, VALUES, "batchmean", np.ones(1)) == 24


@pytest.mark.parametrize("how", ["avg", "", "Mean", None, "batchmean"])
def test_unknown(how: str) -> None:
    message = re.escape(f"reduction is 'mean', 'sum' or 'none'; got reduction={how!r}")
    for use in (
        lambda: REDUCTION.require(how),
        lambda: CATALOGUE["MSELoss"].evaluate(np, (VALUES, VALUES), reduction=how),
        lambda: CATALOGUE["MSELoss"].gradients(np, np.array(1.0), (VALUES, VALUES), VALUES, reduction=how),
    ):
        with pytest.raises(ValueError, match=message):
            use()


def test_message_names_every_reduction() -> None:
    assert REDUCTIONS == ("mean", "sum", "none")
    with pytest.raises(ValueError, match="'mean', 'sum', 'none' or 'batchmean'; got reduction='avg'"):
        BATCH_REDUCTION.require("avg")
