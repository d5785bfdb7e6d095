"""Optimizers that change PyTorch's parameters by the gradients these hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from backproof.checking.adapt.components.base import Adapter
from backproof.checking.adapt.execution import Obstacle, Origin, attempt
from backproof.checking.adapt.filling.arguments import written
from backproof.checking.adapt.libraries import quiet
from backproof.checking.adapt.optimizers.courses import Run
from backproof.checking.adapt.optimizers.hyperparameters import fill_optimizer, own_settings
from backproof.checking.adapt.optimizers.steps import fill_step
from backproof.checking.adapt.words.intentions import said_at
from backproof.checking.adapt.words.signatures import Method, Parameter
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


_AVERAGE = re.compile(r"\baverag|\bmean of|\bema\b|exponential|dampen|1 ?[-−–] ?(β|b\b|beta|momentum|mu\b|μ)")


class OptimizerAdapter(Adapter):
    """An optimizer of either library."""

    def __init__(
        self,
        description: Description,
        make: Callable[..., object],
        constructor: list[Parameter],
        step: Method,
        origin: Origin,
        functions: Sequence[object] = (),
    ) -> None:
        super().__init__(description)
        self.make, self.constructor, self.step, self.origin = make, constructor, step, origin
        self.functions = functions

    def conventions(self, signature: Signature) -> list[dict[str, Any]]:
        """Give the ways to train it; ``averages`` where docstring or comment say that the velocity is one."""
        ways = super().conventions(signature)
        says = _AVERAGE.search(" \n".join([self.origin.text or "", *said_at(self.origin)]).lower())
        return [{**way, "averages": True} for way in ways] if says else ways

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
        step = fill_step(self.step)
        taken = {role for role in step.values() if isinstance(role, str)}
        if taken & {"layer", "layers", "pairs", "pairs reversed"}:
            raise Obstacle(
                f"its {self.step.name} takes {written(self.step.parameters)}; one for tensors takes "
                f"nothing, or "
                "params and grads"
            )
        holds = not taken & {"params", "model"}
        construct = fill_optimizer(self.constructor, signature.options, holds_parameters=holds)
        if holds and not {"params", "model"} & {role for role in construct.values() if isinstance(role, str)}:
            raise Obstacle(
                f"its constructor takes {written(self.constructor)}, and no parameters are among them"
            )
        defaults = own_settings(self.constructor, signature.options)
        plain = {"grads"} & (taken | {role for role in construct.values() if isinstance(role, str)})
        form = {"parameters": "tensors", "gradient_none": not plain, "plain": bool(plain)}
        return [{"construct": construct, "step": step, "defaults": defaults, **form}]

    def train(self, course: Course, convention: Convention) -> Trajectory:
        """Run the optimizer over a course, always on a new instance."""
        with quiet():
            filled = convention["construct"]
            run = _TorchRun(self.make, filled, self.step.name, self.origin, course)
            run.filled_step, run.plain = convention["step"], convention["plain"]
            run.with_none = convention["gradient_none"]
            return run.trajectory()


class _TorchRun(Run):
    may_lack_gradients = True
    #: Whether the gradients are given beside the tensors, which are then no parameters.
    plain: bool
    #: Whether it is given the tensors that never have a gradient, too.
    with_none: bool

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        import torch

        self.torch = torch
        self.tensors = [torch.nn.Parameter(torch.from_numpy(p.copy())) for p in self.course.parameters]
        self.gradients = [torch.zeros_like(tensor, requires_grad=False) for tensor in self.tensors]

    def _held(self) -> list[Any]:
        """Give the tensors as the optimizer gets them."""
        if self.with_none:
            return list(self.tensors)
        for tensor in self.tensors:
            tensor.requires_grad_(not self.plain)
        return [tensor for i, tensor in enumerate(self.tensors) if i in self._with_gradients()]

    def _given(self) -> list[Any]:
        return [gradient for i, gradient in enumerate(self.gradients) if i in self._with_gradients()]

    def roles(self) -> Mapping[str, Any]:
        model = self.torch.nn.Module()
        for index, tensor in enumerate(self.tensors):
            model.register_parameter(f"parameter{index}", tensor)
        return {"params": self._held(), "model": model, "grads": self._given()}

    def give_gradients(self, gradients: Sequence[NDArray[Any] | None]) -> None:
        for tensor, held, gradient in zip(self.tensors, self.gradients, gradients, strict=True):
            given = None if gradient is None else self.torch.from_numpy(gradient.copy())
            tensor.grad = given
            if given is not None:
                held.copy_(given)

    def step(self, count: int) -> None:
        roles = {**self.roles(), "lr": self.values["lr"], "count": count, "closure": self._closure}
        arguments = {name: roles[role] for name, role in self.filled_step.items()}
        attempt(self.origin, "step", getattr(self.optimizer, self.step_name), **arguments)

    def _closure(self) -> Any:
        """Give a loss, the gradients being there already."""
        return self.torch.zeros((), requires_grad=True)

    def now(self) -> tuple[NDArray[Any], ...]:
        return tuple(tensor.detach().numpy().copy() for tensor in self.tensors)

    def all_cleared(self) -> bool | None:
        if self.plain:
            return None
        return all(tensor.grad is None or not tensor.grad.any() for tensor in self.tensors)

    def originals(self) -> Sequence[object]:
        return self.tensors
