"""The engine for modules of PyTorch, ours or its own: autograd goes backward, on the device of the model."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backproof.training.engines.finding import FindsParameters
from backproof.training.modes import in_prediction

__all__ = ["TorchEngine"]


class TorchEngine(FindsParameters):
    """Calls the model, the loss and the optimizer as a loop in plain PyTorch does.

    A batch of arrays is copied to tensors on the device of the model's first parameter. Inputs of floats get
    the dtype of that parameter, and targets of floats that of the output. An optimizer that needs a closure,
    such as ``torch.optim.LBFGS``, gets one.

    Examples
    --------
    >>> model = torch.nn.Linear(1, 1)
    >>> engine = TorchEngine(model, torch.nn.MSELoss(), torch.optim.SGD(model.parameters(), lr=0.1))
    >>> x, y = np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]])
    >>> losses = [engine.step(x, y) for _ in range(200)]
    >>> losses[-1] < 1e-3 < losses[0]
    True
    """

    name = "PyTorch"

    def __init__(self, model: torch.nn.Module, loss: Any, optimizer: torch.optim.Optimizer) -> None:
        self.model, self.optimizer = model, optimizer
        self._loss = loss
        self._like = next((p for p in self._named.values() if p.is_floating_point()), torch.empty(0))
        closure = inspect.signature(optimizer.step).parameters.get("closure")
        self._needs_closure = closure is not None and closure.default is inspect.Parameter.empty

    def step(self, input: Any, target: Any) -> float:
        """Go forward and backward, and move the parameters."""
        given = self._tensor(input, self._like)
        loss = self._backward(given, target)
        value = float(loss)
        if math.isfinite(value):
            if self._needs_closure:
                self._step_with_closure(loss, given, target)
            else:
                self.optimizer.step()
        return value

    def _backward(self, given: Tensor, target: Any) -> Tensor:
        """Compute the loss and the gradients."""
        self.optimizer.zero_grad()
        for parameter in self._apart:
            parameter.grad = None
        with torch.enable_grad():
            output = self.model(given)
            loss: Tensor = self._loss(output, self._tensor(target, output))
            loss.backward()  # type: ignore[no-untyped-call]  # of torch's
        return loss.detach()

    def _step_with_closure(self, loss: Tensor, given: Tensor, target: Any) -> None:
        known = [loss]  # what was computed already is what it asks for first
        step: Any = self.optimizer.step
        step(lambda: known.pop() if known else self._backward(given, target))

    def predict(self, input: Any) -> NDArray[Any]:
        """Compute the output, in prediction."""
        with in_prediction(self.model), torch.no_grad():
            output = self.model(self._tensor(input, self._like))
        if not isinstance(output, Tensor):
            raise TypeError(
                f"expected a model that gives one tensor; got {type(output).__name__}: put it into a module "
                "that gives the part of it that the loss takes"
            )
        return _array(output)

    def loss(self, output: NDArray[Any], target: Any) -> float:
        """Give the loss of an output."""
        prediction = self._tensor(output, self._like)
        with torch.no_grad():
            return float(self._loss(prediction, self._tensor(target, prediction)))

    def parameters(self) -> Mapping[str, NDArray[Any]]:
        """Give the parameters."""
        return {name: _array(parameter) for name, parameter in self._named.items()}

    def gradients(self) -> Mapping[str, NDArray[Any] | None]:
        """Give the gradients of the last step."""
        return {
            name: None if parameter.grad is None else _array(parameter.grad)
            for name, parameter in self._named.items()
        }

    def load(self, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Set the parameters."""
        with torch.no_grad():
            for name, array in parameters.items():
                self._named[name].copy_(_copied(array))

    def state_dict(self) -> dict[str, Any]:
        """Give what a checkpoint keeps besides model and optimizer: PyTorch's random generators."""
        there: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]  # of torch's
        return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all() if there else []}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        torch.set_rng_state(state["cpu"])
        if state["cuda"]:
            torch.cuda.set_rng_state_all(state["cuda"])

    def _tensor(self, given: Any, like: Any) -> Any:
        """Give an array as a tensor on the device of another and, if it holds floats, in its dtype."""
        tensor = given if isinstance(given, Tensor) else _copied(given)
        if not isinstance(like, Tensor):  # a model may give what only its loss understands
            return tensor.to(self._like.device)
        floats = tensor.is_floating_point() and like.is_floating_point()
        return tensor.to(like.device, like.dtype if floats else tensor.dtype)


def _copied(given: Any) -> Tensor:
    """Give an array as a tensor of its own: a model may write into it, as ``ReLU(inplace=True)`` does."""
    array = np.array(given)
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=False))


def _array(tensor: Tensor) -> NDArray[Any]:
    """Give a tensor as an array, in its memory if NumPy can read that."""
    found = tensor.detach().cpu().to_dense() if tensor.layout != torch.strided else tensor.detach().cpu()
    if found.dtype == torch.bfloat16:  # which NumPy has not
        found = found.float()
    array: NDArray[Any] = found.resolve_conj().resolve_neg().numpy()
    return array
