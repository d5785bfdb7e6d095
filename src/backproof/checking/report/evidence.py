"""The evidence of a finding, laid out: arrays in aligned columns, what belongs together in one row."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from backproof.checking.report import arrays

__all__ = ["lay_out"]

#: Known keys in the order in which they are told: on what the candidate was tried, …
_ABOVE = (
    *("case", "convention", "source", "argument", "arguments", "parameter", "parameters"),
    *("step", "lr", "dtype", "index"),
)
#: … the arrays in the order in which they come about, …
_ARRAYS = ("input", "target", "grad_output", "expected", "got")
#: … and what the numbers mean. Keys that are not known come last.
_BELOW = (
    *(
        "between",
        "input_shape",
        "shape_expected",
        "shape_got",
        "factor",
        "threshold",
        "epsilon",
        "form",
        "limit",
    ),
    *("exception", "also", "together"),
)
_ORDER = (*_ABOVE, *_ARRAYS, *_BELOW)
#: Keys that are told in the row of another, and how.
_JOINED = {"factor": ("equals", "{} = {}"), "epsilon": ("form", "{} ({})")}
_LABELS = {
    "also": "fits as well",
    "together": "together with",
    "convention": "called as",
    "shape_expected": "expected shape",
    "shape_got": "got shape",
}
_SOURCES = {"autograd": "autograd", "backward": "its own backward"}
_INDENT = 4
_NARROWEST = 20


@dataclass(frozen=True)
class _Item:
    label: str
    value: object
    above: bool
    array: bool


def lay_out(evidence: Mapping[str, object], width: int, clean: Callable[[str], str]) -> list[Text]:
    """Lay out evidence in lines of a label and a value.

    Keys that are not known are written as they are, arrays like the known ones. ``clean`` is
    applied to every text. A text that is too long for ``width`` goes on below itself.
    """
    items = list(_items(evidence))
    room = max((len(clean(item.label)) for item in items), default=0) + 2
    body = max(width - _INDENT - room, _NARROWEST)
    blocks = arrays.lay_out(
        {item.label: item.value for item in items if item.array},
        width=body,
        compare=("expected", "got"),
        index=_index(evidence.get("index")),
    )

    def said(above: bool) -> Iterator[Text]:
        for item in items:
            if not item.array and item.above is above:
                yield from _paragraph(clean(item.label), clean(str(item.value)), room, body)

    numbers = (line for block in blocks for line in _rows(block, room, clean))
    return [*said(above=True), *numbers, *said(above=False)]


def _items(evidence: Mapping[str, object]) -> Iterator[_Item]:
    joined = {_JOINED[key][0] for key in _JOINED.keys() & evidence.keys()}
    rank = {key: place for place, key in enumerate(_ORDER)}
    taken: set[str] = set()
    # A number has no index: the empty one says nothing.
    told = evidence.keys() - ({"index"} if not _index(evidence.get("index")) else set())
    for key in sorted(told - joined, key=lambda key: (rank.get(key, len(rank)), key)):
        value, above = evidence[key], key in _ABOVE
        if above or key in _BELOW:
            yield _Item(_label(key, value), _wording(key, evidence), above=above, array=False)
            continue
        parts = value if isinstance(value, Mapping) else {"": value}
        for name, part in parts.items():
            label = " ".join(f"{_label(key, value)} {name}".split())
            if key == "input" and name not in ("", *taken):
                label = " ".join(str(name).split())
            taken.add(label)
            array = arrays.as_array(part)
            laid_out = array is not None and (array.ndim > 0 or key in _ARRAYS)
            yield _Item(label, part if laid_out else _written(part), above=above, array=laid_out)


def _label(key: str, value: object) -> str:
    if key == "source" and isinstance(value, str) and value in _SOURCES:
        return "gradient by"
    return _LABELS.get(key) or (key if key in _ARRAYS else key.replace("_", " "))


def _index(value: object) -> Sequence[int]:
    if isinstance(value, int):
        return (value,)
    whole = isinstance(value, list | tuple) and all(isinstance(part, int) for part in value)
    return tuple(value) if isinstance(value, list | tuple) and whole else ()


def _wording(key: str, evidence: Mapping[str, object]) -> str:
    """Word the value of a known key that is no array."""
    text = _written(evidence[key])
    if key in _JOINED and _JOINED[key][0] in evidence:
        other, words = _JOINED[key]
        return words.format(text, _written(evidence[other]))
    return _SOURCES.get(text, text) if key == "source" else text


def _written(value: Any) -> str:
    """Write a value that is no array: numbers shortly, tuples and tables on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_written(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        text = ", ".join(_written(part) for part in value)
        return text if any(isinstance(part, str) for part in value) else f"({text}{',' * (len(value) == 1)})"
    array = None if isinstance(value, int) else arrays.as_array(value)
    return str(value) if array is None or array.ndim else arrays.number(float(array))


def _paragraph(label: str, text: str, room: int, body: int) -> Iterator[Text]:
    wrapped = [line for part in text.splitlines() or [""] for line in textwrap.wrap(part, body) or [""]]
    for place, line in enumerate(wrapped):
        yield Text.assemble(" " * _INDENT, ("" if place else label).ljust(room), line)


def _rows(block: arrays.Block, room: int, clean: Callable[[str], str]) -> Iterator[Text]:
    for place, row in enumerate(block.rows):
        line = Text(" " * _INDENT + ("" if place else clean(block.label)).ljust(room))
        for cell in row:
            line.append(clean(cell.text), "bold red" if cell.marked else "")
            line.append("  ")
        line.rstrip()
        yield line
