"""What a function's own signature and code say, without calling it."""

from __future__ import annotations

import dis
import inspect
import itertools
import sys
import sysconfig
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from backproof.checking.adapt.words import names

__all__ = [
    "Chosen",
    "ChosenFloat",
    "ChosenInt",
    "Method",
    "Parameter",
    "attributes_of_others",
    "code_of",
    "codes_in",
    "is_stub",
    "libraries_used",
    "method",
    "modules_made",
    "namespace",
    "own_method",
    "parameters",
    "returns_nothing",
    "stored_attributes",
    "written",
]

_SELVES = frozenset({"self", "this", "cls", "ctx", "me", "s", "_self"})
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
#: Instructions that do nothing by themselves.
_IDLE = frozenset({"RESUME", "NOP", "PRECALL", "CACHE", "PUSH_NULL"})
#: How far the functions that a function calls are followed to see which libraries a function uses.
_DEPTH = 3


class Chosen:
    """A mark of numbers that were chosen for arguments which have no default, and take no array."""


class ChosenFloat(Chosen, float):
    """Such a number."""


class ChosenInt(Chosen, int):
    """Such a whole number."""


@dataclass(frozen=True)
class Parameter:
    """One argument of the user's function; a ``variadic`` one stands for any number (``*inputs``).

    ``texts`` are the strings in the function's code: one of them may be what an argument has to be.
    One that is ``handed`` over has no default of its own: what it is given is known.
    """

    name: str
    required: bool = True
    default: object = None
    keyword: bool = False
    variadic: bool = False
    handed: bool = False
    texts: tuple[str, ...] = field(default=(), compare=False)


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    """Give the arguments of a function; ``**kwargs`` is left out.

    A function without a readable signature (NumPy's own) counts as a function of one ``x``.
    """
    try:
        found = _signature(function).parameters.values()
    except (ValueError, TypeError):
        return [Parameter("x")]
    texts = _texts_in(function)
    return [_parameter(p, texts) for p in found if p.kind is not p.VAR_KEYWORD]


def _texts_in(function: object) -> tuple[str, ...]:
    """Give the strings that a function's code holds, those that are keys together as well."""
    code = code_of(function)
    held = code.co_consts if code is not None and not isinstance(function, type) else ()
    every = itertools.chain.from_iterable(one if isinstance(one, tuple) else (one,) for one in held)
    return tuple(one for one in every if isinstance(one, str) and one != getattr(function, "__doc__", None))


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """Give the signature; a class is constructed as its ``__init__`` says.

    Where a base has a ``__new__`` of its own that takes anything, older versions of Python show that.
    """
    made = isinstance(function, type) and not hasattr(function, "__signature__")
    constructor = inspect.getattr_static(function, "__init__") if made else object.__init__
    if constructor is object.__init__:
        return inspect.signature(function)
    whole = inspect.signature(constructor)
    return whole.replace(parameters=list(whole.parameters.values())[1:])


def _parameter(p: inspect.Parameter, texts: tuple[str, ...]) -> Parameter:
    if p.kind is p.VAR_POSITIONAL:
        return Parameter(p.name, required=False, variadic=True)
    required = p.default is p.empty
    default = None if required else p.default
    return Parameter(p.name, required, default, p.kind is p.KEYWORD_ONLY, texts=texts if required else ())


@dataclass(frozen=True)
class Method:
    """A method as written: its function, the arguments it is called with, and whether it takes ``self``.

    ``wrap`` is put around what is called; ``fused`` says that it gives the gradients for an upstream
    gradient of 1 and takes the forward's own arguments.
    """

    name: str
    function: Callable[..., Any]
    parameters: tuple[Parameter, ...]
    bound: bool
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None
    fused: bool = False

    def of(self, instance: object) -> Callable[..., Any]:
        """Give what to call for an instance."""
        found: Callable[..., Any] = getattr(instance, self.name) if self.bound else self.function
        return self.wrap(found) if self.wrap else found


def own_method(cls: type, name: str, *, foreign: bool = False) -> object:
    """Find an attribute in the class or in those bases that are the user's; ``None`` where it is not.

    With ``foreign`` a library's bases count too.
    """
    for base in cls.__mro__:
        if base is object or (not foreign and _is_installed(base.__module__)):
            continue
        if name in vars(base):
            found: object = vars(base)[name]
            return found
    return None


@lru_cache(maxsize=512)
def _is_installed(module: str) -> bool:
    """Say whether a module belongs to Python or to an installed package: then it is not the user's."""
    if module in sys.builtin_module_names:
        return True
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return file.startswith(_INSTALLED) and module != "__main__"


def method(cls: type, name: str, *, foreign: bool = False) -> Method | None:
    """Describe a method of the user's own; ``None`` if there is none of that name.

    One that was written without ``self`` (``def backward(grad_output)``) is called without an instance,
    as is a static method.
    """
    raw = own_method(cls, name, foreign=foreign)
    if isinstance(raw, staticmethod):
        return Method(name, raw.__func__, tuple(parameters(raw.__func__)), bound=False)
    if isinstance(raw, classmethod):
        return Method(name, raw.__func__, tuple(parameters(raw.__func__)[1:]), bound=True)
    if not callable(raw) or isinstance(raw, type):
        return None
    found = parameters(raw)
    if found and _is_data(found[0].name):
        return Method(name, raw, tuple(found), bound=False)
    return Method(name, raw, tuple(found[1:]), bound=True)


def _is_data(name: str) -> bool:
    """Say whether a first argument is data, so that ``self`` was left out."""
    if name in _SELVES:
        return False
    return names.is_upstream(name) or names.is_input(name) or abs(names.target_score(name)) > 0


