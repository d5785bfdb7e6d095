"""Classes of a regression, whose methods give a loss and its gradients by parameters that training makes."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

from backproof.checking.adapt.objectives.objective import Functions
from backproof.checking.adapt.objectives.search import computes, recognise_fitted
from backproof.checking.adapt.recognition import Recognised, Site, constructor_of
from backproof.checking.adapt.words.names import LOSS_WORDS, split
from backproof.checking.adapt.words.pairing import BACKWARD_WORDS
from backproof.checking.adapt.words.signatures import code_of, stored_attributes
from backproof.checking.adapt.words.wrapping import returns_several

__all__ = ["recognise_regression"]


def recognise_regression(
    name: str, cls: type, site: Callable[[Mapping[str, object]], Site]
) -> Recognised | None:
    """Recognise a class that has its parameters only after it was trained: they are given to it.

    One that has them from its constructor on is judged as any other class.
    """
    if any(parameter.required for parameter in constructor_of(cls)):
        return None
    methods = {n: f for n, f in vars(cls).items() if isinstance(f, types.FunctionType) and computes(n, f)}
    for value, gradients in _pairs(methods):
        made_later = _made_later(cls, methods[value], methods[gradients])
        if made_later:
            parts = methods[value], methods[gradients]
            functions = Functions(*(_with_parameters(cls, one, made_later) for one in parts))
            if value == gradients:
                functions = Functions(functions.value, functions.value)
            place = site({"forward": parts[0], "backward": parts[1]})
            return recognise_fitted(name, functions, place, code_of(parts[1]), "numpy-class")
    return None


def _pairs(methods: Mapping[str, types.FunctionType]) -> list[tuple[str, str]]:
    """Give the methods of a loss and of its gradients, of the same arguments; or one that gives both."""
    losses = [name for name in methods if LOSS_WORDS & set(split(name))]
    gradients = [name for name in methods if BACKWARD_WORDS & set(split(name))]
    both = [(name, name) for name in losses if returns_several(methods[name])]
    apart = [
        (loss, name)
        for loss in losses
        for name in gradients
        if loss != name and _asked(methods[loss]) == _asked(methods[name])
    ]
    return apart + both


def _asked(method: types.FunctionType) -> list[str]:
    return list(inspect.signature(method).parameters)[1:]


def _made_later(cls: type, *methods: types.FunctionType) -> list[str]:
    """Give the attributes that methods read and others than the constructor make, in the order of these."""
    functions = {name: f for name, f in vars(cls).items() if isinstance(f, types.FunctionType)}
    waiting, read = list(methods), set[str]()
    while waiting:
        names = set(waiting.pop().__code__.co_names) - read
        read |= names
        waiting += [functions[name] for name in names if name in functions]
    ready = set(stored_attributes(functions.get("__init__"))) | set(dir(cls))
    made = [name for n, f in functions.items() if n != "__init__" for name in stored_attributes(f)]
    own = {name for method in methods for name in stored_attributes(method)}
    return [name for name in dict.fromkeys(made) if name in read - ready - own]


def _with_parameters(cls: type, method: types.FunctionType, attributes: list[str]) -> Callable[..., Any]:
    """Give a method as a function that takes the attributes as well, of a new instance at each call."""

    def call(**named: Any) -> Any:
        instance = cls()
        for attribute in attributes:
            setattr(instance, attribute, named.pop(attribute))
        return method(instance, **named)

    whole = inspect.signature(method)
    taken = [*whole.parameters.values()][1:]
    last = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in attributes]
    made: Any = call
    made.__signature__ = whole.replace(parameters=[*taken, *last])
    made.__doc__ = method.__doc__
    return call
