"""Which engine runs a model."""

from __future__ import annotations

from typing import Any

from backproof._names import said
from backproof.training.engines.engine import Engine
from backproof.training.engines.modules import ModulesEngine
from backproof.training.parts import is_torch

__all__ = ["engine_for"]


def engine_for(engine: Any, model: Any, loss: Any, optimizer: Any) -> Engine:
    """Give the engine for a model: the one that is asked for, or else the fastest that can run it.

    ``engine`` is ``None``, or what makes one of a model, a loss and an optimizer.

    Raises
    ------
    TypeError
        If it is something else, such as an engine that is made already: of which model nobody knows. Or if
        what it makes lacks something that an engine has.
    """
    if engine is not None:
        if not callable(engine):
            raise TypeError(
                "expected engine to be what makes one of a model, a loss and an optimizer, such as the class "
                f"of an engine; got engine={said(engine)}"
            )
        return _whole(engine(model, loss, optimizer), engine)
    if is_torch(model):
        from backproof.training.engines.torch import TorchEngine

        return TorchEngine(model, loss, optimizer)
    from backproof.training.engines.planned import PlannedEngine
    from backproof.training.engines.planning.recorded import NotPlanned

    try:
        return PlannedEngine(model, loss, optimizer)
    except NotPlanned:
        return ModulesEngine(model, loss, optimizer)


def _whole(made: Any, engine: Any) -> Engine:
    """Give an engine that was made, and refuse what is none."""
    if isinstance(made, Engine):
        return made
    public = [name for name in (*vars(Engine), *Engine.__annotations__) if not name.startswith("_")]
    lacking = [name for name in public if not hasattr(made, name)]
    raise TypeError(
        f"expected engine to make an engine, with {', '.join(public)}; got engine={said(engine)}, which made "
        f"a {type(made).__name__} without {', '.join(lacking)}"
    )