def code_of(function: object) -> types.CodeType | None:
    """Give the code of a user's function, through wrappers; ``None`` for what is not written in Python."""
    if isinstance(function, staticmethod | classmethod):
        function = function.__func__
    function = inspect.unwrap(function) if callable(function) else function
    code = getattr(function, "__code__", None)
    return code if isinstance(code, types.CodeType) else None


def written(function: object) -> object:
    """Give the function as the user wrote it: without wrappers, of a bound method or of what is called."""
    function = inspect.unwrap(function) if callable(function) else function
    function = getattr(function, "__func__", function)
    if not hasattr(function, "__globals__"):
        # A module, or an object that is called: its class says where it was written.
        for name in ("forward", "__call__"):
            found = getattr(type(function), name, None)
            if found is not None and hasattr(found, "__globals__"):
                return found
    return function


def namespace(function: object) -> Mapping[str, object]:
    """Give the namespace that a user's function was written in, through wrappers and bound methods."""
    scope: Mapping[str, object] = getattr(written(function), "__globals__", {})
    return scope


def is_stub(function: object) -> bool:
    """Say whether a method only raises ``NotImplementedError`` or does nothing."""
    code = code_of(function)
    if code is None:
        return False
    if getattr(function, "__isabstractmethod__", False):
        return True
    doing = [i for i in dis.get_instructions(code) if i.opname not in _IDLE]
    raises = any(i.opname == "RAISE_VARARGS" for i in doing)
    if raises and any("NotImplementedError" in i.argrepr for i in doing):
        return not any(i.opname.startswith(("STORE", "POP_JUMP")) for i in doing)
    idle = ("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE")
    return all(i.opname in idle and i.argval is None for i in doing)


def returns_nothing(function: object) -> bool:
    """Say whether a function has no ``return`` with a value."""
    code = code_of(function)
    if code is None:
        return False
    doing = [i for i in dis.get_instructions(code) if i.opname not in _IDLE]
    values = [
        before
        for before, i in itertools.pairwise(doing)
        if i.opname == "RETURN_VALUE" and not (before.opname == "LOAD_CONST" and before.argval is None)
    ]
    constants = [i for i in doing if i.opname == "RETURN_CONST" and i.argval is not None]
    return not values and not constants


def stored_attributes(function: object) -> list[str]:
    """Give the names of the attributes that a function assigns, in order (``self.W = …``)."""
    code = code_of(function)
    if code is None:
        return []
    return [str(i.argval) for i in dis.get_instructions(code) if i.opname == "STORE_ATTR"]


def attributes_of_others(function: object) -> set[str]:
    """Give the names of the attributes and methods that a method asks of objects other than its own."""
    code, asked = code_of(function), ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR")
    found = set()
    for part in [] if code is None else codes_in(code):
        own = code.co_varnames[:1] if code is not None else ()
        instructions = list(dis.get_instructions(part))
        for before, one in itertools.pairwise(instructions):
            loaded = before.argval[-1:] if isinstance(before.argval, tuple) else (before.argval,)
            of_itself = before.opname.startswith(("LOAD_FAST", "LOAD_DEREF")) and loaded == own
            if one.opname in asked and not of_itself:
                found.add(str(one.argval))
    return found


def codes_in(code: types.CodeType) -> Iterator[types.CodeType]:
    """Give a function's code and that of what is defined in it; comprehensions have their own too."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_in(constant)


def _referred(function: object) -> Iterator[tuple[str, Any]]:
    """Give what the names in a function's code stand for in its module."""
    code = code_of(function)
    scope = getattr(inspect.unwrap(function) if callable(function) else function, "__globals__", {})
    if code is None:
        return
    for part in codes_in(code):
        for name in part.co_names:
            if name in scope:
                yield name, scope[name]


def libraries_used(functions: Iterable[object], known: Sequence[str] = ("numpy", "torch")) -> frozenset[str]:
    """Say which of the ``known`` libraries the functions refer to, also through functions they call.

    Examples
    --------
    >>> import numpy as np
    >>> scope = {"np": np}
    >>> exec("def f(x): return np.exp(x)", scope)
    >>> sorted(libraries_used([scope["f"]]))
    ['numpy']
    """
    used: set[str] = set()
    seen: set[int] = set()
    waiting = [(function, 0) for function in functions]
    while waiting:
        function, depth = waiting.pop()
        if id(function) in seen:
            continue
        seen.add(id(function))
        for value in (*_decorators(function), *(value for _, value in _referred(function))):
            root = _root(value)
            if root in known:
                used.add(root)
            elif isinstance(value, types.FunctionType) and depth < _DEPTH:
                waiting.append((value, depth + 1))
    return frozenset(used)


def _decorators(function: object) -> Iterator[object]:
    """Give the wrappers around a function (``@torch.no_grad()``)."""
    while hasattr(function, "__wrapped__"):
        scope = getattr(function, "__globals__", {})
        yield sys.modules.get(scope.get("__name__", ""))
        function = function.__wrapped__


def _root(value: object) -> str:
    name = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
    if not isinstance(name, str):
        name = type(value).__module__
    return name.partition(".")[0]


def modules_made(constructor: object, module_class: type) -> list[str]:
    """Give the names of torch modules that a constructor refers to (``nn.Linear``, ``MyLayer``)."""
    code = code_of(constructor)
    if code is None:
        return []
    referred = dict(_referred(constructor))
    namespaces = [value for value in referred.values() if isinstance(value, types.ModuleType)]
    found = []
    for part in codes_in(code):
        for name in part.co_names:
            places = [referred.get(name), *(getattr(space, name, None) for space in namespaces)]
            classes = [p for p in places if isinstance(p, type) and p is not module_class]
            if any(issubclass(p, module_class) for p in classes):
                found.append(name)
    return found
