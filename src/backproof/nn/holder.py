"""What a module has, by name: parameters, buffers, and modules within it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from backproof.nn.parameter import Parameter
from backproof.nn.state import require_fit

if TYPE_CHECKING:
    from backproof.nn.module import Module

__all__ = ["Holder"]

_Self = TypeVar("_Self", bound="Holder")
#: How often a module anywhere got or lost a parameter or a child: lists of parameters are valid until then.
_STRUCTURE = [0]


class Holder:
    """Base of `Module`: its attributes that are parameters, buffers and modules, and the paths to them."""

    #: Attributes that a copy does not take along.
    _passing: tuple[str, ...] = ("_found",)

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, NDArray[Any]]
    #: The names of the buffers that the state is without.
    _unsaved: set[str]
    _children: dict[str, Module]

    def __new__(cls: type[_Self], *args: object, **kwargs: object) -> _Self:
        """Make the places for what the module has, so that a class without ``super().__init__()`` works."""
        module = super().__new__(cls)
        vars(module).update(training=True, _parameters={}, _buffers={}, _unsaved=set(), _children={})
        return module

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self._take_up(self._parameters, name, value)
        elif isinstance(value, Holder):
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
            self._take_up(self._parameters, name, None)
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
        self._unsaved.discard(name)
        found = [place.pop(name, self) for place in places]
        return any(value is not self for value in found)

    def _take_up(self, place: dict[str, Any], name: str, value: Any) -> None:
        """Give a name to a parameter, a buffer or a module; one that has it already keeps its turn."""
        if name not in place:
            self._forget(name)
        place[name] = value
        _STRUCTURE[0] += 1

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Have an array learned; ``None`` for one that this module does without.

        Raises
        ------
        KeyError
            If the name has a dot, is empty, or is that of another attribute.
        """
        self._require_free(self._parameters, name)
        self._take_up(self._parameters, name, parameter)

    def register_buffer(self, name: str, value: ArrayLike, persistent: bool = True) -> None:
        """Keep an array that is not learned; unless it is ``persistent``, the state is without it.

        Raises
        ------
        KeyError
            If the name has a dot, is empty, or is that of another attribute.
        """
        self._require_free(self._buffers, name)
        self._take_up(self._buffers, name, np.asarray(value))
        if persistent:
            self._unsaved.discard(name)
        else:
            self._unsaved.add(name)

    def add_module(self, name: str, module: Module) -> None:
        """Make a module an attribute of this one, under a name that need be no identifier.

        Raises
        ------
        TypeError
            If it is no module.
        KeyError
            If the name has a dot, is empty, or is that of another attribute.
        """
        if not isinstance(module, Holder):
            raise TypeError(
                f"{type(self).__name__} holds modules; expected a module, got {type(module).__name__} "
                f"for name={name!r}"
            )
        self._require_free(self._children, name)
        self._take_up(self._children, name, module)

    def _require_free(self, place: Mapping[str, Any], name: str) -> None:
        """Refuse a name that would be no step of a path, or would hide something that the module has."""
        if not isinstance(name, str):
            raise TypeError(
                f"{type(self).__name__} expects a text for a name; got name={name!r} ({type(name).__name__})"
            )
        if not name or "." in name:
            raise KeyError(f"{type(self).__name__} expects a name that has no dot, and is one; got {name=}")
        if name not in place and getattr(self, name, None) is not None:
            raise KeyError(f"{type(self).__name__} has something else of that name; got {name=}")

    def get_parameter(self, target: str) -> Parameter:
        """Give the parameter at a path, such as ``"features.0.weight"``."""
        found: Parameter = self._at(target, "_parameters")
        return found

    def get_buffer(self, target: str) -> NDArray[Any]:
        """Give the buffer at a path, such as ``"features.1.running_mean"``."""
        found: NDArray[Any] = self._at(target, "_buffers")
        return found

    def _at(self, target: str, place: str) -> Any:
        path, _, name = target.rpartition(".")
        held = getattr(self.get_submodule(path), place)
        if held.get(name) is None:
            raise AttributeError(
                f"{type(self).__name__} has at {path!r} the {place[1:]} {', '.join(held) or 'none'}; "
                f"got target={target!r}"
            )
        return held[name]

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
        yield prefix, cast("Module", self)
        for name, child in self._children.items():
            yield from child._walk(f"{prefix}.{name}" if prefix else name)

    def modules(self) -> Iterator[Module]:
        """Give this module and those within it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Give every parameter, each once, with the path to it; without ``recurse`` this module's own."""
        seen: set[int] = set()
        for path, module in self._with_those_within(prefix, recurse):
            for name, parameter in module._parameters.items():
                if parameter is not None and id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield f"{path}.{name}" if path else name, parameter

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, NDArray[Any]]]:
        """Give every array that is kept but not learned, with the path to it."""
        for path, module in self._with_those_within(prefix, recurse):
            for name, array in module._buffers.items():
                yield f"{path}.{name}" if path else name, array

    def _with_those_within(self, prefix: str, recurse: bool) -> Iterator[tuple[str, Module]]:
        return self.named_modules(prefix) if recurse else iter([(prefix, cast("Module", self))])

    def buffers(self, recurse: bool = True) -> Iterator[NDArray[Any]]:
        """Give every array that is kept but not learned."""
        return (array for _, array in self.named_buffers(recurse=recurse))

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Give every parameter, each once: what an optimizer is made with."""
        if not recurse:
            return (parameter for _, parameter in self.named_parameters(recurse=False))
        own = vars(self)
        since, found = own.get("_found", (-1, []))
        if since != _STRUCTURE[0]:
            found = [parameter for _, parameter in self.named_parameters()]
            own["_found"] = _STRUCTURE[0], found
        return iter(found)

    def double(self: _Self) -> _Self:
        """Make the parameters and buffers float64; give the module."""
        return self._cast(np.float64)

    def float(self: _Self) -> _Self:
        """Make the parameters and buffers float32; give the module."""
        return self._cast(np.float32)

    def half(self: _Self) -> _Self:
        """Make the parameters and buffers float16; give the module."""
        return self._cast(np.float16)

    def _cast(self: _Self, dtype: DTypeLike) -> _Self:
        """Change the dtype of all floats. Parameters stay the objects that an optimizer has."""
        for parameter in self.parameters():
            parameter.cast(dtype)
        for module in self.modules():
            for name, array in module._buffers.items():
                if array.dtype.kind == "f":
                    module._take_up(module._buffers, name, array.astype(dtype))
        return self
