"""PyTorch's ``torch.nn``, with every backward written by hand.

``import backproof.torch.nn as nn`` takes the place of ``import torch.nn as nn``: a module of the
catalogue is PyTorch's own class with our forward and gradient rules, every other name is PyTorch's.

Examples
--------
>>> import torch
>>> import backproof.torch.nn as nn
>>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
>>> isinstance(model[1], torch.nn.Tanh), type(model[1]).__module__
(True, 'backproof.torch.nn')
>>> nn.Sequential is torch.nn.Sequential
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch.nn as _theirs

from backproof.torch.aliases import install as _install
from backproof.torch.nn.classes import MODULES as _MODULES

if TYPE_CHECKING:
    from torch.nn import *  # noqa: F403 - for a type checker the classes are PyTorch's own

_names = {name for name in dir(_theirs) if not name.startswith("_")} | _MODULES.keys()
__all__ = list(sorted(_names))  # noqa: C413 - a list, as linters want to see

globals().update(_MODULES)
_install(__name__, _theirs.__name__)


def __getattr__(name: str) -> Any:
    # Looked up where it is defined, so that a name PyTorch gets later is here too.
    try:
        return getattr(_theirs, name)
    except AttributeError:
        raise AttributeError(f"neither backproof nor torch.nn has the name {name!r}") from None


def __dir__() -> list[str]:
    return __all__
