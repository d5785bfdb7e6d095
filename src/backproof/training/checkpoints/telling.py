"""What a thing is, in words that are the same in every process and can be written down."""

from __future__ import annotations

import contextlib
import functools
import inspect
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from backproof.training.data.arrays import array_of
from backproof.training.data.reading import is_mapped, row_bytes
from backproof.training.parts import loss_op

__all__ = ["made", "sum_of", "told"]

#: Data is told from other data by all of an array that has at most so many bytes, or so many where it lies in
#: a file; of a larger one by so many rows, spread evenly.
_IN_MEMORY, _IN_FILES, _ROWS = 2**28, 2**24, 64
#: So many characters of a collection, and so many elements of an array, are said as they are.
_SAID, _ELEMENTS = 400, 8
_SIMPLE = (type(None), bool, int, float, complex, str, bytes, np.generic)
_COLLECTIONS = (Mapping, list, tuple, set, frozenset)


def told(value: Any, within: tuple[int, ...] = ()) -> str | None:
    """Say what a value is: a function by its code and what it holds, an object by its class and attributes.

    Parameters
    ----------
    value
        Anything.
    within
        What it is a part of, by identity: nothing is told within itself.

    Examples
    --------
    >>> told({"b": (1, 2.5), "a": None}), told({"z", "a"})
    ("['a': None, 'b': [1, 2.5]]", "['a', 'z']")
    >>> told(functools.partial(max, 3))
    'max with [[3], []]'
    """
    if isinstance(value, _SIMPLE):
        plain = value.item() if isinstance(value, np.generic) else value
        return None if plain is None else repr(plain) if within else str(plain)
    if id(value) in within:
        return type(value).__name__
    return _told(value, functools.partial(told, within=(*within, id(value))))


def _told(value: Any, say: Callable[[Any], Any]) -> str:
    if isinstance(value, _COLLECTIONS):
        return _collection(value, say)
    if isinstance(value, functools.partial):
        return f"{say(value.func)} with {say([value.args, value.keywords])}"
    if _is_function(value):
        return _function(value, say)
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, np.ndarray) or hasattr(value, "detach"):
        return _array(value, say)
    kind, *parts = _made(value, say).items()
    return f"{kind[1]}({', '.join(f'{name}={text}' for name, text in parts)})"


def made(thing: Any) -> dict[str, str | None]:
    """Say what a loss or a schedule was made with, as far as it keeps that.

    Examples
    --------
    >>> from backproof import nn
    >>> made(nn.HuberLoss(delta=9.0))
    {'kind': 'HuberLoss', 'delta': '9.0', 'reduction': 'mean'}
    """
    if thing is None or _is_function(thing) or isinstance(thing, functools.partial):
        return {"kind": told(thing)}
    return _made(thing, lambda value: told(value, ()))


def sum_of(arrays: Iterable[Any]) -> str | None:
    """Compute a number from arrays, which is another one for others; ``None`` if there are none."""
    found = None
    for given in arrays:
        with contextlib.suppress(TypeError, ValueError):  # what holds no numbers says nothing
            array = np.ascontiguousarray(array_of(_some(given), "data"))
            found = zlib.crc32(f"{array.dtype.str} {array.shape}".encode(), found or 0)
            found = zlib.crc32(array.reshape(-1).view(np.uint8).data, found)
    return None if found is None else f"sum {found:08x}"


def _some(array: Any) -> Any:
    """Give an array, or rows of it if it is large."""
    is_in_file = isinstance(array, np.ndarray) and is_mapped(array)
    if array.nbytes <= (_IN_FILES if is_in_file else _IN_MEMORY):
        return array
    count = max(1, min(len(array), _ROWS, _IN_FILES // row_bytes(array)))
    return array[np.linspace(0, len(array) - 1, count).astype(np.int64)]


def _collection(value: Any, say: Callable[[Any], Any]) -> str:
    if isinstance(value, Mapping):
        parts = sorted(f"{say(name)}: {say(each)}" for name, each in value.items())
    else:
        parts = [str(say(each)) for each in value]
        parts = sorted(parts) if isinstance(value, set | frozenset) else parts
    text = f"[{', '.join(parts)}]"
    return text if len(text) <= _SAID else f"{len(parts)} values of {_sum(text)}"


def _array(value: Any, say: Callable[[Any], Any]) -> str:
    if getattr(value, "requires_grad", False):  # it is learned
        return f"learned {tuple(value.shape)}"
    if np.prod(value.shape, dtype=np.int64) <= _ELEMENTS:
        return str(say(value.tolist()))
    return f"{tuple(value.shape)} of {sum_of([value])}"


def _is_function(value: Any) -> bool:
    return callable(value) and isinstance(getattr(value, "__name__", None), str)


def _function(value: Any, say: Callable[[Any], Any]) -> str:
    """Say what a function is, a method with its object; one of this package is what it is called."""
    name, owner, code = value.__name__, getattr(value, "__self__", None), getattr(value, "__code__", None)
    if isinstance(code, CodeType) and str(value.__module__).partition(".")[0] != "backproof":
        held = [value.__defaults__, value.__kwdefaults__, list(_held(value))]
        name += f" of code {_sum(str(say([*_instructions(code), held])))}"
    elif code is None and hasattr(value, "__wrapped__"):  # such as one with a cache
        return str(say(value.__wrapped__))
    return name if owner is None or isinstance(owner, ModuleType) else f"{say(owner)}.{name}"


def _instructions(code: CodeType) -> list[Any]:
    within = [_instructions(each) if isinstance(each, CodeType) else each for each in code.co_consts]
    return [code.co_code, code.co_names, within]


def _held(function: Any) -> Iterator[Any]:
    """Give what a function has of where it was made."""
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # nothing is in it yet
            yield cell.cell_contents


def _sum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def _made(thing: Any, say: Callable[[Any], Any]) -> dict[str, str | None]:
    parts = {f"its {name}" if name == "kind" else name: part for name, part in _parts(thing).items()}
    return {"kind": type(thing).__name__, **{name: say(parts[name]) for name in sorted(parts)}}


def _parts(thing: Any) -> dict[str, Any]:
    """Give what an object was made with, by the names of its arguments, and what else of it is plain."""
    named: set[str] = set()
    with contextlib.suppress(TypeError, ValueError):  # of some classes it is not known
        named = set(inspect.signature(type(thing)).parameters)
    own = dict(getattr(thing, "__dict__", {}))
    if hasattr(thing, "named_buffers"):
        own |= dict(thing.named_buffers())
    # It may be kept for each group, or for itself.
    kept = [each for name in named - {"optimizer", "last_epoch"} for each in (name, f"{name}s", f"_{name}")]
    found = {name: own[name] for name in kept if name in own}
    if hasattr(thing, "get_last_lr"):  # what else a schedule has goes on with training
        return found
    if hasattr(thing, "named_modules"):
        own |= {name: each for name, each in thing.named_modules() if name and loss_op(each) is not None}
    own.pop("training", None)
    return found | {name: each for name, each in own.items() if name[0] != "_" and _is_plain(each)}


def _is_plain(value: Any) -> bool:
    """Say whether a value is no array or object, which may be of the last call."""
    if isinstance(value, _COLLECTIONS):
        return all(map(_is_plain, value.values() if isinstance(value, Mapping) else value))
    return isinstance(value, _SIMPLE) or _is_function(value) or loss_op(value) is not None
