"""Whether inputs fit a module, and of what form the outputs are, asked of PyTorch itself.

The class's own forward is called on PyTorch's ``meta`` device, where tensors have shapes, strides and dtypes
but no numbers, and nothing is computed. What was accepted once is not asked again.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch.nn.utils.parametrize import type_before_parametrizations

from backproof.torch.nn.autocast import enabled

__all__ = ["AS_COMPUTED", "Form", "form_of", "formed"]


@dataclass(frozen=True)
class Form:
    """What an output is besides its numbers: ``None`` where it is as it was computed."""

    dtype: torch.dtype | None = None
    layout: torch.memory_format | None = None


#: The form of one output, of several, or of none.
Forms: TypeAlias = "Form | tuple[Forms, ...]"
#: Of what is compiled, for which nobody is asked.
AS_COMPUTED = Form()

#: The forms of what was accepted; held small, for programs that have a new shape in every batch.
_ACCEPTED: dict[Hashable, Forms] = {}
_MOST = 4096
#: What PyTorch cannot be asked: on the ``meta`` device these look at values, or refuse in other words.
#: `backproof.torch.nn.checks` has all that they ask for.
_UNANSWERED = (torch.nn.CrossEntropyLoss, torch.nn.NLLLoss, torch.nn.GaussianNLLLoss)
#: The input whose dtype the output has, where the ``meta`` device gives the widest, and others do not.
_DECIDES: dict[type[torch.nn.Module], int] = {
    torch.nn.HuberLoss: 0,
    torch.nn.SoftMarginLoss: 0,
    torch.nn.BCELoss: 0,
    torch.nn.BCEWithLogitsLoss: 1,
}
#: What gives a contiguous output where the ``meta`` device keeps the input's strides.
_CONTIGUOUS = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d, torch.nn.LogSigmoid)
#: What the op computes with PyTorch's own function, which knows better where its output lies.
_AS_PYTORCHS = (torch.nn.Conv1d, torch.nn.Conv2d)


def form_of(
    base: type[torch.nn.Module],
    module: torch.nn.Module,
    options: tuple[str, ...],
    inputs: tuple[Any, ...],
    named: dict[str, Any],
) -> Forms | None:
    """Give the form of what ``base``, PyTorch's own class of the module, gives for inputs.

    It is ``None`` where PyTorch refuses them; of the inputs themselves it says so in its own words, which on
    the ``meta`` device may be others.
    """
    if base in _UNANSWERED or torch.compiler.is_compiling():
        return AS_COMPUTED
    parts = (inputs, tuple(named.items()), tuple(_held(module)))
    constants = getattr(base, "__constants__", ())  # what PyTorch's forward reads, or prints
    values = tuple(_signature(getattr(module, name, None)) for name in (*options, *constants))
    roles = (*inputs, *named.values())
    first = next(part for part in roles if isinstance(part, torch.Tensor))
    alike = enabled(first.device.type)  # autocast makes the dtypes alike, except on the meta device
    signature = (type(module), module.training, alike, values, _signature(parts))
    found = _ACCEPTED.get(signature)
    if found is not None:
        return found
    shadow = _shadow(module, alike)
    given = {name: _meta(part, alike) for name, part in named.items()}
    try:
        output = base.forward(shadow, *[_meta(part, alike) for part in inputs], **given)
    except Exception:  # whatever it is, PyTorch is asked again
        return None
    while len(_ACCEPTED) >= _MOST:
        del _ACCEPTED[next(iter(_ACCEPTED))]
    found = _forms(output, alike)
    if isinstance(found, Form):
        found = _of_class(base, found, roles)
    _ACCEPTED[signature] = found
    return found


def _of_class(base: type[torch.nn.Module], form: Form, roles: tuple[Any, ...]) -> Form:
    """Mend what the ``meta`` device says of the form of an output."""
    if base in _DECIDES and form.dtype is not None:
        return Form(roles[_DECIDES[base]].dtype, form.layout)
    if base in _AS_PYTORCHS:
        return Form(form.dtype)
    if base in _CONTIGUOUS and form.layout is None:
        return Form(form.dtype, torch.contiguous_format)
    return form


def formed(output: Any, form: Forms) -> Any:
    """Give an output, or several, in its form."""
    if form is AS_COMPUTED:
        return output
    if isinstance(form, tuple):
        return tuple(map(formed, output, form))
    if form.dtype not in (None, output.dtype):
        output = output.to(form.dtype)
    if form.layout is None or _transformed(output) or output.is_contiguous(memory_format=form.layout):
        return output
    return output.contiguous(memory_format=form.layout)


def _forms(output: Any, alike: bool) -> Forms:
    if isinstance(output, tuple):
        return tuple(_forms(part, alike) for part in output)
    if output is None:
        return AS_COMPUTED
    layouts = (torch.contiguous_format, *([torch.channels_last] if output.ndim == 4 else []))
    layout = next((each for each in layouts if output.is_contiguous(memory_format=each)), None)
    return Form(None if alike else output.dtype, layout)


def _transformed(tensor: torch.Tensor) -> bool:
    """Say whether a tensor is one of a transform of ``torch.func``, which knows no layout in memory."""
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(tensor))


def _held(module: torch.nn.Module) -> Iterator[torch.Tensor | None]:
    for part in (module, *module._modules.values()):
        if part is not None:
            yield from part._parameters.values()
            yield from part._buffers.values()


def _signature(part: Any) -> Hashable:
    if isinstance(part, torch.Tensor):
        return part.shape, _strides(part), part.dtype, part.device
    if isinstance(part, tuple | list):
        return type(part), *(_signature(each) for each in part)
    # With its class: 0 is False, but not for PyTorch.
    return type(part), part if isinstance(part, Hashable) else repr(part)


def _strides(tensor: torch.Tensor) -> tuple[int, ...] | None:
    return None if _transformed(tensor) else tensor.stride()


def _meta(part: Any, alike: bool) -> Any:
    if isinstance(part, torch.Tensor):
        dtype = torch.float32 if alike and part.is_floating_point() else part.dtype
        strides = _strides(part)
        if strides is None:
            return torch.empty(part.shape, dtype=dtype, device="meta")
        return torch.empty_strided(part.shape, strides, dtype=dtype, device="meta")
    if isinstance(part, tuple | list):
        return type(part)(_meta(each, alike) for each in part)
    return part


def _is_tensor(part: object) -> bool:
    return isinstance(part, torch.Tensor)


def _shadow(module: torch.nn.Module, alike: bool) -> torch.nn.Module:
    """Give a module of the same class and with the same attributes, its tensors without numbers.

    PyTorch's own forward is called on it, and calls methods that a subclass may have changed.
    """
    shadow: torch.nn.Module = object.__new__(type_before_parametrizations(module))
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
        name: _shadow(part, alike)
        for name, part in module._modules.items()
        if part is not None and name != "parametrizations"
    }
    if getattr(module, "momentum", 0) is None:
        # Of None a batch normalization looks at the number of batches that there were.
        shadow.__dict__["momentum"] = 0.0
    return shadow
