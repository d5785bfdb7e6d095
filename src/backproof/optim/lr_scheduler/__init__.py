"""Schedules of the learning rate, named and used as those of ``torch.optim.lr_scheduler``.

Examples
--------
>>> from backproof import nn, optim
>>> optimizer = optim.SGD(nn.Linear(2, 1).parameters(), lr=0.1)
>>> schedule = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
>>> for _ in range(4):
...     optimizer.step()
...     schedule.step()
>>> schedule.get_last_lr()
[0.025]
"""

from __future__ import annotations

from backproof.optim.lr_scheduler.cycles import CosineAnnealingWarmRestarts, OneCycleLR
from backproof.optim.lr_scheduler.factors import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    StepLR,
)
from backproof.optim.lr_scheduler.functions import LambdaLR
from backproof.optim.lr_scheduler.plateau import ReduceLROnPlateau
from backproof.optim.lr_scheduler.schedule import LRScheduler

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "StepLR",
]
