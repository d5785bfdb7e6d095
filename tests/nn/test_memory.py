"""A step of training takes the memory of parameters, gradients and activations, and little besides."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from backproof import nn


@pytest.mark.parametrize("batch", [1, 1024])
def test_the_memory_of_a_step(batch: int) -> None:
    size, classes = 1024, 8
    x = np.ones((batch, size), np.float32)
    target = np.zeros(batch, int)
    tracemalloc.start()
    try:
        model = nn.Sequential(nn.Linear(size, size, rng=0), nn.ReLU(), nn.Linear(size, classes, rng=1))
        loss = nn.CrossEntropyLoss()
        for _ in range(2):
            tracemalloc.reset_peak()
            loss(model(x), target)
            model.accumulate(loss.backward())
            model.update_parameters(0.01)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    parameters = sum(parameter.data.nbytes for parameter in model.parameters())
    activations = 4 * batch * (2 * size + 4 * classes)
    way_back = 2 * 4 * batch * size  # a gradient, and the one that is made of it
    # A quarter besides: the blocks of an update, and Python's own.
    assert peak < 1.25 * (2 * parameters + activations + way_back)
