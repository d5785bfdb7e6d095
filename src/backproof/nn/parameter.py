"""A parameter: an array that is learned, with its gradient."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["Parameter"]


def _alone() -> int:
    """Count the references to an array that only a local name has; it depends on Python's version."""
    array = np.empty(0)
    return sys.getrefcount(array)


_ALONE = _alone()


class Parameter:
    """An array that is learned, and the gradient of the loss for it.

    Gradients add up, as in PyTorch, until `zero_grad`. The memory of a gradient that was let go is
    used for the next one, unless somebody still holds it.

    Parameters
    ----------
    data
        The values; integers become float64. An array is taken as it is, not copied.
    requires_grad
        Whether it is learned. One that is not is frozen: no gradient is computed for it, or added, and
        nothing moves it, even if it has a gradient from before.

    Attributes
    ----------
    data
        The values.
    grad
        The gradient, of the shape and dtype of the values, or ``None``.

    Raises
    ------
    TypeError
        If the values are no real numbers.

    Examples
    --------
    >>> parameter = Parameter([1.0, 2.0])
    >>> parameter.add_grad(np.array([0.5, 0.5]))
    >>> parameter.add_grad(np.array([0.5, 0.0]))
    >>> parameter.grad
    array([1. , 0.5])
    """

    __slots__ = ("__weakref__", "_spare", "data", "grad", "requires_grad")

    def __init__(self, data: ArrayLike, requires_grad: bool = True) -> None:
        array = np.asarray(data)
        if array.dtype.kind in "iub":
            array = array.astype(np.float64)
        elif array.dtype.kind != "f":
            raise TypeError(f"expected an array of real numbers; got data of dtype={array.dtype}")
        self.data: NDArray[Any] = array
        self.requires_grad = requires_grad
        self.grad: NDArray[Any] | None = None
        self._spare: NDArray[Any] | None = None

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Let the gradient go, or fill it with zeros."""
        if self.grad is None:
            return
        if set_to_none:
            self._spare, self.grad = self.grad, None
        else:
            self.grad.fill(0)

    def requires_grad_(self, requires_grad: bool = True) -> Parameter:
        """Say whether it is learned, as the attribute does; give the parameter."""
        self.requires_grad = requires_grad
        return self

    def cast(self, dtype: DTypeLike) -> None:
        """Change the dtype of the values and of the gradient."""
        self.data, self._spare = self.data.astype(dtype), None
        if self.grad is not None:
            self.grad = self.grad.astype(dtype)

    def let_go(self) -> NDArray[Any] | None:
        """Give the gradient away."""
        gradient, self.grad = self.grad, None
        return gradient

    def set_grad(self, gradient: ArrayLike | None) -> None:
        """Replace the gradient by a copy of an array, or let it go.

        Raises
        ------
        ValueError
            If the shape is not that of the values.
        """
        array = None if gradient is None else np.asarray(gradient)
        if array is not None and array is not self.grad:
            array = self._require(array).astype(self.data.dtype, casting="same_kind")
        self.grad = array

    def _require(self, gradient: NDArray[Any]) -> NDArray[Any]:
        if gradient.shape != self.data.shape:
            raise ValueError(
                f"expected a gradient of the parameter's shape {self.data.shape}; got shape={gradient.shape}"
            )
        return gradient

    def add_grad(self, gradient: ArrayLike) -> None:
        """Add to the gradient.

        Raises
        ------
        ValueError
            If the shape is not that of the values.
        """
        gradient = self._require(np.asarray(gradient))
        if not self.requires_grad:
            return
        if self.grad is None:
            self.grad = gradient.astype(self.data.dtype, casting="same_kind")
        else:
            np.add(self.grad, gradient, out=self.grad, casting="same_kind")

    def take_grad(self, gradient: NDArray[Any]) -> None:
        """Add to the gradient an array that nobody else has: it becomes the gradient where there is none."""
        if not self.requires_grad:
            return
        fresh = type(gradient) is np.ndarray and gradient.base is None
        if self.grad is None and fresh and gradient.dtype is self.data.dtype:
            self.grad = gradient
        else:
            self.add_grad(gradient)

    def add_grad_of(self, rule: Callable[..., NDArray[Any]], *roles: Any) -> None:
        """Add what a rule gives that can write into a result buffer, ``rule(*roles, out=buffer)``.

        The buffer is the memory of the last gradient, if nobody else holds it.
        """
        if not self.requires_grad:
            return
        if self.grad is None:
            spare, self._spare = self._spare, None
            if spare is None or sys.getrefcount(spare) != _ALONE or spare.shape != self.data.shape:
                spare = np.empty_like(self.data)
            self.grad = rule(*roles, out=spare)
        else:
            self.add_grad(rule(*roles))

    def __getstate__(self) -> tuple[NDArray[Any], NDArray[Any] | None, bool]:
        return self.data, self.grad, self.requires_grad

    def __setstate__(self, state: tuple[NDArray[Any], NDArray[Any] | None, bool]) -> None:
        (self.data, self.grad, self.requires_grad), self._spare = state, None

    def __repr__(self) -> str:
        return f"Parameter({self.data!r})"
