"""A training that is gone on with says what it would have said, and has the same last good parameters."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof import nn, optim
from backproof.training.watching import TrainingWarning
from tests.training.watching.networks import LINE, PLANE, RINGS, deep

pytestmark = pytest.mark.usefixtures("not_enforced")


def dead() -> tuple[nn.Module, Any, Any, str, float]:
    model = deep(nn.ReLU, 2, 16, 16, 2)
    model[0].bias[:12] = -100
    return model, PLANE, RINGS, "cross_entropy", 0.1


def faded() -> tuple[nn.Module, Any, Any, str, float]:
    return deep(nn.Sigmoid, 2, *[16] * 10, 2), PLANE, RINGS, "cross_entropy", 0.1


def exploding() -> tuple[nn.Module, Any, Any, str, float]:
    return nn.Linear(1, 1, dtype=np.float64, rng=0), LINE, LINE, "mse", 0.0036


CASES = {
    "dead units": dead,
    "vanishing gradients": faded,
    "exploding loss": exploding,
}


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("at", [1, 2, 5, 6, 9, 20])
@pytest.mark.filterwarnings("ignore::backproof.training.watching.TrainingWarning")
def test_it_says_what_it_would_have_said(kind: str, at: int, tmp_path: Path) -> None:
    found = []
    for parts in ([60], [at, 60]):
        model, X, y, loss, lr = CASES[kind]()
        optimizer = optim.SGD(model.parameters(), lr=lr)
        history = None
        for epochs in parts:
            history = bp.fit(
                model, X, y, loss=loss, optimizer=optimizer, epochs=epochs, batch_size=20, progress=False,
                checkpoint=tmp_path / f"{len(parts)}.safetensors", resume=len(parts) > 1,
            )  # fmt: skip
        assert history is not None
        found.append((history.troubles, history.stopped, model.state_dict()))
    assert kind in [each.kind for each in found[0][0]]
    assert found[0][:2] == found[1][:2]
    for name, array in found[0][2].items():
        np.testing.assert_array_equal(array, found[1][2][name])


def test_it_is_said_once() -> None:
    model, X, y, loss, lr = dead()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        bp.fit(model, X, y, loss=loss, optimizer="sgd", lr=lr, epochs=100, progress=False)
    assert [each.category for each in said] == [TrainingWarning]
