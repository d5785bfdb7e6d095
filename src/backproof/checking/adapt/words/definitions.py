"""Where a definition stands in the user's source: in which unit, and on which lines."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from backproof.checking.adapt.words.calls import numbers_given
from backproof.checking.adapt.words.signatures import code_of
from backproof.checking.reading.source import Unit

__all__ = ["Definition", "Definitions"]

_Node: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign


@dataclass(frozen=True)
class Definition:
    """A class or function as written."""

    order: tuple[int, int]
    unit: Unit
    node: _Node

    @property
    def line(self) -> int:
        """The line of ``class`` or ``def``."""
        return self.node.lineno

    def methods(self) -> dict[str, int]:
        """Give the lines of the methods written in a class, the last of a name."""
        body = self.node.body if isinstance(self.node, ast.ClassDef) else []
        return {node.name: node.lineno for node in body if isinstance(node, ast.FunctionDef)}

    def holds(self, function: object) -> bool:
        """Say whether a function was compiled from these lines."""
        code = code_of(function)
        if code is None or code.co_filename != self.unit.filename:
            return False
        first = min((d.lineno for d in getattr(self.node, "decorator_list", [])), default=self.node.lineno)
        return first <= code.co_firstlineno <= (self.node.end_lineno or self.node.lineno)


class Definitions:
    """The definitions of a file by name."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._units = units
        self._by_name: dict[str, list[Definition]] = {}
        for number, unit in enumerate(units):
            for name, node in _definitions(unit.tree.body):
                place = Definition((number, node.lineno), unit, node)
                self._by_name.setdefault(name, []).append(place)

    def find(self, name: str, functions: Iterable[object]) -> Definition | None:
        """Find the definition that functions were compiled from; else the last one of that name."""
        known = list(functions)
        places = self._by_name.get(name, [])
        exact = [place for place in places if any(place.holds(function) for function in known)]
        return (exact or places or [None])[-1]  # type: ignore[list-item]  # None where there is none

    def numbers(self, name: str) -> dict[int, object]:
        """Give the arguments that a ``torch.autograd.Function`` is only called with numbers for, with one."""
        return numbers_given((unit.tree.body for unit in self._units), name)

    def before(self, name: str, place: Definition) -> dict[str, int]:
        """Give the line of the definition of this name that a later one replaces, as ``earlier``."""
        known = [p for p in self._by_name.get(name, []) if not isinstance(p.node, ast.Assign)]
        earlier = [other.line for other in known if other.order < place.order]
        return {"earlier": earlier[-1]} if earlier else {}


def _definitions(body: Iterable[ast.stmt]) -> Iterator[tuple[str, _Node]]:
    """Give what a body defines by name, also inside ``if``, ``try``, ``with`` and loops."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            yield from ((t.id, node) for t in node.targets if isinstance(t, ast.Name))
        else:
            for name in ("body", "orelse", "finalbody"):
                yield from _definitions(getattr(node, name, []))
            for handler in getattr(node, "handlers", []):
                yield from _definitions(handler.body)
