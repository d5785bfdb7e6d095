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

__all__ = ["__version__", "assert_correct", "check", "nn", "optim"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # What a name needs is loaded when the name is used: `import backproof` stays quick.
    if name in ("assert_correct", "check"):
        from backproof.checking import api

        return getattr(api, name)
    if name in ("nn", "optim"):
        return importlib.import_module(f"backproof.{name}")
    raise AttributeError(f"module 'backproof' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
