"""Models from and to PyTorch: the same modules, of the same names, with the same numbers."""

from __future__ import annotations

import functools
import inspect
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backproof.nn.module import Module
from backproof.nn.parameter import Parameter

if TYPE_CHECKING:
    import torch

__all__ = ["class_of", "from_torch", "to_torch"]

#: Constructor arguments that say how, not what.
_HOW = ("dtype", "rng", "device")
#: Constructor arguments that say whether there is a parameter of another name.
_WHETHER = {"bias": ("bias", "in_proj_bias", "bias_ih"), "add_bias_kv": ("bias_k",)}
#: What a derived class may define and still compute what its base does.
_HARMLESS = ("extra_repr", "reset_parameters")
#: Special methods that change what a class computes.
_TELLING = ("__call__", "__getattr__", "__getattribute__")
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


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
        If there is no module that computes the same: for a class of your own, or an option that the
        module there has not.

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

    made = _twin(model, "", torch.nn if namespace is None else namespace, {})
    assert isinstance(made, torch.nn.Module)  # noqa: S101 - what such a namespace holds
    tensors: dict[int, Any] = {}
    for path, module in model._walk(""):
        twin = made.get_submodule(path)
        twin.training = module.training
        for name, parameter in module._parameters.items():
            if parameter is not None:
                tensor = tensors.get(id(parameter))
                if tensor is None:
                    copied = _tensor(parameter.data, name, module, path)
                    tensor = torch.nn.Parameter(copied, parameter.requires_grad)
                    tensors[id(parameter)] = tensor
                setattr(twin, name, tensor)
        for name, array in module._buffers.items():
            persistent = name not in module._unsaved
            twin.register_buffer(name, _tensor(array, name, module, path), persistent)
        _require_no_more(twin, module, path)
    return made


def from_torch(model: torch.nn.Module) -> Module:
    """Make the model of ``backproof.nn`` that has the same modules and numbers as PyTorch's.

    What computes something else than a module here is refused, and never left out: classes with a
    forward of their own, options that NumPy's module has not, hooks and parametrizations.

    Raises
    ------
    TypeError
        If there is no module that computes the same, or the numbers have a dtype that NumPy lacks.

    Examples
    --------
    >>> import torch
    >>> from_torch(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()))
    Sequential(
      (0): Linear(in_features=3, out_features=2, bias=True)
      (1): ReLU()
    )
    """
    import torch

    from backproof import nn

    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"from_torch takes a torch.nn.Module; got {type(model).__name__}")
    for path, module in model.named_modules():
        _require_plain(module, path)
    made = _twin(model, "", nn, {})
    assert isinstance(made, Module)  # noqa: S101 - what `nn` holds
    twins = dict(made._walk(""))
    parameters: dict[int, Parameter] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        if path not in twins:
            raise TypeError(_refusal(path, module, "it stands in a module that has no such part"))
        twin = twins[path]
        twin.training = module.training
        for name, tensor in module._parameters.items():
            if tensor is not None:
                if id(tensor) not in parameters:
                    copied = _array(tensor, name, module, path)
                    parameters[id(tensor)] = Parameter(copied, tensor.requires_grad)
                twin.register_parameter(name, parameters[id(tensor)])
        for name, tensor in module._buffers.items():
            if tensor is not None:
                persistent = name not in module._non_persistent_buffers_set
                twin.register_buffer(name, _array(tensor, name, module, path), persistent)
        _require_no_more(twin, module, path)
    return made


def _array(tensor: torch.Tensor, name: str, module: Any, path: str) -> NDArray[Any]:
    try:
        return np.array(tensor.detach().cpu().numpy())
    except TypeError:
        why = f"NumPy has no {tensor.dtype} as its {name} is; say model.float() before"
        raise TypeError(_refusal(path, module, why)) from None


def _tensor(array: NDArray[Any], name: str, module: Any, path: str) -> torch.Tensor:
    import torch

    try:
        return torch.from_numpy(array.copy())
    except TypeError:
        why = f"PyTorch has no {array.dtype} as its {name} is; say model.double() before"
        raise TypeError(_refusal(path, module, why)) from None


def _refusal(path: str, module: Any, why: str) -> str:
    where = f" at {path!r}" if path else ""
    return (
        f"expected modules of which there is one that computes the same; got one of type "
        f"{type(module).__name__}{where}: {why}. Convert its parts, and put them together there"
    )


# --- What is refused -----------------------------------------------------------------------------


