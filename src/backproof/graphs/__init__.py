"""Graphs: a computation with every value, local gradient and path, derived, proven and drawn."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backproof.graphs.inputs.layers import of_model
    from backproof.graphs.plan import Steps
    from backproof.graphs.tracing import TracingError

__all__ = ["Steps", "TracingError", "of_model"]

#: Where what neighbours use stands: it is loaded when it is used.
_EXPORTED = {
    "Steps": "backproof.graphs.plan",
    "TracingError": "backproof.graphs.tracing",
    "of_model": "backproof.graphs.inputs.layers",
}


def __getattr__(name: str) -> object:
    if name in _EXPORTED:
        return getattr(importlib.import_module(_EXPORTED[name]), name)
    raise AttributeError(f"module 'backproof.graphs' has no attribute {name!r}")
