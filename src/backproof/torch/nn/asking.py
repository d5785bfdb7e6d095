"""Whether inputs fit a module, asked of PyTorch itself.

What PyTorch refuses is refused with its own exception: the class's own forward is called on PyTorch's
``meta`` device, where tensors have shapes and dtypes but no numbers, and nothing is computed. What
was accepted once is not asked again.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import torch

from backproof.torch.nn.autocast import enabled

__all__ = ["require_fit"]

#: What was accepted; held small, for programs that have a new shape in every batch.
_ACCEPTED: dict[Hashable, None] = {}
_MOST = 4096
#: What PyTorch cannot be asked: on the ``meta`` device these look at values, or refuse in other words.
#: `backproof.torch.nn.checks` has all that they ask for.
_UNANSWERED = (torch.nn.CrossEntropyLoss, torch.nn.NLLLoss, torch.nn.GaussianNLLLoss)


def require_fit(
    base: type[torch.nn.Module],
    module: torch.nn.Module,
    options: tuple[str, ...],
    inputs: tuple[Any, ...],
    named: dict[str, Any],
) -> None:
    """Refuse inputs that ``base``, PyTorch's own class of the module, refuses.

    Raises
    ------
    Exception
        What PyTorch raises.
    """
    if base in _UNANSWERED or torch.compiler.is_compiling():
        return
    parts = (inputs, tuple(named.items()), tuple(_held(module)))
    values = tuple(_signature(getattr(module, name, None)) for name in options)
    first = next(part for part in (*inputs, *named.values()) if isinstance(part, torch.Tensor))
    alike = enabled(first.device.type)  # autocast makes the dtypes alike, except on the meta device
    signature = (base, module.training, alike, values, _signature(parts))
    if signature in _ACCEPTED:
        return
    shadow = _shadow(base, module, alike)
    given = {name: _meta(part, alike) for name, part in named.items()}
    base.forward(shadow, *[_meta(part, alike) for part in inputs], **given)
    while len(_ACCEPTED) >= _MOST:
        del _ACCEPTED[next(iter(_ACCEPTED))]
    _ACCEPTED[signature] = None


def _held(module: torch.nn.Module) -> Iterator[torch.Tensor | None]:
    for part in (module, *module._modules.values()):
        if part is not None:
            yield from part._parameters.values()
            yield from part._buffers.values()


def _signature(part: Any) -> Hashable:
    if isinstance(part, torch.Tensor):
        return part.shape, part.dtype, part.device
    if isinstance(part, tuple | list):
        return tuple(_signature(each) for each in part)
    return part if isinstance(part, Hashable) else repr(part)


def _meta(part: Any, alike: bool) -> Any:
    if isinstance(part, torch.Tensor):
        dtype = torch.float32 if alike and part.is_floating_point() else part.dtype
        return torch.empty(part.shape, dtype=dtype, device="meta")
    if isinstance(part, tuple | list):
        return type(part)(_meta(each, alike) for each in part)
    return part


def _is_tensor(part: object) -> bool:
    return isinstance(part, torch.Tensor)


def _shadow(base: type[torch.nn.Module], module: torch.nn.Module, alike: bool) -> torch.nn.Module:
    """Give a module of PyTorch's own class with the same attributes, its tensors without numbers."""
    shadow = base.__new__(base)
    # A weight may be an attribute and no parameter, where it is normalized, or, parametrized, a property.
    attributes = dict(module.__dict__)
    parametrized: Any = module._modules.get("parametrizations") or ()
    attributes.update({name: getattr(module, name) for name in parametrized})
    shadow.__dict__.update(
        {name: _meta(part, alike) for name, part in attributes.items() if _is_tensor(part)}
    )
    shadow.__dict__.update({name: part for name, part in attributes.items() if not _is_tensor(part)})
    for kind in ("_parameters", "_buffers"):
        shadow.__dict__[kind] = {name: _meta(part, alike) for name, part in attributes[kind].items()}
    shadow.__dict__["_modules"] = {
        name: _shadow(type(part), part, alike)
        for name, part in module._modules.items()
        if part is not None and name != "parametrizations"
    }
    if getattr(module, "momentum", 0) is None:
        # Of None a batch normalization looks at the number of batches that there were.
        shadow.__dict__["momentum"] = 0.0
    return shadow