def _require_plain(module: torch.nn.Module, path: str) -> None:
    """Refuse a module that computes more than its class says."""
    if "parametrizations" in module._modules:
        raise TypeError(_refusal(path, module, "its parameters are computed from others (parametrizations)"))
    hooks = [name for name in _HOOKS if getattr(module, name)]
    if hooks:
        raise TypeError(_refusal(path, module, f"it has hooks ({', '.join(hooks)})"))
    for name, tensor in module._parameters.items():
        if tensor is not None and tensor._backward_hooks:
            raise TypeError(_refusal(path, module, f"its {name} has hooks"))


def _require_no_more(twin: Any, module: Any, path: str) -> None:
    """Refuse a module that has put something else in the place of a parameter, which its twin has."""
    for kind in ("_parameters", "_buffers"):
        there, here = getattr(twin, kind), getattr(module, kind)
        for name, value in there.items():
            if value is not None and here.get(name) is None:
                raise TypeError(_refusal(path, module, f"its {name} is none of its {kind[1:]}"))


# --- Twins ---------------------------------------------------------------------------------------


def _twin(module: Any, path: str, namespace: Any, made: dict[int, Any]) -> Any:
    """Make the module's twin with the same arguments; what is shared stays shared."""
    if id(module) not in made:
        made[id(module)] = _build(module, path, namespace, made)
    return made[id(module)]


def _build(module: Any, path: str, namespace: Any, made: dict[int, Any]) -> Any:
    kind = class_of(module)
    if kind is None:
        raise TypeError(_refusal(path, module, "it computes something of its own"))
    name = kind.__name__
    twin = getattr(namespace, name, None)
    if not isinstance(twin, type):
        raise TypeError(_refusal(path, module, f"{namespace.__name__} has no {name}"))
    if name in ("Sequential", "ModuleList", "ModuleDict"):
        parts = module._children if isinstance(module, Module) else module._modules
        inner = f"{path}." if path else ""
        children = OrderedDict(
            (key, _twin(child, f"{inner}{key}", namespace, made)) for key, child in parts.items()
        )
        given: Any = children.values() if name == "ModuleList" else children
        make = functools.partial(twin, given)
    else:
        make = functools.partial(twin, **_arguments(module, kind, twin, path))
    try:
        return make()
    except (TypeError, ValueError, KeyError) as refused:  # the last of a name that is taken there
        raise TypeError(_refusal(path, module, str(refused))) from refused


def class_of(module: Any) -> type | None:
    """Give the class of the catalogue or of PyTorch that says what a module computes.

    It is the module's own or one that it derives from, and nothing that computes is overridden in
    between or in the module itself; ``None`` where there is none such, whatever the class is called.
    """
    own: set[str] = set()
    for kind in type(module).__mro__:
        if _is_known(kind):
            changed = not _methods(kind).isdisjoint(own | vars(module).keys())
            return None if kind.__name__ == "Module" or changed else kind
        own |= {name for name in vars(kind) if not name.startswith("__") or name in _TELLING}
    return None


@functools.cache
def _methods(kind: type) -> frozenset[str]:
    """Give the names of the methods of a class by which it computes."""
    return frozenset(name for name in dir(kind) if callable(getattr(kind, name))) - {*_HARMLESS}


def _is_known(kind: type) -> bool:
    """Say whether a class is PyTorch's, or ours for PyTorch or for NumPy; its name alone says nothing."""
    if kind.__module__ == "backproof.torch.nn":
        return True
    root = kind.__module__.partition(".")[0]
    where = sys.modules.get(f"{root}.nn") if root in ("torch", "backproof") else None
    return getattr(where, kind.__name__, None) is kind


def _arguments(module: Any, kind: type, twin: type, path: str) -> dict[str, Any]:
    """Give the arguments that the module was made with: its attributes of their names."""
    arguments: dict[str, Any] = {}
    known = inspect.signature(twin).parameters
    for name, parameter in inspect.signature(kind).parameters.items():
        if name in _HOW or not (name in _WHETHER or hasattr(module, name)):
            continue
        value = _value(module, name)
        if name in known:
            arguments[name] = value
        elif value is not parameter.default and value != parameter.default:
            raise TypeError(_refusal(path, module, f"there it has no {name}; got {name}={value!r}"))
    return arguments


def _value(module: Any, name: str) -> Any:
    """Give an argument; of an array ``None``, as it is copied later, with the other arrays."""
    if name in _WHETHER:
        found = [getattr(module, other, None) for other in _WHETHER[name]]
        return any(value is not None and value is not False for value in found)
    value = getattr(module, name)
    return None if hasattr(value, "dtype") and not np.isscalar(value) else value
