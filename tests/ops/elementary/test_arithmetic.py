"""The powers of 0 and of negative numbers, where PyTorch takes limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.ops import CATALOGUE
from tests.ops.examples import FLOATS, Example, frozen
from tests.ops.results import assert_same, of_op, of_torch

POWERS = {
    "of zero": ([0, 0, 0, 0, 0.0], [0, 1, 2, 0.5, 3.5]),
    "of negative numbers": ([-2, -2, -0.5, -3, -1.0], [0, 1, 2, 3, -2]),
    "a root of a negative number": ([-2, 2.0], [0.5, 0.5]),
    "inverses of zero": ([0, 0.0], [-1, -0.5]),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("base", "exponent"), POWERS.values(), ids=POWERS)
def test_limits_of_powers(base: list[float], exponent: list[float], dtype: Any) -> None:
    inputs = frozen(np.array(base, dtype=dtype)), frozen(np.array(exponent, dtype=dtype))
    example = Example(CATALOGUE["power"], "limits", inputs)
    assert_same(of_op(example), of_torch(example))


def test_limits_do_not_warn() -> None:
    inputs = np.array([0.0, 0.0, 0.0]), np.array([0.0, 1.0, 2.0])
    gradients = CATALOGUE["power"].gradients(np, np.ones(3), inputs)
    assert gradients["input"].tolist() == [0, 1, 0]
    assert gradients["exponent"].tolist() == [0, 0, 0]
