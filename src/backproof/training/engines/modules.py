"""The engine that any model of ``backproof.nn`` has: module by module, forward and backward."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from backproof import nn, optim
from backproof.nn.losses import Loss
from backproof.training.engines.finding import FindsParameters
from backproof.training.modes import in_prediction
from backproof.training.parts import loss_alone, one_number

__all__ = ["ModulesEngine"]


class ModulesEngine(FindsParameters):
    """Calls the modules, one after the other, and the optimizer.

    Examples
    --------
    >>> import numpy as np
    >>> model = nn.Linear(1, 1, dtype=np.float64, rng=0)
    >>> engine = ModulesEngine(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.1))
    >>> x, y = np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]])
    >>> losses = [engine.step(x, y) for _ in range(200)]
    >>> losses[-1] < 1e-3 < losses[0]
    True
    """

    name = "NumPy"

    def __init__(self, model: nn.Module, loss: Loss, optimizer: optim.Optimizer) -> None:
        self.model, self.optimizer = model, optimizer
        self._loss = loss
        #: What the model gave in the last step.
        self._output: Any = None

    def step(self, input: Any, target: Any) -> float:
        """Go forward and backward, and move the parameters."""
        self.optimizer.zero_grad()
        for parameter in self._apart:
            parameter.zero_grad()
        output = self._output = self.model(input)
        value = one_number("the loss", self._loss, self._loss(output, target))
        gradient = self._loss.backward()
        if gradient is None:
            raise TypeError(
                f"expected the backward of the loss {type(self._loss).__name__} to give the gradient for the "
                "prediction; got None"
            )
        self.model.accumulate(gradient)
        if math.isfinite(value):
            self.optimizer.step()
        return value

    def predict(self, input: Any) -> NDArray[Any]:
        """Compute the output, in prediction."""
        with in_prediction(self.model):
            output: NDArray[Any] = self.model(input)
        return output

    def loss(self, output: NDArray[Any], target: Any) -> float:
        """Give the loss of an output."""
        return loss_alone(self._loss, output, target)

    def parameters(self) -> Mapping[str, NDArray[Any]]:
        """Give the parameters."""
        return {name: parameter.data for name, parameter in self._named.items()}

    def gradients(self) -> Mapping[str, NDArray[Any] | None]:
        """Give the gradients of the last step."""
        return {name: parameter.grad for name, parameter in self._named.items()}

    def load(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Set the parameters."""
        for name, array in parameters.items():
            self._named[name].data[...] = array
