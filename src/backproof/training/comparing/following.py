"""A training in PyTorch that is put where another one is, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from backproof.training.comparing.rounding import Arrays, Shaking
from backproof.training.engines.torch import TorchEngine

__all__ = ["Follower", "ShakenFollower", "filled"]


class Follower(TorchEngine):
    """A training in PyTorch that goes where another one goes.

    Raises
    ------
    TypeError
        If the optimizer needs more than gradients to move.
    """

    def __init__(self, model: Any, loss: Any, optimizer: Any) -> None:
        super().__init__(model, loss, optimizer)
        if self._needs_closure:
            raise TypeError(
                "expected an optimizer that moves by the gradients alone, of which a step can be judged; got "
                f"{type(optimizer).__name__}, which needs a closure"
            )

    def look(self, input: Any, target: Any) -> tuple[Arrays, Arrays]:
        """Give the loss, under no name, and the gradients; one that there is not counts as zeros."""
        loss = self._backward(self._tensor(input, self._like), target)
        gradients = filled(self.gradients(), self.parameters())
        return {"": loss.cpu().numpy()}, {name: np.array(array) for name, array in gradients.items()}

    def move(self, gradients: Mapping[str, NDArray[Any] | None]) -> Arrays:
        """Make a step of the optimizer with the gradients of another, and give where it leads to."""
        for name, parameter in self._named.items():
            gradient = gradients[name]
            parameter.grad = None if gradient is None else self._tensor(gradient, parameter)
        self.optimizer.step()
        return self.parameters()


class ShakenFollower(Follower):
    """One that shakes what it is given."""

    def __init__(self, model: Any, loss: Any, optimizer: Any, seed: int) -> None:
        super().__init__(model, loss, optimizer)
        self._shaking = Shaking(seed)

    def load(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Set the parameters to nearly these."""
        super().load(parameters)
        with torch.no_grad():
            self._shaking.shake(self._named.values())

    def look(self, input: Any, target: Any) -> tuple[Arrays, Arrays]:
        """Give the loss and the gradients, with all that they are computed from and by shaken."""
        given = self._tensor(input, self._like)
        self._shaking.shake([given])
        with self._shaking:
            return super().look(given, target)

    def move(self, gradients: Mapping[str, NDArray[Any] | None]) -> Arrays:
        """Make a step with nearly these gradients."""
        nearly: dict[str, Any] = {
            name: None if gradient is None else self._tensor(gradient, self._named[name])
            for name, gradient in gradients.items()
        }
        self._shaking.shake(nearly.values())
        return super().move(nearly)


def filled(gradients: Mapping[str, NDArray[Any] | None], parameters: Arrays) -> Arrays:
    """Give gradients, with zeros for those that there are not."""
    return {
        name: np.zeros_like(parameters[name]) if gradient is None else gradient
        for name, gradient in gradients.items()
    }
