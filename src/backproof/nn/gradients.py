"""The gradients of a module's parameters, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from numpy.typing import ArrayLike, NDArray

from backproof.nn.parameter import Parameter

__all__ = ["Gradients"]


class Gradients(MutableMapping[str, "NDArray[Any] | None"]):
    """A view of parameters' gradients; ``None`` where there is none.

    Examples
    --------
    >>> weight = Parameter([1.0, 2.0])
    >>> grads = Gradients({"weight": weight})
    >>> grads["weight"] = [3, 4]
    >>> weight.grad, grads
    (array([3., 4.]), {'weight': array([3., 4.])})
    """

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        self._parameters = parameters

    def parameter(self, name: str) -> Parameter:
        """Give the parameter of the name."""
        try:
            return self._parameters[name]
        except KeyError:
            names = ", ".join(self._parameters) or "none"
            raise KeyError(f"expected the name of a parameter ({names}); got name={name!r}") from None

    def __getitem__(self, name: str) -> NDArray[Any] | None:
        return self.parameter(name).grad

    def __setitem__(self, name: str, gradient: ArrayLike | None) -> None:
        self.parameter(name).set_grad(gradient)

    def __delitem__(self, name: str) -> None:
        self.parameter(name).set_grad(None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        return repr(dict(self))
