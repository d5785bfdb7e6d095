"""What an optimizer remembers of its parameters, which need not be hashable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from backproof.updates import State

__all__ = ["States"]


class States(MutableMapping[Any, State]):
    """A dictionary from parameters to their states, in which a parameter is found by its identity.

    Examples
    --------
    >>> one, two = [], []
    >>> states = States([(one, {"step": 1})])
    >>> states[one], two in states
    ({'step': 1}, False)
    """

    def __init__(self, pairs: Iterable[tuple[Any, State]] = ()) -> None:
        #: The parameters, by their identity, with their states.
        self._held = {id(parameter): (parameter, state) for parameter, state in pairs}

    def __getitem__(self, parameter: Any) -> State:
        return self._held[id(parameter)][1]

    def __setitem__(self, parameter: Any, state: State) -> None:
        self._held[id(parameter)] = parameter, state

    def __delitem__(self, parameter: Any) -> None:
        del self._held[id(parameter)]

    def __iter__(self) -> Iterator[Any]:
        return (parameter for parameter, _ in self._held.values())

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._held.values())})"

    def __reduce__(self) -> tuple[type[States], tuple[list[tuple[Any, State]]]]:
        # A copy's parameters have identities of their own.
        return type(self), (list(self._held.values()),)
