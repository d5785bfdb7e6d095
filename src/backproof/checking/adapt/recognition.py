"""Recognising candidates among classes: what a class is, and which adapter it then gets."""

from __future__ import annotations

import enum
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from backproof.checking.adapt.components.autograd_function import AutogradFunction, forward_parameters
from backproof.checking.adapt.components.base import Adapter
from backproof.checking.adapt.components.function_pair import FunctionPair
from backproof.checking.adapt.components.numpy_class import NumPyClass
from backproof.checking.adapt.components.torch_module import TorchModule
from backproof.checking.adapt.execution import Origin
from backproof.checking.adapt.filling.instances import duplicate
from backproof.checking.adapt.optimizers.numpy_optimizer import NumPyOptimizer
from backproof.checking.adapt.optimizers.steps import MORE_STEPS, STEPS, suits_tensors
from backproof.checking.adapt.optimizers.torch_optimizer import TorchOptimizer
from backproof.checking.adapt.words import names
from backproof.checking.adapt.words.kinds import arguments_of, kind_of, looks_like_optimizer, promised_by
from backproof.checking.adapt.words.pairing import BACKWARD_WORDS, find_pairs
from backproof.checking.adapt.words.pullbacks import pullback_of, pulled_methods
from backproof.checking.adapt.words.signatures import (
    Method,
    Parameter,
    code_of,
    is_stub,
    libraries_used,
    method,
    modules_made,
    own_method,
    parameters,
    stored_attributes,
)
from backproof.checking.adapt.words.wrapping import (
    averaged,
    closed_by,
    fused_methods,
    returns_several,
    switch_of,
    switched_methods,
    with_context,
)
from backproof.checking.candidate import Description
from backproof.checking.references import OpReference, RuleReference, guess
from backproof.checking.rules_by_name import guess_rule

__all__ = ["Recognised", "Site", "constructor_of", "recognise_class", "recognise_pair"]


