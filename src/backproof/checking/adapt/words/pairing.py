"""Pairs of functions: which function is the gradient of which, by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backproof.checking.adapt.words.names import normalise, split, word_set

__all__ = ["BACKWARD_WORDS", "Pair", "find_pairs", "find_tabled", "stem"]

BACKWARD_WORDS = word_set(
    "backward backwards grad grads gradient gradients derivative deriv derivate prime bwd vjp pullback "
    "backprop "
    # As it is called in French, Spanish and Portuguese, Italian, German.
    "derivee derivada gradiente gradientes gradienti gradienten derivata ableitung retro retropropagation "
    "retropropagacao retropropagacion retropropagazione arriere rueckwaerts indietro"
)
#: Words that say so only where they stand first, or last.
_FIRST, _LAST = word_set("d der"), word_set("der diff back")
#: Keys of a derivative in a table.
_SHORT = word_set("df d dx dfunc fprime")
_FORWARD_WORDS = word_set("forward fwd")
_FILLERS = word_set("manual my hand by of the np numpy torch pass compute calc calculate get")
_KINDS = word_set("loss activation layer function fn func cost")
#: What begins the names of functions that deal with gradients and are none.
_TOOLS = word_set("plot test check numerical numeric compare print show zero clip")


@dataclass(frozen=True)
class Pair:
    """A backward, and the forward that goes with it; ``forward`` is empty where there is none."""

    forward: str
    backward: str
    stem: str


def is_backward(name: str) -> bool:
    """Say whether a function is by its name the gradient of another.

    Examples
    --------
    >>> is_backward("d_relu"), is_backward("tanh_prime"), is_backward("conv_2d"), is_backward("zero_grad")
    (True, True, False, False)
    """
    parts = split(name)
    return any(_marks(parts)) and parts[0] not in _TOOLS


def _marks(parts: list[str]) -> list[bool]:
    """Say of each word whether it marks a backward."""
    last = len(parts) - 1
    return [
        word in BACKWARD_WORDS or (index == 0 and word in _FIRST) or (index == last > 0 and word in _LAST)
        for index, word in enumerate(parts)
    ]


def stem(name: str) -> tuple[str, ...]:
    """Give the words of a name that say which function it is about.

    Examples
    --------
    >>> stem("grad_sigmoid_manual"), stem("softmax_forward"), stem("d_relu"), stem("MSE_derivative")
    (('sigmoid',), ('softmax',), ('relu',), ('mse',))
    """
    parts = split(name)
    ignored = _FORWARD_WORDS | _FILLERS
    marks = zip(parts, _marks(parts), strict=True)
    return tuple(word for word, mark in marks if not mark and word not in ignored)


def find_pairs(
    functions: Mapping[str, Callable[..., Any]], others: Mapping[str, Callable[..., Any]]
) -> list[Pair]:
    """Pair the functions of a module; ``others`` are those it imports, which may be forwards.

    Examples
    --------
    >>> [(p.forward, p.backward) for p in find_pairs({"relu": abs, "relu_prime": abs, "drelu": abs}, {})]
    [('relu', 'relu_prime'), ('relu', 'drelu')]
    """
    forwards = [name for name in functions if not is_backward(name)] + list(others)
    pairs = []
    for name in functions:
        if is_backward(name):
            wanted = stem(name)
            forward = _partner(name, wanted, forwards)
            pairs.append(Pair(forward, name, "_".join(wanted)))
        elif name[:1] == "d" and name[1:] in forwards:
            pairs.append(Pair(name[1:], name, name[1:]))
    return pairs


def find_tabled(table: Any) -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    """Give the functions that stand in a dictionary with their derivatives, by their keys.

    Examples
    --------
    >>> [name for name, *_ in find_tabled({"abs": (abs, lambda x: 1), "relu": {"f": abs, "df": abs}, "n": 3})]
    ['abs', 'relu']
    """
    # Of an object's own class its type tells; to any other question its own code may answer, and fail.
    for name, entry in table.items() if issubclass(type(table), dict) else ():
        both = tuple(entry) if issubclass(type(entry), tuple | list) else ()
        if issubclass(type(entry), dict):
            parts = {
                is_backward(str(key)) or normalise(str(key)) in _SHORT: one for key, one in entry.items()
            }
            both = (parts.get(False), parts.get(True)) if len(entry) == len(parts) else ()
        if len(both) == 2 and isinstance(name, str) and all(map(_is_function, both)):
            yield name, both[0], both[1]


def _is_function(value: object) -> bool:
    return callable(value) and not issubclass(type(value), type)


def _partner(backward: str, wanted: tuple[str, ...], forwards: list[str]) -> str:
    """Find the forward of a backward: of the same stem, ``f_forward`` for ``f_backward`` first."""
    same = [name for name in forwards if stem(name) == wanted and wanted]
    if not wanted:
        same = [name for name in forwards if name == "forward" and backward == "backward"]
    if not same:
        bare = _without_kind(wanted)
        same = [name for name in forwards if bare and _without_kind(stem(name)) == bare]
    explicit = bool({"backward", "bwd"} & set(split(backward)))
    same.sort(key=lambda name: bool(_FORWARD_WORDS & set(split(name))) != explicit)
    return same[0] if same else ""


def _without_kind(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in _KINDS)
