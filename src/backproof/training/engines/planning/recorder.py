"""The recorder: it does what is asked for, and notes how to do it again into the same memory."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.training.engines.planning.binding import at_once, bound_function, bound_ufunc, selection
from backproof.training.engines.planning.number import Diverged, Number
from backproof.training.engines.planning.recorded import NotPlanned, Recorded, bare, memory

__all__ = ["Diverged", "Instruction", "Recorder"]

Array: TypeAlias = NDArray[Any]
#: Makes of a buffer for the result the call that fills it.
Bind: TypeAlias = Callable[[Any], Callable[[], object]]

#: What gives no array: it says something of the shape or the dtype, which stay.
_ABOUT = frozenset({np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj, np.isrealobj})
#: What makes an array of a number, like another.
_FILLED: Mapping[Any, float] = {np.zeros_like: 0, np.ones_like: 1, np.empty_like: 0}
#: Constants of so many elements are compared by what is in them.
_FEW = 512


class Instruction:
    """One call, and what it reads and writes.

    Attributes
    ----------
    bind
        Makes the call, given where the result goes.
    reads
        Whose memory it looks at; ``None`` for a number that is another at each step.
    out, writes
        Where the result goes, and whose memory that is; ``None`` for what only looks.
    copied
        What is copied there, if that is all.
    """

    __slots__ = ("bind", "copied", "out", "reads", "writes")

    def __init__(
        self,
        bind: Bind,
        reads: Iterable[Recorded | Number],
        out: Array | None = None,
        writes: int | None = None,
        copied: Array | None = None,
    ) -> None:
        self.bind, self.out, self.writes, self.copied = bind, out, writes, copied
        self.reads = [each.memory for each in reads]


class Recorder:
    """Notes a computation.

    Every result is an array of its own, which from then on is the buffer of that result; a view of one
    stays a view, and needs no instruction. What was computed already is not computed again.

    Attributes
    ----------
    instructions
        What was noted, in its order.

    Examples
    --------
    >>> recorder = Recorder()
    >>> x = np.array([1.0, 2.0])
    >>> recorded = recorder.watch(x)
    >>> y = np.exp(recorded) + np.exp(recorded)
    >>> len(recorder.instructions), np.array_equal(y.array, 2 * np.exp(x))
    (2, True)
    """

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        #: What was computed, by function and arguments, and which of it hangs on whose memory.
        self._known: dict[object, Recorded] = {}
        self._hanging: dict[int | None, list[object]] = {}
        #: Keeps identities from being used again.
        self._kept: list[object] = []

    def watch(self, array: Array) -> Recorded:
        """Give an array whose numbers may be others the next time."""
        return Recorded(array, self, memory(array))

    # What is computed.

    def ufunc(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a universal function, or a method of one."""
        if ufunc.nout != 1 or method not in ("__call__", "reduce", "at"):
            raise NotPlanned(f"it is not known how to note np.{ufunc.__name__}.{method}")
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        if method == "at":
            return self._change(inputs[0], functools.partial(function, *bare(inputs)), inputs[1:])
        if "out" in kwargs:
            (out,) = kwargs.pop("out")
            into = bound_ufunc(ufunc, method, inputs, kwargs, bare(out))
            self._change(out, into, inputs)
            return out
        key = (ufunc, method, *map(self._key, inputs), *[(k, repr(v)) for k, v in kwargs.items()])
        if key not in self._known:
            now = [each.value if isinstance(each, Number) else bare(each) for each in inputs]
            array = np.asarray(function(*now, **kwargs))
            bind = functools.partial(bound_ufunc, ufunc, method, inputs, kwargs)
            self._add(key, array, _noted(inputs), bind)
        return self._known[key]

    def call(self, function: Callable[..., Any], *inputs: Any, **kwargs: Any) -> Any:
        """Call a function of NumPy that is none of those."""
        if function in _ABOUT:
            return function(*bare(inputs), **kwargs)
        if function in _FILLED:
            return self.filled(np.full_like(function(*bare(inputs), **kwargs), _FILLED[function]))
        arguments, named = bare(inputs), {name: bare(value) for name, value in kwargs.items()}
        bind = functools.partial(bound_function, function, arguments, named)
        given = (*inputs, *kwargs.values())
        key = (function, self._key(inputs), self._key(tuple(kwargs.items())))
        return self._result(key, lambda: function(*arguments, **named), given, bind)

    def taken(self, given: Recorded, index: Any) -> Any:
        """Give what an index takes from an array."""
        array, place = given.array, bare(index)
        bind = functools.partial(selection, array, place)
        key = (operator.getitem, self._key(given), self._key(index))
        return self._result(key, lambda: array[place], (given, index), bind)

    def filled(self, array: Array) -> Recorded:
        """Give an array of one number that may be written to."""
        number = array.flat[0] if array.size else 0
        found = self.watch(array)
        self._note(lambda out: functools.partial(out.fill, number), [], array, found.memory)
        return found

    def _result(self, key: object, compute: Callable[[], Any], inputs: tuple[Any, ...], bind: Bind) -> Any:
        if key in self._known:
            return self._known[key]
        result, noted = compute(), _noted(inputs)
        theirs = {each.memory for each in noted}
        if isinstance(result, list | tuple) and all(memory(part) in theirs for part in result):
            return type(result)(map(self.watch, result))
        if not isinstance(result, np.ndarray | np.generic) or result.dtype.hasobject:
            raise NotPlanned(f"expected an array of numbers; got {type(result).__name__}")
        return self._add(key, np.asarray(result), noted, bind, theirs)

    def _add(
        self,
        key: object,
        array: Array,
        noted: list[Recorded | Number],
        bind: Bind,
        theirs: Iterable[int | None] = (),
    ) -> Recorded:
        """Note a result, unless it is a view, and remember it."""
        if array.dtype.hasobject:
            raise NotPlanned("expected an array of numbers; got one of objects")
        found = self._known[key] = self.watch(array)
        if found.memory not in theirs:
            self._note(bind, noted, array, found.memory)
        for hangs in {found.memory, *[each.memory for each in noted]}:
            self._hanging.setdefault(hangs, []).append(key)
        return found

    # What is changed, and what is decided.

    def copy(self, source: Recorded, goes: Array) -> None:
        """Copy a result to where it is wanted."""
        copy = functools.partial(np.copyto, goes, source.array, "same_kind")
        copy()
        self._note(lambda out: copy, [source], goes, memory(goes), source.array)

    def put(self, given: Recorded, index: Any, value: Any) -> None:
        """Write into an array."""
        self._change(given, at_once(given.array, bare(index), bare(value)), (index, value))

    def _change(self, given: Any, call: Callable[[], object], inputs: tuple[Any, ...]) -> None:
        if not isinstance(given, Recorded):
            raise NotPlanned("an array is written to that was not noted")
        call()
        for key in self._hanging.pop(given.memory, ()):
            self._known.pop(key, None)
        self._note(lambda out: call, _noted(inputs), given.array, given.memory)

    def decided(self, given: Recorded) -> bool:
        """Give a condition as it is now; the next time it must be the same."""
        value, item = bool(given.array), given.array.item
        key = bool, id(given)
        if key not in self._known:

            def check() -> None:
                if bool(item()) is not value:
                    raise Diverged

            self._known[key] = given
            self._hanging.setdefault(given.memory, []).append(key)
            self._note(lambda out: check, [given])
        return value

    def _note(self, *what: Any) -> None:
        self.instructions.append(Instruction(*what))

    def _key(self, given: Any) -> object:
        """Give what two arguments have in common that are the same."""
        if isinstance(given, tuple | list):
            return type(given), *map(self._key, given)
        if isinstance(given, Recorded):
            self._kept.append(given)
            return id(given)
        if isinstance(given, np.ndarray) and given.size <= _FEW and not given.dtype.hasobject:
            return given.shape, given.dtype.str, given.tobytes()
        if isinstance(given, int | float | str | type(None)):
            return type(given), repr(given)
        self._kept.append(given)
        return id(given)


def _noted(given: Iterable[Any]) -> list[Recorded | Number]:
    """Give the arrays and numbers among arguments that are noted."""
    found: list[Recorded | Number] = []
    for each in given:
        if isinstance(each, Recorded | Number):
            found.append(each)
        elif isinstance(each, tuple | list):
            found += _noted(each)
    return found
