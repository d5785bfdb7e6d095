"""What a module is: what it has by name, a forward and a backward."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backproof.nn.gradients import Gradients
from backproof.nn.holder import Holder
from backproof.nn.state import Incompatible, copy_state
from backproof.updates import CATALOGUE as UPDATES
from backproof.updates import UpdateRule
from backproof.updates import apply as take_step

if TYPE_CHECKING:
    import torch

    from backproof.training.history import History

__all__ = ["Module"]

_Self = TypeVar("_Self", bound="Module")


@functools.lru_cache(maxsize=16)
def _descent(lr: float) -> UpdateRule:
    return UPDATES["SGD"](lr=lr)


class Module(Holder):
    """Base of all modules; your own containers derive from it.

    A module has a ``forward`` and a ``backward``. The backward takes the gradient of the loss for the
    output, adds the gradients for the parameters to them, and gives the gradient for the input. A
    container of your own names its modules as attributes and writes both by hand:

    >>> from backproof import nn
    >>> class Residual(nn.Module):
    ...     def __init__(self):
    ...         self.inner = nn.Tanh()
    ...     def forward(self, input):
    ...         return input + self.inner(input)
    ...     def backward(self, grad_output):
    ...         return grad_output + self.inner.backward(grad_output)
    >>> block = Residual()
    >>> block(np.array([0.0])).tolist(), block.backward(np.array([1.0])).tolist()
    ([0.0], [2.0])

    What a backward needs belongs to the call that computed it: each backward answers the latest forward
    that has had none. A module that is called twice in one forward is called back twice in its backward,
    in the opposite order, and its parameters get both contributions. Arrays are not copied: what went in
    and what came out of a forward must not be written to before its backward.

    Attributes
    ----------
    training
        Whether the module is being trained, which `train` and `eval` say.
    """

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        """Compute the output: `forward`."""
        return self.forward(*inputs, **keywords)

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        """Compute the output."""
        raise NotImplementedError(f"{type(self).__name__} has no forward: write `def forward(self, input)`")

    def backward(self, grad_output: Any) -> Any:
        """Add the parameters' gradients to them, and give the gradient for the input.

        Of several inputs it is a tuple. An input without gradient, such as indices, has ``None``.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no backward: write `def backward(self, grad_output)`, "
            "which calls the backward of the modules that the forward called, in the opposite order"
        )

    def accumulate(self, grad_output: Any) -> None:
        """Go backward for the parameters alone: what training needs, where the input is data.

        It does what `backward` does, but spares the gradient for the input.
        """
        self.backward(grad_output)

    @property
    def grads(self) -> Gradients:
        """The gradient of every parameter by its path; ``None`` where there is none yet.

        It can be written to: ``grads["weight"] = array`` replaces a gradient, ``del grads["weight"]``
        lets it go.
        """
        return Gradients(dict(self.named_parameters()))

    def add_grad(self, name: str, gradient: ArrayLike) -> None:
        """Add to a parameter's gradient: what the backward of a layer of your own does.

        >>> from backproof import nn
        >>> class Scale(nn.Module):
        ...     def __init__(self):
        ...         self.factor = nn.Parameter([2.0])
        ...     def forward(self, input):
        ...         self.input = input
        ...         return self.factor * input
        ...     def backward(self, grad_output):
        ...         self.add_grad("factor", [(grad_output * self.input).sum()])
        ...         return self.factor * grad_output
        >>> layer = Scale()
        >>> layer(np.array([1.0, 3.0])).tolist(), layer.backward(np.ones(2)).tolist()
        ([2.0, 6.0], [2.0, 2.0])
        >>> layer.grads["factor"].tolist()
        [4.0]

        Raises
        ------
        KeyError
            If there is no such parameter.
        ValueError
            If the shape is not that of the parameter.
        """
        parameter = self._parameters.get(name)
        if parameter is None:
            parameter = self.grads.parameter(name)
        parameter.add_grad(gradient)

    # What a module does besides.

    def train(self: _Self, mode: bool = True) -> _Self:
        """Say that the module is being trained: dropout drops, batch normalisation looks at the batch."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: _Self) -> _Self:
        """Say that the module predicts. Of its calls only the last can then be gone back through."""
        return self.train(False)

    def apply(self: _Self, fn: Callable[[Module], object]) -> _Self:
        """Call a function with every module, those within before this one; give the module."""
        for child in self._children.values():
            child.apply(fn)
        fn(self)
        return self

    def requires_grad_(self: _Self, requires_grad: bool = True) -> _Self:
        """Say whether the parameters are learned: frozen ones get no gradient, and stay as they are."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Let the gradients go, or fill them with zeros."""
        for parameter in self.parameters():
            parameter.zero_grad(set_to_none)

    def update_parameters(self, lr: float) -> None:
        """Make one step of gradient descent, θ ← θ − lr · g, and let the gradients go."""
        rule = _descent(lr)
        for parameter in self.parameters():
            if parameter.grad is not None and parameter.requires_grad:
                take_step(np, rule, parameter.data, parameter.grad, {})
            parameter.zero_grad()

    def _state(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Give the arrays of the state, themselves; a shared one under each of its paths, as in PyTorch."""
        for prefix, module in self._walk(""):
            arrays = {name: p.data for name, p in module._parameters.items() if p is not None}
            for name, array in {**arrays, **module._buffers}.items():
                if name not in module._unsaved:
                    yield f"{prefix}.{name}" if prefix else name, array

    def fit(self, X: Any, y: Any = None, **how: Any) -> History:  # noqa: N803 - as everywhere
        """Train the model: `backproof.fit`."""
        from backproof.training.api import fit

        return fit(self, X, y, **how)

    def state_dict(self, *, prefix: str = "") -> dict[str, NDArray[Any]]:
        """Copy the parameters and buffers, by their paths: PyTorch's names and shapes.

        ``prefix`` stands before every path as it is, such as ``"model."``.
        """
        return {f"{prefix}{name}": array.copy() for name, array in self._state()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> Incompatible:
        """Copy values into the parameters and buffers: all of them, or, if anything is wrong, none.

        Raises
        ------
        ValueError
            If a name is missing or unexpected (with ``strict``), or a shape or dtype does not fit.
        """
        return copy_state(state_dict, dict(self._state()), type(self).__name__, strict)

    def to_torch(self, namespace: Any = None) -> torch.nn.Module:
        """Make the model of PyTorch that has the same modules and numbers: `backproof.nn.to_torch`."""
        from backproof.nn.convert import to_torch

        return to_torch(self, namespace)

    def summary(self, *input_shapes: tuple[int, ...]) -> str:
        """Give a table of the modules with their parameters, and the shapes of their outputs.

        The shapes are those for inputs of zeros of the shapes that are given, the batch included.
        """
        from backproof.nn.summary import summarize

        return summarize(self, *input_shapes)

    def extra_repr(self) -> str:
        """Give what stands in the parentheses of the module's repr: its arguments, as in PyTorch."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self._children.items()]
        arguments = self.extra_repr()
        if not lines:
            return f"{type(self).__name__}({arguments})"
        inner = "".join(f"\n  {line}" for line in [*([arguments] if arguments else []), *lines])
        return f"{type(self).__name__}({inner}\n)"

    def __getstate__(self) -> dict[str, Any]:
        """Give what is copied and pickled: what was saved for backwards to come is not."""
        return {name: value for name, value in vars(self).items() if name not in self._passing}
