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
    from backproof.training.api import fit

__all__ = ["__version__", "assert_correct", "check", "derive", "fit", "graph", "nn", "optim", "prove"]

__version__ = "0.1.0"


#: Where the verbs stand.
_VERBS = {
    "assert_correct": "backproof.checking.api",
    "check": "backproof.checking.api",
    "derive": "backproof.graphs.api",
    "fit": "backproof.training.api",
    "graph": "backproof.graphs.graph",
    "prove": "backproof.graphs.deriving.prove",
}


def __getattr__(name: str) -> object:
    # What a name needs is loaded when the name is used: `import backproof` stays quick.
    if name in _VERBS:
        return getattr(importlib.import_module(_VERBS[name]), name)
    if name in ("nn", "optim"):
        return importlib.import_module(f"backproof.{name}")
    raise AttributeError(f"module 'backproof' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
