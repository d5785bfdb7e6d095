"""Optimizers that change PyTorch's parameters by the gradients these hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from backproof.checking.adapt.base import Adapter
from backproof.checking.adapt.courses import Run
from backproof.checking.adapt.execution import Obstacle, Origin, attempt
from backproof.checking.adapt.filling import written
from backproof.checking.adapt.hyperparameters import fill_optimizer, own_settings
from backproof.checking.adapt.libraries import quiet
from backproof.checking.adapt.signatures import Method, Parameter
from backproof.checking.candidate import (
    Answer,
    Case,
    Convention,
    Course,
    Description,
    Signature,
    Trajectory,
)

__all__ = ["OptimizerAdapter", "TorchOptimizer"]


class OptimizerAdapter(Adapter):
    """An optimizer of either library."""

    def __init__(
        self,
        description: Description,
        make: Callable[..., object],
        constructor: list[Parameter],
        step: Method,
        origin: Origin,
    ) -> None:
        super().__init__(description)
        self.make, self.constructor, self.step, self.origin = make, constructor, step, origin

    def call(self, case: Case, convention: Convention, *, fresh: bool = False) -> Answer:
        """Refuse: an optimizer has no forward.

        Raises
        ------
        TypeError
            Always.
        """
        raise TypeError(f"{self._description.name} is an optimizer: it is trained, not called")


class TorchOptimizer(OptimizerAdapter):
    """A subclass of ``torch.optim.Optimizer``, or a class of its own with ``step``."""

    def _conventions(self, signature: Signature) -> list[dict[str, Any]]:
        required = [p for p in self.step.parameters if p.required]
        if required:
            raise Obstacle(f"its {self.step.name} takes {written(required)}; one for tensors takes nothing")
        construct = fill_optimizer(self.constructor, signature.options, holds_parameters=True)
        if not {"params", "model"} & {role for role in construct.values() if isinstance(role, str)}:
            raise Obstacle(
                f"its constructor takes {written(self.constructor)}, and no parameters are among them"
            )
        defaults = own_settings(self.constructor, signature.options)
        return [{"construct": construct, "parameters": "tensors", "defaults": defaults}]

    def train(self, course: Course, convention: Convention) -> Trajectory:
        """Run the optimizer over a course, always on a new instance."""
        with quiet():
            run = _TorchRun(self.make, convention["construct"], self.step.name, self.origin, course)
            return run.trajectory()


class _TorchRun(Run):
    may_lack_gradients = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        import torch

        self.torch = torch
        self.tensors = [torch.nn.Parameter(torch.from_numpy(p.copy())) for p in self.course.parameters]

    def roles(self) -> Mapping[str, Any]:
        model = self.torch.nn.Module()
        for index, tensor in enumerate(self.tensors):
            model.register_parameter(f"parameter{index}", tensor)
        return {"params": list(self.tensors), "model": model, "grads": None}

    def give_gradients(self, gradients: Sequence[NDArray[Any] | None]) -> None:
        for tensor, gradient in zip(self.tensors, gradients, strict=True):
            tensor.grad = None if gradient is None else self.torch.from_numpy(gradient.copy())

    def step(self, count: int) -> None:
        attempt(self.origin, "step", getattr(self.optimizer, self.step_name))

    def now(self) -> tuple[NDArray[Any], ...]:
        return tuple(tensor.detach().numpy().copy() for tensor in self.tensors)

    def all_cleared(self) -> bool | None:
        return all(tensor.grad is None or not tensor.grad.any() for tensor in self.tensors)

    def originals(self) -> Sequence[object]:
        return self.tensors
