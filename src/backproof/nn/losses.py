"""Losses, made from the catalogue."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike

from backproof.nn.component import REFUSALS, Component, Roles
from backproof.nn.thin import THIN
from backproof.ops.activations.softmax import log_softmax
from backproof.ops.backend import check_classes
from backproof.ops.losses.classes import cross_entropy_loss, nll_loss
from backproof.ops.reduction import REDUCTION, Reduction

__all__ = ["CrossEntropyLoss", "Loss"]


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
    #: Whether an argument may hold class indices.
    _classes: ClassVar[bool]
    #: Whether the first two arguments are of one shape.
    _alike: ClassVar[bool]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._reduction = cls.op.reduction or REDUCTION
        arguments = list(cls.op.arguments.values())
        cls._classes = any(argument.domain == "class" for argument in arguments)
        cls._alike = arguments[0].axes == arguments[1].axes

    def _is_classes(self, array: Any, prediction: Any) -> bool:
        """Say whether an array is class indices, which stay integers."""
        return (
            self._classes
            and type(array) is ndarray
            and array.dtype.kind in "iu"
            and array.ndim < prediction.ndim
        )

    def forward(self, *inputs: Any) -> Any:
        """Compute the loss."""
        first = inputs[0]
        for array in inputs:
            fits = type(array) is ndarray and array.dtype is first.dtype and array.dtype.kind == "f"
            if not fits and not self._is_classes(array, first):
                inputs = self._converted(inputs)
                break
        roles = (*inputs, *[holder.data for holder in self._holders])
        try:
            values, counts, further = self._values(roles)
        except REFUSALS as error:
            self._refuse(roles, error)
        if self._alike and inputs[0].shape != inputs[1].shape:
            self._warn(inputs[0].shape, inputs[1].shape)
        self._save(roles, (values, counts, further))
        return self._reduction.forward(THIN, values, self.reduction, counts)

    def backward(self, grad_output: Any = 1.0) -> Any:
        """Give the gradient of the loss for the prediction.

        Without a reduction the upstream gradient is an array of the loss's shape; a number stands for
        as many of it.
        """
        roles, (values, counts, further) = self._last_call()
        how = self.reduction
        if type(grad_output) is float and how != "none":
            grad_output = values.dtype.type(grad_output)
        else:
            grad_output = self._upstream_of_loss(grad_output, values, () if how != "none" else values.shape)
        upstream = self._reduction.gradient(THIN, grad_output, values, how, counts)
        gradient = self._gradient(upstream, roles, values, further)
        del self._calls[-1]
        return gradient

    def _warn(self, first: tuple[int, ...], second: tuple[int, ...]) -> None:
        """Say that arrays of two shapes are compared, which mostly is not meant."""
        names = list(self.op.arguments)
        warnings.warn(
            f"{self!r} got {names[0]} of shape {first} and {names[1]} of shape {second}, which are "
            "broadcast; if that is not meant, bring them into one shape",
            UserWarning,
            stacklevel=4,
        )

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

    def _values(self, roles: Roles) -> tuple[Any, Any, Any]:
        """Give the values before the reduction, what each counts, and what else the backward needs."""
        counts = self.op.counts if self.reduction == "mean" else None
        values = self._compute(*roles)
        return values, counts and counts(THIN, *roles, **self._options()), None

    def _gradient(self, upstream: Any, roles: Roles, values: Any, further: Any) -> Any:
        """Give the gradient for the prediction, from that for the values."""
        return self._answer(upstream, (roles, values))

    def _converted(self, inputs: Any) -> Roles:
        """Make arrays of the inputs; what the prediction is compared with takes its dtype."""
        arrays = [np.asarray(value) for value in inputs]
        dtype = arrays[0].dtype if arrays[0].dtype.kind == "f" else np.dtype(np.float64)
        given = zip(self.op.arguments.items(), arrays, strict=False)
        return tuple(
            array
            if argument.domain == "class" and array.ndim < arrays[0].ndim
            else self._floats(name, array, dtype)
            for (name, argument), array in given
        )

    def extra_repr(self) -> str:
        """Give nothing, as PyTorch does."""
        return ""


class CrossEntropyLoss(Loss):
    """Cross-entropy of logits: the softmax and the negative log-likelihood in one.

    The target is class indices, which lack the axis of the classes, or probabilities of the input's
    shape. ``weight`` is one for each class; ``ignore_index`` marks what does not count. The formulas are
    those of ``backproof.ops``' CrossEntropyLoss.

    Examples
    --------
    >>> from backproof import nn
    >>> loss = nn.CrossEntropyLoss()
    >>> float(loss([[0.0, 0.0]], [1]).round(4)), loss.backward().tolist()
    (0.6931, [[0.5, -0.5]])
    """

    op = cross_entropy_loss
    held = ("weight",)

    def __init__(
        self,
        weight: ArrayLike | None = None,
        *,
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
        reduction: str = "mean",
    ) -> None:
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.reduction = reduction
        if weight is not None:
            self.register_buffer("weight", weight)

    # Of class indices it is the negative log-likelihood of the log-softmax. Going back through these
    # two, the log-softmax need not be computed a second time.

    def _values(self, roles: Roles) -> tuple[Any, Any, Any]:
        logits, target, weight = roles
        if self.label_smoothing or target.ndim >= logits.ndim:
            return super()._values(roles)
        axis = 1 if logits.ndim > 1 else 0
        ignored: int | None = self.ignore_index
        if check_classes(THIN, target, logits.shape[axis], ignored):
            ignored = None
        log_probability = log_softmax.forward(THIN, logits, dim=axis)
        values = nll_loss.forward(THIN, log_probability, target, weight, ignore_index=ignored)
        counts = None
        if self.reduction == "mean" and nll_loss.counts is not None:
            counts = nll_loss.counts(THIN, log_probability, target, weight, ignore_index=ignored)
        return values, counts, (log_probability, axis, ignored)

    def _gradient(self, upstream: Any, roles: Roles, values: Any, further: Any) -> Any:
        if further is None:
            return super()._gradient(upstream, roles, values, further)
        log_probability, axis, ignored = further
        logits, target, weight = roles
        upstream = nll_loss.rules["input"](
            THIN, upstream, log_probability, target, weight, values, ignore_index=ignored
        )
        return log_softmax.rules["input"](THIN, upstream, logits, log_probability, dim=axis)
