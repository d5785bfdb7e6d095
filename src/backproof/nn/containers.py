"""Modules that hold others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

from backproof.nn.module import Module

__all__ = ["Identity", "ModuleDict", "ModuleList", "Sequential"]


def _require(module: object, where: str) -> Module:
    if not isinstance(module, Module):
        raise TypeError(f"{where} holds modules; expected a module, got {type(module).__name__}")
    return module


_Self = TypeVar("_Self", bound="_Numbered")


class Identity(Module):
    """What goes in comes out: a place that is kept free. Arguments are taken and mean nothing.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.Identity()(3), nn.Identity().backward(5)
    (3, 5)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take any arguments, as in PyTorch, where one module stands for another."""

    def forward(self, input: Any) -> Any:
        """Give the input."""
        return input

    def backward(self, grad_output: Any) -> Any:
        """Give the upstream gradient."""
        return grad_output


class _Numbered(Module):
    """Modules in a row, named by their places."""

    def __len__(self) -> int:
        return len(self._children)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._children.values())

    def append(self: _Self, module: Module) -> _Self:
        """Put a module at the end; give the container."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self: _Self, modules: Iterable[Module]) -> _Self:
        """Put modules at the end; give the container."""
        for module in modules:
            self.append(module)
        return self

    def insert(self: _Self, index: int, module: Module) -> _Self:
        """Put a module before that of an index, as in a list; give the container."""
        kept = list(self._children.items())
        kept.insert(index, (str(len(self)), _require(module, type(self).__name__)))
        self._hold(kept)
        return self

    def _hold(self, modules: Sequence[tuple[str, Module]]) -> None:
        """Hold these modules; where the names are the places, they stay so."""
        numbered = list(self._children) == [str(place) for place in range(len(self))]
        for name in list(self._children):
            delattr(self, name)
        for place, (name, module) in enumerate(modules):
            setattr(self, str(place) if numbered else name, module)

    def _name(self, index: int) -> str:
        if not -len(self) <= index < len(self):
            raise IndexError(f"{type(self).__name__} holds {len(self)} modules; got index={index}")
        return list(self._children)[index]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name(index), _require(module, type(self).__name__))

    def __delitem__(self, index: int) -> None:
        name = self._name(index)
        self._hold([(key, child) for key, child in self._children.items() if key != name])

    def pop(self, key: int) -> Module:
        """Take the module of a place out, and give it."""
        module = self._children[self._name(key)]
        del self[key]
        return module


class Sequential(_Numbered):
    """Modules one after the other: the output of each is the input of the next.

    The backward goes through them in the opposite order: with y = f₂(f₁(x)) it is the chain rule,
    ∂L/∂x = ∂f₁/∂x · ∂f₂/∂f₁ · ∂L/∂y, taken from the right.

    Parameters
    ----------
    modules
        The modules, or one mapping from names to modules.

    Examples
    --------
    >>> import numpy as np
    >>> from backproof import nn
    >>> model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.ReLU(), nn.Linear(3, 1, rng=1))
    >>> loss = nn.MSELoss()
    >>> before = loss(model(np.ones((4, 2))), np.zeros((4, 1)))
    >>> grad_input = model.backward(loss.backward())
    >>> model.update_parameters(lr=0.1)
    >>> bool(loss(model(np.ones((4, 2))), np.zeros((4, 1))) < before)
    True
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        named: Iterable[tuple[str, Any]] = ((str(place), module) for place, module in enumerate(modules))
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            named = modules[0].items()
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        """Compute the output of the last module."""
        output = input
        for module in self._children.values():
            output = module.forward(output)
        return output

    def backward(self, grad_output: Any) -> Any:
        """Add the parameters' gradients to them, and give the gradient for the input."""
        for module in reversed(self._children.values()):
            grad_output = module.backward(grad_output)
        return grad_output

    def accumulate(self, grad_output: Any) -> None:
        """Go backward for the parameters alone: the first module spares the gradient for its input."""
        modules = [*reversed(self._children.values())]
        for module in modules[:-1]:
            grad_output = module.backward(grad_output)
        for first in modules[-1:]:
            first.accumulate(grad_output)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module:
        """Give a module, or a container of some of them: the modules themselves, not copies."""
        if isinstance(index, slice):
            return Sequential(dict(list(self._children.items())[index]))
        return self._children[self._name(index)]


class ModuleList(_Numbered):
    """A list of modules, for a container of your own.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.ModuleList([nn.ReLU(), nn.Tanh()])[1]
    Tanh()
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Module:
        """Give a module, or a list of some of them."""
        if isinstance(index, slice):
            return ModuleList(list(self)[index])
        return self._children[self._name(index)]


class ModuleDict(Module):
    """Modules by name, for a container of your own.

    Examples
    --------
    >>> from backproof import nn
    >>> nn.ModuleDict({"hidden": nn.ReLU()})["hidden"]
    ReLU()
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        for name, module in (modules or {}).items():
            self[name] = module

    def __getitem__(self, name: str) -> Module:
        return self._children[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __delitem__(self, name: str) -> None:
        delattr(self, name)

    def __len__(self) -> int:
        return len(self._children)

    def __iter__(self) -> Iterator[str]:
        return iter(self._children)

    def __contains__(self, name: str) -> bool:
        return name in self._children

    def pop(self, key: str) -> Module:
        """Take the module of a name out, and give it."""
        module = self[key]
        del self[key]
        return module

    def keys(self) -> Iterable[str]:
        """Give the names."""
        return self._children.keys()

    def values(self) -> Iterable[Module]:
        """Give the modules."""
        return self._children.values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Give the names with the modules."""
        return self._children.items()
