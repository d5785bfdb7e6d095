"""Optimizers for NumPy, made from the update rules, named and used as those of ``torch.optim``.

Each class has the name, the hyperparameters and the formula of its update rule in
`backproof.updates`, where the mathematics stands.

Examples
--------
>>> from backproof import nn, optim
>>> model = nn.Linear(2, 1)
>>> optimizer = optim.Adam(model.parameters(), lr=0.01)
>>> optimizer
Adam (
Parameter Group 0
    amsgrad: False
    betas: (0.9, 0.999)
    decoupled_weight_decay: False
    eps: 1e-08
    lr: 0.01
    maximize: False
    weight_decay: 0.0
)
"""

from __future__ import annotations

from backproof._names import no_attribute
from backproof.optim import lr_scheduler
from backproof.optim.optimizer import Optimizer, optimizer_of
from backproof.updates import CATALOGUE

__all__ = ["Optimizer", "lr_scheduler", *CATALOGUE]  # noqa: PLE0604 - its keys are strings

globals().update({name: optimizer_of(rule) for name, rule in CATALOGUE.items()})


def __getattr__(name: str) -> type[Optimizer]:
    # The optimizers are found before this is asked; type checkers learn from it what they are.
    raise no_attribute(__name__, name, __all__)
