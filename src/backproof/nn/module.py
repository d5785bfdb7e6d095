"""What a module is: parameters, buffers and children by name, a forward and a backward."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backproof.nn.gradients import Gradients
from backproof.nn.parameter import Parameter
from backproof.nn.state import Incompatible, copy_state, require_fit
from backproof.updates import CATALOGUE as UPDATES
from backproof.updates import UpdateRule
from backproof.updates import apply as take_step

if TYPE_CHECKING:
    import torch

__all__ = ["Module"]

_Self = TypeVar("_Self", bound="Module")
#: How often a module anywhere got or lost a parameter or a child: lists of parameters are valid until then.
_STRUCTURE = [0]


@functools.lru_cache(maxsize=16)
def _descent(lr: float) -> UpdateRule:
    return UPDATES["SGD"](lr=lr)


class Module:
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

    #: Attributes that a copy does not take along.
    _passing: tuple[str, ...] = ("_found",)

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, NDArray[Any]]
    _children: dict[str, Module]

    def __new__(cls: type[_Self], *args: object, **kwargs: object) -> _Self:
        """Make the places for what the module has, so that a class without ``super().__init__()`` works."""
        module = super().__new__(cls)
        vars(module).update(training=True, _parameters={}, _buffers={}, _children={})
        return module

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

    # What belongs to the module, by name.

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._take_up(self._children, name, value)
        elif name in self._parameters:
            self._assign(name, value)
        elif name in self._buffers:
            self._buffers[name][...] = self._fitting(name, self._buffers[name], value)
        elif name in self._children:
            raise TypeError(
                f"{type(self).__name__}.{name} is a module; expected a module, got {type(value).__name__}"
            )
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        own = vars(self)
        parameters = own.get("_parameters", {})
        if name in parameters:
            parameter = parameters[name]
            return None if parameter is None else parameter.data
        for kind in ("_buffers", "_children"):
            if name in own.get(kind, {}):
                return own[kind][name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        if not self._forget(name):
            super().__delattr__(name)

    def _assign(self, name: str, value: Any) -> None:
        """Copy values into a parameter; ``None`` takes the parameter away."""
        parameter = self._parameters[name]
        if value is None:
            self.register_parameter(name, None)
        elif parameter is None:
            raise TypeError(
                f"{type(self).__name__} has no {name}; expected a Parameter, e.g. nn.Parameter(array), "
                f"got {type(value).__name__}"
            )
        elif value is not parameter.data:  # which it is after `layer.weight -= step`
            parameter.data[...] = self._fitting(name, parameter.data, value)

    def _fitting(self, name: str, present: NDArray[Any], value: Any) -> NDArray[Any]:
        """Give an array in the place of another: of its shape, and cast to its dtype."""
        return require_fit(f"{type(self).__name__}.{name}", present, np.asarray(value))

    def _forget(self, name: str) -> bool:
        """Take a name out of what the module has; say whether it was there."""
        _STRUCTURE[0] += 1
        vars(self).pop(name, None)
        places: tuple[dict[str, Any], ...] = (self._parameters, self._buffers, self._children)
        found = [place.pop(name, self) for place in places]
        return any(value is not self for value in found)

    def _take_up(self, place: dict[str, Any], name: str, value: Any) -> None:
        """Give a name to a parameter, a buffer or a module; one that has it already keeps its turn."""
        if name not in place:
            self._forget(name)
        place[name] = value
        _STRUCTURE[0] += 1

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Have an array learned; ``None`` for one that this module does without."""
        self._take_up(self._parameters, name, parameter)

    def register_buffer(self, name: str, value: ArrayLike) -> None:
        """Keep an array that belongs to the state but is not learned."""
        self._take_up(self._buffers, name, np.asarray(value))

    def add_module(self, name: str, module: Module) -> None:
        """Make a module an attribute of this one, under a name that need be no identifier."""
        if not isinstance(module, Module):
            raise TypeError(
                f"{type(self).__name__}.add_module expects a module; got module={module!r} for name={name!r}"
            )
        setattr(self, name, module)

    def get_submodule(self, target: str) -> Module:
        """Give the module at a path, such as ``"features.0"``; the empty one leads to this module."""
        for path, module in self._walk(""):
            if path == target:
                return module
        paths = ", ".join(path for path, _ in self._walk("") if path) or "none"
        raise AttributeError(f"{type(self).__name__} has the modules {paths}; got target={target!r}")

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Give the modules that are attributes of this one."""
        yield from self._children.items()

    def children(self) -> Iterator[Module]:
        """Give the modules that are attributes of this one, without their names."""
        yield from self._children.values()

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Give this module and those within it, each once, with the path to it."""
        seen: set[int] = set()
        for name, module in self._walk(prefix):
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def _walk(self, prefix: str) -> Iterator[tuple[str, Module]]:
        """Give this module and those within it, under every path that leads to them."""
        yield prefix, self
        for name, child in self._children.items():
            yield from child._walk(f"{prefix}.{name}" if prefix else name)

    def modules(self) -> Iterator[Module]:
        """Give this module and those within it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Give every parameter, each once, with the path to it."""
        seen: set[int] = set()
        for prefix, module in self.named_modules():
            for name, parameter in module._parameters.items():
                if parameter is not None and id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield f"{prefix}.{name}" if prefix else name, parameter

    def named_buffers(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Give every array that belongs to the state but is not learned, with the path to it."""
        for prefix, module in self.named_modules():
            for name, array in module._buffers.items():
                yield f"{prefix}.{name}" if prefix else name, array

    def buffers(self) -> Iterator[NDArray[Any]]:
        """Give every array that belongs to the state but is not learned."""
        return (array for _, array in self.named_buffers())

    def parameters(self) -> Iterator[Parameter]:
        """Give every parameter, each once: what an optimizer is made with."""
        own = vars(self)
        since, found = own.get("_found", (-1, []))
        if since != _STRUCTURE[0]:
            found = [parameter for _, parameter in self.named_parameters()]
            own["_found"] = _STRUCTURE[0], found
        return iter(found)

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
            if parameter.grad is not None:
                take_step(np, rule, parameter.data, parameter.grad, {})
                parameter.zero_grad()

    def _state(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Give the arrays of the state, themselves; a shared one under each of its paths, as in PyTorch."""
        for prefix, module in self._walk(""):
            arrays = {name: p.data for name, p in module._parameters.items() if p is not None}
            for name, array in {**arrays, **module._buffers}.items():
                yield f"{prefix}.{name}" if prefix else name, array

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Copy the parameters and buffers, by their paths: PyTorch's names and shapes."""
        return {name: array.copy() for name, array in self._state()}

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

    def summary(self, input_shape: tuple[int, ...] | None = None) -> str:
        """Give a table of the modules with their parameters, and the shapes of their outputs.

        The shapes are those for an input of zeros of the shape that is given, the batch included.
        """
        from backproof.nn.summary import summarize

        return summarize(self, input_shape)

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
