"""A training in PyTorch goes on as one on NumPy does."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import backproof as bp
from tests.training.checkpoints.scenarios import Signal, X, Y

OPTIMIZERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01, amsgrad=True),
    "LBFGS": lambda parameters: torch.optim.LBFGS(parameters, lr=0.01, max_iter=2),
}


def fitted(kind: str, **how: Any) -> dict[str, Any]:
    torch.manual_seed(3)
    nn = torch.nn
    model = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Tanh(), nn.Linear(6, 2))
    model.double()
    optimizer = OPTIMIZERS[kind](model.parameters())
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    history = bp.fit(
        model, X, Y, loss=nn.MSELoss(), optimizer=optimizer, schedule=schedule, epochs=5, batch_size=5,
        progress=False, validation=0.2, **how,
    )  # fmt: skip
    return {
        "model": {name: tensor.tolist() for name, tensor in model.state_dict().items()},
        "optimizer": str(optimizer.state_dict()),
        "schedule": schedule.state_dict(),
        "history": [each._replace(seconds=0.0) for each in history],
        "random": torch.rand(3).tolist(),
    }


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_it_goes_on_to_the_bit(kind: str, tmp_path: Path) -> None:
    expected, path = fitted(kind), tmp_path / "run.safetensors"
    for step in (1, 7, 10, 16):
        with pytest.raises(KeyboardInterrupt):
            fitted(kind, checkpoint=path, resume=True, callbacks=[Signal(signal.SIGINT, step=step)])
    assert fitted(kind, checkpoint=path, resume=True) == expected