@dataclass(frozen=True)
class Site:
    """Where a definition stands, as far as that is known."""

    file: str = ""
    cell: int | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    #: The arguments, by their places, that the code around gives numbers for, with one.
    given: Mapping[int, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Recognised:
    """A candidate with its adapter; or, without one, why it could be one but is not understood."""

    description: Description
    adapter: Adapter | None
    reason: str = ""


@dataclass(frozen=True)
class _Class:
    """A class under recognition, and the instance that was given, if one was."""

    cls: type
    site: Callable[[Mapping[str, object]], Site]
    instance: object
    foreign: bool
    name: str

    @property
    def constructor(self) -> list[Parameter]:
        """What has to be filled to have an instance: nothing where one was given."""
        return constructor_of(self.cls) if self.instance is None else []

    def make(self, *args: object, **named: object) -> object:
        """Construct an instance, or copy the one that was given."""
        return self.cls(*args, **named) if self.instance is None else duplicate(self.instance)

    def method(self, name: str) -> Method | None:
        return method(self.cls, name, foreign=self.foreign)

    def first(self, wanted: tuple[str, ...]) -> Method | None:
        return next((found for name in wanted if (found := self.method(name))), None)

    def functions(self) -> list[object]:
        """Give the functions written in the class."""
        return [value for value in vars(self.cls).values() if code_of(value) is not None]

    def describe(self, kind: str, style: str, parts: Mapping[str, Method | None], **more: Any) -> Description:
        functions = {part: found.function for part, found in parts.items() if found is not None}
        site = self.site(functions)
        return Description(self.name, kind, style, site.file, site.cell, site.lines, **more)

    def origin(self, description: Description, method: Method) -> Origin:
        """Say in which code an exception's line is looked for: that which the class itself is written in."""
        code = code_of(next(iter(self.functions()), method.function))
        return Origin(code.co_filename if code else None, description.lines, self.cls.__doc__)


def recognise_class(
    cls: type,
    site: Callable[[Mapping[str, object]], Site],
    *,
    instance: object = None,
    foreign: bool = False,
    name: str | None = None,
) -> Recognised | None:
    """Say what a class is; ``None`` for one that is no candidate.

    Parameters
    ----------
    site
        Gives the place of the class from the functions of its parts.
    instance
        An instance of the class that the user gave: it is copied, and the constructor is not called.
    foreign
        Whether methods inherited from a library count as the class's own.
    """
    if issubclass(cls, BaseException | enum.Enum) or getattr(cls, "_is_protocol", False):
        return None
    found = _Class(cls, site, instance, foreign, name or cls.__name__)
    torch: Any = sys.modules.get("torch")
    if torch is not None and issubclass(cls, torch.autograd.Function):
        return _function(found)
    if torch is not None and issubclass(cls, torch.nn.Module):
        return _module(found, torch)
    if torch is not None and issubclass(cls, torch.optim.Optimizer):
        return _optimizer(found, torch)
    if torch is not None and issubclass(cls, torch.optim.lr_scheduler.LRScheduler):
        return None
    return _plain(found) or _optimizer(found, torch)


def constructor_of(cls: type) -> list[Parameter]:
    """Give the arguments of a class's own constructor."""
    plain = all(inspect.getattr_static(cls, n) is vars(object)[n] for n in ("__init__", "__new__"))
    return [] if plain else parameters(cls)


def _function(found: _Class) -> Recognised | None:
    forward = found.method("forward")
    if forward is None or is_stub(own_method(found.cls, "forward")):
        return None
    function: Any = found.cls
    parts = {"forward": forward, "backward": found.method("backward")}
    given = found.site({part: one.function for part, one in parts.items() if one is not None}).given
    arguments = [
        replace(parameter, required=False, default=given[place], handed=True) if place in given else parameter
        for place, parameter in enumerate(forward_parameters(function))
    ]
    kind = kind_of(found.name, arguments)
    description = found.describe(
        kind,
        "torch-autograd-function",
        parts,
        arguments=arguments_of(arguments),
        promised=promised_by(arguments),
        sources=("autograd",),
    )
    return Recognised(
        description,
        AutogradFunction(description, function.apply, arguments, found.origin(description, forward)),
    )


def _module(found: _Class, torch: Any) -> Recognised | None:
    forward = found.method("forward")
    if forward is None or _is_base(found.cls, "forward"):
        return None
    backward = found.first(("backward", "grad", "gradient", "derivative"))
    constructor = own_method(found.cls, "__init__")
    kind = kind_of(
        found.name,
        forward.parameters,
        constructor=constructor,
        has_children=_has_children(found, torch),
    )
    description = found.describe(
        kind,
        "torch-module-manual-backward" if backward else "torch-module",
        {"forward": forward, "backward": backward},
        arguments=arguments_of(forward.parameters),
        promised=promised_by(found.constructor, forward.parameters),
        sources=("autograd", "backward") if backward else ("autograd",),
    )
    origin = found.origin(description, forward)
    return Recognised(
        description, TorchModule(description, found.make, found.constructor, forward, backward, origin)
    )


def _has_children(found: _Class, torch: Any) -> bool:
    """Say whether a module is made of others: its instance says so, or else its constructor."""
    if found.instance is not None:
        return any(True for _ in found.instance.children())  # type: ignore[attr-defined]  # it is a Module
    return bool(modules_made(own_method(found.cls, "__init__"), torch.nn.Module))


def _plain(found: _Class) -> Recognised | None:
    """Recognise a class with a forward and a backward of its own."""
    backward = found.first(names.BACKWARDS)
    forward = found.first(names.FORWARDS + (names.MORE_FORWARDS if backward else ()))
    both = (_both(found, forward) or _of_one_stem(found)) if backward is None else None
    if both is not None:
        forward, backward = both
    if forward is None or any(_is_base(found.cls, m.name) for m in (forward, backward) if m):
        return None
    forward = _with_arguments(found, forward)
    if backward is not None:
        forward, backward = _with_loss(found, forward, backward)
        forward, backward = with_context(forward, backward)
    if not forward.parameters:
        return None
    constructor = own_method(found.cls, "__init__")
    kind = kind_of(found.name, forward.parameters, constructor=constructor)
    if kind == "loss" and forward.wrap is None:
        forward = averaged(found.cls, forward)
    own = found.constructor or stored_attributes(constructor)
    if backward is not None and backward.fused and own and not isinstance(guess(found.name), OpReference):
        kind = "model"  # a loss of its own parameters
    description = found.describe(
        kind,
        "numpy-class",
        {"forward": found.method("forward") or forward, "backward": backward},
        arguments=arguments_of(forward.parameters),
        promised=promised_by(found.constructor, forward.parameters),
        sources=("backward",),
    )
    if backward is not None:
        origin = found.origin(description, forward)
        adapter = NumPyClass(
            description, found.make, found.constructor, forward, backward, origin, found.functions()
        )
        return Recognised(description, adapter)
    if isinstance(guess(found.name), OpReference):
        return Recognised(description, None, "it has no backward or grad method")
    return None


def _both(found: _Class, forward: Method | None) -> tuple[Method, Method] | None:
    """Make two of one method that gives the gradient too: as a function, with the value, or by a switch."""
    if forward is not None and pullback_of(forward.function) is not None:
        return pulled_methods(forward)
    fused = _fused(found)
    if fused is not None or forward is None:
        return fused
    switch = switch_of(forward.parameters)
    return None if switch is None else switched_methods(forward, switch)


def _of_one_stem(found: _Class) -> tuple[Method, Method] | None:
    """Find two methods of which the one is by its name the gradient of the other: ``loss`` and ``d_loss``."""
    own = {name: one for name in vars(found.cls) if name[:1] != "_" and (one := found.method(name))}
    pairs = find_pairs({name: one.function for name, one in own.items()}, {})
    named = [(own[pair.forward], own[pair.backward]) for pair in pairs if pair.forward]
    return named[0] if len(named) == 1 else None


def _fused(found: _Class) -> tuple[Method, Method] | None:
    """Find a method that gives a loss together with its gradients."""
    losses = found.first((*names.FUSED, *filter(_gives_both, vars(found.cls))))
    forward = found.first(names.FORWARDS)
    if losses is None and forward is not None and kind_of(found.name, forward.parameters) == "loss":
        losses = forward
    return fused_methods(losses) if losses is not None and returns_several(losses.function) else None


def _gives_both(name: str) -> bool:
    """Say whether a method gives a loss and its gradients, by its name: ``loss_grad``."""
    words = set(names.split(name))
    return bool(words & names.LOSS_WORDS and words & BACKWARD_WORDS)


def _loss_of(found: _Class, forward: Method, backward: Method) -> Method | None:
    """Find the loss that a backward of the same arguments, data and target, is the gradient of.

    It is one that goes through the forward, or through the parameters themselves.
    """
    asked = arguments_of(backward.parameters)
    if not any(names.target_score(name) > 0 for name in asked):
        return None
    inside = {forward.name, *stored_attributes(own_method(found.cls, "__init__"))}
    for name in filter(lambda name: names.LOSS_WORDS & set(names.split(name)), vars(found.cls)):
        loss = found.method(name)
        code = code_of(loss.function) if loss else None
        if loss and code and arguments_of(loss.parameters) == asked and inside & set(code.co_names):
            return loss
    return None


def _with_loss(found: _Class, forward: Method, backward: Method) -> tuple[Method, Method]:
    """Take a model's loss for the forward, where its ``backward()`` needs what that saves."""
    own = _loss_of(found, forward, backward)
    if own is not None and own.name not in (forward.name, backward.name):
        return own, replace(backward, parameters=own.parameters, fused=True)
    code = code_of(backward.function)
    if code is None or any(p.required for p in backward.parameters):
        return forward, backward
    needed = set(code.co_names) - set(stored_attributes(forward.function))
    for name in (*names.MORE_FORWARDS, *names.FUSED):
        loss = found.method(name)
        saved = set(stored_attributes(loss.function)) if loss else set()
        if loss and needed & saved and len(arguments_of(loss.parameters)) > len(forward.parameters[:1]):
            return closed_by(loss, backward)
    return forward, backward


def _with_arguments(found: _Class, forward: Method) -> Method:
    """Read the arguments of a ``__call__(self, *args)`` from the forward that it hands them to."""
    behind = found.method("forward")
    only_passed_on = all(parameter.variadic for parameter in forward.parameters)
    if forward.name == "__call__" and only_passed_on and behind is not None:
        return Method("__call__", behind.function, behind.parameters, bound=True)
    return forward


def _is_base(cls: type, name: str) -> bool:
    """Say whether a class is there for others to inherit from.

    Its method is a stub, and others write one over it; a class that inherits such a stub is no more than
    that. Or its method calls what only those others have.
    """
    method = own_method(cls, name)
    heirs: list[type] = cls.__subclasses__()
    if is_stub(method):
        return inspect.isabstract(cls) or bool(heirs) or name not in vars(cls)
    code = code_of(method)
    missing = [called for called in (code.co_names if code else ()) if not _has(cls, called)]
    return any(_has(heir, called) for heir in heirs for called in missing)


def _has(cls: type, name: str) -> bool:
    return inspect.isfunction(inspect.getattr_static(cls, name, None))


def _optimizer(found: _Class, torch: Any) -> Recognised | None:
    named = isinstance(guess(found.name), RuleReference) or guess_rule(found.name) is not None
    step = found.first(STEPS + (MORE_STEPS if named else ()))
    zero_grad = found.method("zero_grad")
    derived = torch is not None and issubclass(found.cls, torch.optim.Optimizer)
    if step is None or _is_base(found.cls, step.name):
        return None
    constructor = constructor_of(found.cls)
    if not derived and not looks_like_optimizer(found.name, constructor, step.parameters):
        return None
    style = "torch-optimizer" if derived or _uses_torch(found, step) else "numpy-optimizer"
    description = found.describe("optimizer", style, {"step": step, "zero_grad": zero_grad})
    made = TorchOptimizer if style == "torch-optimizer" else NumPyOptimizer
    origin = found.origin(description, step)
    adapter = made(description, found.make, constructor, step, origin, found.functions())
    return Recognised(description, adapter)


def _uses_torch(found: _Class, step: Method) -> bool:
    """Say whether an optimizer is for tensors: its code says so, or else the module it stands in."""
    used = libraries_used([*found.functions(), step.function])
    if used:
        return "torch" in used
    scope = getattr(inspect.unwrap(step.function), "__globals__", {})
    modules = [value for value in scope.values() if inspect.ismodule(value)]
    takes_gradients = any(p.required for p in step.parameters)
    takes_gradients |= any(names.means(p.name, "grads") for p in constructor_of(found.cls))
    imported = any(m.__name__.partition(".")[0] == "torch" for m in modules)
    return not takes_gradients and imported and suits_tensors(step)


def recognise_pair(
    name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    site: Callable[[Mapping[str, object]], Site],
    *,
    fused: bool = False,
    line: int | None = None,
) -> FunctionPair:
    """Adapt two functions, one of which is the gradient of the other (``fused``: for 1, of the same call).

    ``line`` is where the backward stands, if it has no definition of its own.
    """
    found = parameters(forward)
    place = site({"forward": forward, "backward": backward})
    lines = {**place.lines, **({"backward": line} if line and place.lines else {})}
    description = Description(
        name,
        kind_of(name, found),
        "function-pair",
        place.file,
        place.cell,
        lines,
        arguments=arguments_of(found),
        promised=promised_by(found),
        sources=("backward",),
    )
    code = code_of(backward) or code_of(forward)
    origin = Origin(code.co_filename if code else None, description.lines)
    return FunctionPair(description, forward, backward, origin, fused=fused)
