"""Finding the candidates among a user's definitions, and adapting each to the checker's narrow call."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backproof.checking.adapt.filling.instances import duplicate
from backproof.checking.adapt.functions import helpers_of, recognise_function
from backproof.checking.adapt.objectives.classes import recognise_regression
from backproof.checking.adapt.objectives.search import find_objectives
from backproof.checking.adapt.optimizers.functional_optimizer import recognise_rule
from backproof.checking.adapt.optimizers.made_rules import recognise_made_rule
from backproof.checking.adapt.recognition import (
    Recognised,
    Site,
    recognise_class,
    recognise_pair,
)
from backproof.checking.adapt.words.definitions import Definition, Definitions
from backproof.checking.adapt.words.kinds import arguments_of, kind_of
from backproof.checking.adapt.words.pairing import Pair, find_pairs, find_tabled
from backproof.checking.adapt.words.pullbacks import pullback_of
from backproof.checking.adapt.words.signatures import code_of, own_method, parameters
from backproof.checking.candidate import Candidate, Description
from backproof.checking.reading.source import Unit
from backproof.checking.references import OpReference, guess

__all__ = ["Found", "NotACandidate", "adapt", "discover"]


class NotACandidate(TypeError):
    """An object was given to be checked that is none of the things that can be."""


@dataclass(frozen=True)
class Found:
    """A definition that is a candidate; or could be one but is not understood, for the ``reason``."""

    description: Description
    candidate: Candidate | None
    reason: str = ""


def discover(module: types.ModuleType, units: Sequence[Unit]) -> list[Found]:
    """Find the candidates that a module defines, in the order of definition.

    ``units`` are the pieces of source it was made of, for the lines. Of a name that is defined more
    than once the last definition counts. What is no candidate is left out.
    """
    definitions = Definitions(units)
    found: list[tuple[tuple[int, int], Found]] = []
    every = {name: value for name, value in vars(module).items() if _answers(value)}
    own = {name: value for name, value in every.items() if _is_own(name, value, module)}
    for name, value in own.items():
        if isinstance(value, type):
            one = _found_class(definitions, name, value)
            found += [(_order(definitions, name, value), one)] if one is not None else []
    helpers = helpers_of(every)
    functions = {
        name: value for name, value in own.items() if not isinstance(value, type) and id(value) not in helpers
    }
    imported = {
        name: value
        for name, value in every.items()
        if name not in own and callable(value) and not isinstance(value, type)
    }
    objectives = find_objectives(functions, functools.partial(_pair_site, definitions))
    found += [(_order(definitions, name, None), _as_found(loss)) for name, loss in objectives.items()]
    functions = {name: value for name, value in functions.items() if name not in objectives}
    # What gives its value as well is no backward of another, whatever it is called.
    halves = {name: value for name, value in functions.items() if pullback_of(value) is None}
    pairs = find_pairs(halves, imported)
    paired = {name for pair in pairs for name in (pair.forward, pair.backward)}
    for name, value in {**_wrapped(module, every), **functions}.items():
        alone = None if name in paired else recognise_function(name, value, _function_site(definitions, name))
        if alone is not None:
            found.append((_order(definitions, name, None), _as_found(alone)))
    for pair in pairs:
        one = _found_pair(pair, {**imported, **functions}, definitions)
        if one is not None:
            found.append((_order(definitions, pair.forward or pair.backward, None), one))
    found += _found_in_tables(every, [functions.get(pair.forward) for pair in pairs], definitions)
    for name, function in {**_wrapped(module, every), **functions}.items():
        place = _function_site(definitions, name)
        rule = recognise_rule(name, function, place) or recognise_made_rule(name, function, place)
        if rule is not None:
            found.append((_order(definitions, name, None), Found(rule.description, rule)))
    return [one for _, one in sorted(found, key=lambda entry: entry[0])]


def _found_class(definitions: Definitions, name: str, cls: type) -> Found | None:
    """Describe a class; one whose own code fails when it is looked at cannot be judged."""
    site = _class_site(definitions, name, cls)
    try:
        recognised = recognise_regression(name, cls, site) or recognise_class(cls, site, name=name)
    except Exception as error:  # a metaclass, or a descriptor of the user's
        place = site({})
        description = Description(name, "function", "numpy-class", place.file, place.cell, place.lines)
        return Found(description, None, f"it raises {type(error).__name__} when it is looked at: {error}")
    return None if recognised is None else _as_found(recognised)


def _answers(value: object) -> bool:
    """Say whether what a module holds says what it is: an object's own code may fail at any question."""
    try:
        return bool((isinstance(value, type), getattr(value, "__module__", None), callable(value)))
    except Exception:
        return False


