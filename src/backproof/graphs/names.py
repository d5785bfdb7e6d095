"""Names of the steps between: a, b, c … in the order in which they are computed, where nobody gave one."""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Collection, Iterable, Iterator

from backproof.graphs.tape import Tape

__all__ = ["letters", "named"]


def named(tape: Tape, places: Iterable[int]) -> dict[int, str]:
    """Give a name to each of the places: its own, the number that it is, or the next letter.

    Examples
    --------
    >>> from backproof.graphs.reading import read
    >>> tape = read("tanh(2*b)").tape
    >>> list(named(tape, range(len(tape))).values())
    ['2', 'b', 'a', 'c']
    """
    taken = set(tape.names.values())
    free = letters(taken)
    found = {}
    for place in places:
        if place in tape.names:
            found[place] = tape.names[place]
        elif tape.ops[place] is not None:
            found[place] = next(free)
        else:
            value = tape.given[place]
            found[place] = _written(value, place)
    return found


def letters(taken: Collection[str]) -> Iterator[str]:
    """Give a, b, c …, a1, b1, c1 …, without those that are taken.

    Examples
    --------
    >>> import itertools
    >>> list(itertools.islice(letters({"b"}), 3))
    ['a', 'c', 'd']
    """
    for count in itertools.count():
        for letter in string.ascii_lowercase:
            name = letter + (str(count) if count else "")
            if name not in taken:
                yield name


def _written(value: object, place: int) -> str:
    """Write a constant: a number as that, one that nobody knows as a question mark."""
    if not isinstance(value, int | float):
        return f"constant {place}"
    if value == math.pi:
        return "pi"
    return "?" if math.isnan(value) else f"{value:.12g}"
