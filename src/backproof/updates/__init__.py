"""Every update rule, defined once, as a pure function.

Examples
--------
>>> from backproof.updates import CATALOGUE
>>> sorted(CATALOGUE)
['ASGD', 'Adadelta', 'Adagrad', 'Adam', 'AdamW', 'Adamax', 'NAdam', 'RAdam', 'RMSprop', 'Rprop', 'SGD']
"""

from __future__ import annotations

import importlib
import pkgutil

from backproof.updates.blocks import apply
from backproof.updates.update import CATALOGUE, State, UpdateRule

__all__ = ["CATALOGUE", "State", "UpdateRule", "apply"]

# An update rule is added by adding its file.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
