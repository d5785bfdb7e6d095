"""Write the gradient by hand, and know that it is right.

Examples
--------
>>> import backproof as bp
>>> def cube(x):
...     return x**3
>>> def cube_backward(grad_output, x):
...     return grad_output * 3 * x
>>> bp.check((cube, cube_backward)).verdict.value
'fail'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backproof import nn, optim
    from backproof.checking.api import assert_correct, check
    from backproof.graphs.api import derive
    from backproof.graphs.deriving.prove import prove
    from backproof.graphs.graph import graph
    from backproof.training import data
    from backproof.training.api import fit
    from backproof.training.callbacks import Callback
    from backproof.training.comparing.compare import compare
    from backproof.training.comparing.optimizers import compare_optimizers
    from backproof.training.comparing.surfaces import Surface
    from backproof.training.estimators import (
        LinearRegression,
        LogisticRegression,
        MLPClassifier,
        MLPRegressor,
    )
    from backproof.training.find_lr import find_lr
    from backproof.training.recording import Path
    from backproof.training.stopping import EarlyStopping
    from backproof.training.watching.troubles import TrainingWarning

__all__ = [
    "Callback",
    "EarlyStopping",
    "LinearRegression",
    "LogisticRegression",
    "MLPClassifier",
    "MLPRegressor",
    "Path",
    "Surface",
    "TrainingWarning",
    "__version__",
    "assert_correct",
    "check",
    "compare",
    "compare_optimizers",
    "data",
    "derive",
    "find_lr",
    "fit",
    "graph",
    "nn",
    "optim",
    "prove",
]

__version__ = "0.1.0"


#: Where the verbs stand, the callbacks and the estimators.
_VERBS = {
    "Callback": "backproof.training.callbacks",
    "EarlyStopping": "backproof.training.stopping",
    "LinearRegression": "backproof.training.estimators",
    "LogisticRegression": "backproof.training.estimators",
    "MLPClassifier": "backproof.training.estimators",
    "MLPRegressor": "backproof.training.estimators",
    "Path": "backproof.training.recording",
    "Surface": "backproof.training.comparing.surfaces",
    "TrainingWarning": "backproof.training.watching.troubles",
    "assert_correct": "backproof.checking.api",
    "check": "backproof.checking.api",
    "compare": "backproof.training.comparing.compare",
    "compare_optimizers": "backproof.training.comparing.optimizers",
    "derive": "backproof.graphs.api",
    "find_lr": "backproof.training.find_lr",
    "fit": "backproof.training.api",
    "graph": "backproof.graphs.graph",
    "prove": "backproof.graphs.deriving.prove",
}
#: The rooms that are used by their names.
_ROOMS = {"data": "backproof.training.data", "nn": "backproof.nn", "optim": "backproof.optim"}


def __getattr__(name: str) -> object:
    # What a name needs is loaded when the name is used: `import backproof` stays quick.
    if name in _VERBS:
        return getattr(importlib.import_module(_VERBS[name]), name)
    if name in _ROOMS:
        return importlib.import_module(_ROOMS[name])
    raise AttributeError(f"module 'backproof' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
