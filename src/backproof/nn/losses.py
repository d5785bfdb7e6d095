"""Losses, made from the catalogue."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from backproof.nn.component import REFUSALS, Component, Roles
from backproof.nn.requirements import REQUIREMENTS
from backproof.nn.thin import THIN
from backproof.ops.reduction import REDUCTION, Reduction

__all__ = ["Loss"]


class Loss(Component):
    """Base of the losses: the values of an op, reduced.

    ``loss(prediction, target)`` gives the loss; ``loss.backward()`` then gives its gradient for the
    prediction, or a tuple of those for several. What the prediction is compared with takes the
    prediction's dtype.
    """

    reduction: str

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "reduction":
            self._reduction.require(value)
        super().__setattr__(name, value)

    _reduction: ClassVar[Reduction]
    #: Refuses what the op would take and the loss does not.
    _require_fit: ClassVar[Callable[..., None] | None]
    #: Whether classes may be given as probabilities, in an array of the prediction's shape.
    _shares: ClassVar[bool]
    #: Whether the first two arguments are of one shape.
    _alike: ClassVar[bool]
    #: The upstream gradients of what the forward gives besides the values: there are none.
    _further: ClassVar[tuple[None, ...]]

    _bound = (*Component._bound, "_count")
    _passing = (*Component._passing, "_count")
    #: What each value counts in the mean, where the op says so.
    _count: Callable[..., Any] | None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._reduction = cls.op.reduction or REDUCTION
        arguments = list(cls.op.arguments.values())
        require = REQUIREMENTS.get(cls.op.name)
        cls._require_fit = None if require is None else staticmethod(require)
        cls._shares = cls._indexed and "target" in cls.op.rules
        cls._alike = arguments[0].axes == arguments[1].axes
        cls._further = (None,) * len(cls.op.outputs[1:])

    def _bind(self) -> tuple[Any, ...]:
        counts = self.op.counting(self.reduction)
        count = functools.partial(counts, THIN, **self._options()) if counts else None
        return *super()._bind(), count

    def _is_target(self, array: Any, prediction: Any) -> bool:
        """Say whether an array is class indices, which stay integers, or probabilities."""
        if type(array) is not ndarray:
            return False
        if self._shares and array.shape == prediction.shape:
            return array.dtype is prediction.dtype and array.dtype.kind == "f"
        return array.dtype.kind in "iu"

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        """Compute the loss."""
        if keywords or len(inputs) != len(self._inputs):
            inputs = self._named(inputs, keywords)
        first = inputs[0]
        for array in inputs:
            fits = type(array) is ndarray and array.dtype is first.dtype and array.dtype.kind == "f"
            if not (self._is_target(array, first) if self._indexed and array is not first else fits):
                inputs = self._converted(inputs)
                break
        roles = (*inputs, *[holder.data for holder in self._holders])
        try:
            if self._require_fit is not None:
                self._require_fit(*inputs)
            output = self._compute(*roles)
            counts = self._count and self._count(*roles)
        except REFUSALS as error:
            self._refuse(roles, error)
        if self._alike and inputs[0].shape != inputs[1].shape:
            self._warn(inputs[0].shape, inputs[1].shape)
        saved = self._save(roles, (*output, counts) if self._further else (output, counts))
        return self._reduction.forward(THIN, saved[0], self.reduction, counts)

    def backward(self, grad_output: Any = 1.0) -> Any:
        """Give the gradient of the loss for the prediction.

        Without a reduction the upstream gradient is an array of the loss's shape; a number stands for
        as many of it.
        """
        roles, saved = self._last_call()
        values, counts, how = saved[0], saved[-1], self.reduction
        if type(grad_output) is float and how != "none":
            grad_output = values.dtype.type(grad_output)
        else:
            grad_output = self._upstream_of_loss(grad_output, values, () if how != "none" else values.shape)
        upstream = self._reduction.gradient(THIN, grad_output, values, how, counts)
        if self._further:
            gradient = self._answer((upstream, *self._further), (roles, saved[:-1]))
        else:
            gradient = self._answer(upstream, (roles, values))
        del self._calls[-1]
        return gradient

    def _warn(self, first: tuple[int, ...], second: tuple[int, ...]) -> None:
        """Say that arrays of two shapes are compared, which mostly is not meant."""
        names = list(self.op.arguments)
        warnings.warn(
            f"{self._said} got {names[0]} of shape {first} and {names[1]} of shape {second}, which are "
            "broadcast; if that is not meant, bring them into one shape",
            UserWarning,
            stacklevel=4,
        )

    def _upstream(self, grad_output: Any, output: Any) -> Any:
        """Take the upstream gradient of the values as it is: the reduction gave it."""
        return grad_output

    def _upstream_of_loss(self, grad_output: Any, values: Any, shape: tuple[int, ...]) -> Any:
        """Give the upstream gradient as an array of the loss's shape; a number stands for as many of it."""
        array = np.asarray(grad_output, values.dtype)
        if array.shape not in ((), shape):
            raise ValueError(
                f"the loss has the shape {shape}; expected an upstream gradient of that shape or a number, "
                f"got grad_output of shape={array.shape}"
            )
        return THIN.broadcast_to(array, shape)

    def accumulate(self, grad_output: Any = 1.0) -> None:
        """Let the call go: a loss has no parameters."""
        self._last_call()
        del self._calls[-1]

    def _converted(self, inputs: Any) -> Roles:
        """Make arrays of the inputs; what the prediction is compared with takes its dtype."""
        arrays = [np.asarray(value) for value in inputs]
        dtype = arrays[0].dtype if arrays[0].dtype.kind == "f" else np.dtype(np.float64)
        given = zip(self.op.arguments.items(), arrays, strict=False)
        return tuple(
            self._indices(name, array)
            if argument.domain == "class" and not (self._shares and array.shape == arrays[0].shape)
            else self._floats(name, array, dtype)
            for (name, argument), array in given
        )

    def extra_repr(self) -> str:
        """Give nothing, as PyTorch does."""
        return ""
