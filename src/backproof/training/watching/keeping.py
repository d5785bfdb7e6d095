"""Copies of what a model has learned, to put back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from backproof.training.training import Training

__all__ = ["Kept", "loss_at"]


class Kept:
    """A copy of the parameters, and of what the model keeps besides, such as running means.

    Attributes
    ----------
    step
        After which step it was taken; -1 if there is none.
    parameters
        The parameters, by their paths.
    """

    def __init__(self) -> None:
        self.step = -1
        self.parameters: dict[str, NDArray[Any]] = {}
        self._buffers: dict[str, Any] = {}
        #: Whether there are buffers; ``None`` if nobody has looked yet.
        self._buffered: bool | None = None

    def take(self, training: Training) -> None:
        """Copy what there is now, into the memory of the last copy."""
        for name, array in training.engine.parameters().items():
            kept = self.parameters.get(name)
            if kept is None or kept.shape != array.shape:
                self.parameters[name] = np.array(array)
            else:
                np.copyto(kept, array)
        if self._buffered is not False:
            self._buffers = {name: _copied(buffer) for name, buffer in training.model.named_buffers()}
            self._buffered = bool(self._buffers)
        self.step = training.step

    def put_back(self, training: Training) -> None:
        """Let the model have it again."""
        training.engine.load(self.parameters)
        for name, buffer in training.model.named_buffers() if self._buffers else ():
            buffer[...] = self._buffers[name]

    def state_dict(self) -> dict[str, Any]:
        """Give it, to be saved."""
        return {"step": self.step, "parameters": dict(self.parameters), "buffers": dict(self._buffers)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what was saved."""
        self.step = state["step"]
        self.parameters, self._buffers = dict(state["parameters"]), dict(state["buffers"])
        self._buffered = None


def _copied(buffer: Any) -> Any:
    return buffer.detach().clone() if hasattr(buffer, "detach") else buffer.copy()


def loss_at(training: Training, batch: tuple[Any, Any], *others: Mapping[str, NDArray[Any]]) -> list[float]:
    """Give the mean loss of a batch with the parameters that there are, and with others in their place.

    Afterwards all is as it was.
    """
    engine, (given, target) = training.engine, batch

    def present_loss() -> float:
        return training.per_sample(engine.loss(engine.predict(given), target), len(given))

    found = [present_loss()]
    present = {name: np.array(array) for name, array in engine.parameters().items()}
    try:
        for other in others:
            engine.load(other)
            found.append(present_loss())
    finally:
        engine.load(present)
    return found
