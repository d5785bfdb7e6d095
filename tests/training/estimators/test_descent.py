"""Bounds of curvatures: PyTorch's second derivatives lie between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from backproof.training.estimators.descent import least_of_both, spread
from tests.training.estimators.samples import normal


@pytest.mark.parametrize("classes", [1, 3, 4])
@pytest.mark.parametrize("decay", [1e-4, 0.1, 100.0])
def test_curvatures_of_a_likelihood_lie_between_the_bounds(classes: int, decay: float) -> None:
    X = torch.tensor(normal("x", 40, 2))
    X = X - X.mean(dim=0)
    X = X / (torch.linalg.matrix_norm(X, 2) / 40**0.5)
    most = 0.25 if classes == 1 else 0.5
    target = torch.arange(40) % max(classes, 2)

    def loss(flat: Any) -> Any:
        weight, bias = flat[: 2 * classes].reshape(classes, 2), flat[2 * classes :]
        scores, penalty = X @ weight.T + bias, decay / 2 * (weight**2).sum()
        if classes > 1:
            return torch.nn.functional.cross_entropy(scores, target) + penalty
        return torch.nn.functional.binary_cross_entropy_with_logits(scores[:, 0], target.double()) + penalty

    for size in (0.0, 1.0, 10.0):
        flat = size * torch.tensor(normal(f"{size}", 3 * classes))
        second = torch.autograd.functional.hessian(loss, flat)  # type: ignore[no-untyped-call]  # it has no types
        found = np.linalg.eigvalsh(second.numpy())
        scores = X @ flat[: 2 * classes].reshape(classes, 2).T + flat[2 * classes :]
        probabilities = scores.sigmoid() if classes == 1 else scores.softmax(dim=1)
        least = least_of_both(decay, spread(probabilities.numpy()), most)
        # Of several classes one curvature is 0: that of the same added to all intercepts.
        assert least * (1 - 1e-6) <= found[0 if classes == 1 else 1]
        assert found[-1] <= (most + decay) * (1 + 1e-6)
        assert least > 0