def _wrapped(module: types.ModuleType, every: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a module defines that is called like a function and is an object."""
    plain = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
    return {
        name: value
        for name, value in every.items()
        if callable(value)
        and not isinstance(value, plain)
        and getattr(value, "__module__", None) in (module.__name__, type(value).__module__)
    }


def _is_own(name: str, value: object, module: types.ModuleType) -> bool:
    """Say whether a module defines a class or function under its own name."""
    if getattr(value, "__module__", None) != module.__name__:
        return False
    if isinstance(value, type):
        return value.__name__ == name
    return isinstance(value, types.FunctionType) and value.__name__ in (name, "<lambda>")


def _order(definitions: Definitions, name: str, cls: type | None) -> tuple[int, int]:
    place = definitions.find(name, _functions_of(cls) if cls else ())
    return place.order if place else (len(name), 0)


def _functions_of(cls: type) -> list[object]:
    return [value for value in vars(cls).values() if code_of(value) is not None]


def _as_found(recognised: Recognised) -> Found:
    return Found(recognised.description, recognised.adapter, recognised.reason)


# --- Places --------------------------------------------------------------------------------------


def _class_site(definitions: Definitions, name: str, cls: type) -> Callable[[Mapping[str, object]], Site]:
    place = definitions.find(name, _functions_of(cls))

    def site(functions: Mapping[str, object]) -> Site:
        if place is None:
            return Site()
        lines = {"definition": place.line, **definitions.before(name, place)}
        for part, function in functions.items():
            line = _line_in(definitions, place, cls, function)
            if line is not None:
                lines[part] = line
        return Site(place.unit.file, place.unit.cell, lines, definitions.numbers(name))

    return site


def _line_in(definitions: Definitions, place: Definition, cls: type, function: object) -> int | None:
    """Give the line of a method, if it stands in the same script or cell as its class."""
    code = code_of(function)
    if code is None:
        return None
    for base in cls.__mro__:
        where = place if base is cls else definitions.find(base.__name__, _functions_of(base))
        if where is None or where.unit.filename != place.unit.filename:
            continue
        if where.holds(function) and code.co_name in where.methods():
            return where.methods()[code.co_name]
    return code.co_firstlineno if code.co_filename == place.unit.filename else None


def _pair_site(definitions: Definitions, pair: Pair) -> Callable[[Mapping[str, object]], Site]:
    def site(functions: Mapping[str, object]) -> Site:
        forward = definitions.find(pair.forward, [functions.get("forward")])
        backward = definitions.find(pair.backward, [functions.get("backward")])
        home = forward or backward
        if home is None:
            return Site()
        lines = {"definition": home.line}
        lines |= definitions.before(pair.forward or pair.backward, home)
        for part, place in (("forward", forward), ("backward", backward)):
            if place is not None and place.unit.filename == home.unit.filename:
                lines[part] = place.line
        return Site(home.unit.file, home.unit.cell, lines)

    return site


def _function_site(definitions: Definitions, name: str) -> Callable[[Mapping[str, object]], Site]:
    def site(functions: Mapping[str, object]) -> Site:
        place = definitions.find(name, list(functions.values()))
        if place is None:
            return Site()
        lines = dict.fromkeys(("definition", *functions), place.line)
        return Site(place.unit.file, place.unit.cell, {**lines, **definitions.before(name, place)})

    return site


# --- Pairs ---------------------------------------------------------------------------------------


def _found_pair(
    pair: Pair, functions: Mapping[str, Callable[..., Any]], definitions: Definitions
) -> Found | None:
    """Describe a pair; a backward alone only where its name tells what it is the gradient of."""
    site = _pair_site(definitions, pair)
    backward = functions[pair.backward]
    if pair.forward:
        forward = functions[pair.forward]
        if not parameters(forward):
            return None
        adapter = recognise_pair(pair.forward, forward, backward, site)
        return Found(adapter.description, adapter)
    if not isinstance(guess(pair.stem), OpReference):
        return None
    place = site({"backward": backward})
    arguments = parameters(backward)
    description = Description(
        pair.backward,
        kind_of(pair.stem, arguments),
        "function-pair",
        place.file,
        place.cell,
        place.lines,
        arguments_of(arguments),
        sources=("backward",),
    )
    expected = f"{pair.stem} or {pair.stem}_forward"
    return Found(description, None, f"there is no forward function beside it, such as {expected}")


def _known_site(site: Site, _: Mapping[str, object]) -> Site:
    return site


def _found_in_tables(
    every: Mapping[str, object], paired: Sequence[object], definitions: Definitions
) -> list[tuple[tuple[int, int], Found]]:
    """Describe the pairs that stand together in a dictionary, where a name tells what they are."""
    found = []
    for table, value in every.items():
        place = definitions.find(table, ())
        for name, forward, backward in find_tabled(value) if place else ():
            known = [n for n in (name, getattr(forward, "__name__", "")) if isinstance(guess(n), OpReference)]
            if place is None or not known or any(forward is one for one in paired):
                continue
            codes = {part: code_of(one) for part, one in (("forward", forward), ("backward", backward))}
            lines = {
                part: c.co_firstlineno
                for part, c in codes.items()
                if c and c.co_filename == place.unit.filename
            }
            site = Site(place.unit.file, place.unit.cell, {"definition": place.line, **lines})
            adapter = recognise_pair(known[0], forward, backward, functools.partial(_known_site, site))
            found.append((place.order, Found(adapter.description, adapter)))
    return found


# --- One object ----------------------------------------------------------------------------------


def adapt(obj: object, *, name: str | None = None) -> Candidate:
    """Adapt one object: a class, an instance, an ``autograd.Function``, a pair of functions, an optimizer.

    An instance is copied, not changed. Methods that it inherits from a library count as its own, so
    that a module of PyTorch's can be checked too.

    Raises
    ------
    NotACandidate
        If the object is none of these.

    Examples
    --------
    >>> def double(x): return 2 * x
    >>> def double_backward(grad_output): return 2 * grad_output
    >>> adapt((double, double_backward)).description.style
    'function-pair'
    """
    if isinstance(obj, tuple | list):
        return _adapt_pair(obj, name)
    cls = obj if isinstance(obj, type) else type(obj)
    if hasattr(obj, "_c") and hasattr(obj, "original_name"):  # torch.jit's: its code is Python's no more
        raise NotACandidate(
            f"expected a module as it was written, got {obj.original_name} compiled to a {cls.__name__}, "
            "which cannot be looked into; give the module that it was made from"
        )
    alone = recognise_function(name or _name_of(obj), obj, _code_site, asked=True)
    if alone is not None and alone.adapter is not None:
        return alone.adapter
    if isinstance(obj, types.FunctionType | types.MethodType | types.BuiltinFunctionType):
        raise NotACandidate(
            f"expected a forward with its backward, got the function {obj.__name__} alone: "
            "give both, as (forward, backward)"
        )
    instance = None if isinstance(obj, type) else obj
    own = name or cls.__name__
    recognised = recognise_regression(own, cls, _code_site, instance)
    if recognised is None:
        recognised = recognise_class(cls, _code_site, instance=instance, foreign=True, name=name)
    if recognised is None or recognised.adapter is None:
        raise NotACandidate(_what_is_missing(cls, recognised))
    if instance is not None:
        _demand_copies(instance, recognised.description.kind)
    return recognised.adapter


def _name_of(obj: object) -> str:
    inner = getattr(obj, "fun", getattr(obj, "_init_fn", obj))
    return str(getattr(inner, "__name__", type(obj).__name__))


def _demand_copies(instance: object, kind: str) -> None:
    """Refuse an instance that cannot be judged without changing it."""
    name = type(instance).__name__
    if kind == "optimizer":
        raise NotACandidate(
            f"expected the class of an optimizer, got an instance of {name}: it is constructed anew for each "
            f"run; give {name} itself"
        )
    try:
        duplicate(instance)
    except Exception as error:  # whatever the user's __deepcopy__, or what the instance holds, may raise
        raise NotACandidate(
            f"expected an instance that can be copied, got one of {name}, whose copy fails with "
            f"{type(error).__name__}: {error}; give {name} itself"
        ) from error


def _adapt_pair(obj: Sequence[object], name: str | None) -> Candidate:
    functions = [part for part in obj if callable(part)]
    if len(obj) != 2 or len(functions) != 2:
        raise NotACandidate(f"expected a pair of functions (forward, backward), got {obj!r}")
    forward, backward = functions
    called = getattr(forward, "__name__", type(forward).__name__)
    return recognise_pair(name or called, forward, backward, _code_site)


def _what_is_missing(cls: type, recognised: Recognised | None) -> str:
    expected = (
        "expected a class or instance with a forward (or __call__) and a backward (or grad), an nn.Module, "
        "an autograd.Function, an optimizer class, or a pair of functions (forward, backward)"
    )
    if recognised is not None:
        return f"{expected}; got {cls.__name__}: {recognised.reason}"
    has = [name for name in ("__call__", "forward", "backward", "grad", "step") if own_method(cls, name)]
    return f"{expected}; got {cls.__name__}, which has {' and '.join(has) if has else 'none of these'}"


def _code_site(functions: Mapping[str, object]) -> Site:
    """Give the lines at which functions were compiled."""
    codes = {part: code for part, function in functions.items() if (code := code_of(function))}
    lines = {part: code.co_firstlineno for part, code in codes.items()}
    return Site("", None, lines)
