"""Training gives PyTorch's numbers, step by step, with an optimizer and with plain steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn, optim
from tests.ops.examples import generator

RATE = 0.05


@pytest.mark.parametrize("name", ["update_parameters", "SGD", "Adam"])
def test_losses_are_those_of_torch(name: str) -> None:
    rng = generator(name)
    parts = nn.Linear(6, 8, rng=0), nn.LayerNorm(8), nn.Tanh(), nn.Linear(8, 4, rng=1)
    model, loss = nn.Sequential(*parts), nn.CrossEntropyLoss(label_smoothing=0.1 if name == "Adam" else 0.0)
    twin, twin_loss = model.to_torch(), torch.nn.CrossEntropyLoss(label_smoothing=loss.label_smoothing)
    kind = "SGD" if name == "update_parameters" else name
    theirs: Any = getattr(torch.optim, kind)(twin.parameters(), lr=RATE)
    ours: Any = getattr(optim, kind)(model.parameters(), lr=RATE)
    for _ in range(5):
        x = rng.standard_normal((5, 6)).astype(np.float32)
        target = rng.integers(0, 4, 5)
        value = loss(model(x), target)
        model.backward(loss.backward())
        if name == "update_parameters":
            model.update_parameters(RATE)
            assert set(model.grads.values()) == {None}
        else:
            ours.step()
            ours.zero_grad()
        theirs.zero_grad()
        expected: Any = twin_loss(twin(torch.from_numpy(x)), torch.from_numpy(target))
        expected.backward()
        theirs.step()
        assert value.dtype == np.float32
        assert float(value) == pytest.approx(expected.item(), rel=1e-4)
    for array, tensor in zip(model.state_dict().values(), twin.state_dict().values(), strict=True):
        np.testing.assert_allclose(array, tensor.numpy(), rtol=1e-3, atol=1e-4)
