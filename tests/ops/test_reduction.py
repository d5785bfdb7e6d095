"""The reduction of a loss, apart from any loss."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backproof.ops import CATALOGUE
from backproof.ops.reduction import REDUCTION, REDUCTIONS

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


@pytest.mark.parametrize("how", ["avg", "", "Mean"])
def test_unknown(how: str) -> None:
    message = re.escape(f"reduction is 'mean', 'sum' or 'none'; got reduction={how!r}")
    with pytest.raises(ValueError, match=message):
        REDUCTION.forward(np, VALUES, how)
    with pytest.raises(ValueError, match=message):
        REDUCTION.gradient(np, VALUES, VALUES, how)
    with pytest.raises(ValueError, match=message):
        CATALOGUE["MSELoss"].evaluate(np, (VALUES, VALUES), reduction=how)


def test_message_names_every_reduction() -> None:
    assert REDUCTIONS == ("mean", "sum", "none")
