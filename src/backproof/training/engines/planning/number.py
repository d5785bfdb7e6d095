"""Numbers that are others at each step, such as the one that counts them: Python's arithmetic, noted."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Diverged", "Number", "Numbers"]


class Diverged(Exception):
    """The numbers decide otherwise than they did when the computation was noted."""


class Numbers:
    """Notes what is computed from numbers, in Python's own arithmetic: NumPy's rounds otherwise.

    Attributes
    ----------
    calls
        What computes all of it again, decides again as it did, and brings it to where arrays need it.
    rarely
        The same for what comes of numbers alone that are others rarely: it is called before, when they are.

    Examples
    --------
    >>> numbers = Numbers()
    >>> step = numbers.given(1)
    >>> correction = 1 - 0.5 ** step
    >>> step.value = 3
    >>> for call in numbers.calls:
    ...     call()
    >>> correction.value
    0.875
    """

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []
        self.rarely: list[Callable[[], object]] = []

    def given(self, value: float, *, rarely: bool = False) -> Number:
        """Give a number that may be another the next time."""
        return Number(value, self, not rarely)

    def _note(self, call: Callable[[], object], *read: Number) -> None:
        (self.calls if any(each.is_other for each in read) else self.rarely).append(call)

    def computed(self, function: Callable[[Any, Any], Any], one: Number, other: Number) -> Number:
        """Give what comes of two."""
        found = Number(function(one.value, other.value), self, one.is_other or other.is_other)

        def compute() -> None:
            found.value = function(one.value, other.value)

        self._note(compute, one, other)
        return found

    def decided(self, function: Callable[[Any, Any], Any], one: Number, other: Number) -> bool:
        """Give a condition as it is now; the next time it must be the same."""
        value = bool(function(one.value, other.value))

        def check() -> None:
            if bool(function(one.value, other.value)) is not value:
                raise Diverged

        self._note(check, one, other)
        return value

    def written(self, number: Number, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
        """Give an array that is always filled with a number."""
        array = np.full(shape, number.value, dtype)
        fill = array.fill
        self._note(lambda: fill(number.value), number)
        return array


def _arithmetic(function: Callable[[Any, Any], Any], *, swapped: bool = False) -> Callable[..., Any]:
    def noted(self: Number, other: Any) -> Any:
        if not isinstance(other, Number | int | float):
            return NotImplemented  # what an array does with a number, its recorder knows
        pair = self, other if isinstance(other, Number) else Number(other, self.numbers)
        return self.numbers.computed(function, *(pair[::-1] if swapped else pair))

    return noted


def _comparison(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def noted(self: Number, other: Any) -> Any:
        if not isinstance(other, Number | int | float):
            return NotImplemented
        return self.numbers.decided(
            function, self, other if isinstance(other, Number) else Number(other, self.numbers)
        )

    return noted


class Number:
    """A number with what notes all that is computed from it.

    It is no float, and cannot be made one: what is not noted would be taken for a constant.

    Attributes
    ----------
    value
        What it is now.
    numbers
        What is told.
    is_other
        Whether it is another at each step, not only rarely or never.
    """

    __slots__ = ("is_other", "numbers", "value")

    #: It lies in no array's memory.
    memory: ClassVar[None] = None

    def __init__(self, value: float, numbers: Numbers, is_other: bool = False) -> None:
        self.value, self.numbers, self.is_other = value, numbers, is_other

    __add__, __radd__ = _arithmetic(operator.add), _arithmetic(operator.add, swapped=True)
    __sub__, __rsub__ = _arithmetic(operator.sub), _arithmetic(operator.sub, swapped=True)
    __mul__, __rmul__ = _arithmetic(operator.mul), _arithmetic(operator.mul, swapped=True)
    __truediv__, __rtruediv__ = _arithmetic(operator.truediv), _arithmetic(operator.truediv, swapped=True)
    __pow__, __rpow__ = _arithmetic(operator.pow), _arithmetic(operator.pow, swapped=True)
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)
    __eq__, __ne__ = _comparison(operator.eq), _comparison(operator.ne)
    __hash__ = None  # type: ignore[assignment]  # as of all that says what is equal

    def follow(self, later: Number | float) -> Callable[[], object]:
        """Give a call that makes it what another is, which is computed before all such calls."""
        if not isinstance(later, Number):
            later = Number(later, self.numbers)
        elif later is not self:
            later = self.numbers.computed(operator.mul, later, Number(1, self.numbers))  # a copy
        return lambda: setattr(self, "value", later.value)

    def __bool__(self) -> bool:
        return self.numbers.decided(operator.ne, self, Number(0, self.numbers))
