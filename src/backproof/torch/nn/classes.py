"""The modules: PyTorch's own classes, each with the forward of our op.

A module here is a subclass of the class of its name in ``torch.nn``. Constructor, parameters and
their initial numbers, ``state_dict``, ``repr`` and what isinstance says are PyTorch's; ``forward``
calls the op, with its options and parameters read off the attributes of the same names.

What stays PyTorch's, in its own forward: complex numbers, sparse, nested and quantized tensors, for
which the rules do not hold; integers where PyTorch takes them, which have no gradient; what
``torch.jit.trace`` records; and what does not fit, by its class or by the op, to be refused in its words. In
`backproof.torch.nn.forwards` stand the modules that need more than reading attributes, and what of
their options stays PyTorch's. What ``torch.nn`` has no class for derives from one as PyTorch's would
be, of `backproof.torch.nn.bases`.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import torch
import torch.fx

from backproof.ops import CATALOGUE, Op
from backproof.torch.nn.asking import form_of, formed
from backproof.torch.nn.bases import base_of
from backproof.torch.nn.checks import CHECKS
from backproof.torch.nn.forwards import FORWARDS
from backproof.torch.nn.function import function

__all__ = ["MODULES", "make"]

#: ``forward(module, *inputs, **named)``.
Forward: TypeAlias = Callable[..., Any]

#: The domains whose values are integers or truth values.
_DISCRETE = ("class", "mask")


def make(op: Op) -> type[torch.nn.Module]:
    """Make the module of an op: the class of its name in ``torch.nn``, with the op's forward.

    An activation or a loss that ``torch.nn`` lacks gets a class as PyTorch's would be.

    Raises
    ------
    TypeError
        If ``torch.nn`` has no class of a layer's name.

    Examples
    --------
    >>> from backproof.ops import CATALOGUE
    >>> make(CATALOGUE["Tanh"])()(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    base = base_of(op)
    if base is None:
        raise TypeError(
            f"a module is made of an activation, a loss, or a layer that torch.nn has a class for; got "
            f"op={op.name!r}, of the kind {op.kind!r}"
        )
    compute = FORWARDS[op.name] if op.name in FORWARDS else _plain(op, base)
    if "inplace" in inspect.signature(base).parameters:
        compute = _inplace(op, compute)
    named = {
        "__module__": "backproof.torch.nn",
        "__qualname__": op.name,
        "__doc__": (op.__doc__ or "").partition(">>>")[0].rstrip(),  # without the example, which is the op's
        "forward": _guarded(op, base, compute),
    }
    return type(op.name, (base, *_ours(base)), named)


def _ours(base: type[torch.nn.Module]) -> list[type[torch.nn.Module]]:
    """Give our class in the place of each from which PyTorch's derives: our ReLU6 is a Hardtanh of ours."""
    return [_MADE[theirs] for theirs in base.__mro__[1:] if theirs in _MADE]


#: Our class for PyTorch's.
_MADE: dict[type, type[torch.nn.Module]] = {}


def _plain(op: Op, base: type[torch.nn.Module]) -> Forward:
    """Give the forward that takes the module's inputs, and reads the rest off the module."""
    names = tuple(inspect.signature(base.forward).parameters)[1:]
    held, options = tuple(op.arguments)[len(names) :], tuple(op.options)
    call = function(op)
    # Whole numbers where the op takes real ones become such, as in PyTorch's own sums.
    real = [argument.domain not in _DISCRETE for argument in op.arguments.values()][: len(names)]

    def compute(module: torch.nn.Module, *inputs: torch.Tensor, **named: torch.Tensor) -> Any:
        inputs = (*inputs, *[named[name] for name in names[len(inputs) :]])
        inputs = tuple(map(_floating, inputs, real, itertools.repeat(inputs[0])))
        parameters = [getattr(module, name) for name in held]
        return call(*inputs, *parameters, **{name: getattr(module, name) for name in options})

    return compute


def _floating(input: Any, real: bool, first: torch.Tensor) -> Any:
    whole = real and isinstance(input, torch.Tensor) and not input.is_floating_point()
    return input.to(first.dtype) if whole else input


def _inplace(op: Op, compute: Forward) -> Forward:
    """Give the forward that writes its output over the input where the module says ``inplace``.

    Where a gradient rule looks at the input, a copy is computed with, which is what is saved.
    """
    looked_at = op.first in op.kept

    def forward(module: Any, input: torch.Tensor) -> torch.Tensor:
        if not module.inplace:
            output: torch.Tensor = compute(module, input)
            return output
        saved = looked_at and torch.is_grad_enabled()
        output = compute(module, input.clone() if saved else input)
        return input if output is input else input.copy_(output)

    return forward


def _guarded(op: Op, base: type[torch.nn.Module], compute: Forward) -> Forward:
    """Give the forward that leaves to PyTorch what our rules do not cover, and wrong calls."""
    signature = inspect.signature(base.forward)
    required = [p.name for p in signature.parameters.values() if p.default is p.empty][1:]
    options, check = tuple(op.options), CHECKS.get(op.name)
    most, discrete = len(signature.parameters) - 1, next(iter(op.arguments.values())).domain in _DISCRETE

    def forward(self: torch.nn.Module, *inputs: Any, **named: Any) -> Any:
        given = (*inputs, *[named[name] for name in required[len(inputs) :] if name in named])
        fits = len(required) <= len(given) <= most
        traced = not torch.compiler.is_compiling() and torch._C._is_tracing()
        if not fits or traced or _foreign((*given, *named.values()), len(required), discrete):
            proxies = [part for part in (*inputs, *named.values()) if isinstance(part, torch.fx.Proxy)]
            if proxies and type(self).forward is forward:
                return _recorded(self, proxies[0].tracer, inputs, named)
            return base.forward(self, *inputs, **named)
        if check:
            check(self, *inputs, **named)
        form = form_of(base, self, options, inputs, named)
        if form is None:
            return base.forward(self, *inputs, **named)
        try:
            output = compute(self, *inputs, **named)
        except ValueError:
            return base.forward(self, *inputs, **named)
        return formed(output, form)

    forward.__signature__ = signature  # type: ignore[attr-defined]  # what inspect shows
    forward.__doc__ = f"Compute {op.name}, with gradients by hand."
    return forward


def _recorded(
    module: torch.nn.Module, tracer: Any, inputs: tuple[Any, ...], named: dict[str, Any]
) -> torch.fx.Proxy:
    """Record the call of a module as one node of the graph of ``torch.fx``, as PyTorch's modules are."""
    call: torch.fx.Proxy = tracer.create_proxy("call_module", tracer.path_of_module(module), inputs, named)
    return call


def _foreign(given: tuple[Any, ...], required: int, discrete: bool) -> bool:
    """Say whether an input is of a kind that our rules do not cover."""
    if not all(isinstance(tensor, torch.Tensor) for tensor in given[:required]):
        return True
    if not discrete and not given[0].is_floating_point():
        return True
    return any(
        isinstance(tensor, torch.Tensor)
        and (
            tensor.is_complex()
            or tensor.layout is not torch.strided
            or tensor.is_nested
            or tensor.is_quantized
        )
        for tensor in given
    )


def _all() -> Iterator[tuple[str, type[torch.nn.Module]]]:
    """Make every class, each after those from which PyTorch's derives."""
    bases = {name: base_of(op) for name, op in CATALOGUE.items() if op.room == "torch.nn"}
    for name, base in sorted(bases.items(), key=lambda item: len(getattr(item[1], "__mro__", ()))):
        if base is not None:
            _MADE[base] = make(CATALOGUE[name])
            yield name, _MADE[base]


#: The class of every op that a module can be made of.
MODULES: Mapping[str, type[torch.nn.Module]] = dict(_all())
