"""Arrays that note what is done with them: how a mistake is planted inside a rule, whatever the rule.

A rule, or a forward, is run on arrays that count its operations. Run again, one of the operations is
done differently: a factor or a term is left out, a sign turned around, a sum not taken. That is a
substitution in the rule, and it is found in every op by itself. Each array knows whether the upstream
gradient has gone into it, so that a factor of the chain rule is told from one inside the derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Change", "Operation", "Recorder", "changes", "plain"]


@dataclass(frozen=True)
class Operation:
    """One operation of a run: what was done, to what, and which operands the upstream gradient is in."""

    name: str
    operands: tuple[Any, ...]
    carries: tuple[bool, ...]


@dataclass(frozen=True)
class Change:
    """Another way to do one operation, or several: ``places`` counts them in the order they are done.

    ``form`` is one of `FORMS`; ``lost`` is the operand that is left out, where one is.
    """

    places: frozenset[int]
    form: str
    operation: Operation
    lost: int | None = None


def _first(operation: Callable[..., Any], operands: Sequence[Any], named: Mapping[str, Any]) -> Any:
    return operands[0] + np.zeros_like(operation(*operands, **named))


def _second(operation: Callable[..., Any], operands: Sequence[Any], named: Mapping[str, Any]) -> Any:
    return operands[1] + np.zeros_like(operation(*operands, **named))


def _negative_second(operation: Callable[..., Any], operands: Sequence[Any], named: Mapping[str, Any]) -> Any:
    return -operands[1] + np.zeros_like(operation(*operands, **named))


def _zero(operation: Callable[..., Any], operands: Sequence[Any], named: Mapping[str, Any]) -> Any:
    return np.zeros_like(operation(*operands, **named))


#: The ways in which an operation may be done instead.
FORMS: dict[str, Callable[[Callable[..., Any], Sequence[Any], Mapping[str, Any]], Any]] = {
    "first alone": _first,
    "second alone": _second,
    "minus second alone": _negative_second,
    "added": lambda _, operands, named: np.add(*operands, **named),
    "subtracted": lambda _, operands, named: np.subtract(*operands, **named),
    "turned around": lambda operation, operands, named: operation(operands[1], operands[0], **named),
    "zero": _zero,
}

_PRODUCTS = ("multiply",)
_SUMS = ("sum", "mean")
_COMPARED = ("greater", "less", "greater_equal", "less_equal")


def changes(operations: Sequence[Operation]) -> Iterator[Change]:
    """Give every other way to do one of the operations, and those that leave out all sums of gradients."""
    summed = [i for i, o in enumerate(operations) if o.name in _SUMS and o.carries[0]]
    if len(summed) > 1:
        yield Change(frozenset(summed), "zero", operations[summed[0]])
    single = [
        Change(frozenset({place}), form, operation, lost)
        for place, operation in enumerate(operations)
        for form, lost in _forms(operation)
    ]
    # A sum that is left out has a name of its own; a factor lost within it may come to the same.
    yield from sorted(single, key=lambda change: change.form != "zero")


def _forms(operation: Operation) -> Iterator[tuple[str, int | None]]:
    name = operation.name
    if name in _PRODUCTS:
        yield "first alone", 1
        yield "second alone", 0
    elif name in ("divide", "true_divide"):
        yield "first alone", 1
    elif name == "add":
        yield "first alone", 1
        yield "second alone", 0
        yield "subtracted", None
    elif name == "subtract":
        yield "first alone", 1
        yield "minus second alone", 0
        yield "added", None
        yield "turned around", None
    elif name in ("negative", "square", "sqrt", "minimum", "maximum", "clip"):
        yield "first alone", None
    elif name in _SUMS and operation.carries[0]:
        yield "zero", None
    elif name in _COMPARED:
        yield "turned around", None


@dataclass
class Recorder:
    """Counts the operations on its arrays; with a ``change`` it does one of them in another way.

    ``operations`` are those of the run so far, kept only where there is no change. ``exchange`` gives, for
    the place of an operation and its operands, those that it is done with.
    """

    change: Change | None = None
    exchange: Callable[[int, tuple[Any, ...]], tuple[Any, ...]] = lambda place, operands: operands
    operations: list[Operation] = field(default_factory=list)
    count: int = 0

    def give(self, value: Any, *, upstream: bool = False) -> Any:
        """Make an array, or a tuple of them, one of the recorder's."""
        if isinstance(value, tuple):
            return tuple(self.give(v, upstream=upstream) for v in value)
        if not isinstance(value, np.ndarray | np.generic):
            return value
        made = np.asarray(value).view(_Traced)
        made.recorder, made.upstream = self, upstream
        return made

    def do(self, name: str, operation: Callable[..., Any], operands: Sequence[Any], named: Any) -> Any:
        """Do an operation on the recorder's arrays, as it is or as the change says."""
        place = self.count
        self.count += 1
        carries = tuple(isinstance(o, _Traced) and o.upstream for o in operands)
        plain = self.exchange(place, tuple(_plain(operand) for operand in operands))
        if self.change is None:
            self.operations.append(Operation(name, plain, carries))
            result = operation(*plain, **named)
        elif place in self.change.places and self.change.operation.name == name:
            result = FORMS[self.change.form](operation, plain, named)
        else:
            result = operation(*plain, **named)
        return self.give(result, upstream=any(carries))


class _Traced(np.ndarray[Any, Any]):
    """An array whose recorder is told what is done with it."""

    recorder: Recorder | None
    upstream: bool

    def __array_finalize__(self, source: Any) -> None:
        self.recorder = getattr(source, "recorder", None)
        self.upstream = getattr(source, "upstream", False)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
        recorder = _recorder_of(inputs)
        if recorder is None or method != "__call__" or named.get("out"):
            named = {name: _plain(value) for name, value in named.items()}
            result = getattr(ufunc, method)(*(_plain(i) for i in inputs), **named)
            return recorder.give(result, upstream=_carried(inputs)) if recorder else result
        return recorder.do(ufunc.__name__, ufunc, inputs, named)

    def __array_function__(self, function: Any, types: Any, args: Any, named: Any) -> Any:
        recorder = _recorder_of(args)
        if function.__name__ in (*_SUMS, "clip") and recorder is not None and isinstance(args[0], _Traced):
            return recorder.do(function.__name__, function, args, named)
        plain = {name: _plain(value) for name, value in named.items()}
        result = function(*(_plain(a) for a in args), **plain)
        return recorder.give(result, upstream=_carried(args)) if recorder else result


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(_plain(v) for v in value)
    return value.view(np.ndarray) if isinstance(value, _Traced) else value


def _recorder_of(values: Any) -> Recorder | None:
    for value in values:
        found = _recorder_of(value) if isinstance(value, tuple | list) else getattr(value, "recorder", None)
        if found is not None:
            return found
    return None


def _carried(values: Any) -> bool:
    return any(
        _carried(v) if isinstance(v, tuple | list) else isinstance(v, _Traced) and v.upstream for v in values
    )


def plain(value: Any) -> NDArray[Any]:
    """Give a traced array, or a tuple of them, as it would be without a recorder."""
    return _plain(value)  # type: ignore[no-any-return]  # what it was
