"""Every component, defined once: a pure forward and its hand-derived gradient rules.

The catalogue maps PyTorch's names to ops.

Examples
--------
>>> import numpy as np
>>> from backproof.ops import CATALOGUE
>>> CATALOGUE["Tanh"].gradients(np, np.array([1.0]), (np.array([0.0]),))["input"].tolist()
[1.0]
"""

from __future__ import annotations

import importlib
import pkgutil

from backproof.ops.catalogue import CATALOGUE
from backproof.ops.op import Evaluation, Op

__all__ = ["CATALOGUE", "Evaluation", "Op"]

# A component is added by adding its file: the families are found, not listed.
for _family in ("elementary", "activations", "losses", "layers"):
    _package = importlib.import_module(f"backproof.ops.{_family}")
    for _module in pkgutil.iter_modules(_package.__path__):
        importlib.import_module(f"backproof.ops.{_family}.{_module.name}")
