"""Published numbers of arrays, reproduced to their digits; those of formulas: `deriving/test_derive.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from backproof.graphs.graph import graph
from tests.test_golden import GOLDEN, assert_printed


def drawn(*size: int) -> Any:
    torch.manual_seed(0)
    return torch.randn(*size).double().numpy()


def test_the_seeded_exercises() -> None:
    dot, element, mse = GOLDEN["torch_seeded"]
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
