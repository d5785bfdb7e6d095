"""Functions that several ops are made of: at 0, where their two sides meet, they are smooth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_compat.torch
import numpy as np
import pytest
import torch

import backproof.torch.nn.namespace
from backproof.ops.stable import exponential, log_one_plus_exp, logistic

NAMESPACES = {"compat": array_api_compat.torch, "ours": backproof.torch.nn.namespace.xp}
#: A function, and its derivatives at 0 from the first on.
DERIVATIVES: dict[str, tuple[Callable[..., Any], tuple[float, ...]]] = {
    "σ(x)": (lambda xp, x: logistic(xp, x)[0], (1 / 4, 0, -1 / 8)),
    "σ(−x)": (lambda xp, x: logistic(xp, x)[1], (-1 / 4, 0, 1 / 8)),
    "log(1 + eˣ)": (log_one_plus_exp, (1 / 2,)),
}


@pytest.mark.parametrize("xp", NAMESPACES.values(), ids=NAMESPACES)
@pytest.mark.parametrize(("function", "expected"), DERIVATIVES.values(), ids=DERIVATIVES)
def test_derivatives_at_zero(function: Callable[..., Any], expected: tuple[float, ...], xp: Any) -> None:
    """PyTorch differentiates them where a rule uses them, for its double backward."""
    x = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    y = function(xp, x)
    for value in expected:
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        np.testing.assert_allclose(y.detach().numpy(), value, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_infinities(dtype: Any) -> None:
    x = np.array([-np.inf, np.inf], dtype=dtype)
    assert [part.tolist() for part in exponential(np, x)] == [[0, 1], [1, 0]]
    assert [part.tolist() for part in logistic(np, x)] == [[0, 1], [1, 0]]
    assert log_one_plus_exp(np, x).tolist() == [0, np.inf]
