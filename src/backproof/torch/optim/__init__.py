"""Optimizers for PyTorch, made from the update rules: ``import backproof.torch.optim as optim``.

Each is a subclass of the one of its name in ``torch.optim``, with the step made by the rule in
`backproof.updates`, where the mathematics stands. Names that are not here come from ``torch.optim``.

Examples
--------
>>> import torch
>>> import backproof.torch.optim as optim
>>> model = torch.nn.Linear(2, 1)
>>> optimizer = optim.Adam(model.parameters(), lr=0.01)
>>> isinstance(optimizer, torch.optim.Adam)
True
>>> optim.LBFGS is torch.optim.LBFGS
True
"""

from __future__ import annotations

from typing import Any

import torch.optim

from backproof.torch.aliases import install as _install
from backproof.torch.optim.optimizer import optimizer_of
from backproof.updates import CATALOGUE

_install(__name__, torch.optim.__name__)
globals().update({name: optimizer_of(rule) for name, rule in CATALOGUE.items()})

__all__ = sorted(name for name in {*dir(torch.optim), *CATALOGUE} if not name.startswith("_"))  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    return getattr(torch.optim, name)


def __dir__() -> list[str]:
    return __all__
