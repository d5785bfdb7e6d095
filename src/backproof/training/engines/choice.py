"""Which engine runs a model."""

from __future__ import annotations

from typing import Any

from backproof.training.engines.engine import Engine
from backproof.training.engines.modules import ModulesEngine

__all__ = ["engine_for"]


def engine_for(engine: Any, model: Any, loss: Any, optimizer: Any) -> Engine:
    """Give the engine for a model: the one that is asked for, or else the fastest that can run it.

    ``engine`` is ``None``, or what makes one of a model, a loss and an optimizer.
    """
    chosen = ModulesEngine if engine is None else engine
    made: Engine = chosen(model, loss, optimizer)
    return made
