"""Models from and to PyTorch: the same modules, of the same names, with the same numbers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backproof.nn.containers import ModuleDict, ModuleList, Sequential
from backproof.nn.module import Module
from backproof.nn.parameter import Parameter

if TYPE_CHECKING:
    import torch

__all__ = ["from_torch", "to_torch"]

#: Constructor arguments that say how, not what.
_HOW = ("self", "dtype", "rng", "device")
#: Constructor arguments that say whether there is a parameter of another name.
_WHETHER = {"bias": ("bias", "in_proj_bias", "bias_ih"), "add_bias_kv": ("bias_k",)}


def to_torch(model: Module, namespace: Any = None) -> torch.nn.Module:
    """Make the model of PyTorch that has the same modules and numbers.

    Parameters
    ----------
    model
        A module of ``backproof.nn``, or a `Sequential`, `ModuleList` or `ModuleDict` of them.
    namespace
        Where the modules are looked up: ``torch.nn``, or e.g. ``backproof.torch.nn``.

    Raises
    ------
    TypeError
        If there is no module of the name: for a class of your own.

    Examples
    --------
    >>> from backproof import nn
    >>> to_torch(nn.Sequential(nn.Linear(3, 2), nn.ReLU()))
    Sequential(
      (0): Linear(in_features=3, out_features=2, bias=True)
      (1): ReLU()
    )
    """
    import torch

    made = _twin(model, torch.nn if namespace is None else namespace, {})
    assert isinstance(made, torch.nn.Module)  # noqa: S101 - what such a namespace holds
    tensors: dict[int, Any] = {}
    for path, module in model._walk(""):
        twin = made.get_submodule(path)
        twin.training = module.training
        for name, parameter in module._parameters.items():
            if parameter is not None:
                tensor = tensors.get(id(parameter))
                if tensor is None:
                    tensor = torch.nn.Parameter(torch.from_numpy(parameter.data.copy()))
                    tensors[id(parameter)] = tensor
                setattr(twin, name, tensor)
        for name, array in module._buffers.items():
            setattr(twin, name, torch.from_numpy(array.copy()))
    return made


def from_torch(model: torch.nn.Module) -> Module:
    """Make the model of ``backproof.nn`` that has the same modules and numbers as PyTorch's.

    Raises
    ------
    TypeError
        If there is no module of the name, or the numbers have a dtype that NumPy lacks.

    Examples
    --------
    >>> import torch
    >>> from_torch(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()))
    Sequential(
      (0): Linear(in_features=3, out_features=2, bias=True)
      (1): ReLU()
    )
    """
    from backproof import nn

    made = _twin(model, nn, {})
    assert isinstance(made, Module)  # noqa: S101 - what `nn` holds
    parameters: dict[int, Parameter] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        twin = dict(made._walk(""))[path]
        twin.training = module.training
        for name, tensor in module._parameters.items():
            if tensor is not None:
                parameter = parameters.setdefault(id(tensor), Parameter(tensor.detach().cpu().numpy().copy()))
                twin.register_parameter(name, parameter)
        for name, tensor in module._buffers.items():
            if tensor is not None and name not in module._non_persistent_buffers_set:
                twin.register_buffer(name, tensor.detach().cpu().numpy().copy())
    return made


def _twin(module: Any, namespace: Any, made: dict[int, Any]) -> Any:
    """Make the module's twin with the same arguments; what is shared stays shared."""
    if id(module) not in made:
        made[id(module)] = _build(module, namespace, made)
    return made[id(module)]


def _build(module: Any, namespace: Any, made: dict[int, Any]) -> Any:
    name = _name(module)
    twin = getattr(namespace, name, None)
    if not isinstance(twin, type):
        raise TypeError(
            f"expected modules that {namespace.__name__} has too; got one of type {type(module).__name__}. "
            "Convert its parts, and put them together there"
        )
    if name in ("Sequential", "ModuleList", "ModuleDict"):
        parts = module._children if isinstance(module, Module) else module._modules
        children = {key: _twin(child, namespace, made) for key, child in parts.items()}
        return _container(twin, children)
    return twin(**_arguments(module, twin))


def _name(module: Any) -> str:
    """Give the name of the module's class in PyTorch; a class derived from it counts as it."""
    own = Module if isinstance(module, Module) else object
    for kind in type(module).__mro__:
        if kind.__name__ == "Module" or kind is object:
            break
        root = kind.__module__.partition(".")[0]
        if root == "torch" or (own is Module and root == "backproof"):
            return kind.__name__
        if "forward" in vars(kind):
            break  # a class that computes something of its own
    return type(module).__name__


def _container(twin: Any, children: Mapping[str, Any]) -> Any:
    if issubclass(twin, Sequential):
        return twin(children)
    if issubclass(twin, ModuleList) or twin.__name__ == "ModuleList":
        return twin(children.values())
    if issubclass(twin, ModuleDict) or twin.__name__ == "ModuleDict":
        return twin(dict(children))
    from collections import OrderedDict

    return twin(OrderedDict(children))


def _arguments(module: Any, twin: type) -> dict[str, Any]:
    """Give the arguments that the module was made with: its attributes of their names."""
    arguments: dict[str, Any] = {}
    known = inspect.signature(type(module)).parameters
    for name, parameter in inspect.signature(twin).parameters.items():
        if name in _HOW or (name not in known and parameter.default is not parameter.empty):
            continue
        if name in _WHETHER:
            found = [getattr(module, other, None) for other in _WHETHER[name]]
            arguments[name] = any(value is not None and value is not False for value in found)
        elif hasattr(module, name):
            value = getattr(module, name)
            arguments[name] = None if _is_array(value) else value
    return arguments


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") and not np.isscalar(value)
